//! `key_pair`: a public SSH key that new machines accept. Its name is its identity.
//!
//! Calls: ImportKeyPair, DeleteKeyPairs; DescribeKeyPairs. No states. Without a token and without DryRun: its unique
//! name makes a repeated import meet the first, and an empty listing is looked at twice. The private half is made on
//! this machine and saved before anything is sent; it never leaves it. 500 a region.

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Json, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{
    Change, Cx, Found, Kind, Proof, Query, Refusal, Row, Rule, Site, TagApi,
};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Act, Args, Call, Codes, Cond, Each, ItemForm, Local, Procedure, Retry, Step, Window, minutes,
};
use setpoint_plan::{Map, Value};
use setpoint_spec::schema::{KindDef, NameRule, Type, no_check};

use crate::shared::{
    attr, display_name, field, live, own_tags, read_id, read_tags, rows, rule, stack_filter,
};

/// The kind.
#[derive(Debug, Clone, Copy)]
pub struct KeyPair;

/// Its table.
pub static DEF: KindDef = KindDef {
    name: "key_pair",
    doc: "A public SSH key that new machines accept.",
    fields: &[
        field(
            "public_key",
            Type::Content {
                max: 16384,
                with: false,
            },
            "replace",
            "The public key in OpenSSH form, as text or `{file: PATH}`.",
        ),
        field(
            "private_key_file",
            Type::Path,
            "none",
            "Where the private key is; made there, mode 0600, if it is not. Only the public half is sent.",
        ),
    ],
    attributes: &[
        attr("fingerprint", "MD5 fingerprint, as the API shows it."),
        attr("public_key", "The public half."),
    ],
    one_of: &[&["public_key", "private_key_file"]],
    any_of: &[],
    taggable: true,
    described: false,
    name_rule: NameRule {
        param: "KeyPairName",
        min: 2,
        max: 128,
    },
    hints: &[
        ("key_name", "`name`"),
        ("key_pair_name", "`name`"),
        ("key_file", "`private_key_file`"),
    ],
    check: no_check,
};

static RULES: &[Rule] = &[
    rule("name", "KeyPairName", Change::Replace),
    rule("public_key", "PublicKeyBody", Change::Replace),
    // Where the file lies on this machine is nothing the cloud knows.
    rule(
        "private_key_file",
        "",
        Change::Judge(|_| setpoint_plan::kind::Verdict::Same),
    ),
];

const IN_USE: Retry = &[(
    &["InvalidParameter.KeypairAlreadyAttachedInstance"],
    Window::AfterRelease(minutes(20)),
)];
const GONE: Codes = &["InvalidKeyPairName.NotFound", "InvalidKeyPair.NotFound"];

/// Pages of its listing, of the API's greatest size.
const ROWS: Listing = Listing {
    style: Style::Number { size: 50 },
    rows: "KeyPairs.KeyPair",
    id: "KeyPairName",
};

impl Kind for KeyPair {
    fn def(&self) -> &'static KindDef {
        &DEF
    }

    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn tag_api(&self) -> Option<TagApi> {
        Some(TagApi {
            tag: &api::TAG_RESOURCES,
            untag: &api::UNTAG_RESOURCES,
            resource_type: "keypair",
        })
    }

    fn list(&self, site: &Site, stack: &str) -> Query {
        listing(site, stack_filter(stack))
    }

    fn poll(&self, site: &Site, ids: &[String]) -> Vec<Query> {
        ids.iter()
            .map(|name| Query {
                proof: Proof::Refused,
                ..listing(site, vec![("KeyPairName", Value::text(name))])
            })
            .collect()
    }

    fn find(&self, site: &Site, by: &Map) -> Option<Query> {
        crate::shared::find_filter(by, "KeyPairName").map(|filter| listing(site, filter))
    }

    fn local_reads(&self, want: &Desired) -> Vec<Local> {
        want.text("private_key_file")
            .map(|path| Local::SshKey {
                path: path.to_owned(),
            })
            .into_iter()
            .collect()
    }

    fn desire(
        &self,
        cx: &Cx<'_>,
        found: &Found,
        live: Option<&Live>,
        want: &mut Desired,
    ) -> Result<(), Refusal> {
        if let Some(text) = want
            .attrs
            .get("public_key")
            .and_then(Value::as_text)
            .map(canonical_key)
        {
            want.attrs
                .insert("public_key".to_owned(), Value::Text(text));
        }
        if let Some(Value::Text(key)) = found.of("local").find_map(|attrs| attrs.get("public_key"))
        {
            want.attrs
                .insert("public_key".to_owned(), Value::Text(canonical_key(key)));
        }
        if !want.attrs.contains_key("name") {
            let incarnation = live.map_or(0, Live::incarnation);
            want.initial.insert(
                "name".to_owned(),
                Value::Text(name_of(cx, want, incarnation)),
            );
        }
        Ok(())
    }

    fn decode(&self, _view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd> {
        let read = |row: setpoint_openapi::json::Node<'_>| {
            let mut attrs = Map::new();
            attrs.insert("name".to_owned(), Value::Text(row.text("KeyPairName")));
            attrs.insert(
                "fingerprint".to_owned(),
                Value::Text(row.text("KeyPairFingerPrint")),
            );
            attrs.insert(
                "public_key".to_owned(),
                Value::Text(canonical_key(&row.text("PublicKey"))),
            );
            let tags = read_tags(row, "TagKey", "TagValue")?;
            Ok(Row::Live(live(
                DEF.name,
                site,
                read_id(row, "KeyPairName")?,
                tags,
                attrs,
            )))
        };
        rows(body, ROWS.rows)?.into_iter().map(read).collect()
    }

    fn derived_id(&self, cx: &Cx<'_>, want: &Desired) -> Option<String> {
        let given = want
            .attrs
            .get("name")
            .and_then(Value::as_text)
            .map(ToOwned::to_owned);
        Some(given.unwrap_or_else(|| name_of(cx, want, want.guard.incarnation)))
    }

    /// A name of our own making gets a suffix with each incarnation; a given one can be there once.
    fn coexist(&self, _old: &Live, new: &Desired) -> bool {
        !new.attrs.contains_key("name")
    }

    fn create(&self, cx: &Cx<'_>, want: &Desired) -> Procedure {
        let name = Value::Text(self.derived_id(cx, want).unwrap_or_default());
        let known = want.attrs.get("public_key").cloned();
        let local = want.text("private_key_file").filter(|_| known.is_none());
        let mut steps: Vec<Step> = local
            .map(|path| {
                Step::new(Act::Local(Local::SshKey {
                    path: path.to_owned(),
                }))
            })
            .into_iter()
            .collect();
        let key = known.unwrap_or_else(|| Value::reference(&want.address, "public_key"));
        let args = vec![
            ("KeyPairName", name),
            ("PublicKeyBody", key.clone()),
            own_tags(cx, want),
        ];
        steps.push(Step::call(Call {
            goal: Some(Cond::All(vec![
                Cond::Ours,
                Cond::Is("public_key", vec![key]),
            ])),
            look_on: &["KeyPair.AlreadyExist"],
            ..Call::create(
                &api::IMPORT_KEY_PAIR,
                args,
                &[("id", "KeyPairName"), ("fingerprint", "KeyPairFingerPrint")],
            )
        }));
        Procedure::ending_at_pivot(steps)
    }

    fn update(&self, _verb: &str, _cx: &Cx<'_>, _want: &Desired, _live: &Live) -> Vec<Step> {
        Vec::new()
    }

    fn delete(&self, _cx: &Cx<'_>, live: &Live) -> Procedure {
        let each = Each {
            item: "KeyPairNames",
            max: 100,
            form: ItemForm::JsonArray,
            results: None,
        };
        let args = vec![("KeyPairNames", Value::text(&live.id))];
        let call = Call {
            each: Some(each),
            done_on: GONE,
            retry: IN_USE,
            ..Call::new(&api::DELETE_KEY_PAIRS, args)
        };
        Procedure::ending_at_pivot(vec![Step::call(call)])
    }
}

fn listing(site: &Site, filter: Args) -> Query {
    let args = [filter, vec![("IncludePublicKey", Value::Bool(true))]].concat();
    Query {
        kind: DEF.name,
        view: "list",
        site: site.clone(),
        api: &api::DESCRIBE_KEY_PAIRS,
        args,
        listing: ROWS,
        proof: Proof::Twice,
    }
}

/// `{stack}-{address}`, with `-{incarnation}` from 1 on.
fn name_of(cx: &Cx<'_>, want: &Desired, incarnation: u32) -> String {
    let base = display_name(cx.stack, &want.address, 120);
    if incarnation == 0 {
        base
    } else {
        format!("{base}-{incarnation}")
    }
}

/// Type and body of a public key, without its comment.
fn canonical_key(text: &str) -> String {
    text.split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

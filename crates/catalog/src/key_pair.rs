//! `key_pair`: a public SSH key that new instances accept. Its name is its id.
//!
//! A key pair has no states, and its actions take no client token and no DryRun. A repeated import
//! therefore recognises the first one by the unique name, and an empty listing is read twice before
//! it is believed. The private half is generated on this machine and saved before anything is sent;
//! it never leaves this machine. A region has at most 500 key pairs.
//!
//! The key cannot be changed, so another key is another key pair. A name that Setpoint chose gets a
//! suffix then, so that instances can move to the new key before the old one is deleted.
//!
//! Sources: ImportKeyPair, DeleteKeyPairs, DescribeKeyPairs (ECS 2014-05-26).

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::Value;
use setpoint_plan::claim::Claim;
use setpoint_plan::decode::{TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::field::Field;
use setpoint_plan::kind::{Cx, Found, Kind, Refusal};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Act, Call, Codes, Cond, Each, ItemForm, Local, Procedure, Retry, Step, Window, minutes,
};
use setpoint_plan::view::{Decode, Fixed, Ids, Proof, View};
use setpoint_spec::naming::Naming;
use setpoint_spec::schema::Type;

use crate::instance;
use crate::shared::{display_name, own_tags};

/// The kind.
pub static KEY_PAIR: Kind = Kind {
    doc: "An SSH key pair for logging in to instances.",
    one_of: &[&["public_key", "private_key_file"]],
    hints: &[
        ("key_name", "`name`"),
        ("key_pair_name", "`name`"),
        ("key_file", "`private_key_file`"),
    ],
    naming: Naming {
        synonyms: &["ssh_key_pair", "keypair"],
        ..Naming::BY_NAME
    },
    example: "
it: {type: key_pair, private_key_file: it.pem}
",
    tag_api: Some(instance::tag_api("keypair")),
    tag_names: TagNames::Prefixed,
    first_version: true,
    local_reads,
    desire,
    derived_id: Some(derived_id),
    claims: |of| {
        Claim::name("name", Value::Null, &of("id"))
            .into_iter()
            .collect()
    },
    ..Kind::new("key_pair", FIELDS, &LIST, create, delete)
};

static FIELDS: &[Field] = &[
    Field::display_name("KeyPairName", 2, 128)
        .at("KeyPairName")
        .replace()
        .samples("first-key", "second-key"),
    Field::new(
        "public_key",
        Type::Content {
            max: 16384,
            with: false,
        },
        "The public key in OpenSSH form, as text or `{file: PATH}`.",
    )
    .param("PublicKeyBody")
    .by(public_key)
    .replace()
    .samples(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA",
    ),
    Field::new(
        "private_key_file",
        Type::Path,
        "File of the private key; generated with mode 0600 if it does not exist. Only the public \
         half is sent.",
    )
    .never(),
    Field::output(
        "fingerprint",
        TEXT,
        "MD5 fingerprint in the form of the API.",
    )
    .at_uncaptured("KeyPairFingerPrint"),
];

const TEXT: Type = Type::Text { min: 0, max: 128 };

/// The listing, which shows public keys only if it is asked to. It has no `DryRun`, so an empty
/// answer is confirmed by a second one.
static LIST: View = View {
    fixed: &[("IncludePublicKey", Fixed::Flag(true))],
    ids: Ids::One("KeyPairName"),
    named: "KeyPairName",
    grouped: "ResourceGroupId",
    proof: Proof::Twice,
    ..View::new(
        "list",
        &api::DESCRIBE_KEY_PAIRS,
        Listing {
            style: Style::Number { size: 50 },
            rows: "KeyPairs.KeyPair",
            id: "KeyPairName",
        },
        Decode::Rows(plain),
    )
};

/// Instances that are deleted release their key late.
const IN_USE: Retry = &[(
    &["InvalidParameter.KeypairAlreadyAttachedInstance"],
    Window::AfterRelease(minutes(20)),
)];
const GONE: Codes = &["InvalidKeyPairName.NotFound", "InvalidKeyPair.NotFound"];

fn local_reads(want: &Desired) -> Vec<Local> {
    let path = want.text("private_key_file");
    path.map(local_key).into_iter().collect()
}

/// Returns the act that generates, or reads, the key pair whose private half is at this path.
fn local_key(path: &str) -> Local {
    Local::SshKey {
        path: path.to_owned(),
        public: "public_key",
    }
}

/// Sets the public key, from the private key file if that exists, and the name at creation.
fn desire(
    cx: &Cx<'_>,
    found: &Found,
    live: Option<&Live>,
    want: &mut Desired,
) -> Result<(), Refusal> {
    let local = found.local().find_map(|attrs| attrs.get("public_key"));
    let given = want.attrs.get("public_key");
    let key = local.or(given).and_then(Value::as_text).map(canonical_key);
    if let Some(key) = key {
        want.attrs.insert("public_key".to_owned(), Value::text(key));
    }
    if !want.attrs.contains_key("name") {
        let name = name_of(cx, want, live.map_or(0, Live::incarnation));
        want.initial.insert("name".to_owned(), Value::text(name));
    }
    Ok(())
}

/// Returns the id, which is the name: that of the spec, or one derived from stack and address.
fn derived_id(cx: &Cx<'_>, want: &Desired) -> String {
    let given = want.attrs.get("name").and_then(Value::as_text);
    given.map_or_else(
        || name_of(cx, want, want.guard.incarnation),
        ToOwned::to_owned,
    )
}

/// Imports the public key, after generating it if it is not known yet. If the name exists already,
/// the key pair must carry this stack's tags and the same key.
fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let known = want.attrs.get("public_key").cloned();
    let local = want.text("private_key_file").filter(|_| known.is_none());
    let generate = |path: &str| Step::new(Act::Local(local_key(path)));
    let mut steps: Vec<Step> = local.map(generate).into_iter().collect();
    let key = known.unwrap_or_else(|| Value::reference(&want.address, "public_key"));
    let args = vec![
        ("KeyPairName", Value::text(derived_id(cx, want))),
        ("PublicKeyBody", key.clone()),
        own_tags(cx, want),
    ];
    let yields = &[("id", "KeyPairName"), ("fingerprint", "KeyPairFingerPrint")];
    steps.push(Step::call(Call {
        goal: Some(Cond::All(vec![
            Cond::Ours,
            Cond::Is("public_key", vec![key]),
        ])),
        look_on: &["KeyPair.AlreadyExist"],
        ..Call::create(&api::IMPORT_KEY_PAIR, args, yields)
    }));
    Procedure::ending_at_pivot(steps)
}

fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
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

/// Returns `{stack}-{address}`, with `-{incarnation}` from the first replacement on.
fn name_of(cx: &Cx<'_>, want: &Desired, incarnation: u32) -> String {
    let base = display_name(cx.stack, &want.address, 120);
    if incarnation == 0 {
        base
    } else {
        format!("{base}-{incarnation}")
    }
}

fn public_key(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let key = row.need_text("PublicKey")?;
    Ok(Some(Value::text(canonical_key(&key))))
}

/// Returns the type and the body of a public key. The comment is left out, since another comment
/// does not make another key.
fn canonical_key(text: &str) -> String {
    text.split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

//! Checks with a recording kind when a kind is called, and with which arguments.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::page::{Listing, Style};
use setpoint_spec::schema::Type;
use setpoint_spec::stack::Move;

use super::*;
use crate::answers::{self, Answer};
use crate::decode;
use crate::field::Field;
use crate::fixtures::{address, live, map, site, want};
use crate::kind::{Kind, Row, TagApi};
use crate::ownership::{Guard, Owner};
use crate::planner::{Options, plan};
use crate::procedure::{Call, Procedure, Step};
use crate::update::Update;
use crate::view::{Decode, View};
use crate::{Map, Value};

thread_local! {
    static CALLS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn record(call: &str) {
    CALLS.with_borrow_mut(|calls| calls.push(call.to_owned()));
}

static RECORDER: Kind = Kind {
    doc: "Something that records when it is asked.",
    tag_api: Some(TagApi {
        tag: &api::TAG_RESOURCES,
        untag: &api::UNTAG_RESOURCES,
        resource_type: "recorder",
    }),
    look_ups: |want, site| {
        record("look_ups");
        vec![LOOKED_UP.query(&RECORDER, site, vec![("Name", want.attrs["name"].clone())])]
    },
    local_reads: |want| {
        let path = format!("{}.pem", want.address);
        vec![Local::SshKey {
            path,
            public: "public_key",
        }]
    },
    details: |want, live, found| {
        let form = want.map_or_else(|| "no entry".to_owned(), |want| shown(&want.attrs["name"]));
        record(&format!(
            "details: {form}, {} found",
            found.of(&LOOKED_UP).count()
        ));
        vec![DETAIL.query(&RECORDER, &live.site, vec![("Id", Value::text(&live.id))])]
    },
    desire: |_, found, live, want| {
        let n_details = found.of(&DETAIL).count();
        let detail = live.map_or(Value::Null, |live| live.attr("detail"));
        record(&format!(
            "desire: {n_details} found, detail {}",
            shown(&detail)
        ));
        want.attrs.insert("name".to_owned(), "completed".into());
        Ok(())
    },
    ..Kind::new(
        "recorder",
        FIELDS,
        &LIST,
        |_, want| {
            record(&format!("create: {}", shown(&want.attrs["name"])));
            Procedure::ending_at_pivot(call())
        },
        |_, live| {
            record(&format!("delete: {}", live.id));
            Procedure::ending_at_pivot(call())
        },
    )
};

static FIELDS: &[Field] =
    &[Field::new("name", Type::Text { min: 1, max: 9 }, "Its name.").update(&RENAME)];

static RENAME: Update = Update::online("rename", |change| {
    record(&format!("update: {}", shown(&change.wanted("name"))));
    call()
});

static LIST: View = view("list");
static LOOKED_UP: View = view("looked_up");
static DETAIL: View = view("detail");

const fn view(name: &'static str) -> View {
    let listing = Listing {
        style: Style::One,
        rows: "Rows",
        id: "Id",
    };
    View::new(
        name,
        &api::DESCRIBE_KEY_PAIRS,
        listing,
        Decode::Rows(decode::plain),
    )
}

static KINDS: &[&Kind] = &[&RECORDER];
static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(KINDS, &[]));

fn call() -> Vec<Step> {
    vec![Step::call(Call::new(&api::DELETE_KEY_PAIRS, Vec::new()))]
}

fn shown(value: &Value) -> String {
    value.as_text().unwrap_or("none").to_owned()
}

fn row(stack: &str, at: &str) -> Live {
    Live {
        kind: RECORDER.name,
        id: format!("id-{at}"),
        owner: Some(Owner {
            stack: stack.to_owned(),
            address: address(at),
            guard: Guard::default(),
        }),
        ..live(&[("name", "before".into())])
    }
}

fn intent(entries: &[&str]) -> Intent {
    let entry = |at: &&str| Desired {
        kind: RECORDER.name,
        tags: None,
        initial: Map::new(),
        ..want(at, &[("name", "first".into())])
    };
    let entries = entries.iter().map(|at| (address(at), entry(at)));
    Intent {
        desired: Arc::new(entries.collect()),
        ..Intent::without_spec("shop", site())
    }
}

/// A cloud with these rows, in which every look-up finds one resource and every row has a detail.
fn answer(rows: &[Live], question: Question) -> (Question, Answer) {
    let query = &question.query;
    let arg = |name: &str| query.args.iter().find(|(param, _)| *param == name);
    let rows = match (query.view.name, arg("Id")) {
        ("list", _) => {
            let tags = query.tag_filter();
            let is_asked = |live: &&Live| {
                let owner = live.owner.as_ref().expect("every row has an owner");
                tags.iter()
                    .any(|(_, stack)| stack.as_ref() == Some(&owner.stack))
            };
            rows.iter()
                .filter(is_asked)
                .cloned()
                .map(|live| Row::Live(Arc::new(live)))
                .collect()
        }
        ("detail", Some((_, id))) => vec![
            Row::Detail {
                id: shown(id),
                attrs: map(&[("detail", "read".into())]),
                uses: Vec::new(),
            },
            Row::Found(Map::new()),
        ],
        _ => vec![Row::Found(Map::new())],
    };
    let answer = Answer {
        rows,
        is_copy: false,
        calls: 1,
        proofs: 0,
    };
    (question, answer)
}

/// Asks, answers and plans. Returns the calls that the kind recorded, and the number of read calls.
fn recorded(intent: &Intent, rows: &[Live]) -> (Vec<String>, usize) {
    CALLS.take();
    let asked = first_round(&REGISTRY, intent);
    let given = asked.into_iter().map(|question| answer(rows, question));
    let nothing = Snapshot::default();
    let snapshot = answers::first_round(&REGISTRY, intent, nothing, given.collect())
        .expect("everything outside is found");
    let asked = second_round(&REGISTRY, intent, &snapshot);
    let given = asked.into_iter().map(|question| answer(rows, question));
    let snapshot = answers::second_round(snapshot, given.collect());
    let (_plan, _report) =
        plan(&REGISTRY, intent, &snapshot, &Options::default()).expect("there is a plan");
    (CALLS.take(), snapshot.cost.total())
}

#[test]
fn a_kind_is_asked_in_the_order_that_its_documentation_states() {
    let created = [
        "look_ups",
        "desire: 0 found, detail none",
        "create: completed",
    ];
    let updated = [
        "look_ups",
        "details: first, 1 found",
        "desire: 1 found, detail read",
        "update: completed",
    ];
    let deleted = ["details: no entry, 0 found", "delete: id-a"];
    let there = [row("shop", "a")];
    // The calls: a listing, a look-up of the entry, details of the row.
    assert_eq!(recorded(&intent(&["a"]), &[]), (owned(&created), 2));
    assert_eq!(recorded(&intent(&["a"]), &there), (owned(&updated), 3));
    assert_eq!(recorded(&intent(&[]), &there), (owned(&deleted), 2));
}

#[test]
fn a_row_moves_before_its_details_are_asked_for() {
    let moved = Intent {
        moved: vec![Move {
            from: Some(address("a")),
            to: Some(address("b")),
            stack: Some("old".to_owned()),
        }],
        ..intent(&["b"])
    };
    let rows = [row("old", "a"), row("old", "stays")];
    let (calls, cost) = recorded(&moved, &rows);
    // Of the other stack, details are read only for the row that moves here.
    let expected = [
        "look_ups",
        "details: first, 1 found",
        "desire: 1 found, detail read",
    ];
    assert_eq!(calls[..3], owned(&expected));
    assert_eq!(cost, 4);
}

#[test]
fn a_local_read_is_made_until_its_result_is_known() {
    let intent = intent(&["a"]);
    let file = Local::SshKey {
        path: "a.pem".to_owned(),
        public: "public_key",
    };
    let mut snapshot = Snapshot::default();
    let expected = [(address("a"), file)];
    assert_eq!(local_reads(&REGISTRY, &intent, &snapshot), expected);
    let found = snapshot.found.entry(address("a")).or_default();
    found.add_local(Map::new());
    assert_eq!(local_reads(&REGISTRY, &intent, &snapshot), []);
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

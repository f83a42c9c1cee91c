//! Every field of every kind, from its row alone: the resource is created with the first sample,
//! and the field is changed to the second.
//!
//! The cases are generated from the tables. Each takes the example of its kind, in which the entry
//! under test is called `it`, and applies it in the simulated cloud: the plan after the creation is
//! empty, the change is the one that the row declares, the plan after it is empty again, and a
//! destroy leaves nothing. A field without samples must be in [`UNTESTED`], with the reason.

use std::collections::BTreeSet;

use serde_yaml::Value;
use setpoint_catalog::REGISTRY;
use setpoint_openapi::action::cms;
use setpoint_plan::change::{Change, ChangeAction};
use setpoint_plan::effect::Interruption;
use setpoint_plan::field::{Field, OnChange, Role, Shape};
use setpoint_plan::kind::Kind;
use setpoint_plan::plan::Plan;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::lines;
use tokio::task::LocalSet;

use crate::deaths::by_hand;

/// Fields that are compared and have no samples, with the reason.
const UNTESTED: &[(&str, &str)] = &[
    (
        "disk.auto_snapshot_policy",
        "needs a policy from outside of the stack: see the tests of `disk`",
    ),
    (
        "disk.snapshot",
        "needs a snapshot from outside of the stack: see `disk::it_is_made_from_a_snapshot`",
    ),
    ("instance.ready.from", "has one value only"),
    (
        "metric_alarm.namespace",
        "changes with the metric alone: see `metric_alarm::another_namespace_makes_another_rule`",
    ),
];

/// Declares one test for each kind, and the list of these kinds.
macro_rules! every_field_of {
    ($($kind:ident,)*) => {
        const TESTED: &[&str] = &[$(stringify!($kind)),*];

        $(
            #[tokio::test(start_paused = true)]
            async fn $kind() {
                every_field(stringify!($kind)).await;
            }
        )*
    };
}

every_field_of! {
    disk,
    eip,
    image,
    instance,
    key_pair,
    metric_alarm,
    security_group,
    vpc,
    vswitch,
}

#[test]
fn every_kind_is_tested() {
    let known: Vec<&str> = REGISTRY.kinds().map(|kind| kind.name).collect();
    assert_eq!(known, TESTED, "add the kind to `every_field_of!`");
}

/// Every compared field has samples, or is an exception; every exception is needed.
#[test]
fn every_compared_field_has_samples() {
    let mut missing = BTreeSet::new();
    for kind in REGISTRY.kinds() {
        let cases = cases(kind).into_iter().filter(|case| !case.has_samples());
        missing.extend(cases.map(|case| format!("{}.{}", kind.name, case.path.join("."))));
    }
    let excepted: BTreeSet<String> = UNTESTED
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(missing, excepted);
}

/// One field at one place of an entry.
struct Case {
    /// Its path. In a list it is that of the first item, in a map with free keys that of the key
    /// `one`.
    path: Vec<&'static str>,
    /// The attribute that is compared: the field's own, or that of the structure around it.
    attr: String,
    /// The field.
    field: &'static Field,
    /// The row of the attribute.
    row: &'static Field,
}

impl Case {
    fn has_samples(&self) -> bool {
        self.field.samples != ["", ""]
    }
}

/// The item of a list in a path.
const FIRST: &str = "0";
/// The key of a map with free keys in a path.
const ONE: &str = "one";

/// Returns every field of a kind that a spec may give and that is compared or has samples.
fn cases(kind: &'static Kind) -> Vec<Case> {
    let mut found = Vec::new();
    collect(kind.fields, &[], None, &mut found);
    found.retain(|case| case.has_samples() || case.row.is_compared());
    found
}

fn collect(
    fields: &'static [Field],
    path: &[&'static str],
    whole: Option<(&str, &'static Field)>,
    found: &mut Vec<Case>,
) {
    let is_given = |field: &&Field| matches!(field.role, Role::Input | Role::Common);
    for field in fields.iter().filter(is_given) {
        let mut path = [path, &[field.name]].concat();
        let is_split = matches!(field.change, OnChange::Members);
        let own = path.join(".");
        let (attr, row) = whole.unwrap_or((&own, field));
        if !is_split {
            let attr = attr.to_owned();
            found.push(Case {
                path: path.clone(),
                attr,
                field,
                row,
            });
        }
        match field.shape {
            Shape::Plain | Shape::Struct => {}
            Shape::Rows => path.push(FIRST),
            Shape::Named => path.push(ONE),
        }
        let whole = if is_split { None } else { Some((attr, row)) };
        collect(field.members, &path, whole, found);
    }
}

/// Tests every field of a kind, and names at the end those that failed.
async fn every_field(kind: &str) {
    let kind = REGISTRY.known(kind);
    let cases: Vec<Case> = cases(kind).into_iter().filter(Case::has_samples).collect();
    assert!(!cases.is_empty(), "{} has no field with samples", kind.name);
    let mut failed = Vec::new();
    for case in cases {
        let name = format!("{}.{}", kind.name, case.path.join("."));
        let tasks = LocalSet::new();
        let tried = tasks
            .run_until(tasks.spawn_local(lives_by_its_row(kind, case)))
            .await;
        if tried.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "see above: {failed:#?}");
}

/// Applies the first sample, the change to the second one, and a destroy.
async fn lives_by_its_row(kind: &'static Kind, case: Case) {
    let [first, second] = case.field.samples.map(|sample| stack(kind, &case, sample));
    let cloud = Cloud::new();
    // A simulated account starts with the contact group `ops-team` only.
    let group = [("ContactGroupName", "dev-team")];
    by_hand(&cloud, &cms::PUT_CONTACT_GROUP, &group).await;
    let before = rows(&cloud);
    let made = cloud.apply(&first).await;
    assert!(made.is_complete(), "{first}\n{:#?}", made.failed);
    unchanged(&cloud, &first).await;
    let plan = cloud.plan(&second).await;
    assert_declared(kind, &case, &plan);
    let changed = cloud.apply_plan(&plan).await;
    assert!(changed.is_complete(), "{second}\n{:#?}", changed.failed);
    unchanged(&cloud, &second).await;
    let gone = cloud.destroy(&second).await;
    assert!(gone.is_complete(), "{second}\n{:#?}", gone.failed);
    assert_eq!(rows(&cloud), before, "{second}");
}

/// Returns all resources of the cloud.
fn rows(cloud: &Cloud) -> BTreeSet<String> {
    cloud
        .resources()
        .into_iter()
        .map(|one| format!("{} {}", one.kind, one.id))
        .collect()
}

async fn unchanged(cloud: &Cloud, text: &str) {
    let plan = cloud.plan(text).await;
    assert_eq!(
        lines(&plan),
        Vec::<String>::new(),
        "{text}\n{:#?}",
        plan.changes
    );
}

/// Returns the example of the kind with this sample in the field.
fn stack(kind: &Kind, case: &Case, sample: &str) -> String {
    let yaml = |text: &str| -> Value { serde_yaml::from_str(text).expect("YAML") };
    let mut resources = yaml(kind.example);
    let entry = &mut resources["it"];
    for group in kind
        .one_of
        .iter()
        .filter(|group| group.contains(&case.path[0]))
    {
        for name in *group {
            entry.as_mapping_mut().expect("an entry").remove(*name);
        }
    }
    let (name, around) = case.path.split_last().expect("a field");
    let map = around.iter().fold(entry, |inside, key| enter(inside, key));
    if let Value::Mapping(given) = yaml(&format!("{{{}}}", case.field.given)) {
        for (name, value) in given {
            map[name] = value;
        }
    }
    map[*name] = yaml(sample);
    let resources = serde_yaml::to_string(&resources).expect("YAML");
    let indented: String = resources
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    format!("stack: test\nregion: cn-beijing\nresources:\n{indented}")
}

/// Returns the member of a structure, or the first item of a list, and creates it if it does not
/// exist.
fn enter<'a>(inside: &'a mut Value, key: &str) -> &'a mut Value {
    if key == FIRST {
        if !inside.is_sequence() {
            *inside = Value::Sequence(vec![Value::Null]);
        }
        return &mut inside[0];
    }
    &mut inside[key]
}

/// The effect of a change of a field, as its row declares it.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Nothing,
    InPlace(Interruption),
    Replace,
}

fn expected(row: &Field) -> Expected {
    if let OnChange::Update(update) = row.change {
        return Expected::InPlace(update.effect.interrupts);
    }
    match row.shown_change().trim_end_matches('!') {
        "once" => Expected::Nothing,
        "none" | "grow" | "boot" => Expected::InPlace(Interruption::None),
        "brief" => Expected::InPlace(Interruption::Brief),
        "restart" => Expected::InPlace(Interruption::Restart),
        "stop" => Expected::InPlace(Interruption::Stop),
        "rebuild" => Expected::InPlace(Interruption::Rebuild),
        "replace" => Expected::Replace,
        other => panic!("`{other}` is not a word for a change"),
    }
}

/// Asserts that the plan changes this resource only, as the row declares.
fn assert_declared(kind: &'static Kind, case: &Case, plan: &Plan) {
    let changes: Vec<&Change> = plan.changes.iter().filter(|one| one.is_change()).collect();
    let context = format!("{}.{}: {:#?}", kind.name, case.path.join("."), lines(plan));
    let expected = expected(case.row);
    let change = match (&expected, changes.as_slice()) {
        (Expected::Nothing, []) => return,
        (Expected::InPlace(_) | Expected::Replace, [change]) => change,
        _ => panic!("{expected:?}: {context}"),
    };
    assert_eq!(change.address.to_string(), "it", "{context}");
    let shown = match change.action {
        ChangeAction::Update => Expected::InPlace(change.effect.interrupts),
        ChangeAction::Replace => Expected::Replace,
        other => panic!("{other:?}: {context}"),
    };
    assert_eq!(shown, expected, "{context}");
    let is_derived = |attr: &str| kind.row(attr).is_some_and(|row| row.role == Role::Derived);
    let fields = change
        .fields
        .iter()
        .filter(|field| !is_derived(&field.attr));
    let fields: Vec<_> = fields.collect();
    let attrs: Vec<&str> = fields.iter().map(|field| field.attr.as_str()).collect();
    assert_eq!(attrs, [case.attr.as_str()], "{context}");
    if let OnChange::Update(update) = case.row.change {
        assert_eq!(fields[0].update, Some(update), "{context}");
    }
}

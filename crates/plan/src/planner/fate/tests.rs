//! The values of references at plan time.

use std::collections::BTreeMap;

use crate::change::{ChangeAction, Reason};
use crate::diff::Diff;
use crate::fixtures::world::{desired, world};
use crate::fixtures::{address, change, live};
use crate::live::{Live, Snapshot};
use crate::planner::Classified;
use crate::planner::fate::{Fate, known_in, of_classified};
use crate::{Ref, Value};

fn reference(text: &str) -> Ref {
    let (name, attr) = text.split_once('.').expect("an address and an attribute");
    Ref {
        address: address(name),
        attr: attr.to_owned(),
    }
}

#[test]
fn values_of_resources_that_stay_are_known() {
    let before = world(&["app machine size=1 label=a ip=10.0.0.1"], &[]);
    let want = desired("app machine size=2 subnet=@new");
    let row = before.snapshot.live[0].clone();
    let fates = BTreeMap::from([
        (
            address("app"),
            Fate::Stays {
                live: row,
                unsettled: vec!["ip", "size"],
            },
        ),
        (address("new"), Fate::New),
    ]);
    let all = BTreeMap::from([
        (want.address.clone(), want),
        (address("new"), desired("new subnet zone=a")),
    ]);
    let outside = Live {
        id: "vsw-9".to_owned(),
        ..live(&[])
    };
    let snapshot = Snapshot {
        named: [("net".to_owned(), vec![outside])].into(),
        ..Snapshot::default()
    };
    let known = known_in(&fates, &all, &snapshot);
    for (text, expected) in [
        ("app.id", Some("id-app".into())),
        ("app.label", Some("a".into())),
        // The desired value counts, even of an attribute that its update may change.
        ("app.size", Some(Value::Int(2))),
        ("app.ip", None),
        // The desired value is not known, and the live one is not used in its place.
        ("app.subnet", None),
        ("app.zone", None),
        ("new.id", None),
        ("new.zone", None),
        ("gone.id", None),
        ("net.id", Some("vsw-9".into())),
    ] {
        assert_eq!(known(&reference(text)), expected, "{text}");
    }
}

#[test]
fn fates_of_changes() {
    let row = world(&["a key"], &[]).snapshot.live.remove(0);
    for (action, has_row, stays) in [
        (ChangeAction::Create, false, false),
        (ChangeAction::Adopt, true, true),
        (ChangeAction::Update, true, true),
        (ChangeAction::Replace, true, false),
        (ChangeAction::Delete, true, false),
        (ChangeAction::Keep, true, true),
        (ChangeAction::Forget, true, true),
        (ChangeAction::NoOp, true, true),
    ] {
        let mut of = change("a", action, Reason::Differs);
        of.before = has_row.then(|| row.clone());
        let all = [classified(of)];
        let is_new = of_classified(&all)[&address("a")] == Fate::New;
        assert_eq!(is_new, !stays, "{action:?}");
    }
}

/// Of two rows at one address, the desired one counts, in either order.
#[test]
fn a_leftover_does_not_hide_its_successor() {
    let mut stays = change("a", ChangeAction::NoOp, Reason::Matches);
    stays.before = world(&["a key"], &[]).snapshot.live.pop();
    stays.after = Some(desired("a key").into());
    let gone = change("a", ChangeAction::Delete, Reason::Superseded);
    for all in [[&stays, &gone], [&gone, &stays]] {
        let all = all.map(|one| classified(one.clone()));
        let fates = of_classified(&all);
        assert!(matches!(fates[&address("a")], Fate::Stays { .. }));
    }
}

fn classified(change: crate::change::Change) -> Classified {
    Classified {
        change,
        diff: Diff::default(),
        parents: Vec::new(),
    }
}

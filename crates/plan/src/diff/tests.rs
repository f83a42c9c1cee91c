//! Differences between stub resources: effects, guard words, attributes without a row.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diff::{Diff, Sides, diff, drop_ignored, glob_match};
use crate::effect::Effect;
use crate::fixtures::stub::REGISTRY;
use crate::fixtures::world::world;
use crate::ownership::Guard;
use crate::planner::PlanErrorClass;
use crate::report::NoteKind;
use crate::update::At;
use crate::{Secret, Value};

/// Two lines to compare, with the guard words of the live and of the desired side.
struct Compared {
    live: &'static str,
    wanted: &'static str,
    before: &'static str,
    after: &'static str,
    tags: Option<&'static [(&'static str, &'static str)]>,
}

const PLAIN: Compared = Compared {
    live: "k=machine",
    wanted: "k=machine",
    before: "app machine",
    after: "app machine",
    tags: None,
};

impl Compared {
    fn diff(&self) -> Diff {
        let mut world = world(&[self.before], &[self.after]);
        let (_, mut want) = world.desired().pop_first().expect("it is wanted");
        let mut live = Arc::unwrap_or_clone(world.snapshot.live.remove(0));
        live.owner.as_mut().expect("it is owned").guard = Guard::decode(self.live);
        want.guard = Guard::decode(self.wanted);
        let pairs = self.tags.map(|tags| tags.iter());
        let tags = pairs.map(|tags| tags.map(|(key, value)| ((*key).to_owned(), (*value).into())));
        want.tags = tags.map(Iterator::collect);
        let nothing = BTreeMap::new();
        diff(Sides {
            kind: REGISTRY.known(want.kind),
            want: &want,
            live: &live,
            all: &nothing,
            resolved: &BTreeMap::new(),
            named: &BTreeMap::new(),
            ignore_tags: &[],
        })
    }
}

#[test]
fn globs_match() {
    for (glob, text, expected) in [
        ("finops:*", "finops:owner", true),
        ("finops:*", "owner", false),
        ("*", "", true),
        ("a*c", "abbc", true),
        ("a*c", "abbd", false),
        ("a?c", "abc", true),
    ] {
        assert_eq!(glob_match(glob, text), expected, "{glob} {text}");
    }
}

#[test]
fn an_attribute_without_a_row_is_an_internal_error() {
    let (before, after) = ("app machine colour=red", "app machine colour=blue");
    let found = Compared {
        before,
        after,
        ..PLAIN
    }
    .diff();
    assert_eq!(found.unknown, ["colour"]);
    assert!(found.fields.is_empty());
    let errors = world(&[before], &[after])
        .plan()
        .expect_err("it has no row");
    let shown: Vec<_> = errors
        .iter()
        .map(|error| (error.class, error.what.as_str()))
        .collect();
    let what =
        "internal error: `colour` of `app` differs, and the kind `machine` has no row for it";
    assert_eq!(shown, [(PlanErrorClass::Internal, what)]);
    // Equal values are not a difference, with or without a row.
    let same = Compared {
        before,
        after: before,
        ..PLAIN
    }
    .diff();
    assert!(same.unknown.is_empty() && same.is_empty());
}

#[test]
fn effects_of_fields_merge() {
    for (before, after, expected) in [
        ("app machine", "app machine label=b", Effect::NONE),
        ("app machine", "app machine user=b label=b", Effect::BRIEF),
        ("app machine", "app machine user=b size=2", Effect::RESTART),
        (
            "app machine status=Stopped",
            "app machine size=2",
            Effect::NONE,
        ),
        // The effect of an update outside the window applies to a stopped machine too.
        (
            "app machine status=Stopped",
            "app machine size=2 user=b",
            Effect::BRIEF,
        ),
        (
            "app machine image=a",
            "app machine image=b size=2",
            Effect::REPLACE,
        ),
    ] {
        let found = Compared {
            before,
            after,
            ..PLAIN
        }
        .diff();
        assert_eq!(found.effect(), expected, "{before} {after}");
    }
}

#[test]
fn each_update_occurs_once_in_table_order() {
    let after = "app machine subnet=vsw-1 number=1 size=2 label=b image=b";
    let found = Compared { after, ..PLAIN }.diff();
    let names = |places: &[At]| -> Vec<&str> {
        let updates = found.updates(REGISTRY.known("machine"), places);
        updates.iter().map(|update| update.name).collect()
    };
    assert_eq!(names(&[At::Stopped]), ["resize", "address", "move"]);
    assert_eq!(names(&[At::Before]), ["label"]);
    assert_eq!(names(&[At::After, At::Closing]), [""; 0]);
    assert_eq!(found.forces_replacement(), Some("image"));
}

const TAGGED: Compared = Compared {
    tags: Some(&[("Env", "prod")]),
    ..PLAIN
};

/// The new value of the guard tag; `None` if it is not written.
static GUARDS: &[(Compared, Option<&str>)] = &[
    (PLAIN, None),
    // A row of the first version does not name its kind. That alone is not a change …
    (Compared { live: "", ..PLAIN }, None),
    (
        Compared {
            live: "keep,i2",
            wanted: "k=machine,keep",
            ..PLAIN
        },
        None,
    ),
    // … but the next write of its tags or of its guard adds the name.
    (Compared { live: "", ..TAGGED }, Some("k=machine")),
    (
        Compared {
            live: "keep",
            wanted: "k=machine,keep",
            ..TAGGED
        },
        Some("k=machine,keep"),
    ),
    (
        Compared {
            live: "",
            wanted: "k=machine,protect",
            ..PLAIN
        },
        Some("k=machine,protect"),
    ),
    (TAGGED, None),
    // The file decides protection; the incarnation and words of later versions stay.
    (
        Compared {
            live: "k=machine,protect,keep",
            ..PLAIN
        },
        Some("k=machine"),
    ),
    (
        Compared {
            live: "zz,k=machine,q=1,h=key.digest,i3",
            wanted: "k=machine,protect",
            ..PLAIN
        },
        Some("k=machine,protect,zz,i3,h=key.digest,q=1"),
    ),
    (
        Compared {
            live: "k=machine,zz,q=1",
            ..PLAIN
        },
        None,
    ),
    // A window that was left open is closed, and the mark of a passed check is removed.
    (
        Compared {
            live: "k=machine,restarting,zz",
            ..PLAIN
        },
        Some("k=machine,zz"),
    ),
    (
        Compared {
            live: "k=machine,unready",
            ..PLAIN
        },
        Some("k=machine"),
    ),
    (
        Compared {
            live: "k=machine,unready",
            wanted: "k=machine,unready",
            ..PLAIN
        },
        None,
    ),
    // An update with a digest renews it, and an update with a mark removes the mark in the end.
    (
        Compared {
            live: "k=machine,u=old",
            wanted: "k=machine,u=new",
            after: "app machine user=b",
            ..PLAIN
        },
        Some("k=machine,u=new"),
    ),
    (
        Compared {
            live: "k=machine,u=old",
            after: "app machine user=b",
            ..PLAIN
        },
        Some("k=machine"),
    ),
    (
        Compared {
            live: "k=machine,u=old",
            wanted: "k=machine,u=new",
            ..PLAIN
        },
        None,
    ),
    (
        Compared {
            live: "k=machine,unready",
            wanted: "k=machine,unready",
            after: "app machine user=b",
            ..PLAIN
        },
        Some("k=machine"),
    ),
];

#[test]
fn guard_words() {
    for (compared, expected) in GUARDS {
        let found = compared.diff();
        let written = found.guard.map(|guard| guard.encode());
        let case = format!(
            "{} → {} ({})",
            compared.live, compared.wanted, compared.after
        );
        assert_eq!(written.as_deref(), *expected, "{case}");
    }
}

#[test]
fn only_marks_that_the_file_dropped_are_lifted() {
    let world = world(
        &["app machine +mark=unready +mark=restarting +mark=zz"],
        &["app machine"],
    );
    let (plan, _) = world.plan().expect("there is a plan");
    assert_eq!(plan.changes[0].lifted, ["unready"]);
}

#[test]
fn differences_without_an_action_are_noted() {
    let used = Compared {
        live: "k=key",
        wanted: "k=key",
        before: "it key hint=a",
        after: "it key hint=b",
        ..PLAIN
    };
    let found = used.diff();
    let field = "hint".to_owned();
    assert_eq!(found.notes, [NoteKind::UsedAtCreationOnly { field }]);
    assert!(found.is_empty());

    let mut world = world(
        &["app machine size=1 label=a"],
        &["app machine size=2 label=a"],
    );
    let (_, mut want) = world.desired().pop_first().expect("it is wanted");
    want.terms_mut().lifecycle.ignore = vec!["size".to_owned(), "label".to_owned()];
    let notes = drop_ignored(&mut want, &world.snapshot.live[0]);
    let field = "size".to_owned();
    assert_eq!(notes, [NoteKind::Ignored { field }]);
    assert!(want.attrs.is_empty());
}

#[test]
fn a_secret_is_compared_by_its_text() {
    for (text, expected) in [("a", true), ("b", false)] {
        let secret = Value::Secret(Secret::new("a".to_owned()));
        assert_eq!(super::is_same(&secret, &text.into()), expected, "{text}");
    }
}

#[test]
fn tags_are_set_and_removed() {
    let mut world = world(&["app machine"], &["app machine"]);
    let (_, mut want) = world.desired().pop_first().expect("it is wanted");
    let mut live = Arc::unwrap_or_clone(world.snapshot.live.remove(0));
    let tags = [("Env", "dev"), ("Old", "1"), ("fin:a", "1"), ("acs:a", "1")];
    live.tags = tags
        .map(|(key, value)| (key.into(), value.into()))
        .into_iter()
        .collect();
    want.tags = Some([("Env".to_owned(), "prod".into())].into());
    let nothing = BTreeMap::new();
    let mut found = |additive: bool| {
        want.terms_mut().lifecycle.additive = Vec::from_iter(additive.then(|| "tags".to_owned()));
        let found = diff(Sides {
            kind: REGISTRY.known(want.kind),
            want: &want,
            live: &live,
            all: &nothing,
            resolved: &BTreeMap::new(),
            named: &BTreeMap::new(),
            ignore_tags: &["fin:*".to_owned()],
        });
        (found.tags_set, found.tags_unset)
    };
    let set = crate::Map::from([("Env".to_owned(), "prod".into())]);
    assert_eq!(found(false), (set.clone(), vec!["Old".to_owned()]));
    assert_eq!(found(true), (set, Vec::new()));
}

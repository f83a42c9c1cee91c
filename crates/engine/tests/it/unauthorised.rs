//! A caller without the permission to list gets an error or an empty list. Neither counts as the
//! absence of resources, so neither leads to a create.

use std::sync::Arc;

use setpoint_engine::observe::{self, ObserveError};
use setpoint_engine::pages::ReadError;
use setpoint_openapi::action;
use setpoint_openapi::error::ApiError;
use setpoint_openapi::product::Product;
use setpoint_plan::document::note_words;
use setpoint_plan::live::Live;
use setpoint_plan::planner::Options;
use setpoint_sim::users::User;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::stack;

use crate::stacks::APP;

/// Returns a user who may call every action but one.
fn all_but(denied: &str) -> User {
    let all = Product::ALL.into_iter().flat_map(|product| {
        action::table(product)
            .iter()
            .map(move |one| format!("{product}:{}", one.name))
    });
    let allow: Vec<String> = all
        .filter(|name| name.split(':').nth(1) != Some(denied))
        .collect();
    serde_json::from_value(serde_json::json!({"user": "hand", "allow": allow})).expect("a user")
}

/// Returns the actions that one observation of the stack calls.
async fn reads(cloud: &Cloud) -> Vec<String> {
    let counts = |cloud: &Cloud| cloud.sim.with(|world| world.calls().counts().clone());
    let before = counts(cloud);
    cloud.plan(APP).await;
    let called = counts(cloud)
        .into_iter()
        .filter(|(name, count)| before.get(name).is_none_or(|old| old.total < count.total));
    called.map(|(name, _)| name).collect()
}

/// Returns whether a read was refused because a permission is missing.
fn is_refused(error: &ObserveError) -> bool {
    let ObserveError::Read(ReadError::Call { error, .. }) = error else {
        return false;
    };
    error.api().is_some_and(ApiError::is_permission)
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_listing_is_an_error_whatever_it_answers() {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let owned = cloud.owned();
    let reads = reads(&cloud).await;
    assert!(
        reads.iter().any(|name| name == "DescribeInstances"),
        "{reads:?}"
    );
    let intent = cloud.intent(&stack(APP, &[]));
    for denied in reads.iter().map(String::as_str) {
        cloud
            .sim
            .with(|world| world.set_users(vec![all_but(denied)]))
            .expect("the users are valid");
        let seen = observe::observe(&cloud.seen_by("hand").session, &intent).await;
        match seen {
            // The identity was read before.
            Ok(_) if denied == "GetCallerIdentity" => {}
            Ok(snapshot) => {
                // Only a kind that the stack does not use may stay unread, and a note says so.
                let [one] = snapshot.unlisted.as_slice() else {
                    panic!("without {denied}: {:?}", snapshot.unlisted);
                };
                assert!(one.permission.ends_with(denied), "{one:?}");
                let uses = |live: &Arc<Live>| live.kind == one.kind;
                assert!(!snapshot.live.iter().any(uses), "{one:?}");
            }
            Err(error) => assert!(is_refused(&error), "without {denied}: {error:?}"),
        }
    }
    assert_eq!(cloud.owned(), owned);
}

const NET: &str =
    "stack: shop\nregion: cn-beijing\nresources:\n  net: {type: vpc, cidr_block: 10.0.0.0/16}\n";

#[tokio::test(start_paused = true)]
async fn a_forbidden_listing_of_an_unused_kind_is_a_note() {
    let cloud = Cloud::new();
    assert!(cloud.apply(NET).await.is_complete());
    let intent = cloud.intent(&stack(NET, &[]));
    for (denied, kind, permission) in [
        ("DescribeKeyPairs", "key_pair", "ecs:DescribeKeyPairs"),
        ("DescribeDisks", "disk", "ecs:DescribeDisks"),
        (
            "DescribeMetricRuleList",
            "metric_alarm",
            "cms:DescribeMetricRuleList",
        ),
    ] {
        cloud
            .sim
            .with(|world| world.set_users(vec![all_but(denied)]))
            .expect("the users are valid");
        for destroy in [false, true] {
            let options = Options {
                destroy,
                ..Options::default()
            };
            let hand = cloud.seen_by("hand");
            let (_, report) = hand.plan_intent(&intent, &options).await.expect("a plan");
            let notes: Vec<String> = report
                .notes
                .iter()
                .map(|note| note_words(&note.what).1)
                .collect();
            let [note] = notes.as_slice() else {
                panic!("{notes:?}");
            };
            assert!(note.contains(kind) && note.contains(permission), "{note}");
        }
    }
    // A kind that is in use must be listed.
    cloud
        .sim
        .with(|world| world.set_users(vec![all_but("DescribeVpcs")]))
        .expect("the users are valid");
    let seen = observe::observe(&cloud.seen_by("hand").session, &intent).await;
    assert!(seen.as_ref().is_err_and(is_refused), "{seen:?}");
}

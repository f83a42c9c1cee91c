//! The number of calls of a run; and apply makes exactly the calls that the plan lists.

use setpoint_engine::outcome::Write;
use setpoint_plan::args;
use setpoint_plan::plan::Plan;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::lines;

use crate::stacks::{APP, changed};

/// The listings of the 9 kinds, the proofs of the 3 empty ones, the caller's identity, the image
/// look-up, the rules of the one group, and the system disks.
#[tokio::test(start_paused = true)]
async fn a_refresh_of_the_server_stack() {
    let cloud = Cloud::new();
    cloud.apply(APP).await;
    let plan = cloud.plan(APP).await;
    let cost = plan.cost;
    assert_eq!(
        (cost.listings, cost.lookups, cost.details, cost.other),
        (9, 1, 1, 3)
    );
}

/// A resource that is to be created is searched for once more, in one listing without the filter
/// per kind. A resource that exists is not.
#[tokio::test(start_paused = true)]
async fn a_create_costs_one_more_listing_for_its_kind() {
    let cloud = Cloud::new();
    cloud.apply(APP).await;
    let more = changed(
        "resources:\n",
        "resources:\n  spare: {type: vpc, cidr_block: 10.0.0.0/16}\n",
    );
    let cost = cloud.plan(&more).await.cost;
    assert_eq!(
        (cost.listings, cost.lookups, cost.details, cost.other),
        (10, 1, 1, 3)
    );
    // For an empty cloud: 9 listings, those of the 6 kinds of the file twice, and the proofs of the
    // empty ones.
    let cost = Cloud::new().plan(APP).await.cost;
    assert_eq!(
        (cost.listings, cost.lookups, cost.details, cost.other),
        (15, 1, 0, 9)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_of_300_instances_with_user_data() {
    let many = changed("  server:\n", "  server:\n    count: 300\n")
        .replace("instances: [server]", "instances: [\"server[0]\"]")
        .replace("${server.public_ip}", "${server[0].public_ip}")
        .replace("host_name: app-01", "host_name: app");
    let many = many.replace("172.16.1.0/24", "172.16.0.0/20");
    let cloud = Cloud::new();
    let outcome = cloud.apply(&many).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
    let plan = cloud.plan(&many).await;
    assert_eq!(lines(&plan), Vec::<String>::new());
    assert!(plan.cost.total() <= 20, "{:?}", plan.cost);
}

/// Returns the plan's write calls, sorted, as `ACTION ADDRESS xRUNGS`.
fn planned(plan: &Plan) -> Vec<String> {
    let mut calls: Vec<String> = plan
        .calls()
        .map(|(step, call)| format!("{} {} x{}", call.api.name, step.address, call.rungs.len()))
        .collect();
    calls.sort();
    calls
}

#[tokio::test(start_paused = true)]
async fn apply_makes_the_planned_calls() {
    for (from, to) in [
        ("ecs.c7.large", "ecs.c7.xlarge"),
        ("203.0.113.50/32", "198.51.100.0/24"),
        ("max_bandwidth_out: 10", "max_bandwidth_out: 20"),
    ] {
        let cloud = Cloud::new();
        cloud.apply(APP).await;
        let plan = cloud.plan(&changed(from, to)).await;
        let outcome = cloud.apply_plan(&plan).await;
        let mut made: Vec<String> = outcome
            .writes
            .iter()
            .flat_map(|write| {
                write
                    .addresses
                    .iter()
                    .map(|address| format!("{} {address} x1", write.action))
            })
            .collect();
        made.sort();
        assert_eq!(made, planned(&plan), "{to}");
        for (step, call) in plan.calls() {
            let arguments = args::arguments(&call.rungs[0], &|_| None)
                .expect("an update refers only to known values");
            let flat = setpoint_openapi::flatten::flatten(&arguments);
            let carries = |write: &&Write| {
                let is_batch = call.each.is_some();
                let given = |(name, value): &(String, String)| {
                    let first = name.split('.').next().unwrap_or_default();
                    let same_name =
                        |sent: &str| sent == name || (is_batch && sent.starts_with(first));
                    write
                        .params
                        .iter()
                        .any(|(sent, sent_value)| same_name(sent) && sent_value == value)
                };
                write.action == call.api.name
                    && write.addresses.contains(&step.address)
                    && flat.iter().all(given)
            };
            assert!(
                outcome.writes.iter().any(|write| carries(&write)),
                "{} {flat:?} in {:#?}",
                call.api.name,
                outcome.writes
            );
        }
    }
}

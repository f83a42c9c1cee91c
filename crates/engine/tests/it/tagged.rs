//! More resources than a listing with a tag filter shows.

use setpoint_engine::observe::{self, ObserveError};
use setpoint_sim::fault::{CallInfo, Fate};
use setpoint_sim::profile::{Options, Quotas};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, stack};

/// A stack with more security groups than the 1,000 that such a listing of ECS shows.
const GROUPS: &str = "stack: shop\nregion: cn-beijing\nresources:\n  \
                      net: {type: vpc, cidr_block: 10.0.0.0/16}\n  \
                      group: {type: security_group, count: 1010, vpc: net}\n";

async fn made() -> Cloud {
    let cloud = Cloud::with(Options {
        quotas: Quotas::boundless(),
        ..Options::default()
    });
    let outcome = cloud.apply(GROUPS).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
    cloud
}

#[tokio::test(start_paused = true)]
async fn resources_beyond_a_listing_by_tag_are_neither_recreated_nor_leaked() {
    let cloud = made().await;
    let plan = cloud.plan(GROUPS).await;
    assert_eq!(lines(&plan), Vec::<String>::new());
    // Ten pages of the listing, two of the tag service, one read by id, and the listings of the
    // other kinds. The rules of each group are read too.
    let cost = plan.cost;
    assert!(cost.listings <= 24, "{cost:?}");
    // Without the tag service the listing cannot be completed, so nothing is created.
    cloud.sim.set_hook(Some(Box::new(|call: &CallInfo| {
        match call.action.as_str() {
            "ListTagResources" => Fate::RefuseBefore {
                code: "Forbidden.RAM".to_owned(),
                status: 403,
            },
            _ => Fate::Normal,
        }
    })));
    let intent = cloud.intent(&stack(GROUPS, &[]));
    let refused = observe::observe(&cloud.session, &intent).await;
    assert!(matches!(refused, Err(ObserveError::Read(_))), "{refused:?}");
    cloud.sim.set_hook(None);
    let outcome = cloud.destroy(GROUPS).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
    assert_eq!(cloud.resources().len(), 0);
}

//! Faults in the middle of a run that continues: each write call in turn is lost, truncated,
//! throttled or met by a server fault, and the same run completes without duplicates.

use std::sync::atomic::Ordering;

use setpoint_plan::planner::Options;
use setpoint_sim::fault::Fate;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::{at_write, counting};
use setpoint_testkit::run::{lines, stack};

use crate::stacks::{APP, changed};

fn fates() -> Vec<Fate> {
    let refuse = |code: &str, status| Fate::RefuseBefore {
        code: code.to_owned(),
        status,
    };
    vec![
        Fate::LoseReplyAfterExecuting,
        Fate::DropBeforeExecuting,
        Fate::NotSent,
        Fate::CutReply,
        refuse("Throttling.User", 400),
        refuse("ServiceUnavailable", 503),
        refuse("InternalError", 500),
    ]
}

async fn n_writes(before: Option<&str>, text: &str) -> usize {
    let cloud = Cloud::new();
    if let Some(before) = before {
        cloud.apply(before).await;
    }
    let plan = cloud.plan(text).await;
    let (hook, count) = counting();
    cloud.sim.set_hook(Some(hook));
    cloud.apply_plan(&plan).await;
    count.load(Ordering::Relaxed)
}

async fn survives_every_fault(before: Option<&str>, text: &str) {
    for fate in fates() {
        for n in 1..=n_writes(before, text).await {
            let context = format!("{fate:?} at write {n}");
            let cloud = Cloud::new();
            if let Some(before) = before {
                cloud.apply(before).await;
            }
            let plan = cloud.plan(text).await;
            cloud.sim.set_hook(Some(at_write(n, fate.clone())));
            let outcome = cloud.apply_plan(&plan).await;
            cloud.sim.set_hook(None);
            assert!(outcome.is_complete(), "{context}: {outcome:#?}");
            assert_eq!(
                lines(&cloud.plan(text).await),
                Vec::<String>::new(),
                "{context}"
            );
            // Instance, disk, interface, key pair, VPC, VSwitch and group exist once each.
            let kinds: Vec<String> = cloud
                .owned()
                .iter()
                .filter_map(|line| line.split(' ').next().map(ToOwned::to_owned))
                .collect();
            let mut distinct = kinds.clone();
            distinct.dedup();
            assert_eq!(kinds, distinct, "{context}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_survives_every_fault_at_every_write() {
    survives_every_fault(None, APP).await;
}

#[tokio::test(start_paused = true)]
async fn a_resize_survives_every_fault_at_every_write() {
    survives_every_fault(Some(APP), &changed("ecs.c7.large", "ecs.c7.xlarge")).await;
}

#[tokio::test(start_paused = true)]
async fn a_move_survives_every_fault_at_every_write() {
    survives_every_fault(Some(APP), &changed("172.16.1.0/24", "172.16.9.0/24")).await;
}

#[tokio::test(start_paused = true)]
async fn a_destroy_survives_every_fault_at_every_write() {
    for fate in fates() {
        for n in 1..=6 {
            let context = format!("{fate:?} at write {n}");
            let cloud = Cloud::new();
            cloud.apply(APP).await;
            let options = Options {
                destroy: true,
                ..Options::default()
            };
            let (plan, _) = cloud
                .plan_intent(&cloud.intent(&stack(APP, &[])), &options)
                .await
                .expect("a destroy can be planned");
            cloud.sim.set_hook(Some(at_write(n, fate.clone())));
            let outcome = cloud.apply_plan(&plan).await;
            cloud.sim.set_hook(None);
            assert!(outcome.is_complete(), "{context}: {outcome:#?}");
            assert_eq!(cloud.owned(), Vec::<String>::new(), "{context}");
        }
    }
}

/// A flow that both specs allow stays open after every single write, whether or not the write was
/// executed.
#[tokio::test(start_paused = true)]
async fn a_flow_that_both_specs_allow_is_never_closed() {
    use setpoint_testkit::faults::Death;
    let wider = changed(
        "{port: 22, source: 203.0.113.50/32, description: SSH from office}",
        "{port: 20-30, source: 203.0.113.0/24, description: SSH from the site}",
    );
    let mut moments = 0;
    for (from, to) in [(APP, wider.as_str()), (wider.as_str(), APP)] {
        for death in [Death::Before, Death::After] {
            for n in 1.. {
                let cloud = Cloud::new();
                cloud.apply(from).await;
                let plan = cloud.plan(to).await;
                let died = cloud.apply_dying(&plan, n, death).await;
                let snapshot = setpoint_engine::observe::observe(
                    &cloud.session,
                    &cloud.intent(&stack(to, &[])),
                )
                .await
                .expect("observed");
                let group = snapshot
                    .live
                    .iter()
                    .find(|live| live.kind == "security_group")
                    .expect("the group");
                let rules = group.attr("ingress");
                let open = rules
                    .as_list()
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|rule| rule.as_map())
                    .any(|rule| {
                        let text = |name: &str| {
                            rule.get(name)
                                .and_then(|value| value.as_text())
                                .unwrap_or_default()
                                .to_owned()
                        };
                        let ports: Vec<u16> = text("port")
                            .split('/')
                            .filter_map(|port| port.parse().ok())
                            .collect();
                        let in_ports =
                            matches!(ports.as_slice(), [from, to] if (*from..=*to).contains(&22));
                        in_ports && text("cidr").starts_with("203.0.113.")
                    });
                assert!(
                    open,
                    "SSH from the office is closed after write {n} ({death:?}): {rules:?}"
                );
                moments += 1;
                if !died {
                    break;
                }
            }
        }
    }
    assert!(moments >= 8);
}

//! Runs that die at each of their write calls, and calls that are made by hand.

use std::time::Duration;

use setpoint_openapi::action::Action;
use setpoint_openapi::flatten::Arg;
use setpoint_openapi::request::Request;
use setpoint_sim::profile::Options;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::Death;
use setpoint_testkit::run::lines;

/// Applies `before`, then dies at every write call of the change to `after`, both before and after
/// the cloud carries it out. Each time the next run must complete, the plan after it must be empty,
/// and a destroy must leave nothing. Returns how many deaths were tried.
pub(crate) async fn dying_everywhere(before: Option<&str>, after: &str) -> usize {
    dying_everywhere_in(&Options::default(), before, after).await
}

/// Does the same as [`dying_everywhere`] in a cloud with these options.
pub(crate) async fn dying_everywhere_in(
    options: &Options,
    before: Option<&str>,
    after: &str,
) -> usize {
    let mut tried = 0;
    for death in [Death::Before, Death::After] {
        for n in 1.. {
            let cloud = Cloud::with(options.clone());
            if let Some(before) = before {
                let made = cloud.apply(before).await;
                assert!(made.is_complete(), "{made:#?}");
                tokio::time::sleep(Duration::from_secs(31)).await;
            }
            let plan = cloud.plan(after).await;
            if !cloud.apply_dying(&plan, n, death).await {
                break;
            }
            tried += 1;
            ends_well(&cloud, after, &format!("{death:?} write {n}")).await;
        }
    }
    tried
}

/// Asserts that the next run completes, owns every resource once, and that a destroy leaves
/// nothing.
async fn ends_well(cloud: &Cloud, after: &str, context: &str) {
    let outcome = cloud.apply(after).await;
    assert!(outcome.is_complete(), "{context}: {outcome:#?}");
    tokio::time::sleep(Duration::from_secs(31)).await;
    let again = cloud.plan(after).await;
    assert_eq!(lines(&again), Vec::<String>::new(), "{context}");
    let mut owners: Vec<String> = cloud.owned();
    owners.iter_mut().for_each(|line| {
        *line = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    });
    let n_owned = owners.len();
    owners.sort();
    owners.dedup();
    assert_eq!(owners.len(), n_owned, "{context}: {:?}", cloud.owned());
    let gone = cloud.destroy(after).await;
    assert!(gone.is_complete(), "{context}: {gone:#?}");
    assert_eq!(cloud.owned(), Vec::<String>::new(), "{context}");
}

/// Makes a call outside of Setpoint, as somebody would in the console.
pub(crate) async fn by_hand(cloud: &Cloud, action: &'static Action, params: &[(&str, &str)]) {
    let arg = |(name, value): &(&str, &str)| ((*name).to_owned(), Arg::Text((*value).to_owned()));
    let args: Vec<(String, Arg)> = params.iter().map(arg).collect();
    let request = Request::new(action, "cn-beijing", &args).expect("the action takes these");
    let reply = cloud.session.client.call(&request).await;
    assert!(reply.is_ok(), "{}: {reply:?}", action.name);
}

/// Returns the id of the resource with an address.
pub(crate) fn id_of(cloud: &Cloud, kind: &str, address: &str) -> String {
    let prefix = format!("{kind} {address} ");
    let owned = cloud.owned();
    let found = owned.iter().find_map(|line| line.strip_prefix(&prefix));
    let line = found.unwrap_or_else(|| panic!("no {prefix}in {owned:?}"));
    line.split(' ').next().unwrap_or_default().to_owned()
}

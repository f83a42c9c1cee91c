//! Runs that die at each of their writes, and calls that somebody makes by hand.

use std::time::Duration;

use setpoint_openapi::action::Action;
use setpoint_openapi::flatten::Arg;
use setpoint_openapi::request::Request;
use setpoint_sim::profile::Options;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::Death;
use setpoint_testkit::run::lines;

/// Applies `before`, then dies at every write of the way to `after`, before and after the cloud
/// carries it out. The next run reaches the end each time, the plan is empty then, a destroy leaves
/// nothing. Returns how many deaths were tried.
pub(crate) async fn dying_everywhere(before: Option<&str>, after: &str) -> usize {
    dying_everywhere_in(&Options::default(), before, after).await
}

/// The same in a cloud with these switches.
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

/// Somebody makes a call.
pub(crate) async fn by_hand(cloud: &Cloud, action: &'static Action, params: &[(&str, &str)]) {
    let arg = |(name, value): &(&str, &str)| ((*name).to_owned(), Arg::Text((*value).to_owned()));
    let args: Vec<(String, Arg)> = params.iter().map(arg).collect();
    let request = Request::new(action, "cn-beijing", &args).expect("the action takes these");
    let reply = cloud.session.client.call(&request).await;
    assert!(reply.is_ok(), "{}: {reply:?}", action.name);
}

/// The id of what carries an address.
pub(crate) fn id_of(cloud: &Cloud, kind: &str, address: &str) -> String {
    let prefix = format!("{kind} {address} ");
    let owned = cloud.owned();
    let found = owned.iter().find_map(|line| line.strip_prefix(&prefix));
    let line = found.unwrap_or_else(|| panic!("no {prefix}in {owned:?}"));
    line.split(' ').next().unwrap_or_default().to_owned()
}

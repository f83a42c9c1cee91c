//! Errors about regions that the cloud does not have.
//!
//! The cloud names neither the region nor its place in the stack's file: for a mistyped region it
//! answers with a code, or its host does not exist and calls are retried for minutes. Only then is
//! it asked for its regions, so that a run without errors costs no call more.

use std::time::Duration;

use setpoint_engine::pages;
use setpoint_engine::session::Session;
use setpoint_openapi::action::ecs;
use setpoint_openapi::request::Request;
use setpoint_openapi::retry::RetryPolicy;
use setpoint_report::failure::FailureView;
use setpoint_spec::stack::Location;
use setpoint_spec::suggest;

use crate::operate::{self, Subject};
use crate::wiring::Cloud;

/// A region whose host exists; its answer names all regions.
const ASKED_IN: &str = "cn-hangzhou";

/// The greatest time that the answer is waited for: without it, the first error is shown as it is.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The beginning of the codes with which the cloud refuses a region.
const CODE: &str = "InvalidRegionId";

/// The error with the region in it, if the cloud refused the region.
pub(crate) async fn retold(cloud: &Cloud, subject: &Subject, failure: FailureView) -> FailureView {
    let is_refused = |code: &String| code.starts_with(CODE);
    if !failure.code.as_ref().is_some_and(is_refused) {
        return failure;
    }
    match wrong(cloud, subject).await {
        Some(wrong) => FailureView {
            message: wrong.message,
            at: wrong.at,
            hint: wrong.hint,
            ..failure
        },
        None => FailureView {
            message: format!("{} (region `{}`)", failure.message, subject.region()),
            ..failure
        },
    }
}

/// The error about the first region of the stack that the cloud does not have, if it says so.
pub(crate) async fn wrong(cloud: &Cloud, subject: &Subject) -> Option<FailureView> {
    let known = known(&cloud.session).await?;
    let (region, at) = named(subject)
        .into_iter()
        .find(|(region, _)| !known.contains(region))?;
    let names = known.iter().map(String::as_str);
    let hint = match suggest::nearest(&region, names) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Regions: {}.", known.join(", ")),
    };
    Some(FailureView {
        message: format!("the cloud has no region `{region}`"),
        at: at.map(|at| operate::excerpt(subject.sources(), &at)),
        hint: Some(format!("{hint} Nothing was changed.")),
        ..FailureView::default()
    })
}

/// The regions that a stack names, each with its place: its own, then those of linked stacks.
fn named(subject: &Subject) -> Vec<(String, Option<Location>)> {
    let Subject::Spec { spec, .. } = subject else {
        return vec![(subject.region().to_owned(), None)];
    };
    let own = (spec.stack.region.clone(), spec.stack.region_at.clone());
    let links = spec.stack.stacks.values();
    let links = links.filter_map(|link| Some((link.region.clone()?, Some(link.at.clone()))));
    std::iter::once(own).chain(links).collect()
}

/// The ids of the cloud's regions; `None` if it does not name them.
async fn known(session: &Session) -> Option<Vec<String>> {
    let request = Request {
        action: &ecs::DESCRIBE_REGIONS,
        region: ASKED_IN.to_owned(),
        params: Vec::new(),
    };
    let policy = RetryPolicy {
        elapsed_max: ANSWER_MAX,
        ..RetryPolicy::default()
    };
    let answer = pages::send_within(session, &request, &policy);
    let reply = tokio::time::timeout(ANSWER_MAX, answer).await.ok()?.ok()?;
    let regions = reply.json.need_list("Regions.Region").ok()?;
    let ids: Option<Vec<String>> = regions
        .into_iter()
        .map(|region| region.need_text("RegionId").ok())
        .collect();
    ids.filter(|ids| !ids.is_empty())
}

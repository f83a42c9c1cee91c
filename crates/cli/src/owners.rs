//! What is said where a stack owns nothing: what was looked for, and the environments of the same
//! stack that own something.
//!
//! Without its environment, a stack is another owner, and "nothing to destroy" would be the whole
//! answer to a forgotten `--env`. Only then is the tag service asked, with one call; if it does not
//! answer, nothing is said of other environments.

use setpoint_engine::pages;
use setpoint_engine::session::Session;
use setpoint_openapi::action::tag;
use setpoint_openapi::request::Request;
use setpoint_plan::ownership::STACK;

use crate::operate::{Seen, Subject};
use crate::ui;
use crate::wiring::Cloud;

/// Says on stderr that the stack has no live resources, if it has none.
pub(crate) async fn note_nothing_live(cloud: &Cloud, subject: &Subject, seen: &Seen) {
    if !seen.snapshot.live.is_empty() {
        return;
    }
    let (stack, region) = (&seen.intent.stack, subject.region());
    let tag = format!("{STACK}={stack}");
    ui::say(&if seen.snapshot.unlisted.is_empty() {
        format!(
            "Note: nothing in {region} carries the tag {tag}, so the stack owns nothing there\n"
        )
    } else {
        format!("Note: nothing that could be listed in {region} carries the tag {tag}\n")
    });
    note_environments(cloud, subject, stack).await;
}

/// Names the other environments of the stack on stderr, if there are some.
pub(crate) async fn note_environments(cloud: &Cloud, subject: &Subject, stack: &str) {
    let region = subject.region();
    let others = others(&cloud.session, region, stack)
        .await
        .unwrap_or_default();
    if others.is_empty() {
        return;
    }
    let next = match subject {
        Subject::Spec { spec, .. } if spec.stack.environment.is_none() => "",
        Subject::Spec { .. } | Subject::Gone { .. } => "; to choose one, pass --env NAME",
    };
    ui::say(&format!(
        "Note: the tag service names resources of {} in {region}{next}\n",
        others.join(", ")
    ));
}

/// The identities with the same name in the region: `shop` and `shop/prod` for `shop/dev`; `None`
/// if the tag service does not name them.
async fn others(session: &Session, region: &str, stack: &str) -> Option<Vec<String>> {
    let name = stack.split('/').next().unwrap_or(stack);
    let param = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let request = Request {
        action: &tag::LIST_TAG_VALUES,
        region: region.to_owned(),
        params: vec![
            param("FuzzyType", "PREFIX"),
            param("Key", STACK),
            param("TagFilter.Value", name),
        ],
    };
    let reply = pages::send(session, &request).await.ok()?;
    let mut found = reply.json.need_texts("Values.Value").ok()?;
    let is_other = |owner: &String| {
        let rest = owner.strip_prefix(name);
        owner != stack && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    found.retain(is_other);
    found.sort();
    Some(found)
}

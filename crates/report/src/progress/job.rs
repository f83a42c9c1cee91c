//! Jobs: the halves of changes, which are the rows of the progress table and the subjects of plain
//! lines.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_plan::change::{Change, ChangeAction};
use setpoint_plan::document::{Secrets, cond_words};
use setpoint_plan::plan::{Half, Plan};
use setpoint_plan::procedure::{Act, Cond, Local, Look};
use setpoint_plan::{Key, Value};

use super::STILL_EVERY;
use crate::words::{clean, short};

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// None of its steps has started.
    Waiting,
    /// A step has started.
    Running,
    /// All its steps are done.
    Done,
    /// A step failed.
    Failed,
    /// A step will not start, or the run ended before the job did.
    Skipped,
}

/// The words of a job's messages, which follow Terraform.
#[derive(Debug, Clone, Copy)]
struct Verb {
    begins: &'static str,
    goes_on: &'static str,
    ended: &'static str,
}

const CREATE: Verb = Verb {
    begins: "Creating",
    goes_on: "creating",
    ended: "Creation",
};
const MODIFY: Verb = Verb {
    begins: "Modifying",
    goes_on: "modifying",
    ended: "Modifications",
};
const DESTROY: Verb = Verb {
    begins: "Destroying",
    goes_on: "destroying",
    ended: "Destruction",
};
const FORGET: Verb = Verb {
    begins: "Forgetting",
    goes_on: "forgetting",
    ended: "Forgetting",
};

/// One half of a change.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) name: String,
    /// The name of its group, if it is a member.
    pub(super) group: Option<String>,
    verb: Verb,
    pub(super) state: State,
    /// The id of the resource, once it is known.
    pub(super) id: Option<String>,
    pub(super) n_steps: usize,
    pub(super) n_done: usize,
    /// Its steps, by index in the plan.
    pub(super) steps: Vec<usize>,
    /// The step that started last.
    pub(super) current: Option<usize>,
    /// The status that the current wait last read.
    pub(super) status: Option<String>,
    /// A remark about the current step, which takes the place of the status.
    pub(super) remark: Option<String>,
    /// The last reason for a retry of the current step.
    pub(super) again: Option<String>,
    /// Whether one of its steps will not start.
    pub(super) cut: bool,
    /// The age of the run at its start.
    pub(super) started: Duration,
    /// The age of the run at its end.
    pub(super) ended: Duration,
    /// The age of the run at its last plain line about its start or progress.
    pub(super) said: Duration,
}

impl Job {
    fn new(change: &Change, half: Half, live_id: Option<&String>) -> Self {
        let verb = match (half, change.action) {
            (Half::Down, _) => DESTROY,
            (Half::Up, ChangeAction::Create | ChangeAction::Replace) => CREATE,
            (Half::Up, ChangeAction::Forget) => FORGET,
            (Half::Up, _) => MODIFY,
        };
        let group = change
            .address
            .key()
            .map(|_: &Key| change.address.group().to_string());
        Self {
            name: change.address.to_string(),
            group,
            verb,
            state: State::Waiting,
            id: live_id.cloned(),
            n_steps: 0,
            n_done: 0,
            steps: Vec::new(),
            current: None,
            status: None,
            remark: None,
            again: None,
            cut: false,
            started: Duration::ZERO,
            ended: Duration::ZERO,
            said: Duration::ZERO,
        }
    }

    /// Returns `net: Creating...`.
    pub(super) fn begins(&self) -> String {
        format!(
            "{}: {}...{}",
            self.name,
            self.verb.begins,
            self.suffix(None)
        )
    }

    /// Returns `app: Still creating... [10s elapsed]`, if the interval since the last line has
    /// passed.
    pub(super) fn still(&mut self, now: Duration) -> Option<String> {
        if now.saturating_sub(self.said) < STILL_EVERY {
            return None;
        }
        self.said = now;
        let elapsed = format!("{} elapsed", short(now.saturating_sub(self.started)));
        let elapsed = self
            .again
            .iter()
            .fold(elapsed, |text, why| format!("{text}, {}", clean(why)));
        Some(format!(
            "{}: Still {}...{}",
            self.name,
            self.verb.goes_on,
            self.suffix(Some(&elapsed))
        ))
    }

    /// Returns `web[0]: Creation complete after 31s [id=i-2zea]`.
    pub(super) fn ends(&self) -> String {
        let took = short(self.ended.saturating_sub(self.started));
        format!(
            "{}: {} complete after {took}{}",
            self.name,
            self.verb.ended,
            self.suffix(None)
        )
    }

    /// Returns `web[1]: Creation failed after 3s`.
    pub(super) fn fails(&self) -> String {
        let took = short(self.ended.saturating_sub(self.started));
        format!(
            "{}: {} failed after {took}{}",
            self.name,
            self.verb.ended,
            self.suffix(None)
        )
    }

    fn suffix(&self, more: Option<&str>) -> String {
        let id = self.id.as_ref().map(|id| format!("id={}", clean(id)));
        let parts: Vec<String> = id.into_iter().chain(more.map(ToOwned::to_owned)).collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(" [{}]", parts.join(", "))
        }
    }

    /// Returns whether any of its steps has started.
    pub(super) fn has_begun(&self) -> bool {
        self.current.is_some()
    }

    /// Returns the word for the whole job, such as `creating`, for the table.
    pub(super) fn word(&self) -> &'static str {
        self.verb.goes_on
    }
}

/// Returns the jobs of a plan, and the index of its job for each step.
pub(super) fn jobs(plan: &Plan) -> (Vec<Job>, Vec<usize>) {
    let mut index: BTreeMap<(usize, Half), usize> = BTreeMap::new();
    let mut jobs: Vec<Job> = Vec::new();
    let mut of_step = Vec::with_capacity(plan.steps.len());
    for (at, step) in plan.steps.iter().enumerate() {
        let job = *index.entry((step.change, step.half)).or_insert_with(|| {
            jobs.push(Job::new(
                &plan.changes[step.change],
                step.half,
                step.live_id.as_ref(),
            ));
            jobs.len() - 1
        });
        jobs[job].n_steps += 1;
        jobs[job].steps.push(at);
        of_step.push(job);
    }
    (jobs, of_step)
}

/// Returns what a step does, in a few words.
pub(super) fn phase(act: &Act) -> String {
    match act {
        Act::Call(call) => words_of(call.api.name),
        Act::Wait(wait) => match &wait.until {
            Cond::Is(_, values) => match (values.as_slice(), &wait.look) {
                // The wait reads something other than the resource, so the view is named.
                ([Value::Text(status)], Look::Ask(query)) => {
                    format!("until {} {status}", query.view.name)
                }
                ([Value::Text(status)], _) => format!("until {status}"),
                _ => format!("until {}", cond_words(&wait.until)),
            },
            // The column of the table has room for the status only.
            other => format!("until {}", cond_words(other).replace("status is ", "")),
        },
        Act::Local(Local::SshKey { .. }) => "make a key pair".to_owned(),
    }
}

/// Returns an action as words: `ModifyInstanceSpec` as `modify instance spec`.
fn words_of(action: &str) -> String {
    let mut out = String::with_capacity(action.len() + 4);
    let mut previous = 'A';
    for c in action.chars() {
        if c.is_ascii_uppercase() && previous.is_ascii_lowercase() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
        previous = c;
    }
    out
}

/// Returns the plain parameters of the rungs of a call, without secrets and structures; empty for a
/// call with one rung.
pub(super) fn rungs(act: &Act) -> Vec<Vec<(String, String)>> {
    let Act::Call(call) = act else {
        return Vec::new();
    };
    if call.rungs.len() < 2 {
        return Vec::new();
    }
    let mut secrets = Secrets::default();
    call.rungs
        .iter()
        .flatten()
        .for_each(|(_, value)| secrets.add(value));
    let plain = |(name, value): &(&'static str, Value)| match value {
        Value::Text(text) if !secrets.are_in(text) => Some(((*name).to_owned(), clean(text))),
        Value::Int(n) => Some(((*name).to_owned(), n.to_string())),
        Value::Ref(reference) => Some(((*name).to_owned(), reference.address.to_string())),
        _ => None,
    };
    call.rungs
        .iter()
        .map(|args| args.iter().filter_map(plain).collect())
        .collect()
}

/// Returns the first parameter that differs between two rungs: its name, the refused value, and the
/// next one.
pub(super) fn differing(
    last: &[(String, String)],
    now: &[(String, String)],
) -> Option<(String, String, String)> {
    now.iter().find_map(|(name, value)| {
        let (_, old) = last
            .iter()
            .find(|(other, old)| other == name && old != value)?;
        Some((name.clone(), old.clone(), value.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn actions_read_as_words() {
        for (action, words) in [
            ("ModifyInstanceSpec", "modify instance spec"),
            ("CreateVSwitch", "create vswitch"),
            ("RunInstances", "run instances"),
        ] {
            assert_eq!(words_of(action), words);
        }
    }
}

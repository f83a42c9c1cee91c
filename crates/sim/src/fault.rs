//! Faults for tests: what becomes of a call.
//!
//! In the process a [`Hook`] decides about each call. From outside a list of [`Fault`]s is given to `POST /_sim/faults`.

use serde::Deserialize;

/// A call that is about to happen, as a hook sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallInfo {
    /// Its number since the world was opened, from 1.
    pub n: u64,
    /// The action; empty if the request cannot be read.
    pub action: String,
    /// Whether the action only reads.
    pub is_read: bool,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is answered.
    Normal,
    /// It is refused with this code and HTTP status, and nothing happens.
    RefuseBefore {
        /// The code, for example `Throttling.User`.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// It never leaves the client, which knows it.
    NotSent,
    /// It is lost on the way: nothing happens, and the client cannot know.
    DropBeforeExecuting,
    /// It happens, and the response is lost.
    LoseReplyAfterExecuting,
    /// It happens, and half of the response's body arrives.
    CutReply,
}

/// Decides about each call in turn.
pub type Hook = Box<dyn FnMut(&CallInfo) -> Fate + Send>;

/// Some calls of one action have a fate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The action, `*` for every one, `read` or `write` for those that only read or that do not.
    pub action: String,
    /// What becomes of the calls.
    pub fate: Fate,
    /// So many calls pass first.
    #[serde(default)]
    pub skip: u64,
    /// So many calls are then struck.
    #[serde(default = "once")]
    pub times: u64,
}

fn once() -> u64 {
    1
}

impl Fault {
    fn concerns(&self, call: &CallInfo) -> bool {
        match self.action.as_str() {
            "*" => true,
            "read" => call.is_read,
            "write" => !call.is_read,
            name => name == call.action,
        }
    }
}

/// A hook that follows a list: the first fault that concerns a call and is not used up decides.
#[must_use]
pub fn plan(mut faults: Vec<Fault>) -> Hook {
    Box::new(move |call| {
        for fault in faults.iter_mut().filter(|fault| fault.concerns(call)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.times > 0 {
                fault.times -= 1;
                return fault.fate.clone();
            }
        }
        Fate::Normal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_counts_its_calls() {
        let text = r#"[
            {"action": "RunInstances", "skip": 1, "times": 2, "fate": {"refuse_before": {"code": "Throttling", "status": 400}}},
            {"action": "write", "fate": "lose_reply_after_executing"}
        ]"#;
        let mut hook = plan(serde_json::from_str(text).expect("a plan"));
        let mut fate = |action: &str, is_read| hook(&CallInfo { n: 1, action: action.to_owned(), is_read });
        let throttled = Fate::RefuseBefore { code: "Throttling".to_owned(), status: 400 };
        assert_eq!(fate("DescribeInstances", true), Fate::Normal);
        assert_eq!(fate("RunInstances", false), Fate::LoseReplyAfterExecuting);
        assert_eq!(fate("RunInstances", false), throttled);
        assert_eq!(fate("RunInstances", false), throttled);
        assert_eq!(fate("RunInstances", false), Fate::Normal);
    }
}

//! Faults for tests: what happens to a call on its way and in the cloud.
//!
//! A test in the same process installs a [`Hook`] that decides about each call. Other clients send
//! a [`Plan`], at the start of the server or with `POST /_sim/faults`.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;
use setpoint_openapi::action;
use setpoint_openapi::product::Product;

/// A call that is about to be performed, as a hook sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallInfo {
    /// The number of the call since the world was opened, from 1.
    pub n: u64,
    /// The action; empty if the request cannot be read.
    pub action: String,
    /// Whether the action only reads.
    pub is_read: bool,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is answered normally.
    Normal,
    /// It is refused with this code and HTTP status. Nothing changes.
    RefuseBefore {
        /// The error code, for example `Throttling.User`.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// It is not sent, and the client knows that.
    NotSent,
    /// It is lost on the way. Nothing changes, and the client cannot know.
    DropBeforeExecuting,
    /// It is performed, and the response is lost.
    LoseReplyAfterExecuting,
    /// It is performed, and only half of the response's body arrives.
    CutReply,
    /// It is performed later, by milliseconds of the client's time.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// It is performed at once, and the response is sent later, by milliseconds of the client's
    /// time.
    DelayReply {
        /// Milliseconds.
        ms: u64,
    },
    /// The client loses its connection at once. The call is performed later, by milliseconds of the
    /// world's time.
    DeliverLate {
        /// Milliseconds.
        ms: u64,
    },
    /// It is performed twice, as when a network repeats it. The first response arrives.
    DeliverTwice,
}

impl Fate {
    /// The delays before the call is performed and before its response is sent, in milliseconds of
    /// the client's time.
    #[must_use]
    pub(crate) fn delays(&self) -> (u64, u64) {
        match self {
            Self::Delay { ms } => (*ms, 0),
            Self::DelayReply { ms } => (0, *ms),
            _ => (0, 0),
        }
    }
}

/// Decides about each call in turn.
pub type Hook = Box<dyn FnMut(&CallInfo) -> Fate + Send>;

/// A fate for some calls of an action.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The action; `*` for every one, `read` or `write` for those that only read or that do not.
    pub action: String,
    /// What happens to these calls.
    pub fate: Fate,
    /// The number of calls that pass before.
    #[serde(default)]
    pub skip: u64,
    /// The number of calls that are struck then.
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

/// Faults, and the lag of reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The faults.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// How long listings leave out a new resource, in milliseconds. `None`: unchanged.
    pub list_lag_ms: Option<i64>,
    /// How long reads by id do not find a new resource, in milliseconds. `None`: unchanged.
    pub read_lag_ms: Option<i64>,
}

impl Plan {
    /// Parses a plan: an object, or a list of faults alone.
    ///
    /// # Errors
    /// If the text is neither, or has an unknown name.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_slice(text)?;
        let plan = if value.is_array() {
            Self {
                faults: serde_json::from_value(value)?,
                ..Self::default()
            }
        } else {
            serde_json::from_value(value)?
        };
        // A fault that can never strike would let a test pass for the wrong reason.
        for fault in &plan.faults {
            if !["*", "read", "write"].contains(&fault.action.as_str()) && !is_action(&fault.action)
            {
                return Err(serde_json::Error::custom(format!(
                    "there is no action `{}`",
                    fault.action
                )));
            }
            if fault.times == 0 {
                return Err(serde_json::Error::custom(format!(
                    "`times` of `{}` must be above 0",
                    fault.action
                )));
            }
        }
        Ok(plan)
    }
}

fn is_action(name: &str) -> bool {
    Product::ALL
        .into_iter()
        .any(|product| action::find(product, name).is_some())
}

/// A hook that follows a list: the first fault that applies to a call and is not used up decides.
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
    fn a_plan_is_a_list_or_says_more() {
        let list =
            Plan::parse(br#"[{"action": "*", "fate": {"delay": {"ms": 5}}}]"#).expect("a list");
        assert_eq!(
            (list.faults[0].fate.delays(), list.list_lag_ms),
            ((5, 0), None)
        );
        let more = Plan::parse(br#"{"faults": [], "list_lag_ms": 5000, "read_lag_ms": 0}"#)
            .expect("an object");
        assert_eq!((more.list_lag_ms, more.read_lag_ms), (Some(5_000), Some(0)));
        assert!(Plan::parse(br#"{"fault": []}"#).is_err());
        assert!(
            Plan::parse(br#"[{"action": "RunInstance", "fate": "normal"}]"#)
                .is_err_and(|error| error.to_string().contains("RunInstance"))
        );
        assert!(Plan::parse(br#"[{"action": "*", "times": 0, "fate": "normal"}]"#).is_err());
        assert!(Plan::parse(br#"[{"action": "*", "fate": "explode"}]"#).is_err());
    }

    #[test]
    fn a_plan_counts_its_calls() {
        let text = r#"[
            {"action": "RunInstances", "skip": 1, "times": 2, "fate": {"refuse_before": {"code": "Throttling", "status": 400}}},
            {"action": "write", "fate": "lose_reply_after_executing"}
        ]"#;
        let mut hook = plan(serde_json::from_str(text).expect("a plan"));
        let mut fate = |action: &str, is_read| {
            hook(&CallInfo {
                n: 1,
                action: action.to_owned(),
                is_read,
            })
        };
        let throttled = Fate::RefuseBefore {
            code: "Throttling".to_owned(),
            status: 400,
        };
        assert_eq!(fate("DescribeInstances", true), Fate::Normal);
        assert_eq!(fate("RunInstances", false), Fate::LoseReplyAfterExecuting);
        assert_eq!(fate("RunInstances", false), throttled);
        assert_eq!(fate("RunInstances", false), throttled);
        assert_eq!(fate("RunInstances", false), Fate::Normal);
    }
}

//! Refusals: HTTP status, error code and message.
//!
//! Invariant: a handler that refuses changes nothing; the world undoes what it had begun.

use std::borrow::Cow;

/// The answer of a handler that does not perform the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status, 400 to 599.
    pub(crate) status: u16,
    /// The code that clients decide by, for example `InvalidVpcId.NotFound`.
    pub(crate) code: Cow<'static, str>,
    /// One sentence for people.
    pub(crate) message: String,
    /// When to call again, if the call was throttled.
    pub(crate) throttle: Option<Throttle>,
}

/// The rate limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttle {
    /// The number of calls in a window.
    pub(crate) limit: u64,
    /// The time until the next window, in milliseconds of the world's time.
    pub(crate) wait_ms: i64,
}

/// The code of a published parameter that the simulator does not implement.
///
/// The cloud has no such code. It exists so that no parameter that could be read back is ignored
/// silently.
pub(crate) const NOT_MODELLED: &str = "Simulator.NotModelled";

impl Refusal {
    /// A refusal with any status.
    pub(crate) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            throttle: None,
        }
    }

    /// 400 `Throttling.User`: too many calls of this action.
    pub(crate) fn throttled(throttle: Throttle) -> Self {
        Self {
            throttle: Some(throttle),
            ..Self::bad(
                "Throttling.User",
                "Request was denied due to user flow control.",
            )
        }
    }

    /// 400: the request is wrong, or the state of a resource forbids it at the moment.
    pub(crate) fn bad(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// 403: not permitted, not possible in this state, or over a quota.
    pub(crate) fn denied(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(403, code, message)
    }

    /// 404: a resource that the request names does not exist.
    pub(crate) fn absent(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(404, code, message)
    }

    /// A mandatory parameter is missing.
    #[must_use]
    pub(crate) fn missing(name: &str) -> Self {
        Self::bad(
            "MissingParameter",
            format!(
                "The input parameter \"{name}\" that is mandatory for processing this request is \
                 not supplied."
            ),
        )
    }

    /// The value of a parameter is not valid; the general code.
    #[must_use]
    pub(crate) fn invalid(name: &str) -> Self {
        Self::bad(
            "InvalidParameter",
            format!("The specified parameter \"{name}\" is not valid."),
        )
    }

    /// The simulator does not implement this value of a published parameter.
    #[must_use]
    pub(crate) fn not_modelled(name: &str) -> Self {
        Self::bad(
            NOT_MODELLED,
            format!(
                "The simulator does not model the parameter \"{name}\" with this value; see \
                 docs/simulator.md."
            ),
        )
    }
}

//! A refusal: the HTTP status, the API's code and a message.
//!
//! Invariant: a handler that refuses changes nothing; the world undoes whatever it had begun.

use std::borrow::Cow;

/// What a handler answers when it does not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status, 400 to 599.
    pub(crate) status: u16,
    /// The code that clients decide by, for example `InvalidVpcId.NotFound`.
    pub(crate) code: Cow<'static, str>,
    /// One sentence for people.
    pub(crate) message: String,
    /// When to come again, if that is what is wrong.
    pub(crate) throttle: Option<Throttle>,
}

/// What a throttled client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttle {
    /// Calls in a window.
    pub(crate) limit: u64,
    /// Until the next window, in milliseconds of the world's time.
    pub(crate) wait_ms: i64,
}

/// The code of a parameter that is real but that the simulator does not act upon.
///
/// Not a code of the cloud: it exists so that nothing which could be read back is ever ignored in silence.
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

    /// 400: the request itself is wrong, or the state of something forbids it for now.
    pub(crate) fn bad(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// 403: not allowed, not possible in this state, or over a quota.
    pub(crate) fn denied(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(403, code, message)
    }

    /// 404: what the request names does not exist.
    pub(crate) fn absent(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(404, code, message)
    }

    /// A mandatory parameter that was not given.
    #[must_use]
    pub(crate) fn missing(name: &str) -> Self {
        Self::bad(
            "MissingParameter",
            format!(
                "The input parameter \"{name}\" that is mandatory for processing this request is not supplied."
            ),
        )
    }

    /// A parameter whose value cannot be read, under the general code.
    #[must_use]
    pub(crate) fn invalid(name: &str) -> Self {
        Self::bad(
            "InvalidParameter",
            format!("The specified parameter \"{name}\" is not valid."),
        )
    }

    /// A real parameter with a value that the simulator does not act upon.
    #[must_use]
    pub(crate) fn not_modelled(name: &str) -> Self {
        Self::bad(
            NOT_MODELLED,
            format!(
                "The simulator does not model the parameter \"{name}\" with this value; see docs/simulator.md."
            ),
        )
    }
}

//! Parsers of scalar types: numbers, ports, blocks, durations, words. They are pure functions of a
//! text, without positions and expressions.
//!
//! A scalar is parsed from its source text by the type of its field, so the rules of YAML for
//! numbers and booleans do not matter.

mod net;
mod number;
mod time;
mod word;

pub use net::{block, cidr, ip, peer_block, port, port_pair};
pub use number::{decimal, integer};
pub use time::{date, duration, duration_text, time_span};
pub(crate) use word::RESERVED;
pub use word::{boolean, enum_word, is_reserved, name, region, zone};

/// The reason why a text is not a value of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The problem, as one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Wrong {
    /// Creates a message without a hint.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

//! Texts read as values of a type: numbers, ports, blocks, durations, words. Pure; no positions, no
//! expressions.
//!
//! Scalars are read by the field's type from the source text, so that a value means the same to
//! every YAML tool.

mod net;
mod number;
mod time;
mod word;

pub use net::{block, cidr, ip, peer_block, port, port_pair};
pub use number::{decimal, integer};
pub use time::{date, duration, duration_text, time_span};
pub(crate) use word::RESERVED;
pub use word::{boolean, enum_word, is_reserved, name, region, zone};

/// Why a text is no value of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong: one sentence without a full stop.
    pub message: String,
    /// What to write.
    pub hint: Option<String>,
}

impl Wrong {
    /// A message without a hint.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

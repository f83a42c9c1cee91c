//! Stored rows that are not resources: counters of id streams, client tokens, instance types out of
//! stock.

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::table::Row;

/// The number of values that a stream has given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) next: u64,
}

/// The answer to a call with a client token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The digest of the parameters without the token.
    pub(crate) fingerprint: String,
    pub(crate) at_ms: i64,
    /// Kind and id of the resource that the call created and named in its answer.
    pub(crate) made: Vec<(String, String)>,
    pub(crate) reply: Reply,
}

/// The answer that a token repeats.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Reply {
    Done(serde_json::Value),
    Refused {
        status: u16,
        code: String,
        message: String,
    },
}

/// A zone does not have this instance type in stock. The id is `zone/type`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NoStock {}

impl Row for Counter {
    const KIND: &'static str = "counter";
    fn base(&self) -> Option<&Base> {
        None
    }
}

impl Row for Remembered {
    const KIND: &'static str = "token";
    fn base(&self) -> Option<&Base> {
        None
    }
}

impl Row for NoStock {
    const KIND: &'static str = "no_stock";
    fn base(&self) -> Option<&Base> {
        None
    }
}

//! Faults for tests: what becomes of a call.

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
#[derive(Debug, Clone, PartialEq, Eq)]
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

//! Statistics of calls: counts per action, and the last calls with their parameters.
//!
//! They are kept in memory only. A throttled call counts as throttled, and a dry run that would
//! succeed as a dry run; neither counts as failed.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::gateway::Incoming;
use crate::product::DRY_RUN_PASSED;
use crate::refusal::Refusal;

/// Counts per action, and the last calls.
#[derive(Debug, Default)]
pub struct Calls {
    counts: BTreeMap<String, Count>,
    last: VecDeque<Entry>,
}

/// The counts of one action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// All calls, whatever the result.
    pub total: u64,
    /// Calls refused for throttling.
    pub throttled: u64,
    /// Calls with `DryRun` that would have succeeded.
    pub dry_runs: u64,
    /// Calls refused for another reason.
    pub failed: u64,
    /// The bytes of all response bodies.
    pub bytes: u64,
    /// The time spent on answering, in microseconds, without a requested latency.
    pub micros: u64,
    /// The longest time of a single call, in microseconds.
    pub micros_max: u64,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The world's time of the call, in milliseconds.
    pub at_ms: i64,
    /// The action.
    pub action: String,
    /// The flattened parameters, with secrets, without fields of the signature.
    pub params: Vec<(String, String)>,
    /// The names of the parameters that the action does not have, which had no effect.
    pub ignored: Vec<String>,
    /// The request id of the answer.
    pub request_id: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The error code of a refusal.
    pub code: Option<String>,
}

/// What the world knows of a call besides the request and the answer.
pub(crate) struct Heard<'a> {
    pub(crate) at_ms: i64,
    pub(crate) request_id: &'a str,
    pub(crate) ignored: &'a [String],
}

/// The number of calls that are kept, enough for a test with a thousand resources.
const KEPT: usize = 20_000;

impl Calls {
    /// Counts by action.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<String, Count> {
        &self.counts
    }

    /// The last calls, oldest first.
    pub fn last(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.last.iter()
    }

    /// The counts of one action.
    #[must_use]
    pub fn total(&self, action: &str) -> u64 {
        self.counts.get(action).map_or(0, |count| count.total)
    }

    /// Adds the cost of the last call.
    pub(crate) fn measure(&mut self, bytes: usize, micros: u64) {
        if let Some(count) = self
            .last
            .back()
            .and_then(|entry| self.counts.get_mut(&entry.action))
        {
            count.bytes += bytes as u64;
            count.micros += micros;
            count.micros_max = count.micros_max.max(micros);
        }
    }

    pub(crate) fn record(
        &mut self,
        incoming: &Incoming,
        heard: &Heard<'_>,
        refusal: Option<&Refusal>,
    ) {
        self.count(
            &incoming.action,
            refusal.map(|refusal| refusal.code.as_ref()),
        );
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(Entry {
            at_ms: heard.at_ms,
            action: incoming.action.clone(),
            params: incoming
                .params
                .iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            ignored: heard.ignored.to_vec(),
            request_id: heard.request_id.to_owned(),
            status: refusal.map_or(200, |refusal| refusal.status),
            code: refusal.map(|refusal| refusal.code.to_string()),
        });
    }

    fn count(&mut self, action: &str, code: Option<&str>) {
        if !self.counts.contains_key(action) {
            self.counts.insert(action.to_owned(), Count::default());
        }
        let Some(count) = self.counts.get_mut(action) else {
            return;
        };
        count.total += 1;
        match code {
            Some(code) if code.contains("Throttling") => count.throttled += 1,
            Some(code) if DRY_RUN_PASSED.contains(&code) => count.dry_runs += 1,
            Some(_) => count.failed += 1,
            None => {}
        }
    }
}

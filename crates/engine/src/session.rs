//! What every run needs: a client, the registry of kinds, local files, and the time scale of waits.

use std::sync::Arc;
use std::time::Duration;

use setpoint_openapi::client::Client;
use setpoint_plan::registry::Registry;

use crate::local::LocalPort;
use crate::rates::Rates;

/// The context of a run.
#[derive(Clone)]
pub struct Session {
    /// The client, with its credentials and endpoint.
    pub client: Arc<Client>,
    /// The kinds.
    pub registry: Registry,
    /// Files on this machine.
    pub local: Arc<dyn LocalPort>,
    /// The time scale of the cloud.
    pub pace: Pace,
    /// The rate limits of reads.
    pub rates: Arc<Rates>,
}

/// The time scale of pauses and waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The factor by which cloud time runs faster than real time. Every pause is divided by it: 1
    /// for the real cloud, the simulator's speed for a simulated one.
    pub speed: f64,
    /// The visibility window, in real time: how long a new resource may be missing from answers
    /// before it counts as gone. 90 s for the real cloud, the simulator's own lag for a simulated
    /// one.
    pub visibility: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            speed: 1.0,
            visibility: Duration::from_secs(90),
        }
    }
}

impl Pace {
    /// Converts a pause in cloud time to real time. A speed below 0.001 counts as 0.001.
    #[must_use]
    pub fn scaled(&self, pause: Duration) -> Duration {
        pause.div_f64(self.speed.max(0.001))
    }
}

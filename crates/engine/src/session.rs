//! What every run needs: a client, the kinds, this machine's files, and the pace of waiting.

use std::sync::Arc;
use std::time::Duration;

use setpoint_openapi::client::Client;
use setpoint_plan::registry::Registry;

use crate::local::LocalPort;
use crate::rates::Rates;

/// What a run works with.
#[derive(Clone)]
pub struct Session {
    /// The client, signed and pointed at an endpoint.
    pub client: Arc<Client>,
    /// The kinds.
    pub registry: Registry,
    /// This machine's files.
    pub local: Arc<dyn LocalPort>,
    /// How fast time passes in the cloud.
    pub pace: Pace,
    /// How often each read action may be called.
    pub rates: Arc<Rates>,
}

/// How waiting is paced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Every pause is divided by this: 1 for the real cloud, the simulator's speed for a simulated
    /// one.
    pub speed: f64,
    /// How long a resource that was just made may stay unseen before it counts as dead, undivided:
    /// 90 s for the real cloud, the simulator's own lag for a simulated one.
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
    /// A pause of the cloud's time as a pause of ours.
    #[must_use]
    pub fn scaled(&self, pause: Duration) -> Duration {
        pause.div_f64(self.speed.max(0.001))
    }
}

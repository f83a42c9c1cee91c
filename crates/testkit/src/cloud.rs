//! A simulated cloud with tokio's paused clock, and sessions with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use setpoint_catalog::REGISTRY;
use setpoint_engine::session::{Pace, Session};
use setpoint_openapi::client::{Client, Config as ClientConfig};
use setpoint_openapi::credential::Credential;
use setpoint_openapi::endpoint::Endpoints;
use setpoint_openapi::sign::Scheme;
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::Transport;
use setpoint_sim::account::Account;
use setpoint_sim::embedded::{Clock, Config, Embedded};
use setpoint_sim::profile::Options;
use setpoint_sim::resource::Resource;
use tokio::time::Instant;

use crate::local::Memory;

/// 2026-01-01T00:00:00Z, the start of every test's cloud.
const BEGINNING_MS: i64 = 1_767_225_600_000;

/// A cloud with the parts that a run needs. Runs share the cloud and the local files, as the runs
/// of one user do.
pub struct Cloud {
    /// The simulated cloud.
    pub sim: Embedded,
    /// A session with it.
    pub session: Session,
    wall: Clock,
    /// The number of sessions made with [`Cloud::through`].
    others: Arc<AtomicU64>,
}

impl Cloud {
    /// A new cloud with the default durations. It must be called inside a runtime with paused time.
    ///
    /// # Panics
    /// If a world in memory cannot be opened.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    /// A new cloud with these options.
    ///
    /// # Panics
    /// If a world in memory cannot be opened.
    #[must_use]
    pub fn with(options: Options) -> Self {
        let start = Instant::now();
        let clock = move || {
            Timestamp(
                BEGINNING_MS + i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX / 2),
            )
        };
        let wall: Clock = Arc::new(clock);
        let config = Config {
            options: Options {
                strict_parameters: true,
                ..options
            },
            latency: Some(Duration::from_millis(20)),
            ..Config::new(wall.clone())
        };
        let sim = Embedded::open(config).expect("a world in memory opens");
        let session = session(&sim, sim.credential(), wall.clone());
        Self {
            sim,
            session,
            wall,
            others: Arc::default(),
        }
    }

    /// The same cloud for one of its RAM users.
    ///
    /// # Panics
    /// If there is no user with this name.
    #[must_use]
    pub fn seen_by(&self, user: &str) -> Self {
        let credential = self.sim.credential_of(user).expect("a user of this name");
        let session = session(&self.sim, credential, self.wall.clone());
        Self {
            sim: self.sim.clone(),
            session,
            wall: self.wall.clone(),
            others: self.others.clone(),
        }
    }

    /// The same cloud from another machine, with local files of its own.
    #[must_use]
    pub fn from_elsewhere(&self) -> Self {
        let session = Session {
            local: Arc::new(Memory::default()),
            ..self.session.clone()
        };
        Self {
            sim: self.sim.clone(),
            session,
            wall: self.wall.clone(),
            others: self.others.clone(),
        }
    }

    /// The same cloud and local files, through another transport.
    #[must_use]
    pub fn through(&self, transport: Arc<dyn Transport>) -> Self {
        let session = Session {
            local: self.session.local.clone(),
            // These nonces differ from those of every other session with this cloud.
            ..over(transport, self.sim.credential(), self.wall.clone(), {
                (self.others.fetch_add(1, Ordering::Relaxed) + 1) << 32
            })
        };
        Self {
            sim: self.sim.clone(),
            session,
            wall: self.wall.clone(),
            others: self.others.clone(),
        }
    }

    /// All resources of the cloud.
    #[must_use]
    pub fn resources(&self) -> Vec<Resource> {
        self.sim.with(|world| world.resources())
    }

    /// The account of the cloud.
    #[must_use]
    pub fn account(&self) -> Account {
        self.sim.with(|world| world.account().clone())
    }
}

impl Default for Cloud {
    fn default() -> Self {
        Self::new()
    }
}

/// A session with a cloud, with one of its keys and local files of its own.
fn session(sim: &Embedded, credential: Credential, wall: Clock) -> Session {
    over(Arc::new(sim.clone()), credential, wall, 0)
}

fn over(
    transport: Arc<dyn Transport>,
    credential: Credential,
    wall: Clock,
    first_nonce: u64,
) -> Session {
    // The count continues over runs, so that nonces differ.
    let count = AtomicU64::new(first_nonce);
    let nonces = Arc::new(move || spread(count.fetch_add(1, Ordering::Relaxed)));
    let client = Client::new(ClientConfig {
        transport,
        endpoints: Endpoints::single(&format!("http://{}", Embedded::endpoint_host()))
            .expect("a plain URL"),
        credentials: Arc::new(move || Ok(credential.clone())),
        clock: wall,
        nonces,
        scheme: Scheme::V3,
    });
    let pace = Pace {
        speed: 1.0,
        visibility: Duration::from_secs(90),
    };
    Session {
        client: Arc::new(client),
        registry: *REGISTRY,
        local: Arc::new(Memory::default()),
        pace,
        rates: Arc::default(),
    }
}

/// 32 hexadecimal digits, a different text for each number.
fn spread(n: u64) -> String {
    let a = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    format!("{a:016x}{b:016x}")
}

//! The simulated cloud inside the process: a [`Transport`] that answers from a world instead of a network.
//!
//! The same bytes take the same path as over a socket. What was answered is in the store before the answer leaves, if the
//! world has a folder. Locks are held for the length of one call, never across a wait.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use setpoint_openapi::credential::Credential;
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::{Pending, Transport, TransportError, WireRequest, WireResponse};

use crate::fault::{CallInfo, Fate, Hook};
use crate::gateway;
use crate::profile::Options;
use crate::refusal::Refusal;
use crate::render;
use crate::store::{Store, StoreError};
use crate::world::World;

/// A clock that the shell supplies.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What an embedded world is opened with.
#[derive(Clone)]
pub struct Config {
    /// Where the world is kept; none: in memory.
    pub dir: Option<PathBuf>,
    /// Decides ids, addresses, account and key of a new world. A stored world keeps the seed that it was made with.
    pub seed: u64,
    /// The clock that requests are signed by.
    pub wall: Clock,
    /// How fast the world's time runs against that clock. Must be positive.
    pub speed: f64,
    /// Durations and switches.
    pub options: Options,
    /// How long each call takes, by tokio's clock.
    pub latency: Option<Duration>,
}

impl Config {
    /// A world in memory with seed 1, the usual durations and the clock of the machine.
    #[must_use]
    pub fn new(wall: Clock) -> Self {
        Self { dir: None, seed: 1, wall, speed: 1.0, options: Options::default(), latency: None }
    }

    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the clock that a shell may hand in; the world itself takes time as an argument")]
    pub fn system_clock() -> Clock {
        Arc::new(|| Timestamp(jiff::Timestamp::now().as_millisecond()))
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("dir", &self.dir).field("seed", &self.seed).field("options", &self.options).finish_non_exhaustive()
    }
}

/// Why a simulated cloud cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored is no world of this version.
    #[error(transparent)]
    Load(#[from] crate::world::LoadError),
}

/// A world with its clock, store and faults. Cheap to clone; clones share the world.
#[derive(Clone)]
pub struct Embedded {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    wall: Clock,
    opened: Timestamp,
    speed: f64,
    latency: Option<Duration>,
}

struct State {
    world: World,
    store: Option<Store>,
    /// What the world's time is ahead of the clock: a stored world does not go back, and tests may jump.
    ahead_ms: i64,
    hook: Option<Hook>,
    n: u64,
    /// Set once something answered could not be stored; from then on nothing is answered any more.
    broken: Option<String>,
}

impl Embedded {
    /// Opens a world: the stored one, or a new one.
    ///
    /// # Errors
    /// If the folder cannot be used, is in use by another process, or holds no world of this version.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let opened = (config.wall)();
        let (store, rows) = match &config.dir {
            Some(dir) => {
                let (store, rows) = Store::open(dir)?;
                (Some(store), rows)
            }
            None => (None, Vec::new()),
        };
        let mut world =
            if rows.is_empty() { World::new(config.seed, opened, config.options) } else { World::from_rows(rows, config.options)? };
        let ahead_ms = (world.now().0 - opened.0).max(0);
        if let Some(store) = &store {
            store.keep(&world.take_changes())?;
        }
        let state = State { world, store, ahead_ms, hook: None, n: 0, broken: None };
        Ok(Self {
            inner: Arc::new(Inner { state: Mutex::new(state), wall: config.wall, opened, speed: config.speed, latency: config.latency }),
        })
    }

    /// The access key of the world's account.
    #[must_use]
    pub fn credential(&self) -> Credential {
        let state = self.state();
        let account = state.world.account();
        Credential::long_lived(account.access_key_id.clone(), account.access_key_secret.clone())
    }

    /// The host to send to; any other reaches the same world.
    #[must_use]
    pub fn endpoint_host() -> &'static str {
        "sim.setpoint.internal"
    }

    /// Sets what becomes of calls, or takes it away again.
    pub fn set_hook(&self, hook: Option<Hook>) {
        self.state().hook = hook;
    }

    /// Lets the world's time jump forward; the clock that signatures are judged by stays.
    ///
    /// # Errors
    /// If what happened in between cannot be stored.
    pub fn advance(&self, by: Duration) -> Result<Timestamp, StoreError> {
        let mut state = self.state();
        state.ahead_ms += i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        let now = self.inner.now(&state);
        state.world.advance(now);
        state.keep()?;
        Ok(now)
    }

    /// Looks at the world, brought up to now, or changes its options.
    pub fn with<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        let mut state = self.state();
        let now = self.inner.now(&state);
        state.world.advance(now);
        let result = look(&mut state.world);
        if let Err(error) = state.keep() {
            state.broken = Some(error.to_string());
        }
        result
    }

    /// Throws everything away and begins anew, with the same key.
    ///
    /// # Errors
    /// If the store cannot be emptied.
    pub fn reset(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        let now = self.inner.now(&state);
        let mut fresh = World::new(state.world.seed(), now, state.world.options.clone());
        fresh.set_account(state.world.account().clone());
        if let Some(store) = &state.store {
            store.clear()?;
            store.keep(&fresh.take_changes())?;
        }
        state.world = fresh;
        Ok(())
    }

    /// Answers one request as the network would: a response, or none.
    ///
    /// # Errors
    /// If a fault says that no response arrives.
    pub fn answer(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        let mut state = self.state();
        if let Some(detail) = &state.broken {
            return Err(TransportError { sent: true, detail: format!("the simulator's store is broken: {detail}") });
        }
        let fate = state.fate(request);
        match fate {
            Fate::RefuseBefore { code, status } => return Ok(state.refuse(request, &code, status)),
            Fate::NotSent => return Err(TransportError { sent: false, detail: "connection refused".to_owned() }),
            Fate::DropBeforeExecuting => return Err(TransportError { sent: true, detail: "connection reset by peer".to_owned() }),
            Fate::Normal | Fate::LoseReplyAfterExecuting | Fate::CutReply => {}
        }
        let now = self.inner.now(&state);
        let mut response = state.world.handle_at(now, (self.inner.wall)(), request);
        if let Err(error) = state.keep() {
            state.broken = Some(error.to_string());
            return Err(TransportError { sent: true, detail: format!("the simulator's store is broken: {error}") });
        }
        match fate {
            Fate::LoseReplyAfterExecuting => Err(TransportError { sent: true, detail: "connection reset by peer".to_owned() }),
            Fate::CutReply => {
                response.body.truncate(response.body.len() / 2);
                Ok(response)
            }
            _ => Ok(response),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in a hook leaves the world as it was between two calls.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "milliseconds of a process's life fit by far")]
    fn now(&self, state: &State) -> Timestamp {
        let elapsed = ((self.wall)().0 - self.opened.0) as f64 * self.speed;
        Timestamp(self.opened.0 + state.ahead_ms + elapsed as i64)
    }
}

impl State {
    fn fate(&mut self, request: &WireRequest) -> Fate {
        self.n += 1;
        let Some(hook) = &mut self.hook else { return Fate::Normal };
        let incoming = gateway::read(request);
        let is_read = incoming.action().is_none_or(|action| action.is_read());
        hook(&CallInfo { n: self.n, action: incoming.action, is_read })
    }

    fn refuse(&mut self, request: &WireRequest, code: &str, status: u16) -> WireResponse {
        let incoming = gateway::read(request);
        self.world.record_fault(&incoming.action, code);
        let refusal = Refusal::new(status, code.to_owned(), "The simulator was told to refuse this call.");
        render::response(&incoming, &format!("00000000-0000-0000-0000-{:012X}", self.n), Err(refusal))
    }

    fn keep(&mut self) -> Result<(), StoreError> {
        match &self.store {
            Some(store) => store.keep(&self.world.take_changes()),
            None => {
                self.world.forget_changes();
                Ok(())
            }
        }
    }
}

impl Transport for Embedded {
    fn send(&self, request: WireRequest) -> Pending<'_, Result<WireResponse, TransportError>> {
        Box::pin(async move {
            if let Some(latency) = self.inner.latency {
                tokio::time::sleep(latency).await;
            }
            self.answer(&request)
        })
    }
}

//! The simulated cloud inside the process: a [`Transport`] that answers from a world instead of a
//! network.
//!
//! Requests take the same path as those over a socket, byte for byte. They are read and their
//! signatures checked before the world is locked; the lock is held while the world answers, and
//! never while something waits for the disk.
//!
//! Invariant: if the world has a folder, an answer is sent only after all changes that it can
//! depend on are in the store.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use setpoint_openapi::credential::Credential;
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::{Pending, Transport, TransportError, WireRequest, WireResponse};

use crate::calllog::{CallLog, CallLogError};
use crate::fault::{self, CallInfo, Fate, Hook, Plan};
use crate::gateway::{self, Arrived, Incoming};
use crate::ids;
use crate::profile::Options;
use crate::refusal::Refusal;
use crate::render::{self, Written};
use crate::store::{Store, StoreError, Ticket};
use crate::world::{LoadError, World};

const RESET: &str = "connection reset by peer";

/// A clock that the caller supplies.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Settings of an embedded world.
#[derive(Clone)]
pub struct Config {
    /// The folder of the world; `None` keeps it in memory.
    pub dir: Option<PathBuf>,
    /// The seed of a new world: ids, addresses, account and key. A stored world keeps its own.
    pub seed: u64,
    /// The clock that signatures are judged by.
    pub wall: Clock,
    /// How fast the world's time runs compared with that clock. Must be positive.
    pub speed: f64,
    /// Durations and switches.
    pub options: Options,
    /// The latency of each call, by tokio's clock.
    pub latency: Option<Duration>,
    /// The largest deviation from the latency, as a part of it from 0 to 1; drawn from the seed.
    pub jitter: f64,
    /// A file that receives a line for every call, without secrets.
    pub call_log: Option<PathBuf>,
    /// Is told, once each, of failures that no answer shows: changes that cannot be stored, calls
    /// that cannot be logged.
    pub tell: Tell,
}

/// Receives a sentence for the person who runs the world.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

impl Config {
    /// A world in memory with seed 1, the default durations and the clock of the machine.
    #[must_use]
    pub fn new(wall: Clock) -> Self {
        Self {
            dir: None,
            seed: 1,
            wall,
            speed: 1.0,
            options: Options::default(),
            latency: None,
            jitter: 0.0,
            call_log: None,
            tell: Arc::new(|_| ()),
        }
    }

    /// The machine's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock that a shell may hand in; the world itself takes time as an argument"
    )]
    pub fn system_clock() -> Clock {
        Arc::new(|| Timestamp(jiff::Timestamp::now().as_millisecond()))
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("dir", &self.dir)
            .field("seed", &self.seed)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Reasons why a simulated cloud cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored rows are not a world of this version.
    #[error("{store} ({why})")]
    Load {
        /// The store, and how to proceed.
        store: StoreError,
        /// The reason.
        why: LoadError,
    },
    /// The call log cannot be written.
    #[error(transparent)]
    CallLog(#[from] CallLogError),
}

/// A world with its clock, store and faults. Clones share the world and are cheap.
#[derive(Clone)]
pub struct Embedded {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    store: Option<Arc<Store>>,
    wall: Clock,
    opened: Timestamp,
    speed: f64,
    latency: Option<Duration>,
    jitter: f64,
    seed: u64,
    /// The number of calls that have begun; each draws its latency by its number.
    begun: AtomicU64,
    tell: Tell,
    /// Whether it has been reported that nothing can be stored any more.
    told: AtomicBool,
}

struct State {
    world: World,
    log: Option<CallLog>,
    /// Calls that a fault delays, with the world's time at which they are performed.
    late: Vec<(i64, WireRequest)>,
    /// How far the world's time is ahead of the clock: a reopened world does not go back, and tests
    /// may jump.
    ahead_ms: i64,
    hook: Option<Hook>,
    n: u64,
    tell: Tell,
}

/// The outcome of a call: the response that reaches the client, and the changes that must be stored
/// before.
struct Outcome {
    arrives: Result<WireResponse, TransportError>,
    seen: Option<Ticket>,
}

impl Embedded {
    /// Opens the stored world, or a new one.
    ///
    /// # Errors
    /// If the folder cannot be used, another process uses it, or it has no world of this version.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let opened = (config.wall)();
        let (store, rows) = match &config.dir {
            Some(dir) => {
                let (store, rows) = Store::open(dir)?;
                (Some(store), rows)
            }
            None => (None, Vec::new()),
        };
        let mut world = match &store {
            Some(store) if !rows.is_empty() => {
                World::from_rows(rows, config.options).map_err(|why| OpenError::Load {
                    store: store.unreadable(),
                    why,
                })?
            }
            _ => World::new(config.seed, opened, config.options),
        };
        world.speed = config.speed;
        let seed = world.seed();
        let log = config.call_log.as_deref().map(CallLog::open).transpose()?;
        let ahead_ms = (world.now().0 - opened.0).max(0);
        if let Some(store) = &store {
            store.number()?;
            store.keep(store.queue(world.take_changes()))?;
        }
        let state = State {
            world,
            log,
            late: Vec::new(),
            ahead_ms,
            hook: None,
            n: 0,
            tell: Arc::clone(&config.tell),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                store: store.map(Arc::new),
                wall: config.wall,
                opened,
                speed: config.speed,
                latency: config.latency,
                jitter: config.jitter.clamp(0.0, 1.0),
                seed,
                begun: AtomicU64::new(0),
                tell: config.tell,
                told: AtomicBool::new(false),
            }),
        })
    }

    /// The access key of the world's account.
    #[must_use]
    pub fn credential(&self) -> Credential {
        let state = self.state();
        let account = state.world.account();
        Credential::long_lived(
            account.access_key_id.clone(),
            account.access_key_secret.clone(),
        )
    }

    /// The access key of the user with this name.
    #[must_use]
    pub fn credential_of(&self, user: &str) -> Option<Credential> {
        let state = self.state();
        let user = state
            .world
            .users()
            .iter()
            .find(|known| known.name == user)?;
        Some(Credential::long_lived(
            user.access_key_id.clone(),
            user.access_key_secret.clone(),
        ))
    }

    /// The host to send requests to. Any other host reaches the same world.
    #[must_use]
    pub fn endpoint_host() -> &'static str {
        "sim.setpoint.internal"
    }

    /// Sets or removes the hook that decides the fate of each call.
    pub fn set_hook(&self, hook: Option<Hook>) {
        self.state().hook = hook;
    }

    /// Replaces the plan of faults.
    pub fn set_plan(&self, plan: Plan) {
        let mut state = self.state();
        let options = &mut state.world.options;
        options.list_lag_ms = plan.list_lag_ms.unwrap_or(options.list_lag_ms);
        options.read_lag_ms = plan.read_lag_ms.unwrap_or(options.read_lag_ms);
        state.hook = Some(fault::plan(plan.faults));
    }

    /// Moves the world's time forward. The clock that signatures are judged by stays.
    ///
    /// # Errors
    /// If the changes of that time cannot be stored.
    pub fn advance(&self, by: Duration) -> Result<Timestamp, StoreError> {
        let mut state = self.state();
        state.ahead_ms += i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        let now = self.inner.now(&state);
        state.catch_up(now, (self.inner.wall)());
        let seen = self.inner.queue(&mut state);
        drop(state);
        self.inner.keep(seen)?;
        Ok(now)
    }

    /// Gives access to the world, brought up to now: to inspect it, or to change its options.
    pub fn with<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        let mut state = self.state();
        let now = self.inner.now(&state);
        state.catch_up(now, (self.inner.wall)());
        let result = look(&mut state.world);
        let seen = self.inner.queue(&mut state);
        drop(state);
        // A store that has failed remembers it: no later call is answered.
        drop(self.inner.keep(seen));
        result
    }

    /// Deletes everything and begins anew, with the same key.
    ///
    /// # Errors
    /// If the store cannot be emptied.
    pub fn reset(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        // The time begins anew too, at the time of the clock.
        state.ahead_ms = 0;
        let now = self.inner.now(&state);
        let mut fresh = World::new(state.world.seed(), now, state.world.options.clone());
        fresh.set_account(state.world.account().clone());
        fresh.users = state.world.users.clone();
        fresh.speed = state.world.speed;
        let seen = self
            .inner
            .store
            .as_ref()
            .map(|store| store.queue_anew(fresh.take_changes()));
        state.world = fresh;
        state.late.clear();
        drop(state);
        self.inner.keep(seen)
    }

    /// Answers one request as the network would: a response, or none. Latency and delays are left
    /// out.
    ///
    /// # Errors
    /// If a fault drops the response.
    pub fn answer(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        let (fate, secret) = self.state().begin(request);
        let outcome = self.deliver(&gateway::arrive(request, &secret), &fate);
        match self.inner.keep(outcome.seen) {
            Err(error) => Ok(not_kept(request, &error)),
            Ok(()) => outcome.arrives,
        }
    }

    /// Answers one request of a client in another process. Delays do not hold up other calls.
    pub(crate) async fn serve(
        &self,
        request: &WireRequest,
    ) -> Result<WireResponse, TransportError> {
        self.carry(request, |seen| async move {
            match (&self.inner.store, seen) {
                (Some(store), Some(seen)) => self.inner.told(store.keep_aside(seen).await),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Waits for the latency of a call, to the world and back.
    async fn carry<F>(
        &self,
        request: &WireRequest,
        keep: impl FnOnce(Option<Ticket>) -> F,
    ) -> Result<WireResponse, TransportError>
    where
        F: Future<Output = Result<(), StoreError>>,
    {
        if let Some(latency) = self.inner.latency() {
            tokio::time::sleep(latency).await;
        }
        let (fate, secret) = self.state().begin(request);
        let (before, after) = fate.delays();
        pause(before).await;
        let outcome = self.deliver(&gateway::arrive(request, &secret), &fate);
        if let Err(error) = keep(outcome.seen).await {
            return Ok(not_kept(request, &error));
        }
        pause(after).await;
        outcome.arrives
    }

    fn deliver(&self, arrived: &Arrived<'_>, fate: &Fate) -> Outcome {
        let reset = || {
            Err(TransportError {
                sent: true,
                detail: RESET.to_owned(),
            })
        };
        let unseen = |arrives| Outcome {
            arrives,
            seen: None,
        };
        let mut state = self.state();
        let (now, wall) = (self.inner.now(&state), (self.inner.wall)());
        match fate {
            Fate::RefuseBefore { code, status } => {
                return unseen(Ok(state.refuse(&arrived.incoming, code, *status)));
            }
            Fate::NotSent => {
                return unseen(Err(TransportError {
                    sent: false,
                    detail: "connection refused".to_owned(),
                }));
            }
            Fate::DropBeforeExecuting => return unseen(reset()),
            Fate::DeliverLate { ms } => {
                state.late.push((
                    now.0 + i64::try_from(*ms).unwrap_or(i64::MAX / 4),
                    arrived.request.clone(),
                ));
                return unseen(reset());
            }
            _ => {}
        }
        state.catch_up(now, wall);
        let mut response = state.handle(now, wall, arrived);
        if *fate == Fate::DeliverTwice && state.world.has_admitted() {
            state.repeat(now, arrived.request);
        }
        let seen = self.inner.queue(&mut state);
        drop(state);
        let arrives = match fate {
            Fate::LoseReplyAfterExecuting => reset(),
            Fate::CutReply => {
                response.body.truncate(response.body.len() / 2);
                Ok(response)
            }
            _ => Ok(response),
        };
        Outcome { arrives, seen }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            state.world.recover();
            self.inner.state.clear_poison();
            state
        })
    }
}

impl Inner {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "milliseconds of a process's life fit by far"
    )]
    fn now(&self, state: &State) -> Timestamp {
        let elapsed = ((self.wall)().0 - self.opened.0) as f64 * self.speed;
        Timestamp(self.opened.0 + state.ahead_ms + elapsed as i64)
    }

    /// Queues the changes for the store; returns the ticket that the answer must wait for.
    fn queue(&self, state: &mut State) -> Option<Ticket> {
        let Some(store) = &self.store else {
            state.world.forget_changes();
            return None;
        };
        Some(store.queue(state.world.take_changes()))
    }

    /// Returns when the changes up to a ticket are on the disk.
    fn keep(&self, seen: Option<Ticket>) -> Result<(), StoreError> {
        match (&self.store, seen) {
            (Some(store), Some(seen)) => self.told(store.keep(seen)),
            _ => Ok(()),
        }
    }

    /// Reports, once, that changes are not stored any more.
    fn told(&self, kept: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Err(error) = &kept
            && !self.told.swap(true, Ordering::Relaxed)
        {
            (self.tell)(&format!(
                "{error}. Calls are answered with ServiceUnavailable from now on."
            ));
        }
        kept
    }

    /// The latency of the next call.
    #[expect(clippy::cast_precision_loss, reason = "a part of one, drawn from many")]
    fn latency(&self) -> Option<Duration> {
        let latency = self.latency?;
        if self.jitter == 0.0 {
            return Some(latency);
        }
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let part =
            (ids::draw_u64(self.seed, "latency", number) >> 11) as f64 / (1_u64 << 53) as f64;
        Some(latency.mul_f64(1.0 + self.jitter * (2.0 * part - 1.0)))
    }
}

impl State {
    /// The fate of the next call, and the secret that it is probably signed with.
    fn begin(&mut self, request: &WireRequest) -> (Fate, String) {
        self.n += 1;
        let secret = self.world.account().access_key_secret.clone();
        let Some(hook) = &mut self.hook else {
            return (Fate::Normal, secret);
        };
        let incoming = gateway::read(request);
        let is_read = incoming.action().ok().is_none_or(|action| action.is_read());
        (
            hook(&CallInfo {
                n: self.n,
                action: incoming.action,
                is_read,
            }),
            secret,
        )
    }

    /// Brings the world up to now, and performs the delayed calls that are due.
    fn catch_up(&mut self, now: Timestamp, wall: Timestamp) {
        if !self.late.is_empty() {
            self.late.sort_by_key(|(due, _)| *due);
            let due = self.late.partition_point(|(due, _)| *due <= now.0);
            for (at, request) in self.late.drain(..due).collect::<Vec<_>>() {
                self.handle(Timestamp(at), wall, &gateway::arrive(&request, ""));
            }
        }
        self.world.advance(now);
    }

    #[expect(
        clippy::disallowed_types,
        reason = "measures itself; nothing that is answered depends on it"
    )]
    fn handle(&mut self, now: Timestamp, wall: Timestamp, arrived: &Arrived<'_>) -> WireResponse {
        let begun = std::time::Instant::now();
        let response = self.world.handle_arrived(now, wall, arrived);
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.world.measure(response.body.len(), micros);
        self.log_last();
        response
    }

    fn repeat(&mut self, now: Timestamp, request: &WireRequest) {
        self.world.repeat(now, request);
        self.log_last();
    }

    fn log_last(&mut self) {
        if let (Some(log), Some(entry)) = (&mut self.log, self.world.calls().last().next_back())
            && let Err(error) = log.write(entry)
        {
            (self.tell)(&error.to_string());
        }
    }

    fn refuse(&mut self, incoming: &Incoming, code: &str, status: u16) -> WireResponse {
        let refusal = Refusal::new(
            status,
            code.to_owned(),
            "The simulator was told to refuse this call.",
        );
        let request_id = format!("00000000-0000-0000-0000-{:012X}", self.n);
        self.world.record_refusal(incoming, &request_id, &refusal);
        self.log_last();
        render::response(
            incoming,
            &request_id,
            Err(refusal),
            &Written {
                pieces: &[],
                speed: self.world.speed,
            },
        )
    }
}

/// The answer to a call whose changes could not be stored. Only a new start shows whether they
/// were.
fn not_kept(request: &WireRequest, error: &StoreError) -> WireResponse {
    let refusal = Refusal::new(
        503,
        "ServiceUnavailable".to_owned(),
        format!("Nothing can be kept: {error}."),
    );
    let id = "00000000-0000-0000-0000-000000000000";
    render::response(
        &gateway::read(request),
        id,
        Err(refusal),
        &Written {
            pieces: &[],
            speed: 1.0,
        },
    )
}

impl Transport for Embedded {
    fn send(&self, request: WireRequest) -> Pending<'_, Result<WireResponse, TransportError>> {
        // In the process, changes are stored call by call: the same calls then end in the same
        // order.
        Box::pin(async move {
            self.carry(&request, |seen| std::future::ready(self.inner.keep(seen)))
                .await
        })
    }
}

async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

//! The simulated cloud as a pure state machine: `(now, request) → response`.
//!
//! # Expected flow
//!
//! [`World::handle`] reads a request, verifies it, brings the world up to `now`, and lets one
//! handler answer. A handler reads and changes rows of the tables; `commit` keeps its changes if it
//! succeeds, `undo` takes them back if it refuses.
//!
//! # Guarantees
//!
//! The same seed and the same sequence of (now, request) give the same responses. A refused call
//! and a dry run change nothing that a later call can see.
//!
//! # Assumptions
//!
//! Time is an argument and is never read from a clock. Requests are handled one after another. Only
//! the rows of the tables are stored; nonces, counts of calls and users are kept in memory.

mod request;
mod stored;

use std::collections::BTreeSet;

use serde_json::Value;
use setpoint_openapi::timestamp::Timestamp;

use self::stored::meta_key;
use crate::account::Account;
use crate::base::{Base, DEFAULT_RESOURCE_GROUP};
use crate::bookkeeping::{Counter, NoStock};
use crate::call::Answer;
use crate::calls::{Calls, Heard};
use crate::gateway::{Incoming, Nonces};
use crate::ids;
use crate::limits::Meters;
use crate::listing::Listing;
use crate::pieces::Pieces;
use crate::product;
use crate::product::cms::load::Load;
use crate::profile::Options;
use crate::refusal::Refusal;
use crate::table::{Row, Table};
use crate::tables::{self, Tables};
use crate::tags::Filter;
use crate::users::{User, UserError, Users};

pub use self::stored::{Change, LoadError};
pub use crate::product::cms::load::Profile as LoadProfile;
pub use crate::product::ecs::guest::GuestRule;
pub use crate::product::ecs::image::ImageFacts;

/// A simulated account with all of its resources.
#[derive(Debug)]
pub struct World {
    /// Switches and durations. They may be changed between two calls.
    pub options: Options,
    /// How many milliseconds of the world pass in one millisecond of its clients. It decides only
    /// the waiting times that throttled clients are given.
    pub speed: f64,
    pub(crate) account: Account,
    pub(crate) users: Users,
    pub(crate) tables: Tables,
    pub(crate) caller: Caller,
    /// The parameters of the call in progress that its action does not have.
    ignored: Vec<String>,
    /// Whether the call in progress has passed the checks of signature, nonce and rate limit.
    admitted: bool,
    seed: u64,
    now_ms: i64,
    agenda: BTreeSet<(i64, &'static str, String)>,
    nonces: Nonces,
    meters: Meters,
    calls: Calls,
    /// Rendered rows of long listings.
    pub(crate) pieces: Pieces,
    request_number: u64,
    request_stream: u64,
    changed: BTreeSet<(&'static str, String)>,
}

/// The caller of the call in progress.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    /// The id of the key that signed the call; empty for an unsigned call.
    pub(crate) access_key_id: String,
    /// The host that the call was sent to.
    pub(crate) host: String,
    /// The time that signatures are judged by, in milliseconds. It differs from the world's time if
    /// the world runs faster than its clients.
    pub(crate) wall_ms: i64,
}

impl World {
    /// A new account, with only the resources that every account has from the start.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp, options: Options) -> Self {
        let mut world = Self::bare(seed, Account::from_seed(seed), now.0, options);
        product::furnish(&mut world);
        world.commit();
        world.changed.insert(meta_key());
        world
    }

    fn bare(seed: u64, account: Account, now_ms: i64, options: Options) -> Self {
        Self {
            options,
            speed: 1.0,
            account,
            users: Users::default(),
            tables: Tables::default(),
            caller: Caller::default(),
            ignored: Vec::new(),
            admitted: false,
            seed,
            now_ms,
            agenda: BTreeSet::new(),
            nonces: Nonces::default(),
            meters: Meters::default(),
            calls: Calls::default(),
            pieces: Pieces::default(),
            request_number: 0,
            // A reopened world must not repeat the request ids that it has given before.
            request_stream: seed ^ now_ms.unsigned_abs().rotate_left(17),
            changed: BTreeSet::new(),
        }
    }

    /// Whether the last request has passed the checks of signature, nonce and rate limit.
    pub(crate) fn has_admitted(&self) -> bool {
        self.admitted
    }

    /// Undoes the changes of a call that did not end, because its handler panicked.
    pub(crate) fn recover(&mut self) {
        self.tables.undo();
        drop(self.pieces.take());
        self.pieces.forget();
        self.agenda = agenda(&self.tables);
    }

    /// Brings the world up to a moment: performs every change of state that is due, in the order of
    /// time. An earlier moment than the world's own has no effect.
    pub fn advance(&mut self, now: Timestamp) {
        let target = now.0.max(self.now_ms);
        while let Some(next) = self
            .agenda
            .first()
            .filter(|(due, _, _)| *due <= target)
            .cloned()
        {
            self.agenda.remove(&next);
            let (due, kind, id) = next;
            if self.tables.due_ms(kind, &id) == Some(due) {
                self.now_ms = due.max(self.now_ms);
                tables::step(self, kind, &id);
                self.commit();
            }
        }
        self.now_ms = target;
    }

    /// The calls since the world was opened.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The account, whose key signs requests to this world.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Replaces the account and its key, for tests with published signatures.
    pub fn set_account(&mut self, account: Account) {
        self.account = account;
        self.changed.insert(meta_key());
    }

    /// The world's own time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now_ms)
    }

    /// Replaces the users who may call beside the account itself. A new world has none; they are
    /// not stored.
    ///
    /// # Errors
    /// If a name, pattern or end of validity is not valid, or a name, key or token occurs twice.
    pub fn set_users(&mut self, users: Vec<User>) -> Result<(), UserError> {
        self.users = Users::new(users, self.seed, &self.account)?;
        Ok(())
    }

    /// The users, with their keys.
    #[must_use]
    pub fn users(&self) -> &[User] {
        self.users.all()
    }

    /// The seed that this world was made with.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Records the cost of the last call: bytes of its answer, microseconds.
    pub(crate) fn measure(&mut self, bytes: usize, micros: u64) {
        self.calls.measure(bytes, micros);
    }

    /// Records a call that a fault has refused before it reached the world.
    pub(crate) fn record_refusal(
        &mut self,
        incoming: &Incoming,
        request_id: &str,
        refusal: &Refusal,
    ) {
        let heard = Heard {
            at_ms: self.now_ms,
            request_id,
            ignored: &[],
        };
        self.calls.record(incoming, &heard, Some(refusal));
    }

    /// Sets whether a zone has an instance type in stock.
    pub fn set_stock(&mut self, zone: &str, instance_type: &str, in_stock: bool) {
        let id = format!("{zone}/{instance_type}");
        if in_stock {
            self.tables.no_stock.remove(&id);
        } else {
            self.tables.no_stock.insert(&id, NoStock {});
        }
        self.commit();
    }

    /// Sets the load that the metrics of an instance, address or gateway show. It also replaces the
    /// values of past times.
    pub fn set_load(&mut self, id: &str, profile: LoadProfile) {
        self.tables.loads.insert(
            id,
            Load {
                profile,
                since_ms: self.now_ms,
            },
        );
        self.commit();
    }

    pub(crate) fn commit(&mut self) {
        let Self {
            tables,
            agenda,
            changed,
            pieces,
            ..
        } = self;
        let mut forgotten = false;
        tables.commit(|kind, id, due| {
            if !forgotten {
                pieces.forget();
                forgotten = true;
            }
            if let Some(due) = due {
                agenda.insert((due, kind, id.clone()));
            }
            changed.insert((kind, id));
        });
    }

    // The methods below are for handlers.

    /// The time of the call or change of state in progress, in milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The next number of a stream, from 1. A refused call gives its numbers back.
    pub(crate) fn next_number(&mut self, stream: &str) -> u64 {
        let next = self
            .tables
            .counters
            .get(stream)
            .map_or(1, |counter| counter.next);
        self.tables
            .counters
            .insert(stream, Counter { next: next + 1 });
        next
    }

    /// A new id: prefix, region, random letters.
    pub(crate) fn next_id(&mut self, prefix: &str, region: &str) -> String {
        let number = self.next_number(prefix);
        ids::resource(self.seed, prefix, region, number)
    }

    /// 32 random bytes of a stream.
    pub(crate) fn next_bytes(&mut self, stream: &str) -> [u8; 32] {
        let number = self.next_number(stream);
        ids::draw(self.seed, stream, number)
    }

    /// A random number of a stream.
    pub(crate) fn next_u64(&mut self, stream: &str) -> u64 {
        let number = self.next_number(stream);
        ids::draw_u64(self.seed, stream, number)
    }

    /// The common attributes of a new resource: an id, the time of its creation, the default group.
    pub(crate) fn new_base(&mut self, prefix: &str, region: &str) -> Base {
        Base {
            id: self.next_id(prefix, region),
            region: region.to_owned(),
            created_ms: self.now_ms,
            resource_group: DEFAULT_RESOURCE_GROUP.to_owned(),
            ..Base::default()
        }
    }

    /// The visible rows of a table. Reads by id and listings have separate lags, see `read_lag_ms`
    /// and `list_lag_ms`.
    pub(crate) fn shown<'a, T: Row + 'a>(
        &self,
        table: &'a Table<T>,
        by_id: bool,
    ) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let lag = if by_id {
            self.options.read_lag_ms
        } else {
            self.options.list_lag_ms
        };
        let newest = self.now_ms - lag;
        table.values().filter(move |row| {
            row.base()
                .is_some_and(|base| !base.released && base.created_ms <= newest)
        })
    }

    /// The visible rows with these keys, in the order of the keys.
    pub(crate) fn shown_by_id<'a, T: Row, K: AsRef<str>>(
        &self,
        table: &'a Table<T>,
        keys: &[K],
    ) -> impl Iterator<Item = &'a T> + use<'a, T, K> {
        let newest = self.now_ms - self.options.read_lag_ms;
        let keys: BTreeSet<&str> = keys.iter().map(AsRef::as_ref).collect();
        let rows: Vec<&T> = keys.into_iter().filter_map(|key| table.get(key)).collect();
        rows.into_iter().filter(move |row| {
            row.base()
                .is_some_and(|base| !base.released && base.created_ms <= newest)
        })
    }

    /// The visible rows that refer to an id, in the order of their keys.
    pub(crate) fn shown_on<'a, T: Row>(
        &'a self,
        table: &'a Table<T>,
        to: &'a str,
    ) -> impl Iterator<Item = &'a T> {
        table.linked(to).filter(|row| self.lists(*row))
    }

    /// Whether a listing shows a row at this moment.
    pub(crate) fn lists<T: Row>(&self, row: &T) -> bool {
        let newest = self.now_ms - self.options.list_lag_ms;
        row.base()
            .is_some_and(|base| !base.released && base.created_ms <= newest)
    }

    /// The visible rows of a region with these tags, in the order of listings. `only_tags`: the
    /// call has no other filter, so that the listing knows its length without looking at every row.
    pub(crate) fn listing<'a, T: Row>(
        &self,
        table: &'a Table<T>,
        region: &str,
        tags: &Filter,
        only_tags: bool,
    ) -> Listing<'a, T> {
        Listing::new(
            table,
            region,
            tags,
            self.now_ms - self.options.list_lag_ms,
            only_tags,
        )
    }

    /// Whether a zone has an instance type in stock.
    pub(crate) fn in_stock(&self, zone: &str, instance_type: &str) -> bool {
        self.tables
            .no_stock
            .get(&format!("{zone}/{instance_type}"))
            .is_none()
    }
}

/// The next change of state of each row.
fn agenda(tables: &Tables) -> BTreeSet<(i64, &'static str, String)> {
    tables
        .keys()
        .into_iter()
        .filter_map(|(kind, id, due)| due.map(|due| (due, kind, id)))
        .collect()
}

/// The body of an answer without fields.
pub(crate) fn done() -> Answer {
    Ok(Value::Object(serde_json::Map::new()))
}

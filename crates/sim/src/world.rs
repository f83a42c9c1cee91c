//! The simulated cloud as a pure state machine: `(now, request) → response`.
//!
//! Expected flow: [`World::handle`] reads a request, verifies it, brings the world up to `now`, and lets one handler
//! answer. Guarantees: the same seed and the same sequence of (now, request) give the same responses; a refused call and
//! a dry run change nothing. Assumptions: time is passed in and never read; requests come one after another.
//! Caveat: nonces and call counts are memory only, rows of `tables` are what a store keeps.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use setpoint_openapi::action::Action;
use setpoint_openapi::product::Product;
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::{WireRequest, WireResponse};

use crate::account::Account;
use crate::base::{Base, DEFAULT_RESOURCE_GROUP};
use crate::bookkeeping::{Counter, NoStock};
use crate::call::{Answer, Call};
use crate::calls::Calls;
use crate::contract;
use crate::gateway::{self, Arrived, Incoming, Keys, Nonces};
use crate::ids;
use crate::limits::{Asked, Meters};
use crate::listing::Listing;
use crate::params::Params;
use crate::pieces::Pieces;
use crate::product;
use crate::product::cms::load::Load;
use crate::profile::Options;
use crate::refusal::Refusal;
use crate::regions;
use crate::render::{self, Written};
use crate::table::{Row, Table};
use crate::tables::{self, Tables};
use crate::tags::{self, Filter};
use crate::tokens::{Bearer, Token};
use crate::users::{self, User, UserError, Users};

pub use crate::product::cms::load::Profile as LoadProfile;
pub use crate::product::ecs::guest::GuestRule;
pub use crate::product::ecs::image::ImageFacts;

/// A simulated account with everything in it.
#[derive(Debug)]
pub struct World {
    /// Switches and durations; may be changed between calls.
    pub options: Options,
    /// How many of its milliseconds pass in one of its clients'; only told to clients that are throttled.
    pub speed: f64,
    pub(crate) account: Account,
    pub(crate) users: Users,
    pub(crate) tables: Tables,
    pub(crate) caller: Caller,
    /// Whether the call in progress came past the front door.
    admitted: bool,
    seed: u64,
    now_ms: i64,
    agenda: BTreeSet<(i64, &'static str, String)>,
    nonces: Nonces,
    meters: Meters,
    calls: Calls,
    /// Rows of long listings as text.
    pub(crate) pieces: Pieces,
    request_number: u64,
    request_stream: u64,
    changed: BTreeSet<(&'static str, String)>,
}

/// Who makes the call in progress.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    /// The key that signed it; empty if nobody did.
    pub(crate) access_key_id: String,
    /// The host that it was sent to.
    pub(crate) host: String,
    /// The moment by the clock that signatures are judged by, in milliseconds.
    pub(crate) wall_ms: i64,
}

/// One row that a call has changed, for a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind of the row.
    pub kind: &'static str,
    /// Its id within the kind.
    pub id: String,
    /// Its new form as JSON; none if it is gone.
    pub row: Option<String>,
}

/// Why stored rows cannot be taken for a world.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A row does not have the form that this version writes.
    #[error("the stored {kind} `{id}` cannot be read: {source}")]
    Row {
        /// The kind of the row.
        kind: String,
        /// Its id.
        id: String,
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// A row of a kind that this version does not know.
    #[error("the store holds a row of unknown kind `{kind}`: it was written by another version")]
    Kind {
        /// The kind.
        kind: String,
    },
    /// The row that says whose world this is is missing.
    #[error("the store has no world in it")]
    Empty,
}

/// The row that says whose world this is and how far its time has come.
#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    seed: u64,
    account: Account,
    now_ms: i64,
}

const META: (&str, &str) = ("meta", "world");

impl World {
    /// An account with nothing in it but what every account has.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp, options: Options) -> Self {
        let mut world = Self::bare(seed, Account::from_seed(seed), now.0, options);
        product::furnish(&mut world);
        world.commit();
        world.changed.insert(meta_key());
        world
    }

    /// A world from the rows that [`World::take_changes`] once gave.
    ///
    /// # Errors
    /// If a row cannot be read or the row of the account is missing.
    pub fn from_rows(
        rows: impl IntoIterator<Item = (String, String, String)>,
        options: Options,
    ) -> Result<Self, LoadError> {
        let mut tables = Tables::default();
        let mut meta = None;
        for (kind, id, text) in rows {
            let as_error = |source| LoadError::Row {
                kind: kind.clone(),
                id: id.clone(),
                source,
            };
            if kind == META.0 {
                meta = Some(serde_json::from_str::<Meta>(&text).map_err(as_error)?);
            } else if !tables.load(&kind, &id, &text).map_err(as_error)? {
                return Err(LoadError::Kind { kind });
            }
        }
        let meta = meta.ok_or(LoadError::Empty)?;
        let mut world = Self::bare(meta.seed, meta.account, meta.now_ms, options);
        world.agenda = agenda(&tables);
        world.tables = tables;
        Ok(world)
    }

    fn bare(seed: u64, account: Account, now_ms: i64, options: Options) -> Self {
        Self {
            options,
            speed: 1.0,
            account,
            users: Users::default(),
            tables: Tables::default(),
            caller: Caller::default(),
            admitted: false,
            seed,
            now_ms,
            agenda: BTreeSet::new(),
            nonces: Nonces::default(),
            meters: Meters::default(),
            calls: Calls::default(),
            pieces: Pieces::default(),
            request_number: 0,
            // A world that is opened again must not repeat the request ids of its former life.
            request_stream: seed ^ now_ms.unsigned_abs().rotate_left(17),
            changed: BTreeSet::new(),
        }
    }

    /// Answers one request at a moment. Signatures are judged by the same clock.
    pub fn handle(&mut self, now: Timestamp, request: &WireRequest) -> WireResponse {
        self.handle_at(now, now, request)
    }

    /// Answers one request at a moment of the world's time, with signatures judged by another clock: a world may run
    /// faster than its clients.
    pub fn handle_at(
        &mut self,
        now: Timestamp,
        wall: Timestamp,
        request: &WireRequest,
    ) -> WireResponse {
        self.handle_arrived(now, wall, &gateway::arrive(request, ""))
    }

    /// The same for a request that was read before the world was at hand.
    pub(crate) fn handle_arrived(
        &mut self,
        now: Timestamp,
        wall: Timestamp,
        arrived: &Arrived<'_>,
    ) -> WireResponse {
        self.serve(now, &arrived.incoming, |world| world.admit(arrived, wall))
    }

    /// Performs a request once more, as a network does that delivers twice what was sent once, behind the check of its
    /// signature and nonce.
    pub fn repeat(&mut self, now: Timestamp, request: &WireRequest) -> WireResponse {
        let incoming = gateway::read(request);
        self.serve(now, &incoming, |_| {
            incoming
                .action()
                .ok_or_else(|| gateway::unknown_action(&incoming.action))
        })
    }

    fn serve(
        &mut self,
        now: Timestamp,
        incoming: &Incoming,
        admit: impl FnOnce(&mut Self) -> Result<&'static Action, Refusal>,
    ) -> WireResponse {
        self.advance(now);
        self.request_number += 1;
        let request_id = ids::request(self.request_stream, self.request_number);
        let answer = match &incoming.problem {
            Some(refusal) => Err(refusal.clone()),
            None => admit(self).and_then(|action| self.perform(action, incoming)),
        };
        self.calls
            .record(incoming, self.now_ms, &request_id, answer.as_ref().err());
        render::response(
            incoming,
            &request_id,
            answer,
            &Written {
                pieces: &self.pieces.take(),
                speed: self.speed,
            },
        )
    }

    /// Whether the last signed request came past the front door.
    pub(crate) fn has_admitted(&self) -> bool {
        self.admitted
    }

    /// Takes back what a call that never ended has half done.
    pub(crate) fn recover(&mut self) {
        self.tables.undo();
        drop(self.pieces.take());
        self.pieces.forget();
        self.agenda = agenda(&self.tables);
    }

    /// Lets everything happen that is due up to a moment, in the order of time.
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

    /// What has been called since the world was opened.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The key that this world's account signs with.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Gives the account another key, for tests with published vectors.
    pub fn set_account(&mut self, account: Account) {
        self.account = account;
        self.changed.insert(meta_key());
    }

    /// The world's own time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now_ms)
    }

    /// Replaces the users who may call beside the account itself; none to begin with. They are not stored.
    ///
    /// # Errors
    /// For a name, pattern or moment that is none, and for what is there twice.
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

    /// Forgets which rows have changed, where there is no store.
    pub fn forget_changes(&mut self) {
        self.changed.clear();
    }

    /// Notes what the last call has cost: bytes of its answer, microseconds.
    pub(crate) fn measure(&mut self, bytes: usize, micros: u64) {
        self.calls.measure(bytes, micros);
    }

    /// Notes a refusal that a fault made, which the world has not seen.
    pub(crate) fn record_refusal(
        &mut self,
        incoming: &Incoming,
        request_id: &str,
        refusal: &Refusal,
    ) {
        self.calls
            .record(incoming, self.now_ms, request_id, Some(refusal));
    }

    /// Says whether a zone has an instance type in stock.
    pub fn set_stock(&mut self, zone: &str, instance_type: &str, in_stock: bool) {
        let id = format!("{zone}/{instance_type}");
        if in_stock {
            self.tables.no_stock.remove(&id);
        } else {
            self.tables.no_stock.insert(&id, NoStock {});
        }
        self.commit();
    }

    /// Says how busy a machine, an address or a gateway looks in its metrics, from now on and for the past.
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

    /// The rows that have changed since the last time, for a store. Reading them marks them as stored.
    pub fn take_changes(&mut self) -> Vec<Change> {
        if self.changed.is_empty() {
            return Vec::new();
        }
        // How far time has come goes along, so that a world that is opened again does not go back.
        self.changed.insert(meta_key());
        let keys = std::mem::take(&mut self.changed);
        keys.into_iter()
            .map(|(kind, id)| Change {
                row: self.stored(kind, &id),
                kind,
                id,
            })
            .collect()
    }

    /// Every row in its stored form, as (kind, id, JSON): what [`World::from_rows`] takes.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String, String)> {
        let mut keys: Vec<(&'static str, String)> = self
            .tables
            .keys()
            .into_iter()
            .map(|(kind, id, _)| (kind, id))
            .collect();
        keys.push(meta_key());
        keys.into_iter()
            .filter_map(|(kind, id)| self.stored(kind, &id).map(|row| (kind.to_owned(), id, row)))
            .collect()
    }

    fn stored(&self, kind: &'static str, id: &str) -> Option<String> {
        if kind != META.0 {
            return self.tables.stored(kind, id);
        }
        let meta = Meta {
            seed: self.seed,
            account: self.account.clone(),
            now_ms: self.now_ms,
        };
        Some(serde_json::to_string(&meta).expect("the row of the account is plain data"))
    }

    /// Checks everything about a request but what it asks for.
    fn admit(
        &mut self,
        arrived: &Arrived<'_>,
        wall: Timestamp,
    ) -> Result<&'static Action, Refusal> {
        // Nobody, until it is known who: a refused caller must not stand for the one before.
        (self.caller, self.admitted) = (Caller::default(), false);
        let keys = Keys {
            account: &self.account,
            users: &self.users,
            temporary: &self.tables.temporary_keys,
        };
        let access_key_id = gateway::verify(arrived, &keys, wall)?;
        let incoming = &arrived.incoming;
        if !incoming.is_anonymous() {
            self.nonces.claim(&access_key_id, &incoming.nonce, wall)?;
        }
        self.caller = Caller {
            access_key_id,
            host: incoming.host.clone(),
            wall_ms: wall.0,
        };
        incoming.product()?;
        let action = incoming
            .action()
            .ok_or_else(|| gateway::unknown_action(&incoming.action))?;
        let region = incoming
            .params
            .get("RegionId")
            .or_else(|| regions::of_host(&incoming.host))
            .unwrap_or_default();
        let asked = Asked {
            action,
            region,
            params: &incoming.params,
        };
        self.meters
            .admit(&self.options.rates, &asked, self.now_ms)?;
        self.admitted = true;
        Ok(action)
    }

    fn perform(&mut self, action: &'static Action, incoming: &Incoming) -> Answer {
        let handler = product::handler(action).ok_or_else(|| Refusal::not_modelled(action.name))?;
        contract::check(action, &incoming.params)?;
        let region = region_of(incoming)?;
        let mut params = incoming.params.clone();
        let dry_run = params
            .remove("DryRun")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if self.options.tag_values_refuse_brackets && !action.is_read() {
            tags::refuse_brackets(&params)?;
        }
        let permitted = self.users.check(&self.caller.access_key_id, action);
        // Whoever may not list machines is told that there are none; only a dry run tells the truth.
        let blind = permitted.is_err() && action.name == "DescribeInstances" && !dry_run;
        if !blind {
            permitted?;
        }
        let text = params.remove("ClientToken");
        let bearer = Bearer {
            action,
            region: region.as_deref(),
            scope: self.options.token_scope,
        };
        let token = Token::of(&bearer, text.as_deref(), &params)?;
        // A dry run asks whether the call would be accepted, whatever its token has been answered.
        if let Some(reply) = token
            .as_ref()
            .filter(|_| !dry_run)
            .map(|token| token.recall(self))
            .transpose()?
            .flatten()
        {
            return reply;
        }
        let answer = self.run(handler, region.as_deref(), &params);
        if dry_run {
            self.tables.undo();
            return answer.and_then(|_| Err(product::dry_run_passed(action)));
        }
        if blind {
            return answer.map(users::emptied);
        }
        match &answer {
            Ok(body) => {
                if let Some(token) = &token {
                    token.remember(self, body);
                }
            }
            Err(refusal) => {
                self.tables.undo();
                if let Some(token) = token.filter(|_| self.options.failed_call_consumes_token) {
                    token.remember_refusal(self, refusal);
                }
            }
        }
        self.commit();
        if action.product == Product::Cms && self.options.cms_fails_with_200 {
            return answer.map_err(|refusal| Refusal {
                status: 200,
                ..refusal
            });
        }
        answer
    }

    fn run(&mut self, handler: product::Handler, region: Option<&str>, params: &Params) -> Answer {
        let read = RefCell::new(BTreeSet::new());
        let call = Call::new(region, params, &read);
        call.harmless(&[
            "RegionId",
            "OwnerId",
            "OwnerAccount",
            "ResourceOwnerId",
            "ResourceOwnerAccount",
            "AcceptLanguage",
        ]);
        let answer = handler(self, &call)?;
        let read = read.into_inner();
        match params
            .iter()
            .find(|(name, value)| !value.is_empty() && !read.contains(*name))
        {
            Some((name, _)) => Err(Refusal::not_modelled(name)),
            None => Ok(answer),
        }
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

    // What handlers use.

    /// The moment of the call or change of state in progress, in milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The next number of a stream, from 1.
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

    /// The beginnings of a resource.
    pub(crate) fn new_base(&mut self, prefix: &str, region: &str) -> Base {
        Base {
            id: self.next_id(prefix, region),
            region: region.to_owned(),
            created_ms: self.now_ms,
            resource_group: DEFAULT_RESOURCE_GROUP.to_owned(),
            ..Base::default()
        }
    }

    /// Rows of a table that a read may show now. A read by id has a lag of its own.
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

    /// Rows with these keys that a read by id may show now, in the order of the keys.
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

    /// Rows that hang on an id and that a listing may show now, in the order of their keys.
    pub(crate) fn shown_on<'a, T: Row>(
        &'a self,
        table: &'a Table<T>,
        to: &'a str,
    ) -> impl Iterator<Item = &'a T> {
        table.linked(to).filter(|row| self.lists(*row))
    }

    /// Whether a listing may show a row now.
    pub(crate) fn lists<T: Row>(&self, row: &T) -> bool {
        let newest = self.now_ms - self.options.list_lag_ms;
        row.base()
            .is_some_and(|base| !base.released && base.created_ms <= newest)
    }

    /// Rows of a region with these tags that a listing may show now, in its order. `only_tags`: nothing else decides.
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

/// When each row has its next change of state.
fn agenda(tables: &Tables) -> BTreeSet<(i64, &'static str, String)> {
    tables
        .keys()
        .into_iter()
        .filter_map(|(kind, id, due)| due.map(|due| (due, kind, id)))
        .collect()
}

fn meta_key() -> (&'static str, String) {
    (META.0, META.1.to_owned())
}

/// The region that a request names; an unknown one is refused.
fn region_of(incoming: &Incoming) -> Result<Option<String>, Refusal> {
    let named = incoming
        .params
        .get("RegionId")
        .filter(|region| !region.is_empty());
    match named {
        Some(region) if regions::find(region).is_none() => Err(Refusal::absent(
            "InvalidRegionId.NotFound",
            "The specified RegionId does not exist.",
        )),
        Some(region) => Ok(Some(region.to_owned())),
        None => Ok(regions::of_host(&incoming.host).map(str::to_owned)),
    }
}

/// The body of an answer that says nothing but that the call was done.
pub(crate) fn done() -> Answer {
    Ok(Value::Object(serde_json::Map::new()))
}

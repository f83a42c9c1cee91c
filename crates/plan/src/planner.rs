//! The planner: `plan(intent, snapshot) -> (Plan, Report)`, a sequence of small passes, each a pure
//! function.
//!
//! 1. `complete`: kinds complete the desired resources.
//! 2. `pair`: live rows are paired with addresses.
//! 3. `classify`: the action for each resource, repeated until no result changes.
//! 4. `blocks`: procedures for the changes.
//! 5. `order`: edges between the steps.
//! 6. `held`: changes that need more than a plain confirmation.
//!
//! *Guarantees*: equal inputs give equal plans, and a plan made right after an apply is empty.
//! *Errors*: everything that makes a plan impossible, all at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use setpoint_spec::stack::{Allow, Move, Output, Stack, StackLink};

use crate::change::Change;
use crate::desired::{self, Desired};
use crate::diff::Diff;
use crate::held::{self, Allowed};
use crate::kind::{Cx, Refusal, Site};
use crate::live::{Live, Snapshot};
use crate::order::{self, Ordered};
use crate::ownership::Owner;
use crate::plan::Plan;
use crate::registry::Registry;
use crate::report::{Note, NoteKind, Report};
use crate::{Address, Location, Map};

mod blocks;
mod classify;
mod complete;
mod exclusive;
mod fate;
mod lent;
pub(crate) mod moved;
mod outputs;
pub mod outside;
mod pair;
mod tags;
mod users;

pub use blocks::{Block, Release};
pub(crate) use exclusive::{Wait, Why};
pub use fate::{Fate, known_in};
pub use tags::guard_step;
pub(crate) use users::Users;

/// The desired state of a stack, independent of how it was written.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The stack's identity: `stack` or `stack/environment`.
    pub stack: String,
    /// The account and the region of the stack.
    pub site: Site,
    /// When the plan is made, in seconds since 1970-01-01 UTC. Schedules and expiry dates are
    /// planned for this time.
    pub now: i64,
    /// The desired resources in their first form; empty for a destroy without a file.
    pub desired: Arc<BTreeMap<Address, Desired>>,
    /// Globs of tag keys that are left alone.
    pub ignore_tags: Vec<String>,
    /// The `allow` entries, which permit held changes.
    pub allow: Vec<Allow>,
    /// The addresses of resources that the stack stops owning and does not delete.
    pub forget: Vec<Address>,
    /// The `moved` entries.
    pub moved: Vec<Move>,
    /// The outputs, by name.
    pub outputs: BTreeMap<String, Output>,
    /// `existing` entries, by name.
    pub outside: BTreeMap<String, Outside>,
    /// Other stacks, by alias.
    pub stacks: BTreeMap<String, Linked>,
}

impl Intent {
    /// Returns the facts about the stack that every procedure may use.
    #[must_use]
    pub fn cx(&self) -> Cx<'_> {
        Cx {
            stack: &self.stack,
            site: &self.site,
            now: self.now,
        }
    }

    /// Returns the desired state of a resolved stack in an account. It takes the resources out of
    /// the stack, since a large stack need not be in memory twice.
    #[must_use]
    pub fn of_stack(stack: &mut Stack, account: &str) -> Self {
        let desired = desired::take(stack);
        Self {
            stack: stack.identity(),
            site: Site {
                account: account.to_owned(),
                region: stack.region.clone(),
            },
            now: 0,
            desired: Arc::new(outside::inlined(stack, desired)),
            ignore_tags: stack.ignore_tags.clone(),
            allow: stack.allow.clone(),
            forget: stack.forget.clone(),
            moved: stack.moved.clone(),
            outputs: stack.outputs.clone(),
            outside: stack
                .existing
                .iter()
                .map(|(name, one)| {
                    (
                        name.clone(),
                        Outside {
                            kind: one.kind.name,
                            by: one.by.clone(),
                        },
                    )
                })
                .collect(),
            stacks: stack
                .stacks
                .iter()
                .map(|(alias, link)| (alias.clone(), Linked::of(link, &stack.region)))
                .collect(),
        }
    }

    /// Returns the same intent in another account.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.site.account);
        self
    }

    /// Returns the same intent, planned at this time.
    #[must_use]
    pub fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    /// Returns the desired state of a stack whose file no longer exists, which is empty: for a
    /// destroy by the stack's identity.
    #[must_use]
    pub fn without_spec(stack: &str, site: Site) -> Self {
        Self {
            stack: stack.to_owned(),
            site,
            now: 0,
            desired: Arc::default(),
            ignore_tags: Vec::new(),
            allow: Vec::new(),
            forget: Vec::new(),
            moved: Vec::new(),
            outputs: BTreeMap::new(),
            outside: BTreeMap::new(),
            stacks: BTreeMap::new(),
        }
    }
}

/// Another stack whose resources this one uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The identity of the other stack.
    pub stack: String,
    /// The region of the other stack.
    pub region: String,
}

impl Linked {
    fn of(link: &StackLink, region: &str) -> Self {
        let stack = link.environment.as_ref().map_or_else(
            || link.stack.clone(),
            |environment| format!("{}/{environment}", link.stack),
        );
        Self {
            stack,
            region: link.region.clone().unwrap_or_else(|| region.to_owned()),
        }
    }
}

/// A resource outside the stack that the stack uses. It is looked up at plan time and never
/// changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Outside {
    /// The name of its kind.
    pub kind: &'static str,
    /// How it is found: `id`, `name`, `tags`, ….
    pub by: Map,
}

/// The options of the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The whole stack is destroyed.
    pub destroy: bool,
    /// Resources that are replaced although nothing differs.
    pub replace: Vec<Address>,
    /// The resources to which the plan is limited, together with everything that they need; empty
    /// for all.
    pub targets: Vec<Address>,
    /// What the command line allows.
    pub allowed: Allowed,
}

/// The reason why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct PlanError {
    /// The address of the resource; `None` for the stack as a whole.
    pub address: Option<Address>,
    /// The class of the error.
    pub class: PlanErrorClass,
    /// The reason, as one sentence without a full stop.
    pub what: String,
    /// What to do instead, if something helps.
    pub hint: Option<String>,
    /// The place in the spec that causes it.
    pub at: Option<Location>,
}

/// The classes of plan errors. They lead to different exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanErrorClass {
    /// A kind cannot make the change, or the change is not permitted.
    Refused,
    /// A protected resource would be destroyed, replaced or rebuilt.
    Protected,
    /// Two live resources carry the same address.
    TwoOwners,
    /// The steps have no order.
    Cycle,
    /// An invariant of a kind is violated: a bug.
    Internal,
}

impl PlanError {
    fn refused(want: &Desired, refusal: Refusal) -> Self {
        let at = want.location(&refusal.attr).clone();
        Self {
            address: Some(want.address.clone()),
            class: PlanErrorClass::Refused,
            what: refusal.what,
            hint: refusal.hint,
            at: Some(at),
        }
    }
}

/// A resource between classification and plan.
#[derive(Debug, Clone)]
pub struct Classified {
    /// The change of the resource.
    pub change: Change,
    /// The differences between the desired and the live resource.
    pub diff: Diff,
    /// The resources that it references in fields that do not bind late. Creating or changing it
    /// waits for their changes.
    pub parents: Vec<Address>,
}

/// Plans the changes that turn the live state into the desired state.
///
/// # Errors
/// Returns everything that makes a plan impossible.
pub fn plan(
    registry: &Registry,
    intent: &Intent,
    snapshot: &Snapshot,
    options: &Options,
) -> Result<(Plan, Report), Vec<PlanError>> {
    let lent = lent::resolved(registry, intent);
    let intent = lent.as_ref().unwrap_or(intent);
    let paired = pair::pair(intent, snapshot, options)?;
    let desired = complete::complete(registry, intent, snapshot, &paired)?;
    let mut cx = classify::Context {
        registry,
        intent,
        snapshot,
        options,
        paired: &paired,
        desired: &desired,
        targets: BTreeSet::new(),
        apart: BTreeSet::new(),
        freed: BTreeSet::new(),
    };
    cx.targets = classify::target_closure(&cx);
    let (found, Ordered { steps, together }) = in_order(&mut cx)?;
    let (classified, mut notes) = (found.all, found.notes);
    notes.extend(of_snapshot(snapshot));
    notes.extend(together.iter().map(not_in_turn));
    let fates = fate::of_classified(&classified);
    let changes: Vec<Change> = classified.into_iter().map(|one| one.change).collect();
    let n_live = snapshot.live.len();
    let held = held::held(&changes, n_live, &intent.allow, &options.allowed);
    let outputs = if options.destroy {
        BTreeMap::new()
    } else {
        outputs::planned(&outputs::Known {
            intent,
            snapshot,
            desired: &desired,
            fates: &fates,
            taken_back: lent::taken_back(registry, &changes),
        })
    };
    notes.sort_by(|a, b| a.address.cmp(&b.address));
    let plan = Plan {
        stack: intent.stack.clone(),
        site: intent.site.clone(),
        now: intent.now,
        changes,
        steps,
        outputs,
        held,
        cost: snapshot.cost,
        n_live,
    };
    Ok((plan, Report { notes }))
}

/// Returns notes on what the observation showed and no change concerns.
fn of_snapshot(snapshot: &Snapshot) -> impl Iterator<Item = Note> + '_ {
    let astray = snapshot.astray.iter().map(|row| NoteKind::Astray {
        kind: row.kind,
        id: row.id.clone(),
    });
    let unlisted = snapshot.unlisted.iter().map(|one| NoteKind::Unlisted {
        kind: one.kind,
        permission: one.permission.clone(),
        code: one.code.clone(),
        request_id: one.request_id.clone(),
    });
    astray.chain(unlisted).map(|what| Note {
        address: None,
        what,
    })
}

fn not_in_turn(address: &Address) -> Note {
    note(address, NoteKind::Together)
}

/// Classifies and orders until the steps have an order. If they have none because a successor is
/// created while another row holds a value that it takes, the old half of that replacement is
/// deleted first, and everything is classified again. The same is done if one of the rows that take
/// values from each other can release its value first.
fn in_order(
    cx: &mut classify::Context<'_>,
) -> Result<(classify::Classification, Ordered), Vec<PlanError>> {
    loop {
        let found = classify::classify(cx)?;
        let blocks = blocks::build(cx, &found.all);
        let cycle = match order::steps(&found.all, &blocks, &found.waits) {
            Ok(ordered) => return Ok((found, ordered)),
            Err(cycle) => cycle,
        };
        let more = exclusive::delete_first(cx, &found, &cycle);
        let freed = exclusive::let_go_first(cx, &found, &cycle);
        if more.is_empty() && freed.is_none() {
            return Err(vec![exclusive::explain(cx, &found, &cycle)]);
        }
        if more.is_empty() {
            cx.freed.extend(freed);
        }
        cx.apart.extend(more);
    }
}

/// The live row paired with an address, and other rows at that address.
#[derive(Debug, Clone, Default)]
pub struct Paired {
    /// The row that is compared with the desired resource.
    pub main: Option<Arc<Live>>,
    /// Rows that an interrupted replacement left behind. They are deleted once all users have
    /// moved.
    pub superseded: Vec<Arc<Live>>,
    /// Rows of another kind at the address.
    pub other_kind: Vec<Arc<Live>>,
    /// The previous owner of the row, if it had another address or stack.
    pub moved_from: Option<Owner>,
    /// Whether the row is one that `adopt` names and that no stack owns yet.
    pub adopted: bool,
}

fn note(address: &Address, what: NoteKind) -> Note {
    Note {
        address: Some(address.clone()),
        what,
    }
}

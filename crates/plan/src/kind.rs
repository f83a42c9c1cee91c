//! A kind of resource as a value: its table, its reads and its procedures.
//!
//! # Expected flow
//!
//! 1. The planner asks the questions that the file alone determines: [`Kind::owned`] and
//!    [`Kind::more_lists`] of every kind, [`Kind::look_ups`] and [`Kind::local_reads`] of every
//!    entry. The engine answers them.
//! 2. [`Kind::details`] asks for what no listing carries, once for each row that the stack owns or
//!    adopts. It sees the entry in its first form, since step 3 needs the answers.
//! 3. [`Kind::desire`] completes the entry from all answers.
//! 4. The planner compares, by the table, and takes [`Kind::create`], the steps of the
//!    [`Update`](crate::update::Update)s, [`Kind::window`] and [`Kind::delete`].
//!
//! [`questions`](crate::questions) asks and [`answers`](crate::answers) folds what comes back; a
//! kind that records its calls holds this order in the tests there. Steps 3 and 4 are repeated
//! where the engine drafts a plan to see which absences it has to confirm.
//!
//! # Guarantees
//!
//! A kind is data and pure functions: equal arguments give equal results. It does no I/O, has no
//! clock, and waits for nothing.
//!
//! # Assumptions
//!
//! A decoder sees only well-formed JSON. Anything else than the action promises is
//! [`Odd`](setpoint_openapi::json::Odd), never an empty result.
//!
//! # Errors
//!
//! [`Refusal`] for what a plan cannot do, with the way out.

use std::sync::Arc;

use setpoint_openapi::action::Action;
use setpoint_spec::naming::Naming;
use setpoint_spec::schema::{CheckCx, FieldDef, Problem};

use crate::claim::{Claim, Room};
use crate::decode::TagNames;
use crate::desired::Desired;
use crate::effect::Effect;
use crate::field::{Field, OnChange};
use crate::live::Live;
use crate::procedure::{Args, Local, Procedure, Step};
use crate::view::{Query, View};
use crate::{Address, Map, Value};

/// Where a stack lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The account's id, 16 digits.
    pub account: String,
    /// The region.
    pub region: String,
}

/// What a kind reads out of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A live resource.
    Live(Arc<Live>),
    /// More attributes of a resource that a listing has shown.
    Detail {
        /// Its id.
        id: String,
        /// Attributes to add.
        attrs: Map,
        /// Further resources that it uses: kind and id.
        uses: Vec<(&'static str, String)>,
    },
    /// Something looked up that no kind manages.
    Found(Map),
}

/// How the tags of a kind are written.
#[derive(Debug, Clone, Copy)]
pub struct TagApi {
    /// `TagResources`.
    pub tag: &'static Action,
    /// `UntagResources`, however the product spells it.
    pub untag: &'static Action,
    /// The value of `ResourceType`.
    pub resource_type: &'static str,
}

/// What every procedure may need to know.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// The stack's identity: `stack` or `stack/environment`.
    pub stack: &'a str,
    /// Where it lives.
    pub site: &'a Site,
    /// When the plan is made, in seconds since 1970-01-01 UTC.
    pub now: i64,
}

/// Why a resource cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Refusal {
    /// The field it is about, dotted; empty for the whole entry.
    pub attr: String,
    /// What is wrong: one sentence without a full stop.
    pub what: String,
    /// The way out.
    pub hint: Option<String>,
}

/// The answers to the look-ups of one resource.
#[derive(Debug, Clone, Default)]
pub struct Found {
    rows: Vec<(&'static View, Row)>,
    local: Vec<Map>,
}

impl Found {
    /// Adds a row of a view.
    pub fn add(&mut self, view: &'static View, row: Row) {
        self.rows.push((view, row));
    }

    /// Adds what lies on this machine.
    pub fn add_local(&mut self, attrs: Map) {
        self.local.push(attrs);
    }

    /// The rows of a view.
    #[must_use]
    pub fn rows(&self, view: &'static View) -> Vec<Row> {
        let own = |(other, _): &&(&'static View, Row)| std::ptr::eq(*other, view);
        self.rows
            .iter()
            .filter(own)
            .map(|(_, row)| row.clone())
            .collect()
    }

    /// Puts these rows in the place of a view's rows.
    pub fn replace(&mut self, view: &'static View, rows: Vec<Row>) {
        self.rows.retain(|(other, _)| !std::ptr::eq(*other, view));
        self.rows.extend(rows.into_iter().map(|row| (view, row)));
    }

    /// The attributes of every row found through this view.
    pub fn of<'a>(&'a self, view: &'static View) -> impl Iterator<Item = &'a Map> + 'a {
        let own = move |(other, _): &&(&'static View, Row)| std::ptr::eq(*other, view);
        self.rows
            .iter()
            .filter(own)
            .filter_map(|(_, row)| match row {
                Row::Found(attrs) => Some(attrs),
                Row::Live(live) => Some(&live.attrs),
                Row::Detail { .. } => None,
            })
    }

    /// What lies on this machine.
    pub fn local(&self) -> impl Iterator<Item = &Map> {
        self.local.iter()
    }
}

/// Which of several matches a look-up means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUp {
    /// Exactly one must match.
    One,
    /// The one with the greatest value of this attribute, then of the id.
    Newest(&'static str),
}

/// How a kind is looked up by more than ids, names and tags.
#[derive(Debug, Clone, Copy)]
pub struct Finder {
    /// The view that is asked.
    pub view: &'static View,
    /// The filters that a look-up gives the API.
    pub args: fn(&Map) -> Args,
    /// Whether a row is one that the look-up means, beside the API's filters.
    pub fits: fn(&Map, &Live) -> bool,
}

/// A name of an attribute with its row.
#[derive(Debug, Clone)]
pub struct RowOf {
    /// The attribute: dotted, with `*` for the keys of named maps.
    pub attr: String,
    /// The row.
    pub field: &'static Field,
}

/// What is lost with a live resource under an effect: one line for people; `None` if nothing is.
pub type Loses = fn(&Live, Effect) -> Option<String>;

/// The attributes of one side of a resource, by name; `Null` for one that is not known.
pub type Attributes<'a> = dyn Fn(&str) -> Value + 'a;

/// The steps that open a window, and those that close it.
pub type Window = (Vec<Step>, Vec<Step>);

/// A kind of resource. See the module for the contract.
pub struct Kind {
    /// Its name in `type:`.
    pub name: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// The table.
    pub fields: &'static [Field],
    /// Fields of which exactly one must be given.
    pub one_of: &'static [&'static [&'static str]],
    /// Fields of which at least one must be given.
    pub any_of: &'static [&'static [&'static str]],
    /// Names that people bring from elsewhere, with what to write.
    pub hints: &'static [(&'static str, &'static str)],
    /// How its resources are named from outside their entry.
    pub naming: Naming,
    /// Members of `lifecycle` beside those that every entry has. A plan finds the words that they
    /// choose in [`Lifecycle::choices`](crate::Lifecycle::choices).
    pub lifecycle: &'static [FieldDef],
    /// Checks over one whole entry that no single type can make, offline.
    pub check: fn(&CheckCx<'_>) -> Vec<Problem>,
    /// A minimal stack of this kind for the tests, as the YAML of `resources`, in which the entry
    /// under test is called `it`.
    pub example: &'static str,

    /// How its tags are written; `None` for kinds without tags.
    pub tag_api: Option<TagApi>,
    /// How a listed row spells its tags.
    pub tag_names: TagNames,
    /// Whether the first version made rows of this kind, whose guard does not name it.
    pub first_version: bool,
    /// The mark that a row carries while a window of ours is open: whoever finds it closes it.
    pub window_mark: Option<&'static str>,
    /// The mark that a row carries until it has passed its readiness check.
    pub pending_mark: Option<&'static str>,

    /// The listing.
    pub list: &'static View,
    /// Further listings of the first round, whose rows are details.
    pub more_lists: &'static [(&'static Self, &'static View)],
    /// Which of several matches a look-up means.
    pub look_up: LookUp,
    /// How it is looked up by more than ids, names and tags, if it is.
    pub finder: Option<Finder>,
    /// Look-ups that depend on the file alone.
    pub look_ups: fn(&Desired, &Site) -> Vec<Query>,
    /// What lies on this machine and is read with the first round, never written.
    pub local_reads: fn(&Desired) -> Vec<Local>,
    /// Completes the desired resource from all answers, those to [`Kind::details`] included:
    /// canonical forms, defaults at creation, derived names.
    pub desire: fn(&Cx<'_>, &Found, Option<&Live>, &mut Desired) -> Result<(), Refusal>,
    /// What no listing carries. The desired resource is in its first form; it is `None` for a row
    /// that no entry wants.
    pub details: fn(Option<&Desired>, &Live, &Found) -> Vec<Query>,

    /// The exclusive values that a side of a resource holds. The function gives its attributes,
    /// `Null` for what is not known; `id` is known of a live row and where it is derived.
    pub claims: fn(&Attributes<'_>) -> Vec<Claim>,
    /// The blocks that it offers to what lies in it while it is updated; `None` for kinds without.
    pub room: fn(&Live, &Desired) -> Option<Room>,
    /// The id that a resource will have, where it is ours to choose.
    pub derived_id: Option<fn(&Cx<'_>, &Desired) -> String>,
    /// What is lost with it; `None` if no resource of the kind carries data or an address.
    pub loses: Option<Loses>,
    /// Why the cloud would refuse to delete it though nothing uses it.
    pub undeletable: fn(&Cx<'_>, &Live) -> Option<String>,
    /// Whether nothing of it runs, so that a restart interrupts nothing.
    pub is_at_rest: fn(&Live) -> bool,

    /// The procedure that creates it.
    pub create: fn(&Cx<'_>, &Desired) -> Procedure,
    /// The steps that open and close the window of updates that need it stopped; both empty if it
    /// is open anyway.
    pub window: fn(&Cx<'_>, &Desired, &Live) -> Window,
    /// The procedure that deletes it, from the live row alone.
    pub delete: fn(&Cx<'_>, &Live) -> Procedure,
}

impl Kind {
    /// The base of a kind: all that a kind without special behaviour leaves unsaid.
    #[must_use]
    pub const fn new(
        name: &'static str,
        fields: &'static [Field],
        list: &'static View,
        create: fn(&Cx<'_>, &Desired) -> Procedure,
        delete: fn(&Cx<'_>, &Live) -> Procedure,
    ) -> Self {
        Self {
            name,
            doc: "",
            fields,
            one_of: &[],
            any_of: &[],
            hints: &[],
            naming: Naming::PLAIN,
            lifecycle: &[],
            check: |_| Vec::new(),
            example: "",
            tag_api: None,
            tag_names: TagNames::None,
            first_version: false,
            window_mark: None,
            pending_mark: None,
            list,
            more_lists: &[],
            look_up: LookUp::One,
            finder: None,
            look_ups: |_, _| Vec::new(),
            local_reads: |_| Vec::new(),
            desire: |_, _, _, _| Ok(()),
            details: |_, _, _| Vec::new(),
            claims: |_| Vec::new(),
            room: |_, _| None,
            derived_id: None,
            loses: None,
            undeletable: |_, _| None,
            is_at_rest: |_| false,
            create,
            window: |_, _, _| (Vec::new(), Vec::new()),
            delete,
        }
    }

    /// The row of an attribute: dotted for members, any key for those of named maps.
    #[must_use]
    pub fn row(&self, attr: &str) -> Option<&'static Field> {
        find(self.fields, attr)
    }

    /// Every attribute that has a row, in the order of the table.
    #[must_use]
    pub fn rows(&self) -> Vec<RowOf> {
        let mut rows = Vec::new();
        collect("", self.fields, &mut rows);
        rows
    }

    /// The query for what a stack owns of this kind.
    #[must_use]
    pub fn owned(&'static self, site: &Site, stack: &str) -> Query {
        self.list.owned_by(self, site, stack)
    }

    /// The queries for these ids.
    #[must_use]
    pub fn poll(&'static self, site: &Site, ids: &[String]) -> Vec<Query> {
        self.list.by_ids(self, site, ids)
    }

    /// The query for what a look-up in braces says; `None` if it cannot be looked up.
    #[must_use]
    pub fn find(&'static self, site: &Site, by: &Map) -> Option<Query> {
        match self.finder {
            Some(finder) => Some(finder.view.query(self, site, (finder.args)(by))),
            None => self.list.found_by(self, site, by),
        }
    }

    /// Whether a row that was found is one that the look-up means. Filters by name take wildcards;
    /// a look-up means the name itself.
    #[must_use]
    pub fn is_meant(&self, by: &Map, live: &Live) -> bool {
        match self.finder {
            Some(finder) => (finder.fits)(by, live),
            None => by.get("name").is_none_or(|name| live.attr("name") == *name),
        }
    }

    /// The word that the documentation shows for a change of a field. A replacement that loses
    /// something is held.
    #[must_use]
    pub fn shown_change(&self, field: &Field) -> &'static str {
        match field.change {
            OnChange::Replace if self.loses.is_some() => "replace!",
            _ => field.shown_change(),
        }
    }

    /// Whether an attribute moves by itself.
    #[must_use]
    pub fn is_transient(&self, attr: &str) -> bool {
        self.row(attr).is_some_and(|row| row.transient)
    }
}

fn find(fields: &'static [Field], attr: &str) -> Option<&'static Field> {
    use crate::field::Shape;
    if let Some(whole) = fields.iter().find(|field| field.name == attr) {
        return Some(whole);
    }
    // Names of outputs may hold dots of their own, so the longest prefix decides.
    let inside = |field: &&Field| {
        attr.strip_prefix(field.name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let field = fields
        .iter()
        .filter(inside)
        .max_by_key(|field| field.name.len())?;
    let rest = &attr[field.name.len() + 1..];
    match (field.shape, field.change) {
        (Shape::Struct, OnChange::Members) => find(field.members, rest),
        (Shape::Named, OnChange::Members) => find(field.members, rest.split_once('.')?.1),
        _ => None,
    }
}

fn collect(prefix: &str, fields: &'static [Field], rows: &mut Vec<RowOf>) {
    use crate::field::Shape;
    for field in fields {
        let attr = format!("{prefix}{}", field.name);
        match (field.shape, field.change) {
            (Shape::Struct, OnChange::Members) => collect(&format!("{attr}."), field.members, rows),
            (Shape::Named, OnChange::Members) => {
                collect(&format!("{attr}.*."), field.members, rows)
            }
            _ => rows.push(RowOf { attr, field }),
        }
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kind").field(&self.name).finish()
    }
}

/// The reference that stands for a resource: its id, known or to be known.
#[must_use]
pub fn id_of(address: &Address) -> Value {
    Value::reference(address, "id")
}

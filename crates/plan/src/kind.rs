//! A kind of resource as a value: its table of fields, its reads and its procedures.
//!
//! # Expected flow
//!
//! 1. The planner asks what the file alone determines: [`Kind::owned`] and [`Kind::more_lists`] for
//!    every kind, [`Kind::look_ups`] and [`Kind::local_reads`] for every entry. The engine answers.
//! 2. [`Kind::details`] returns the queries for values that no listing carries, once for each row
//!    that the stack owns or adopts. It receives the entry in its first form, since step 3 needs
//!    the answers.
//! 3. [`Kind::desire`] completes the entry from all answers.
//! 4. The planner compares according to the table, and takes [`Kind::create`], the steps of the
//!    [`Update`](crate::update::Update)s, [`Kind::window`] and [`Kind::delete`].
//!
//! [`questions`](crate::questions) collects the queries and [`answers`](crate::answers) folds the
//! answers into a snapshot. The tests of `questions` check this order with a recording kind.
//! Steps 3 and 4 are repeated where the engine drafts a plan to find out which absences it has to
//! confirm.
//!
//! # Guarantees
//!
//! A kind is data and pure functions: equal arguments give equal results. It does no I/O, reads no
//! clock, and does not wait.
//!
//! # Assumptions
//!
//! A decoder receives only well-formed JSON. If the answer is not what the action promises, it
//! returns [`Odd`](setpoint_openapi::json::Odd), never an empty result.
//!
//! # Errors
//!
//! [`Refusal`] if a plan cannot make a change, with the way out.

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

/// The account and the region of a stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The account's id, 16 digits.
    pub account: String,
    /// The region.
    pub region: String,
}

/// A row that a kind decodes from an answer.
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
        /// Further resources that it uses, as pairs of kind and id.
        uses: Vec<(&'static str, String)>,
    },
    /// The attributes of something that was looked up and that no kind manages.
    Found(Map),
}

/// The calls that write the tags of a kind.
#[derive(Debug, Clone, Copy)]
pub struct TagApi {
    /// `TagResources`.
    pub tag: &'static Action,
    /// `UntagResources`, or the product's name for it.
    pub untag: &'static Action,
    /// The value of `ResourceType`.
    pub resource_type: &'static str,
}

/// The facts about the stack that every procedure may use.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// The stack's identity: `stack` or `stack/environment`.
    pub stack: &'a str,
    /// The account and the region of the stack.
    pub site: &'a Site,
    /// When the plan is made, in seconds since 1970-01-01 UTC.
    pub now: i64,
}

/// The reason why a resource cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Refusal {
    /// The field that is refused, dotted; empty for the whole entry.
    pub attr: String,
    /// The reason, as one sentence without a full stop.
    pub what: String,
    /// What to do instead, if something helps.
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

    /// Adds the result of a local read.
    pub fn add_local(&mut self, attrs: Map) {
        self.local.push(attrs);
    }

    /// Returns the rows of a view.
    #[must_use]
    pub fn rows(&self, view: &'static View) -> Vec<Row> {
        let own = |(other, _): &&(&'static View, Row)| std::ptr::eq(*other, view);
        self.rows
            .iter()
            .filter(own)
            .map(|(_, row)| row.clone())
            .collect()
    }

    /// Replaces the rows of a view.
    pub fn replace(&mut self, view: &'static View, rows: Vec<Row>) {
        self.rows.retain(|(other, _)| !std::ptr::eq(*other, view));
        self.rows.extend(rows.into_iter().map(|row| (view, row)));
    }

    /// Returns the attributes of every row found through this view.
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

    /// Returns the results of local reads.
    pub fn local(&self) -> impl Iterator<Item = &Map> {
        self.local.iter()
    }
}

/// Which of several matches a look-up selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUp {
    /// Exactly one must match.
    One,
    /// The one with the greatest value of this attribute; among equal ones, the one with the
    /// greatest id.
    Newest(&'static str),
}

/// How a kind is looked up by more than ids, names and tags.
#[derive(Debug, Clone, Copy)]
pub struct Finder {
    /// The view that is read.
    pub view: &'static View,
    /// Returns the API's filters for a look-up.
    pub args: fn(&Map) -> Args,
    /// Returns whether the look-up selects a row, beyond what the API's filters check.
    pub fits: fn(&Map, &Live) -> bool,
}

/// An attribute with its row in the table.
#[derive(Debug, Clone)]
pub struct RowOf {
    /// The name of the attribute: dotted, with `*` for the keys of named maps.
    pub attr: String,
    /// The row.
    pub field: &'static Field,
}

/// Returns what is lost with a live resource under an effect, as one line for people; `None` if
/// nothing is.
pub type Loses = fn(&Live, Effect) -> Option<String>;

/// Returns an attribute of the live or of the desired resource by name; `Null` if it is not known.
pub type Attributes<'a> = dyn Fn(&str) -> Value + 'a;

/// The steps that open a window, and the steps that close it.
pub type Window = (Vec<Step>, Vec<Step>);

/// A kind of resource. The module documentation states the contract.
pub struct Kind {
    /// Its name in `type:`.
    pub name: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// The table of fields.
    pub fields: &'static [Field],
    /// Groups of fields; exactly one field of each group must be given.
    pub one_of: &'static [&'static [&'static str]],
    /// Groups of fields; at least one field of each group must be given.
    pub any_of: &'static [&'static [&'static str]],
    /// Names that people know from elsewhere, with what to write instead.
    pub hints: &'static [(&'static str, &'static str)],
    /// How its resources are named outside their entry.
    pub naming: Naming,
    /// Members of `lifecycle` besides those that every entry has. A plan finds the chosen words in
    /// [`Lifecycle::choices`](crate::Lifecycle::choices).
    pub lifecycle: &'static [FieldDef],
    /// Checks that concern a whole entry rather than a single type. They run offline.
    pub check: fn(&CheckCx<'_>) -> Vec<Problem>,
    /// A minimal stack of this kind for the tests, as the YAML of `resources`. The entry under test
    /// is called `it`.
    pub example: &'static str,

    /// The calls that write its tags; `None` for kinds without tags.
    pub tag_api: Option<TagApi>,
    /// How a listed row spells its tags.
    pub tag_names: TagNames,
    /// Whether the first version created rows of this kind, whose guard tag does not name the kind.
    pub first_version: bool,
    /// The mark that a row carries while a window of ours is open. A later run that finds it closes
    /// the window.
    pub window_mark: Option<&'static str>,
    /// The mark that a row carries until it has passed its readiness check.
    pub pending_mark: Option<&'static str>,

    /// The listing of its resources.
    pub list: &'static View,
    /// Further listings of the first round, each with the kind that decodes it. Their rows are
    /// details.
    pub more_lists: &'static [(&'static Self, &'static View)],
    /// Which of several matches a look-up selects.
    pub look_up: LookUp,
    /// How it is looked up by more than ids, names and tags; `None` if it is not.
    pub finder: Option<Finder>,
    /// Returns the look-ups that depend on the file alone.
    pub look_ups: fn(&Desired, &Site) -> Vec<Query>,
    /// Returns the local reads of an entry, which are made with the first round. They never write.
    pub local_reads: fn(&Desired) -> Vec<Local>,
    /// Completes the desired resource from all answers, including those to [`Kind::details`]:
    /// canonical forms, defaults at creation, derived names.
    pub desire: fn(&Cx<'_>, &Found, Option<&Live>, &mut Desired) -> Result<(), Refusal>,
    /// Returns the queries for values that no listing carries. The desired resource is in its first
    /// form; it is `None` for a row that no entry desires.
    pub details: fn(Option<&Desired>, &Live, &Found) -> Vec<Query>,

    /// Returns the exclusive values that a live or desired resource holds. The argument returns its
    /// attributes, `Null` for unknown ones. `id` is known for a live row and where it is derived.
    pub claims: fn(&Attributes<'_>) -> Vec<Claim>,
    /// Returns the blocks that it offers to its children at each stage of its update; `None` for
    /// kinds that offer none.
    pub room: fn(&Live, &Desired) -> Option<Room>,
    /// Returns the id that a resource will have, for kinds whose ids we choose.
    pub derived_id: Option<fn(&Cx<'_>, &Desired) -> String>,
    /// Returns what is lost with a resource; `None` if no resource of the kind carries data or an
    /// address.
    pub loses: Option<Loses>,
    /// Returns why the cloud would refuse to delete it although nothing uses it.
    pub undeletable: fn(&Cx<'_>, &Live) -> Option<String>,
    /// Returns whether nothing in it is running, so that a restart interrupts nothing.
    pub is_at_rest: fn(&Live) -> bool,
    /// Returns whether it serves nobody: it is at rest, or on its way to or from it.
    pub is_down: fn(&Live) -> bool,

    /// Returns the procedure that creates it.
    pub create: fn(&Cx<'_>, &Desired) -> Procedure,
    /// Returns the steps that open and close the window for updates that need it stopped. Both are
    /// empty if it is stopped anyway.
    pub window: fn(&Cx<'_>, &Desired, &Live) -> Window,
    /// Returns the procedure that deletes it, from the live row alone.
    pub delete: fn(&Cx<'_>, &Live) -> Procedure,
}

impl Kind {
    /// Returns a kind without special behaviour: the base of all kinds.
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
            is_down: |_| false,
            create,
            window: |_, _, _| (Vec::new(), Vec::new()),
            delete,
        }
    }

    /// Returns the row of an attribute. The names of members are dotted; any key is accepted in a
    /// named map.
    #[must_use]
    pub fn row(&self, attr: &str) -> Option<&'static Field> {
        find(self.fields, attr)
    }

    /// Returns every attribute that has a row, in the order of the table.
    #[must_use]
    pub fn rows(&self) -> Vec<RowOf> {
        let mut rows = Vec::new();
        collect("", self.fields, &mut rows);
        rows
    }

    /// Returns the query for the resources of this kind that a stack owns.
    #[must_use]
    pub fn owned(&'static self, site: &Site, stack: &str) -> Query {
        self.list.owned_by(self, site, stack)
    }

    /// Returns the queries for these ids.
    #[must_use]
    pub fn poll(&'static self, site: &Site, ids: &[String]) -> Vec<Query> {
        self.list.by_ids(self, site, ids)
    }

    /// Returns the query for a look-up in braces; `None` if the kind cannot be looked up that way.
    #[must_use]
    pub fn find(&'static self, site: &Site, by: &Map) -> Option<Query> {
        match self.finder {
            Some(finder) => Some(finder.view.query(self, site, (finder.args)(by))),
            None => self.list.found_by(self, site, by),
        }
    }

    /// Returns whether a look-up selects a row that was found. The API's filters by name accept
    /// wildcards, but a look-up selects exactly the name.
    #[must_use]
    pub fn is_meant(&self, by: &Map, live: &Live) -> bool {
        match self.finder {
            Some(finder) => (finder.fits)(by, live),
            None => by.get("name").is_none_or(|name| live.attr("name") == *name),
        }
    }

    /// Returns the word that the documentation shows for a change of a field. A replacement that
    /// loses something is held and has its own word.
    #[must_use]
    pub fn shown_change(&self, field: &Field) -> &'static str {
        match field.change {
            OnChange::Replace if self.loses.is_some() => "replace!",
            _ => field.shown_change(),
        }
    }

    /// Returns whether an attribute changes by itself.
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
    // Names of outputs may contain dots, so the field with the longest matching name decides.
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

/// Returns the reference to a resource's id, which may be known or not yet known.
#[must_use]
pub fn id_of(address: &Address) -> Value {
    Value::reference(address, "id")
}

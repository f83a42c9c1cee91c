//! One row of a kind's table: everything that is known of a field, in one place.
//!
//! From the rows of a kind follow the language (parser, JSON Schema, `explain`, the reference
//! page), the parameters of the create call, the decoding of a listed row, the comparison with the
//! live state, and the tests of every field. A row says each fact once:
//!
//! - *language*: name, type, whether it is required, what its absence means, one line for people;
//! - *API*: the parameter of the create call, and of the update where that one is spelt otherwise;
//!   where a listed row holds the value, and whether the cloud may leave it out;
//! - *change*: what a difference leads to ([`OnChange`]);
//! - *evidence*: two sample values for the tests, and where the facts come from ([`Basis`]).
//!
//! Members of structures stand in the row of the structure; their attributes have dotted names
//! (`system_disk.size`), and members of named maps a pattern (`data_disks.*.size`). Invariant:
//! every attribute that a kind can produce has a row; [`crate::kind::Kind::row`] finds it.

use std::collections::BTreeMap;

use setpoint_openapi::json::{Node, Odd};
use setpoint_spec::schema::{Type, Unset};

use crate::desired::Desired;
use crate::effect::Effect;
use crate::live::Live;
use crate::update::Update;
use crate::{Address, Value};

/// One field of a kind, or one member of a structured field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the file.
    pub name: &'static str,
    /// What it takes. Of a structure, [`Field::shape`] and [`Field::members`] say more.
    pub ty: Type,
    /// Whether it is a single value or has members.
    pub shape: Shape,
    /// The members of a structure.
    pub members: &'static [Self],
    /// Who may say it.
    pub role: Role,
    /// Whether it must be given.
    pub required: bool,
    /// What its absence means.
    pub unset: Unset,
    /// Whether references in it bind late: once both ends exist, making no cycle.
    pub late: bool,
    /// The attribute of what it refers to that is known only once it is bound; empty if there is
    /// none.
    pub gives: &'static str,
    /// One line for people, with units and limits.
    pub doc: &'static str,
    /// The create call's parameter; empty where the kind builds it otherwise.
    pub param: &'static str,
    /// The parameter of the update's call, where it is spelt otherwise than in the create call.
    pub update_param: &'static str,
    /// Where a listed row holds it.
    pub read: Read,
    /// What a difference leads to.
    pub change: OnChange,
    /// The update whose call takes the field's parameter, for a judged field.
    pub via: Option<&'static Update>,
    /// The update that lets go of what the field refers to, with no successor at hand. Used where
    /// the old and the new target cannot exist at once. What a late field refers to is let go too
    /// where it is deleted and the resource is kept, by the steps of the deletion up to its pivot.
    /// Its steps name no lock: a lock is held to the last step of the change.
    pub leave: Option<&'static Update>,
    /// Whether the resource outside the stack that it refers to fits the desired resource.
    /// Resources inside the stack are compared when the file is read.
    pub fits: Option<Fits>,
    /// What the resource that it refers to gets from it: that one's attribute, and the own one that
    /// stands for it from the start.
    pub lends: Option<(&'static str, &'static str)>,
    /// Whether it moves by itself, as a state does: its change is no sign that somebody changed
    /// the resource.
    pub transient: bool,
    /// Whether the live resource needs what the field refers to, so that it must let go first.
    pub holds: bool,
    /// Whether the kind itself resolves a look-up in braces, in [`crate::kind::Kind::desire`].
    pub own_look_up: bool,
    /// Two values for the tests, as YAML; empty where a kind's own tests cover the field.
    pub samples: [&'static str; 2],
    /// Further fields that the samples need, as the inside of a YAML flow map.
    pub given: &'static str,
    /// Where the facts of the row come from.
    pub basis: Basis,
}

/// Whether a field is a single value or has members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A single value or a list of them.
    Plain,
    /// A structure with members.
    Struct,
    /// A list of structures.
    Rows,
    /// A map with free keys, each a structure.
    Named,
}

/// Who may say a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The file.
    Input,
    /// The display name or the description, which the language has for every kind.
    Common,
    /// Nobody: it is read from the cloud.
    Output,
    /// Nobody: the kind itself derives it, to give a part of a change a place of its own.
    Derived,
}

/// Where a listed row holds a field.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    /// Nowhere: it comes from a detail, from the guard tag, or is never shown.
    Elsewhere,
    /// At this path of the row, in the form that the type of the field has.
    At(&'static str, Presence),
    /// Computed from the row. `None` means that it has none. If one of the paths must be there, but
    /// none is, nobody knows whether the cloud left them out.
    By(Compute, &'static [&'static str]),
}

/// Why a resource outside the stack does not fit the desired resource, and the way out.
pub type Fits = fn(&Desired, &Live) -> Option<(String, String)>;

/// Computes a field from a row.
pub type Compute = fn(Node<'_>) -> Result<Option<Value>, Odd>;

/// Whether the cloud always sends a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Always; its absence is an error.
    Always,
    /// Left out when it is empty, as captured answers show.
    OrAbsent,
    /// Not known: absent only if a second read says so too.
    Uncaptured,
}

/// What a difference leads to.
#[derive(Debug, Clone, Copy)]
pub enum OnChange {
    /// The members of the structure have rows of their own.
    Members,
    /// It is a part of the structure around it, which is compared as a whole.
    Part,
    /// Nothing: it is not compared.
    Never,
    /// The resource is replaced.
    Replace,
    /// Used at creation only; a later difference is noted, not acted on.
    CreateOnly,
    /// Changed in place.
    Update(&'static Update),
    /// The way depends on both sides. The word is what the documentation shows.
    Judge(fn(&Judged<'_>) -> Verdict, &'static str),
}

/// The facts that a judgement may use.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The attribute's desired value.
    pub want: &'a Value,
    /// Its live value, `Null` if it has none.
    pub live: &'a Value,
    /// The whole desired resource.
    pub desired: &'a Desired,
    /// The whole live resource.
    pub row: &'a Live,
    /// The desired resource that the value refers to, if it refers to one.
    pub target: Option<&'a Desired>,
    /// Every desired resource, references unresolved, to follow them further.
    pub all: &'a BTreeMap<Address, Desired>,
    /// The live row outside the stack whose id the value is, if it was looked up.
    pub outside: Option<&'a Live>,
}

/// The result of a judgement.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// No difference after all.
    Same,
    /// A difference in a field that is used at creation only.
    CreationOnly,
    /// A difference that is noted, not acted on.
    Note(String),
    /// In place.
    Update(&'static Update),
    /// In place, with an effect that the values decide, not the update's own.
    UpdateWith(&'static Update, Effect),
    /// By replacement.
    Replace,
    /// Not possible in place; what is wrong, and the way out.
    Refuse(String, Option<String>),
}

/// Where the facts of a row come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Captured answers or runs of real clients.
    Captured,
    /// The vendor's documentation alone; listed in `docs/unverified.md`.
    Documented,
}

impl Field {
    /// A field of this type that is not managed when it is not given.
    #[must_use]
    pub const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self {
            name,
            ty,
            shape: Shape::Plain,
            members: &[],
            role: Role::Input,
            required: false,
            unset: Unset::Unmanaged,
            late: false,
            gives: "",
            doc,
            param: "",
            update_param: "",
            read: Read::Elsewhere,
            change: OnChange::Part,
            via: None,
            leave: None,
            fits: None,
            lends: None,
            transient: false,
            holds: true,
            own_look_up: false,
            samples: ["", ""],
            given: "",
            basis: Basis::Documented,
        }
    }

    /// A structure whose members have rows of their own.
    #[must_use]
    pub const fn structure(
        name: &'static str,
        members: &'static [Self],
        doc: &'static str,
    ) -> Self {
        let base = Self::new(name, Type::Bool, doc);
        Self {
            shape: Shape::Struct,
            members,
            change: OnChange::Members,
            ..base
        }
    }

    /// A list of structures, compared as a whole.
    #[must_use]
    pub const fn rows(name: &'static str, members: &'static [Self], doc: &'static str) -> Self {
        let base = Self::new(name, Type::Bool, doc);
        Self {
            shape: Shape::Rows,
            members,
            ..base
        }
    }

    /// A structure that is compared as a whole.
    #[must_use]
    pub const fn whole(name: &'static str, members: &'static [Self], doc: &'static str) -> Self {
        let base = Self::new(name, Type::Bool, doc);
        Self {
            shape: Shape::Struct,
            members,
            ..base
        }
    }

    /// A map with free keys whose members have rows of their own: `name.*.member`.
    #[must_use]
    pub const fn named(name: &'static str, members: &'static [Self], doc: &'static str) -> Self {
        let base = Self::new(name, Type::Bool, doc);
        Self {
            shape: Shape::Named,
            members,
            change: OnChange::Members,
            ..base
        }
    }

    /// The display name, of so many characters, which the API calls by this parameter.
    #[must_use]
    pub const fn display_name(param: &'static str, min: usize, max: usize) -> Self {
        let base = Self::new("name", Type::Text { min, max }, "Display name.");
        Self {
            role: Role::Common,
            param,
            ..base
        }
    }

    /// The description.
    #[must_use]
    pub const fn description() -> Self {
        let base = Self::new(
            "description",
            Type::Text { min: 2, max: 256 },
            "Description.",
        );
        Self {
            role: Role::Common,
            param: "Description",
            ..base
        }
    }

    /// An attribute that is read from the cloud and cannot be given.
    #[must_use]
    pub const fn output(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self {
            role: Role::Output,
            change: OnChange::Never,
            ..Self::new(name, ty, doc)
        }
    }

    /// An attribute that the kind derives, to give a part of a change a place of its own.
    #[must_use]
    pub const fn derived(name: &'static str) -> Self {
        Self {
            role: Role::Derived,
            ..Self::new(name, Type::Bool, "")
        }
    }

    /// It must be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// This is sent at creation when it is not given.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.unset = Unset::Default(default);
        self
    }

    /// None are desired when it is not given.
    #[must_use]
    pub const fn closed(mut self) -> Self {
        self.unset = Unset::Closed;
        self
    }

    /// Its references bind once both ends exist.
    #[must_use]
    pub const fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// What it refers to has this attribute once it is bound.
    #[must_use]
    pub const fn gives(mut self, attr: &'static str) -> Self {
        self.gives = attr;
        self
    }

    /// The create call's parameter.
    #[must_use]
    pub const fn param(mut self, param: &'static str) -> Self {
        self.param = param;
        self
    }

    /// The update call's parameter, where it differs from the create call's.
    #[must_use]
    pub const fn update_param(mut self, param: &'static str) -> Self {
        self.update_param = param;
        self
    }

    /// Read at this path, which the cloud always sends.
    #[must_use]
    pub const fn at(mut self, path: &'static str) -> Self {
        self.read = Read::At(path, Presence::Always);
        self
    }

    /// Read at this path, which the cloud leaves out when it is empty.
    #[must_use]
    pub const fn at_or_absent(mut self, path: &'static str) -> Self {
        self.read = Read::At(path, Presence::OrAbsent);
        self
    }

    /// Read at this path, for which no captured answer says whether it is always sent.
    #[must_use]
    pub const fn at_uncaptured(mut self, path: &'static str) -> Self {
        self.read = Read::At(path, Presence::Uncaptured);
        self
    }

    /// Computed from the row.
    #[must_use]
    pub const fn by(self, read: Compute) -> Self {
        self.by_uncaptured(read, &[])
    }

    /// Computed from what is at one of these paths, for which no captured answer says whether the
    /// cloud always sends any of them.
    #[must_use]
    pub const fn by_uncaptured(mut self, read: Compute, paths: &'static [&'static str]) -> Self {
        self.read = Read::By(read, paths);
        self
    }

    /// Changed in place by this update.
    #[must_use]
    pub const fn update(mut self, update: &'static Update) -> Self {
        self.change = OnChange::Update(update);
        self
    }

    /// A difference replaces the resource.
    #[must_use]
    pub const fn replace(mut self) -> Self {
        self.change = OnChange::Replace;
        self
    }

    /// Used at creation only.
    #[must_use]
    pub const fn create_only(mut self) -> Self {
        self.change = OnChange::CreateOnly;
        self
    }

    /// Never compared.
    #[must_use]
    pub const fn never(mut self) -> Self {
        self.change = OnChange::Never;
        self
    }

    /// The way depends on both sides; `shown` is the word for the documentation.
    #[must_use]
    pub const fn judge(mut self, judge: fn(&Judged<'_>) -> Verdict, shown: &'static str) -> Self {
        self.change = OnChange::Judge(judge, shown);
        self
    }

    /// The update whose call takes the parameter of this judged field.
    #[must_use]
    pub const fn via(mut self, update: &'static Update) -> Self {
        self.via = Some(update);
        self
    }

    /// The update that lets go of what it refers to.
    #[must_use]
    pub const fn leave(mut self, update: &'static Update) -> Self {
        self.leave = Some(update);
        self
    }

    /// Checks whether the resource outside the stack that it refers to fits.
    #[must_use]
    pub const fn fitting(mut self, fits: Fits) -> Self {
        self.fits = Some(fits);
        self
    }

    /// The attribute of what it refers to is the own one of that name.
    #[must_use]
    pub const fn lends(mut self, theirs: &'static str, own: &'static str) -> Self {
        self.lends = Some((theirs, own));
        self
    }

    /// It moves by itself.
    #[must_use]
    pub const fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// The live resource does not hold on to what it refers to: that may be deleted before.
    #[must_use]
    pub const fn loose(mut self) -> Self {
        self.holds = false;
        self
    }

    /// The kind resolves look-ups in it itself.
    #[must_use]
    pub const fn own_look_up(mut self) -> Self {
        self.own_look_up = true;
        self
    }

    /// Two values for the tests, as YAML.
    #[must_use]
    pub const fn samples(mut self, first: &'static str, second: &'static str) -> Self {
        self.samples = [first, second];
        self
    }

    /// Further fields that the samples need, as the inside of a YAML flow map.
    #[must_use]
    pub const fn given(mut self, fields: &'static str) -> Self {
        self.given = fields;
        self
    }

    /// Its facts rest on captured answers or on runs of real clients.
    #[must_use]
    pub const fn captured(mut self) -> Self {
        self.basis = Basis::Captured;
        self
    }

    /// The path of this field in the parameters of an update.
    #[must_use]
    pub fn param_of_update(&self) -> &'static str {
        if self.update_param.is_empty() {
            self.param
        } else {
            self.update_param
        }
    }

    /// Whether a listed row shows it.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        !matches!(self.read, Read::Elsewhere)
    }

    /// Whether a difference in it can lead to a change.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        !matches!(self.change, OnChange::Never | OnChange::Members)
    }

    /// Whether the call of this update takes the parameter of this field.
    #[must_use]
    pub fn is_changed_by(&self, update: &Update) -> bool {
        let own = match self.change {
            OnChange::Update(own) => Some(own),
            _ => self.via,
        };
        own.is_some_and(|own| own.is(update))
    }

    /// The word that the documentation shows for a change of this field.
    #[must_use]
    pub fn shown_change(&self) -> &'static str {
        match self.change {
            OnChange::Members => "members",
            OnChange::Never => "never",
            OnChange::Part => "none",
            OnChange::Replace => "replace",
            OnChange::CreateOnly => "once",
            OnChange::Update(update) if update.boot => "boot",
            OnChange::Update(update) => update.effect.word(),
            OnChange::Judge(_, shown) => shown,
        }
    }
}

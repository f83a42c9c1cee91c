//! A field of a kind: one row of the kind's table, with everything that is known of it in one
//! place.
//!
//! The table of a kind determines the language (parser, JSON Schema, `explain`, the reference
//! page), the parameters of the create call, the decoding of a listed row, the comparison with the
//! live state, and the tests of every field. A row states each fact once:
//!
//! - *language*: name, type, whether it is required, the meaning of its absence, one line for
//!   people;
//! - *API*: the parameter of the create call, and that of the update where its name differs; the
//!   place of the value in a listed row, and whether the cloud may omit it;
//! - *change*: how a difference is acted on ([`OnChange`]);
//! - *evidence*: two sample values for the tests, and the source of the facts ([`Basis`]).
//!
//! Members of structures are part of the structure's row. Their attributes have dotted names
//! (`system_disk.size`), and those of named maps a pattern (`data_disks.*.size`). Invariant: every
//! attribute that a kind can produce has a row; [`crate::kind::Kind::row`] finds it.

use std::collections::BTreeMap;

use setpoint_openapi::json::{Node, Odd};
use setpoint_spec::schema::{Type, Unset};

use crate::desired::Desired;
use crate::effect::Effect;
use crate::live::Live;
use crate::update::Update;
use crate::{Address, Value};

/// A field of a kind, or a member of a structured field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the file.
    pub name: &'static str,
    /// The type of its value. For a structure, [`Field::shape`] and [`Field::members`] describe it.
    pub ty: Type,
    /// Whether it is a single value or has members.
    pub shape: Shape,
    /// The members of a structure.
    pub members: &'static [Self],
    /// Who sets it.
    pub role: Role,
    /// Whether it must be given.
    pub required: bool,
    /// The meaning of its absence.
    pub unset: Unset,
    /// Whether references in it bind late, once both resources exist, and therefore cause no cycle.
    pub late: bool,
    /// The attribute of the target that is known only once the reference is bound; empty if there
    /// is none.
    pub gives: &'static str,
    /// One line for people, with units and limits.
    pub doc: &'static str,
    /// The parameter of the create call; empty where the kind builds it in another way.
    pub param: &'static str,
    /// The parameter of the update's call, where its name differs from that in the create call.
    pub update_param: &'static str,
    /// The place of its value in a listed row.
    pub read: Read,
    /// How a difference is acted on.
    pub change: OnChange,
    /// For a judged field, the update whose call takes the field's parameter.
    pub via: Option<&'static Update>,
    /// The update that releases the target of the field without a successor. It is used where the
    /// old and the new target cannot exist at the same time. A late field also releases its target
    /// where the target is deleted and the resource is kept, by the steps of the deletion up to its
    /// pivot. The steps of this update name no lock, since a lock is held until the last step of
    /// the change.
    pub leave: Option<&'static Update>,
    /// Checks whether the resource outside the stack that it refers to fits the desired resource.
    /// Resources inside the stack are compared when the file is read.
    pub fits: Option<Fits>,
    /// The attribute of the target that this resource provides, and its own attribute that has the
    /// same value from the start.
    pub lends: Option<(&'static str, &'static str)>,
    /// Whether its value changes by itself, as a state does. Such a change does not mean that
    /// somebody changed the resource.
    pub transient: bool,
    /// Whether the live resource uses the target, so that it must release it before the target is
    /// deleted.
    pub holds: bool,
    /// Whether the kind itself performs a look-up in braces, in [`crate::kind::Kind::desire`].
    pub own_look_up: bool,
    /// Two values for the tests, as YAML; empty where a kind's own tests cover the field.
    pub samples: [&'static str; 2],
    /// Further fields that the samples need, as the inside of a YAML flow map.
    pub given: &'static str,
    /// The source of the row's facts.
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
    /// A map with free keys whose values are structures.
    Named,
}

/// Who sets a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The file.
    Input,
    /// The file; it is the display name or the description, which the language has for every kind.
    Common,
    /// Nobody: it is read from the cloud.
    Output,
    /// Nobody: the kind derives it, so that a part of a change has a field of its own.
    Derived,
}

/// The place of a field's value in a listed row.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    /// None: the value comes from a detail, from the guard tag, or is never shown.
    Elsewhere,
    /// This path, in the form that the type of the field has.
    At(&'static str, Presence),
    /// Computed from the row; `None` means that the row has no value. If paths are named and the
    /// row has none of them, it is not known whether the cloud omitted them.
    By(Compute, &'static [&'static str]),
}

/// Returns why a resource outside the stack does not fit the desired resource, and a way out;
/// `None` if it fits.
pub type Fits = fn(&Desired, &Live) -> Option<(String, String)>;

/// Computes the value of a field from a row.
pub type Compute = fn(Node<'_>) -> Result<Option<Value>, Odd>;

/// Whether the cloud always sends a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Always: its absence is an error.
    Always,
    /// Omitted when it is empty, as captured answers show.
    OrAbsent,
    /// Not known: it counts as absent only if a second read agrees.
    Uncaptured,
}

/// How a difference is acted on.
#[derive(Debug, Clone, Copy)]
pub enum OnChange {
    /// The members of the structure have rows of their own.
    Members,
    /// As a part of the structure around it, which is compared as a whole.
    Part,
    /// Not at all: it is not compared.
    Never,
    /// The resource is replaced.
    Replace,
    /// It is used at creation only. A later difference is noted, not acted on.
    CreateOnly,
    /// The resource is updated in place.
    Update(&'static Update),
    /// The two values decide. The word is what the documentation shows.
    Judge(fn(&Judged<'_>) -> Verdict, &'static str),
}

/// The facts that a judgement may use.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The desired value of the attribute.
    pub want: &'a Value,
    /// The live value of the attribute; `Null` if it has none.
    pub live: &'a Value,
    /// The whole desired resource.
    pub desired: &'a Desired,
    /// The whole live resource.
    pub row: &'a Live,
    /// The desired resource that the value refers to, if it refers to one.
    pub target: Option<&'a Desired>,
    /// Every desired resource with its references unresolved, so that they can be followed further.
    pub all: &'a BTreeMap<Address, Desired>,
    /// The live row outside the stack whose id the value is, if it was looked up.
    pub outside: Option<&'a Live>,
}

/// The result of a judgement.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The two values mean the same.
    Same,
    /// The field is used at creation only.
    CreationOnly,
    /// The difference is noted, not acted on.
    Note(String),
    /// The resource is updated in place.
    Update(&'static Update),
    /// The resource is updated in place, with an effect that the values determine instead of the
    /// update.
    UpdateWith(&'static Update, Effect),
    /// The resource is replaced.
    Replace,
    /// The change is refused: the reason and a way out.
    Refuse(String, Option<String>),
}

/// The source of a row's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Captured answers or runs of real clients.
    Captured,
    /// The vendor's documentation alone; such rows are listed in `docs/unverified.md`.
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

    /// The display name, with its length in characters and the name of its parameter.
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

    /// An attribute that the kind derives, so that a part of a change has a field of its own.
    #[must_use]
    pub const fn derived(name: &'static str) -> Self {
        Self {
            role: Role::Derived,
            ..Self::new(name, Type::Bool, "")
        }
    }

    /// Makes the field required.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sends this default at creation when the field is not given.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.unset = Unset::Default(default);
        self
    }

    /// Desires an empty value when the field is not given.
    #[must_use]
    pub const fn closed(mut self) -> Self {
        self.unset = Unset::Closed;
        self
    }

    /// Binds references in the field late, once both resources exist.
    #[must_use]
    pub const fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// Names the attribute of the target that is known once the reference is bound.
    #[must_use]
    pub const fn gives(mut self, attr: &'static str) -> Self {
        self.gives = attr;
        self
    }

    /// Names the parameter of the create call.
    #[must_use]
    pub const fn param(mut self, param: &'static str) -> Self {
        self.param = param;
        self
    }

    /// Names the parameter of the update's call, where it differs from that of the create call.
    #[must_use]
    pub const fn update_param(mut self, param: &'static str) -> Self {
        self.update_param = param;
        self
    }

    /// Reads the field at this path, which the cloud always sends.
    #[must_use]
    pub const fn at(mut self, path: &'static str) -> Self {
        self.read = Read::At(path, Presence::Always);
        self
    }

    /// Reads the field at this path, which the cloud omits when it is empty.
    #[must_use]
    pub const fn at_or_absent(mut self, path: &'static str) -> Self {
        self.read = Read::At(path, Presence::OrAbsent);
        self
    }

    /// Reads the field at this path; no captured answer shows whether it is always sent.
    #[must_use]
    pub const fn at_uncaptured(mut self, path: &'static str) -> Self {
        self.read = Read::At(path, Presence::Uncaptured);
        self
    }

    /// Computes the field from the row.
    #[must_use]
    pub const fn by(self, read: Compute) -> Self {
        self.by_uncaptured(read, &[])
    }

    /// Computes the field from the values at these paths; no captured answer shows whether the
    /// cloud always sends any of them.
    #[must_use]
    pub const fn by_uncaptured(mut self, read: Compute, paths: &'static [&'static str]) -> Self {
        self.read = Read::By(read, paths);
        self
    }

    /// Updates the resource in place if the field differs.
    #[must_use]
    pub const fn update(mut self, update: &'static Update) -> Self {
        self.change = OnChange::Update(update);
        self
    }

    /// Replaces the resource if the field differs.
    #[must_use]
    pub const fn replace(mut self) -> Self {
        self.change = OnChange::Replace;
        self
    }

    /// Uses the field at creation only.
    #[must_use]
    pub const fn create_only(mut self) -> Self {
        self.change = OnChange::CreateOnly;
        self
    }

    /// Excludes the field from the comparison.
    #[must_use]
    pub const fn never(mut self) -> Self {
        self.change = OnChange::Never;
        self
    }

    /// Lets the two values decide; `shown` is the word for the documentation.
    #[must_use]
    pub const fn judge(mut self, judge: fn(&Judged<'_>) -> Verdict, shown: &'static str) -> Self {
        self.change = OnChange::Judge(judge, shown);
        self
    }

    /// Names the update whose call takes the parameter of this judged field.
    #[must_use]
    pub const fn via(mut self, update: &'static Update) -> Self {
        self.via = Some(update);
        self
    }

    /// Names the update that releases the target of the field.
    #[must_use]
    pub const fn leave(mut self, update: &'static Update) -> Self {
        self.leave = Some(update);
        self
    }

    /// Checks whether a target outside the stack fits.
    #[must_use]
    pub const fn fitting(mut self, fits: Fits) -> Self {
        self.fits = Some(fits);
        self
    }

    /// Provides the attribute `theirs` of the target; its value is that of the own attribute `own`.
    #[must_use]
    pub const fn lends(mut self, theirs: &'static str, own: &'static str) -> Self {
        self.lends = Some((theirs, own));
        self
    }

    /// Marks the field as one that changes by itself.
    #[must_use]
    pub const fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Lets the target be deleted while the live resource refers to it.
    #[must_use]
    pub const fn loose(mut self) -> Self {
        self.holds = false;
        self
    }

    /// Leaves look-ups in the field to the kind.
    #[must_use]
    pub const fn own_look_up(mut self) -> Self {
        self.own_look_up = true;
        self
    }

    /// Sets two values for the tests, as YAML.
    #[must_use]
    pub const fn samples(mut self, first: &'static str, second: &'static str) -> Self {
        self.samples = [first, second];
        self
    }

    /// Sets further fields that the samples need, as the inside of a YAML flow map.
    #[must_use]
    pub const fn given(mut self, fields: &'static str) -> Self {
        self.given = fields;
        self
    }

    /// Records that the facts rest on captured answers or on runs of real clients.
    #[must_use]
    pub const fn captured(mut self) -> Self {
        self.basis = Basis::Captured;
        self
    }

    /// Returns the path of this field in the parameters of an update.
    #[must_use]
    pub fn param_of_update(&self) -> &'static str {
        if self.update_param.is_empty() {
            self.param
        } else {
            self.update_param
        }
    }

    /// Returns whether a listed row shows it.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        !matches!(self.read, Read::Elsewhere)
    }

    /// Returns whether a difference in it can lead to a change.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        !matches!(self.change, OnChange::Never | OnChange::Members)
    }

    /// Returns whether the call of this update takes the parameter of this field.
    #[must_use]
    pub fn is_changed_by(&self, update: &Update) -> bool {
        let own = match self.change {
            OnChange::Update(own) => Some(own),
            _ => self.via,
        };
        own.is_some_and(|own| own.is(update))
    }

    /// Returns the word that the documentation shows for a change of this field.
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

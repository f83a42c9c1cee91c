//! The trait that every kind of resource implements, and the small nouns it speaks in.
//!
//! Contract. *Expected flow*: `list` and `lookups` are asked, then `desire` completes what is wanted, then `details`
//! are read for what the spec manages, then `create`, `update` or `delete` gives the procedure. *Guarantees*: a kind
//! is data and pure functions; equal arguments give equal results. *Assumptions*: `decode` sees only well-formed
//! JSON; anything else than it expects is [`Odd`], never an empty result. *Errors*: [`Refusal`] for what a plan
//! cannot do, with the way out.

use setpoint_openapi::action::Action;
use setpoint_openapi::json::{Json, Odd};
use setpoint_openapi::page::Listing;
use setpoint_spec::schema::KindDef;

use crate::desired::Desired;
use crate::live::Live;
use crate::procedure::{Args, Local, Procedure, Step};
use crate::{Address, Map, Value};

/// Where a stack lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The account's id, 16 digits.
    pub account: String,
    /// The region.
    pub region: String,
}

/// A read of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The kind whose `decode` reads the answer.
    pub kind: &'static str,
    /// Which of the kind's views the answer is: `list` for its rows.
    pub view: &'static str,
    /// Whose region is asked.
    pub site: Site,
    /// The action.
    pub api: &'static Action,
    /// Parameters, without those of paging.
    pub args: Args,
    /// How it pages, and where its rows stand.
    pub listing: Listing,
    /// What makes an empty answer believable.
    pub proof: Proof,
}

/// What makes an empty listing believable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A caller who may not list gets an error.
    Refused,
    /// Asked once more with `DryRun`: a caller who may not list gets an error then.
    DryRun,
    /// A second look; for kinds without a create token.
    Twice,
}

/// What a kind reads out of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A resource as it is.
    Live(Live),
    /// More attributes of a resource that a listing has shown.
    Detail {
        /// Its id.
        id: String,
        /// Attributes to add.
        attrs: Map,
        /// Further resources that it uses: kind and id.
        uses: Vec<(&'static str, String)>,
    },
    /// Something looked up that no kind manages: an image, say.
    Found(Map),
}

/// How a field changes.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The attribute, dotted for members: `system_disk.size`.
    pub attr: &'static str,
    /// The create call's parameter; empty where the kind builds it otherwise.
    pub param: &'static str,
    /// What a difference leads to.
    pub change: Change,
    /// The verb that lets go of what the attribute refers to, with no successor at hand. Used where old and new target
    /// cannot be there at once.
    pub leave: Option<&'static str>,
}

/// What a difference leads to.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// The resource is replaced.
    Replace,
    /// Used at creation only; a later difference is noted, not acted on.
    CreateOnly,
    /// Changed in place by this verb of the kind.
    Update {
        /// Which steps: the kind's `update` is asked for them by this word.
        verb: &'static str,
        /// What it does to what runs.
        effect: Effect,
        /// Where in the procedure it stands.
        at: At,
    },
    /// The way depends on both sides.
    Judge(fn(&Judged<'_>) -> Verdict),
}

/// What a judgement may look at.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The attribute's wanted value.
    pub want: &'a Value,
    /// Its live value, `Null` if it has none.
    pub live: &'a Value,
    /// The whole of what is wanted.
    pub desired: &'a Desired,
    /// The whole of what is there.
    pub row: &'a Live,
    /// What is wanted of the resource that the wanted value refers to, if it refers to one.
    pub target: Option<&'a Desired>,
    /// The live row outside the stack whose id the wanted value is, if it was looked up.
    pub outside: Option<&'a Live>,
}

/// What a judgement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No difference after all.
    Same,
    /// A difference that is noted, not acted on.
    Note(String),
    /// In place.
    Update {
        /// The kind's verb.
        verb: &'static str,
        /// What it does to what runs.
        effect: Effect,
        /// Where in the procedure it stands.
        at: At,
    },
    /// By replacement.
    Replace,
    /// Not possible; what to do instead.
    Refuse(String),
}

/// What a change does to what runs, from mild to severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Effect {
    /// Nothing notices.
    #[default]
    None,
    /// A network blip.
    Brief,
    /// Stop, change, start.
    Restart,
    /// The system disk is replaced; id and private address stay.
    Rebuild,
    /// The resource goes and another comes.
    Replace,
}

impl Effect {
    /// The word in output: `none`, `brief`, `restart`, `rebuild`, `replace`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Brief => "brief",
            Self::Restart => "restart",
            Self::Rebuild => "rebuild",
            Self::Replace => "replace",
        }
    }
}

/// Where in an update's procedure a verb stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// Before the window.
    Before,
    /// Inside the window, while the resource is stopped.
    Stopped,
    /// After the window.
    After,
}

/// How the kind's tags are written.
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

/// What look-ups found for one resource.
#[derive(Debug, Clone, Default)]
pub struct Found {
    rows: Vec<(&'static str, Row)>,
}

impl Found {
    /// Notes a row of a view.
    pub fn add(&mut self, view: &'static str, row: Row) {
        self.rows.push((view, row));
    }

    /// The attributes of every row found under this view.
    pub fn of<'a>(&'a self, view: &'a str) -> impl Iterator<Item = &'a Map> + 'a {
        self.rows
            .iter()
            .filter(move |(name, _)| *name == view)
            .filter_map(|(_, row)| match row {
                Row::Found(attrs) => Some(attrs),
                Row::Live(live) => Some(&live.attrs),
                Row::Detail { .. } => None,
            })
    }
}

/// A kind of resource: its table, its reads, and its procedures.
pub trait Kind: Sync {
    /// Its table in the language: name, fields, attributes.
    fn def(&self) -> &'static KindDef;

    /// How each attribute changes.
    fn rules(&self) -> &'static [Rule];

    /// How its tags are written; `None` for kinds without tags.
    fn tag_api(&self) -> Option<TagApi>;

    /// The listing of everything that the stack owns.
    fn list(&self, site: &Site, stack: &str) -> Query;

    /// Further listings of the first round, whose rows are details: one for the disks of all instances, say.
    fn more_lists(&self, _site: &Site, _stack: &str) -> Vec<Query> {
        Vec::new()
    }

    /// Reads by id: for waits, guards, and 'is it dead?'.
    fn poll(&self, site: &Site, ids: &[String]) -> Vec<Query>;

    /// The listing that finds something by `id`, `name` or `tags`, for `existing` and look-ups in braces.
    fn find(&self, site: &Site, by: &Map) -> Option<Query>;

    /// First round, beside the listings: look-ups that depend on the spec alone.
    fn lookups(&self, _want: &Desired, _site: &Site) -> Vec<Query> {
        Vec::new()
    }

    /// What lies on this machine and is read with the first round, never written; found under the view `local`.
    fn local_reads(&self, _want: &Desired) -> Vec<Local> {
        Vec::new()
    }

    /// Completes what is wanted, once look-ups are there: canonical forms, defaults at creation, derived names.
    ///
    /// # Errors
    /// What the look-ups show to be impossible: no such image, say.
    fn desire(
        &self,
        _cx: &Cx<'_>,
        _found: &Found,
        _live: Option<&Live>,
        _want: &mut Desired,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    /// Second round: what no listing carries. `want` is `None` for a resource that is about to be deleted; rows that
    /// are looked up are added to what was found for the address.
    fn details(&self, _want: Option<&Desired>, _live: &Live, _found: &Found) -> Vec<Query> {
        Vec::new()
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// The answer is not what the action promises.
    fn decode(&self, view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd>;

    /// Whether old and new may be there at once.
    fn coexist(&self, _old: &Live, _new: &Desired) -> bool {
        true
    }

    /// Attributes that these verbs may change beside the ones they are asked to.
    fn unsettled(&self, _verbs: &[&str]) -> &'static [&'static str] {
        &[]
    }

    /// Attributes that move by themselves, as a state does: their change is no sign that somebody changed the resource.
    fn transient(&self) -> &'static [&'static str] {
        &[]
    }

    /// The id that a resource will have, where it is ours to choose: a name, or one derived from its identity.
    fn derived_id(&self, _cx: &Cx<'_>, _want: &Desired) -> Option<String> {
        None
    }

    /// What is lost with it: one line for people, `None` if it carries no data.
    fn loses(&self, _live: &Live, _effect: Effect) -> Option<String> {
        None
    }

    /// Why the cloud would refuse to delete it though nothing uses it: the API's own protection, a subscription.
    fn undeletable(&self, _live: &Live) -> Option<String> {
        None
    }

    /// The procedure that creates it.
    fn create(&self, cx: &Cx<'_>, want: &Desired) -> Procedure;

    /// The steps of one verb of an update.
    fn update(&self, verb: &str, cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step>;

    /// The steps that open and close the window in which `At::Stopped` verbs run; both empty if it is open anyway.
    fn window(&self, _cx: &Cx<'_>, _want: &Desired, _live: &Live) -> (Vec<Step>, Vec<Step>) {
        (Vec::new(), Vec::new())
    }

    /// The procedure that deletes it, from the live row alone.
    fn delete(&self, cx: &Cx<'_>, live: &Live) -> Procedure;

    /// The kind's name.
    fn name(&self) -> &'static str {
        self.def().name
    }

    /// The rule of an attribute.
    fn rule(&self, attr: &str) -> Option<&'static Rule> {
        self.rules().iter().find(|rule| rule.attr == attr)
    }
}

/// The reference that stands for a resource: its id, known or to be known.
#[must_use]
pub fn id_of(address: &Address) -> Value {
    Value::reference(address, "id")
}

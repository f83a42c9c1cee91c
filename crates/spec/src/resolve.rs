//! Resolves parsed files to a [`Stack`]: expands groups, flattens modules, evaluates expressions,
//! and checks every field against its type.
//!
//! Values are computed on demand, each once. Every name, variable, output and field has a *slot*
//! that is idle, running or done. If a running slot is demanded, the values form a cycle, which is
//! reported as its path. The cost is one evaluation for each slot, and the depth of the recursion
//! is bounded by [`MAX_CHAIN`] and [`MAX_EVALS`].
//!
//! For example, `count: "${vars.n}"` demands the slot of the variable `n` while the slot of the
//! name is running; `${app.private_ip}` demands the name `app` and then, if the spec sets it, the
//! field.
//!
//! An error is reported where it occurs, and the value becomes [`Halt::Reported`]. Whatever depends
//! on that value fails silently, so that one mistake gives one diagnostic.

mod budget;
mod check;
mod content;
mod each;
mod expand;
mod graph;
mod local;
mod path;
mod peers;
mod reference;
mod resource;
mod text;
mod top;
pub(crate) mod val;
mod variable;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::limits::Spent;
use crate::loader::Loader;
use crate::parse::{Entry, File, What};
use crate::schema::{KindDef, Schema};
use crate::source::Sources;
use crate::span::Span;
use crate::stack::{Resource, Stack, Terms};
use crate::value::Map;
use each::Each;
use val::{MemberId, Val};

/// The files of one stack.
#[derive(Debug)]
pub(crate) struct World {
    /// The file of the stack, then those of its modules.
    pub(crate) files: Vec<File>,
    /// The values given for the variables of the stack.
    pub(crate) given: crate::vars::Given,
    /// The files of other stacks, which are read once the resolver knows their environments.
    pub(crate) linked: OnceCell<Linked>,
}

impl World {
    /// Returns the file at an index; those of other stacks follow the stack's own.
    fn file(&self, place: usize) -> &File {
        let own = self.files.get(place);
        let far =
            || &self.linked.get().map_or(&[][..], |linked| &linked.files)[place - self.files.len()];
        own.unwrap_or_else(far)
    }
}

/// The files of the other stacks that a stack uses.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    /// All files; their indexes follow those of the stack's own files.
    pub(crate) files: Vec<File>,
    /// By alias: the index of the stack's file, and the values that its environment sets.
    pub(crate) by_alias: BTreeMap<String, (usize, crate::vars::Given)>,
}

/// The inputs of resolution besides the files.
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) loader: &'a dyn Loader,
    /// The folder that paths must not leave.
    pub(crate) root: &'a str,
    /// The current date, `YYYY-MM-DD`.
    pub(crate) today: &'a str,
    pub(crate) home: Option<&'a str>,
}

/// The result of evaluating something.
pub(crate) type Eval<T> = Result<T, Halt>;

/// The reason why there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// There is an error, which was reported.
    Reported,
    /// It refers to something with `enabled: false`, which has this name.
    Off(String),
}

/// The index of a scope in the resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScopeId(usize);

/// An instance of a file: the stack, one use of a module, or another stack.
struct Scope<'a> {
    file: &'a File,
    /// The address of the module or stack, which prefixes its resources.
    prefix: Option<Address>,
    /// For a module: the scope and the member that use it.
    module: Option<(ScopeId, MemberId)>,
    /// For a stack: the values given for its variables.
    given: Option<&'a crate::vars::Given>,
    /// For another stack: its alias.
    alias: Option<String>,
    names: BTreeMap<&'a str, &'a Entry>,
    /// Tags of the stack and of the modules around it, merged.
    tags: Option<Map>,
    /// The terms that its resources start from: the `protect` of the stack, and the `after` of the
    /// module's entry.
    terms: Arc<Terms>,
}

/// One member of an entry: a resource, or one use of a module.
struct Member<'a> {
    address: Address,
    scope: ScopeId,
    entry: &'a Entry,
    each: Option<Each>,
    /// For a module: its scope.
    inside: Option<ScopeId>,
}

/// The context of an expression, which decides the names that it can use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cx {
    scope: ScopeId,
    member: Option<MemberId>,
    /// Whether `${…}` is evaluated; values from outside the spec are used literally.
    expressions: bool,
}

/// The identity of a value that is computed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SlotId<'a> {
    Name(ScopeId, &'a str),
    Var(ScopeId, &'a str),
    Output(ScopeId, &'a str),
    Field(MemberId, &'a str),
}

enum Slot {
    Running,
    Done(Eval<Val>),
}

/// The longest chain of values that depend on each other; longer ones are refused before the call
/// stack overflows.
const MAX_CHAIN: usize = 48;
/// The deepest nesting of expressions along such a chain, where each value counts as
/// [`CHAIN_WEIGHT`] expressions.
const MAX_EVALS: usize = 400;
/// The call stack that a value uses, measured in expressions.
const CHAIN_WEIGHT: usize = 7;

pub(crate) struct Resolver<'a> {
    world: &'a World,
    cx: &'a Context<'a>,
    region: Option<String>,
    account: Option<String>,
    pub(crate) sources: Sources,
    pub(crate) found: Vec<Diagnostic>,
    notes: Vec<String>,
    scopes: Vec<Scope<'a>>,
    members: Vec<Member<'a>>,
    by_address: BTreeMap<Address, MemberId>,
    /// Kinds of external resources: entries of `existing`, groups of other stacks.
    outside_kinds: BTreeMap<Address, &'static KindDef>,
    links: BTreeMap<String, ScopeId>,
    /// The environment of each link, by alias.
    environments: BTreeMap<String, Option<String>>,
    slots: BTreeMap<SlotId<'a>, Slot>,
    /// The slots that are being computed, outermost first.
    chain: Vec<SlotId<'a>>,
    /// The number of expressions that are being evaluated.
    evals: usize,
    /// The spans of field values, until their resource is complete.
    spots: BTreeMap<MemberId, Vec<(String, Span)>>,
    missing: Vec<(String, Span)>,
    /// The size of the stack so far, and whether it exceeds a limit.
    spent: Spent,
    is_full: bool,
}

const ROOT: ScopeId = ScopeId(0);

impl<'a> Resolver<'a> {
    pub(crate) fn new(world: &'a World, cx: &'a Context<'a>, sources: Sources) -> Self {
        let mut resolver = Self {
            world,
            cx,
            region: None,
            account: None,
            sources,
            found: Vec::new(),
            notes: Vec::new(),
            scopes: Vec::new(),
            members: Vec::new(),
            by_address: BTreeMap::new(),
            outside_kinds: BTreeMap::new(),
            links: BTreeMap::new(),
            environments: BTreeMap::new(),
            slots: BTreeMap::new(),
            chain: Vec::new(),
            evals: 0,
            spots: BTreeMap::new(),
            missing: Vec::new(),
            spent: Spent::default(),
            is_full: false,
        };
        resolver.add_scope(0, Some(&world.given));
        resolver
    }

    /// Adds the files of other stacks, before the stack is resolved.
    pub(crate) fn link(&mut self, linked: Linked) {
        let linked = self.world.linked.get_or_init(|| linked);
        for (alias, (file, given)) in &linked.by_alias {
            let scope = self.add_scope(*file, Some(given));
            self.scopes[scope.0].prefix = Some(crate::outside::stack(alias));
            self.scopes[scope.0].alias = Some(alias.clone());
            self.links.insert(alias.clone(), scope);
        }
    }

    fn add_scope(&mut self, file: usize, given: Option<&'a crate::vars::Given>) -> ScopeId {
        let file = self.world.file(file);
        let names = file
            .resources
            .iter()
            .map(|entry| (entry.name.as_str(), entry))
            .collect();
        let scope = Scope {
            file,
            prefix: None,
            module: None,
            given,
            alias: None,
            names,
            tags: None,
            terms: Arc::default(),
        };
        self.scopes.push(scope);
        ScopeId(self.scopes.len() - 1)
    }

    /// Resolves the whole stack; must follow [`Self::environments`] and [`Self::link`]. Diagnostics
    /// are added to `found`.
    pub(crate) fn stack(&mut self) -> Stack {
        let mut stack = self.head();
        self.all_variables(ROOT);
        self.existing(&mut stack);
        let mut resources = BTreeMap::new();
        self.scope_resources(ROOT, &mut resources);
        self.tail(&mut stack, &resources);
        self.check_kinds(&resources);
        self.check_cycles(&resources);
        stack.resources = resources;
        stack.notes = std::mem::take(&mut self.notes);
        stack.notes.sort();
        stack.notes.dedup();
        stack
    }

    /// Resolves every entry of a scope and of the modules in it.
    fn scope_resources(&mut self, scope: ScopeId, resources: &mut BTreeMap<Address, Resource>) {
        let file = self.scopes[scope.0].file;
        for entry in &file.resources {
            let cx = Cx {
                scope,
                member: None,
                expressions: true,
            };
            match self.demand(cx, SlotId::Name(scope, &entry.name), entry.at) {
                Ok(val) => self.entry_resources(&val, resources),
                Err(Halt::Off(name)) => self
                    .notes
                    .push(format!("{name} is not in this stack (`enabled: false`)")),
                Err(Halt::Reported) => {}
            }
        }
        for pair in file.pairs("outputs") {
            // Outputs of modules are checked even if nothing refers to them.
            if self.scopes[scope.0].module.is_some() {
                let cx = Cx {
                    scope,
                    member: None,
                    expressions: true,
                };
                if let Err(Halt::Off(name)) =
                    self.demand(cx, SlotId::Output(scope, &pair.key), pair.at)
                {
                    self.off_alone(cx, pair.value.span, &name);
                }
            }
        }
    }

    fn entry_resources(&mut self, val: &Val, resources: &mut BTreeMap<Address, Resource>) {
        if self.is_full {
            return;
        }
        match val {
            Val::Resource(address) => {
                if let Some(member) = self.by_address.get(address).copied() {
                    let resource = self.resource(member);
                    if let Some(resource) = &resource {
                        self.keep_resource(member, resource);
                    }
                    resources.extend(resource.map(|resource| (address.clone(), resource)));
                }
            }
            Val::Module(member) => {
                if let Some(inside) = self.members[member.0].inside {
                    self.all_variables(inside);
                    self.scope_resources(inside, resources);
                }
            }
            Val::Group(group) => group
                .members
                .iter()
                .for_each(|(_, member)| self.entry_resources(member, resources)),
            _ => {}
        }
    }

    /// Returns the value of a slot and computes it if necessary.
    fn demand(&mut self, cx: Cx, id: SlotId<'a>, at: Span) -> Eval<Val> {
        match self.slots.get(&id) {
            Some(Slot::Done(done)) => return done.clone(),
            Some(Slot::Running) => return Err(self.cycle(cx, id, at)),
            None => {}
        }
        if self.chain.len() >= MAX_CHAIN || self.evals + self.chain.len() * CHAIN_WEIGHT > MAX_EVALS
        {
            let message = "the chain of values that refer to each other is too long";
            return Err(self.fail(
                cx,
                Diagnostic::error("too-deep", at, message)
                    .hint("take the values from one variable"),
            ));
        }
        self.chain.push(id);
        self.slots.insert(id, Slot::Running);
        let result = match id {
            SlotId::Name(scope, name) => self.expand(scope, name),
            SlotId::Var(scope, name) => self.variable(scope, name),
            SlotId::Output(scope, name) => self.output(scope, name),
            SlotId::Field(member, name) => self.field(member, name),
        };
        self.chain.pop();
        let result = match (id, result) {
            // A group is shared, and its members are counted separately.
            (SlotId::Name(..), result) => result,
            (_, result) => result.and_then(|val| self.keep(cx, val, at)),
        };
        self.slots.insert(id, Slot::Done(result.clone()));
        result
    }

    fn label(&self, id: SlotId<'a>) -> String {
        let below = |scope: ScopeId, name: &str| match &self.scopes[scope.0].prefix {
            Some(prefix) => format!("{prefix}.{name}"),
            None => name.to_owned(),
        };
        match id {
            SlotId::Name(scope, name) => below(scope, name),
            SlotId::Var(scope, name) => below(scope, &format!("vars.{name}")),
            SlotId::Output(scope, name) => below(scope, &format!("outputs.{name}")),
            SlotId::Field(member, name) => format!("{}.{name}", self.members[member.0].address),
        }
    }

    fn cycle(&mut self, cx: Cx, id: SlotId<'a>, at: Span) -> Halt {
        let from = self
            .chain
            .iter()
            .position(|running| *running == id)
            .unwrap_or(0);
        let labels: Vec<String> = self.chain[from..]
            .iter()
            .map(|id| self.label(*id))
            .collect();
        let first = labels.first().cloned().unwrap_or_default();
        let path = format!("{} -> {first}", labels.join(" -> "));
        let (message, hint) = if labels.len() == 1 {
            (
                format!("the value refers to itself: {path}"),
                "give it a value that does not refer to it",
            )
        } else {
            (
                format!("the values form a cycle: {path}"),
                "give one of them a value that refers to no other",
            )
        };
        self.fail(cx, Diagnostic::error("cycle", at, message).hint(hint))
    }

    /// Reports an error together with its resource.
    fn fail(&mut self, cx: Cx, diagnostic: Diagnostic) -> Halt {
        let diagnostic = match cx.member {
            Some(member) if diagnostic.context.is_none() => {
                diagnostic.within(self.members[member.0].address.to_string())
            }
            _ => diagnostic,
        };
        self.found.push(diagnostic);
        Halt::Reported
    }

    /// Reports an error of a parser of `types` at a place.
    fn wrong(
        &mut self,
        cx: Cx,
        code: &'static str,
        span: Span,
        wrong: crate::types::Wrong,
    ) -> Halt {
        self.fail(
            cx,
            Diagnostic::error(code, span, wrong.message).maybe_hint(wrong.hint),
        )
    }

    /// Returns the kind of an address, if it is known.
    fn kind_of(&self, address: &Address) -> Option<&'static KindDef> {
        if let Some(kind) = self.outside_kinds.get(address) {
            return Some(kind);
        }
        let member = self.by_address.get(address)?;
        match self.members[member.0].entry.what {
            What::Resource(kind) => Some(kind),
            What::Module { .. } | What::Unclear => None,
        }
    }
}

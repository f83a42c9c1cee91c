//! Parsed files to a [`Stack`]: groups unrolled, modules flattened, expressions evaluated, fields
//! checked.
//!
//! Everything is computed on demand and once: a slot is idle, running or done, and meeting a
//! running one is a cycle, printed as its path. Errors are collected; what failed is not reported a
//! second time.

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

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::limits::Spent;
use crate::loader::Loader;
use crate::parse::{Entry, File, What};
use crate::schema::{KindDef, Schema};
use crate::source::Sources;
use crate::span::Span;
use crate::stack::{Resource, Stack};
use crate::value::Map;
use each::Each;
use val::{MemberId, Val};

/// The files of one stack, to be resolved.
#[derive(Debug)]
pub(crate) struct World {
    /// The stack's own file, then those of its modules.
    pub(crate) files: Vec<File>,
    /// What is given for the stack's variables.
    pub(crate) given: crate::vars::Given,
    /// The other stacks. Their files are read once the resolver knows their environments.
    pub(crate) linked: OnceCell<Linked>,
}

impl World {
    /// The file at this place; those of other stacks follow the stack's own.
    fn file(&self, place: usize) -> &File {
        let own = self.files.get(place);
        let far =
            || &self.linked.get().map_or(&[][..], |linked| &linked.files)[place - self.files.len()];
        own.unwrap_or_else(far)
    }
}

/// The files of the stacks that a stack uses.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    /// All files. Places in them count on from those of the stack's own files.
    pub(crate) files: Vec<File>,
    /// By alias: the place of the stack's file, and the values that its environment gives.
    pub(crate) by_alias: BTreeMap<String, (usize, crate::vars::Given)>,
}

/// What resolving needs beside the files.
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) loader: &'a dyn Loader,
    /// The folder that paths may not leave.
    pub(crate) root: &'a str,
    /// `YYYY-MM-DD`.
    pub(crate) today: &'a str,
    pub(crate) home: Option<&'a str>,
}

/// The result of evaluating something.
pub(crate) type Eval<T> = Result<T, Halt>;

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Something is wrong, and was reported.
    Reported,
    /// It leads to something that is not in this stack (`enabled: false`); its name.
    Off(String),
}

/// The place of a scope in the resolver's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScopeId(usize);

/// One file at work: the stack, one module of it, or another stack.
struct Scope<'a> {
    file: &'a File,
    /// Below which address its resources stand.
    prefix: Option<Address>,
    /// For a module: the entry's member in the scope outside.
    module: Option<(ScopeId, MemberId)>,
    /// For a stack: what is given for its variables.
    given: Option<&'a crate::vars::Given>,
    /// For another stack: its alias.
    alias: Option<String>,
    names: BTreeMap<&'a str, &'a Entry>,
    /// Tags that reach in from outside, all layers merged.
    tags: Option<Map>,
    protect: bool,
    /// Order that a module's entry asks for, for all in it.
    after: Vec<Address>,
}

/// One member of an entry: a resource, or a module's instance.
struct Member<'a> {
    address: Address,
    scope: ScopeId,
    entry: &'a Entry,
    each: Option<Each>,
    /// For a module: the scope inside.
    inside: Option<ScopeId>,
}

/// Where an expression stands: which names it sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cx {
    scope: ScopeId,
    member: Option<MemberId>,
    /// Whether `${…}` is evaluated; values from outside the spec are taken as they are.
    expressions: bool,
}

/// Something that is computed once.
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

/// Most values that wait for each other: deeper chains are refused before the program's own stack
/// is at risk.
const MAX_CHAIN: usize = 48;
/// Most expressions in each other along such a chain, a value counted as [`CHAIN_WEIGHT`] of them.
const MAX_EVALS: usize = 400;
/// What a value that waits takes of the program's stack, in expressions.
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
    /// Kinds of what lies outside: entries of `existing`, groups of other stacks.
    outside_kinds: BTreeMap<Address, &'static KindDef>,
    links: BTreeMap<String, ScopeId>,
    /// The environment of each link, by alias.
    environments: BTreeMap<String, Option<String>>,
    slots: BTreeMap<SlotId<'a>, Slot>,
    /// What is being computed, for printing cycles.
    chain: Vec<SlotId<'a>>,
    /// Expressions that are being evaluated.
    evals: usize,
    /// Where values of fields stand, until their resource is complete.
    spots: BTreeMap<MemberId, Vec<(String, Span)>>,
    missing: Vec<(String, Span)>,
    /// What the stack has grown to so far, and whether that is too much.
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

    /// Takes the files of other stacks in, before the stack is resolved.
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
            protect: false,
            after: Vec::new(),
        };
        self.scopes.push(scope);
        ScopeId(self.scopes.len() - 1)
    }

    /// Resolves the whole stack, after [`Self::environments`] and [`Self::link`]. What is wrong is
    /// in `found` after it.
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

    /// Resolves every entry of a scope, and of the modules in it.
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
            // Outputs of modules are checked even if nobody reads them.
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

    /// The value of a slot, computed if it is not yet.
    fn demand(&mut self, cx: Cx, id: SlotId<'a>, at: Span) -> Eval<Val> {
        match self.slots.get(&id) {
            Some(Slot::Done(done)) => return done.clone(),
            Some(Slot::Running) => return Err(self.cycle(cx, id, at)),
            None => {}
        }
        if self.chain.len() >= MAX_CHAIN || self.evals + self.chain.len() * CHAIN_WEIGHT > MAX_EVALS
        {
            let message = "too many values wait for each other here";
            return Err(self.fail(
                cx,
                Diagnostic::error("too-deep", at, message)
                    .hint("let them take their values from one variable"),
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
            // Groups are shared, and counted by their members.
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
        let message = format!("a cycle: {} -> {first}", labels.join(" -> "));
        self.fail(
            cx,
            Diagnostic::error("cycle", at, message)
                .hint("one of these must have a value of its own"),
        )
    }

    /// Reports an error, with the resource it is about.
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

    /// Reports what a pure reader says about a place.
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

    /// The kind of what an address names, if it is known.
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

//! Finds cycles among resources before planning, and reports each as its path.
//!
//! Each resource has two nodes: its creation, and the binding of its late references. An edge leads
//! from a node to the nodes that must come first. A late reference binds once both resources exist,
//! so it adds an edge to the binding and never to the creation. For example, two security groups
//! whose rules refer to each other have no cycle, while two resources with `after` on each other
//! have one.
//!
//! A depth-first search without recursion visits each node and edge once.

use std::collections::BTreeMap;

use super::Resolver;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::schema::{FieldDef, Type};
use crate::stack::Resource;
use crate::value::{Ref, Value};

/// The node of the creation of the resource at an index; its binding is the next node.
const fn created(place: usize) -> usize {
    place * 2
}

const fn bound(place: usize) -> usize {
    place * 2 + 1
}

/// The graph: the nodes that each node waits for, with the field that causes the edge.
struct Graph<'r> {
    all: Vec<(&'r Address, &'r Resource)>,
    edges: Vec<Vec<(usize, &'r str)>>,
}

impl Resolver<'_> {
    /// Reports every cycle once.
    pub(super) fn check_cycles(&mut self, resources: &BTreeMap<Address, Resource>) {
        let graph = Graph::new(resources);
        for cycle in graph.cycles() {
            self.report_cycle(&graph, &cycle);
        }
    }

    fn report_cycle(&mut self, graph: &Graph<'_>, cycle: &[(usize, &str)]) {
        let mut names: Vec<String> = cycle
            .iter()
            .map(|(node, _)| graph.all[node / 2].0.to_string())
            .collect();
        names.dedup();
        if names.len() > 1 && names.first() == names.last() {
            names.pop();
        }
        let first = names.first().cloned().unwrap_or_default();
        let path = format!("{} -> {first}", names.join(" -> "));
        let (message, hint) = if names.len() == 1 {
            (
                format!("the resource refers to itself: {path}"),
                "it would have to be created before itself; remove the reference",
            )
        } else {
            (
                format!("the resources form a cycle: {path}"),
                "each resource needs the next one to be created; remove one of the references",
            )
        };
        let mut diagnostic = Diagnostic::unplaced("cycle", message).hint(hint);
        for (at, (node, field)) in cycle.iter().enumerate() {
            let (address, resource) = graph.all[node / 2];
            let Some(member) = self
                .by_address
                .get(address)
                .copied()
                .filter(|_| !field.is_empty())
            else {
                continue;
            };
            let target = cycle
                .get(at + 1)
                .or(cycle.first())
                .map(|(node, _)| graph.all[node / 2].0);
            let path = resource
                .fields
                .get(field)
                .zip(target)
                .map(|(value, target)| path_to(value, field, target));
            let spot = self.spot(member, path.as_deref().unwrap_or(field));
            if diagnostic.span.is_none() {
                diagnostic.span = Some(spot);
                diagnostic.context = Some(address.to_string());
            } else {
                diagnostic = diagnostic.label(spot, format!("in {address}"));
            }
        }
        self.found.push(diagnostic);
    }
}

impl<'r> Graph<'r> {
    fn new(resources: &'r BTreeMap<Address, Resource>) -> Self {
        let all: Vec<(&Address, &Resource)> = resources.iter().collect();
        let places: BTreeMap<&Address, usize> = all
            .iter()
            .enumerate()
            .map(|(place, (address, _))| (*address, place))
            .collect();
        let given = given(&all, &places);
        let mut edges: Vec<Vec<(usize, &str)>> = vec![Vec::new(); all.len() * 2];
        for (place, (_, resource)) in all.iter().enumerate() {
            edges[bound(place)].push((created(place), ""));
            for (name, value) in &resource.fields {
                let field = resource.kind.field(name);
                let typed = (
                    field.map(|field| field.ty),
                    field.is_some_and(|field| field.late),
                );
                each_ref(value, typed, &mut |reference, late| {
                    let Some(target) = places.get(&reference.address).copied() else {
                        return;
                    };
                    let from = if late { bound(place) } else { created(place) };
                    edges[from].push((created(target), name));
                    // An attribute that another resource provides is known once that resource is
                    // bound.
                    let givers = given.get(&(target, reference.attr.as_str()));
                    let binds = givers.into_iter().flatten();
                    edges[from].extend(binds.map(|giver| (bound(*giver), name.as_str())));
                });
            }
            let after = resource
                .terms
                .after
                .iter()
                .filter_map(|target| places.get(target));
            edges[created(place)].extend(after.map(|target| (created(*target), "after")));
        }
        Self { all, edges }
    }

    /// Finds at most one cycle from each start node, without recursion.
    fn cycles(&self) -> Vec<Vec<(usize, &'r str)>> {
        // `Some(false)` while a node is on the current path, `Some(true)` once it is finished.
        let mut done: Vec<Option<bool>> = vec![None; self.edges.len()];
        (0..self.edges.len())
            .filter_map(|start| self.cycle_from(start, &mut done))
            .collect()
    }

    fn cycle_from(&self, start: usize, done: &mut [Option<bool>]) -> Option<Vec<(usize, &'r str)>> {
        if done[start].is_some() {
            return None;
        }
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        done[start] = Some(false);
        let mut cycle = None;
        while let Some((node, next)) = way.last_mut() {
            let node = *node;
            let Some((target, _)) = self.edges[node].get(*next).copied() else {
                done[node] = Some(true);
                way.pop();
                continue;
            };
            *next += 1;
            match done[target] {
                Some(true) => {}
                Some(false) => {
                    let from = way
                        .iter()
                        .position(|(on_way, _)| *on_way == target)
                        .unwrap_or(0);
                    let steps = way[from..]
                        .iter()
                        .map(|(node, next)| (*node, self.edges[*node][next - 1].1));
                    cycle = cycle.or_else(|| Some(steps.collect()));
                }
                None => {
                    done[target] = Some(false);
                    way.push((target, 0));
                }
            }
        }
        cycle
    }
}

/// The attributes that a resource has only once others are bound to it: by the index of the
/// resource and the name of the attribute, the indexes of the others.
type Given = BTreeMap<(usize, &'static str), Vec<usize>>;

fn given(all: &[(&Address, &Resource)], places: &BTreeMap<&Address, usize>) -> Given {
    let mut found = Given::new();
    for (place, (_, resource)) in all.iter().enumerate() {
        let gives = |field: &&FieldDef| field.late && !field.gives.is_empty();
        for field in resource.kind.fields.iter().filter(gives) {
            let refs = resource.fields.get(field.name).map(Value::refs);
            for reference in refs.unwrap_or_default() {
                if let Some(target) = places.get(&reference.address) {
                    found.entry((*target, field.gives)).or_default().push(place);
                }
            }
        }
    }
    found
}

/// Returns the dotted path, below a field, of the first reference to a resource.
fn path_to(value: &Value, path: &str, target: &Address) -> String {
    let holds = |value: &Value| {
        value
            .refs()
            .iter()
            .any(|reference| reference.address == *target)
    };
    match value {
        Value::Map(map) => match map.iter().find(|(_, inner)| holds(inner)) {
            Some((key, inner)) => path_to(inner, &format!("{path}.{key}"), target),
            None => path.to_owned(),
        },
        Value::List(items) => match items.iter().position(holds) {
            Some(at) => path_to(&items[at], &format!("{path}.{at}"), target),
            None => path.to_owned(),
        },
        _ => path.to_owned(),
    }
}

/// A type, if it is known, and whether references under it bind late.
type Typed = (Option<Type>, bool);

/// Visits every reference of a value, and tells whether it binds late.
fn each_ref<'v>(value: &'v Value, typed: Typed, see: &mut impl FnMut(&'v Ref, bool)) {
    match value {
        Value::Map(map) => map
            .iter()
            .for_each(|(key, inner)| each_ref(inner, member(typed, key), see)),
        Value::List(items) => {
            let inner = match typed {
                (Some(Type::List(of)), late) => (Some(*of), late),
                other => other,
            };
            items.iter().for_each(|item| each_ref(item, inner, see));
        }
        Value::Ref(reference) => see(reference, typed.1),
        Value::Concat(items) => items.iter().for_each(|item| each_ref(item, typed, see)),
        Value::Encode(_, inner) => each_ref(inner, typed, see),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::Secret(_) => {}
    }
}

/// The type of a member of a structure or map.
fn member((ty, late): Typed, key: &str) -> Typed {
    match ty {
        Some(Type::Struct(fields) | Type::Rows(fields)) => fields
            .iter()
            .find(|field| field.name == key)
            .map_or((None, late), |field| (Some(field.ty), field.late || late)),
        Some(Type::Named(fields)) => (Some(Type::Struct(fields)), late),
        Some(Type::Map(of)) => (Some(*of), late),
        Some(Type::WordOr(_, other)) => member((Some(*other), late), key),
        _ => (None, late),
    }
}

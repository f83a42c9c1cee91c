//! Cycles among resources: found before anything is planned, and printed as their path.
//!
//! A node is a resource at a stage: its creation, or the binding of its late references. A late reference binds once
//! both ends exist, so that creations never wait for it.

use std::collections::BTreeMap;

use super::Resolver;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::schema::Type;
use crate::stack::Resource;
use crate::value::{Ref, Value};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Created,
    Bound,
}

type Node<'r> = (&'r Address, Stage);
type Edges<'r> = BTreeMap<Node<'r>, Vec<(Node<'r>, String)>>;

impl Resolver<'_> {
    /// Reports every cycle once.
    pub(super) fn check_cycles(&mut self, resources: &BTreeMap<Address, Resource>) {
        let edges = edges(resources);
        let mut done: BTreeMap<Node<'_>, bool> = BTreeMap::new();
        for start in edges.keys() {
            if let Some(cycle) = find_cycle(&edges, *start, &mut done) {
                self.report_cycle(&cycle, resources);
            }
        }
    }

    fn report_cycle(&mut self, cycle: &[(Node<'_>, String)], resources: &BTreeMap<Address, Resource>) {
        let mut names: Vec<String> = cycle.iter().map(|((address, _), _)| address.to_string()).collect();
        names.dedup();
        if names.len() > 1 && names.first() == names.last() {
            names.pop();
        }
        let first = names.first().cloned().unwrap_or_default();
        let message = format!("a cycle: {} -> {first}", names.join(" -> "));
        let mut diagnostic =
            Diagnostic::unplaced("cycle", message).hint("each needs the next before it can be created; one reference must go");
        for ((address, _), path) in cycle {
            let Some(member) = resources.get(*address).and(self.by_address.get(*address)).copied() else { continue };
            let spot = if path.is_empty() {
                self.members[member.0].entry.at
            } else {
                self.spot(member, path).unwrap_or(self.members[member.0].entry.at)
            };
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

/// What each node waits for, and by which path of a field.
fn edges(resources: &BTreeMap<Address, Resource>) -> Edges<'_> {
    let bound_by = bindings(resources);
    let mut edges = Edges::new();
    for (address, resource) in resources {
        let mut waits: Vec<(Node<'_>, String)> = Vec::new();
        let mut late: Vec<(Node<'_>, String)> = vec![((address, Stage::Created), String::new())];
        for (name, value) in &resource.fields {
            let field = resource.kind.field(name);
            each_ref(value, (field.map(|field| field.ty), field.is_some_and(|field| field.late)), name, &mut |reference, is_late, path| {
                let Some((target, _)) = resources.get_key_value(&reference.address) else { return };
                let list = if is_late { &mut late } else { &mut waits };
                list.push(((target, Stage::Created), path.to_owned()));
                // The address of a machine is known once the EIP that is attached to it is bound.
                if reference.attr == "public_ip" {
                    for eip in bound_by.get(target).into_iter().flatten() {
                        list.push(((eip, Stage::Bound), path.to_owned()));
                    }
                }
            });
        }
        for target in &resource.after {
            if let Some((target, _)) = resources.get_key_value(target) {
                waits.push(((target, Stage::Created), "after".to_owned()));
            }
        }
        edges.insert((address, Stage::Created), waits);
        edges.insert((address, Stage::Bound), late);
    }
    edges
}

/// The EIPs that bind to each resource.
fn bindings(resources: &BTreeMap<Address, Resource>) -> BTreeMap<&Address, Vec<&Address>> {
    let mut found: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for (address, resource) in resources.iter().filter(|(_, resource)| resource.kind.name == "eip") {
        for field in resource.kind.fields.iter().filter(|field| field.late) {
            let refs = resource.fields.get(field.name).map(Value::refs).unwrap_or_default();
            for reference in refs {
                if let Some((target, _)) = resources.get_key_value(&reference.address) {
                    found.entry(target).or_default().push(address);
                }
            }
        }
    }
    found
}

/// A type, if it is known, and whether references under it bind late.
type Typed = (Option<Type>, bool);

/// Visits every reference of a value with whether it is late, and its dotted path.
fn each_ref<'v>(value: &'v Value, typed: Typed, path: &str, see: &mut impl FnMut(&'v Ref, bool, &str)) {
    match value {
        Value::Map(map) => map.iter().for_each(|(key, inner)| each_ref(inner, member(typed, key), &format!("{path}.{key}"), see)),
        Value::List(items) => {
            let inner = match typed {
                (Some(Type::List(of)), late) => (Some(*of), late),
                other => other,
            };
            items.iter().enumerate().for_each(|(at, item)| each_ref(item, inner, &format!("{path}.{at}"), see));
        }
        Value::Ref(reference) => see(reference, typed.1, path),
        Value::Concat(items) => items.iter().for_each(|item| each_ref(item, typed, path, see)),
        Value::Encode(_, inner) => each_ref(inner, typed, path, see),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Text(_) | Value::Secret(_) => {}
    }
}

/// The type of a member of a structure or map.
fn member((ty, late): Typed, key: &str) -> Typed {
    match ty {
        Some(Type::Struct(fields) | Type::Rows(fields)) => {
            fields.iter().find(|field| field.name == key).map_or((None, late), |field| (Some(field.ty), field.late || late))
        }
        Some(Type::Named(fields)) => (Some(Type::Struct(fields)), late),
        Some(Type::Map(of)) => (Some(*of), late),
        Some(Type::WordOr(_, other)) => member((Some(*other), late), key),
        _ => (None, late),
    }
}

/// A cycle that can be reached from a node and was not found before; walks without recursion.
fn find_cycle<'r>(edges: &Edges<'r>, start: Node<'r>, done: &mut BTreeMap<Node<'r>, bool>) -> Option<Vec<(Node<'r>, String)>> {
    // `done` holds false while a node is on the way, true once all behind it is known.
    if done.contains_key(&start) {
        return None;
    }
    let mut way: Vec<(Node<'r>, usize)> = vec![(start, 0)];
    done.insert(start, false);
    let mut cycle = None;
    while let Some((node, next)) = way.last_mut() {
        let node = *node;
        let Some((target, _)) = edges.get(&node).and_then(|targets| targets.get(*next)) else {
            done.insert(node, true);
            way.pop();
            continue;
        };
        *next += 1;
        match done.get(target) {
            Some(true) => {}
            Some(false) => {
                let from = way.iter().position(|(on_way, _)| on_way == target).unwrap_or(0);
                let steps = way[from..].iter().map(|(node, next)| {
                    let path = edges.get(node).and_then(|targets| targets.get(next - 1)).map_or("", |(_, path)| path);
                    (*node, path.to_owned())
                });
                cycle = cycle.or_else(|| Some(steps.collect()));
            }
            None => {
                done.insert(*target, false);
                way.push((*target, 0));
            }
        }
    }
    cycle
}

//! Dependency graphs of stacks and plans, as DOT, Mermaid and SVG.
//!
//! An edge leads from a dependency to its dependent, so that pictures read in the order of
//! creation. Only *late* edges (the source of a rule, an attachment) may close a cycle: they bind
//! once both ends exist. Layouts ignore them and draw them dashed.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_plan::Address;
use setpoint_plan::change::{Change, ChangeAction};
use setpoint_plan::document::cond_words;
use setpoint_plan::plan::{Half, Plan, PlanStep};
use setpoint_plan::procedure::{Act, Local};
use setpoint_spec::stack::{Resource, Stack};
use setpoint_spec::value::Value;

mod layers;
mod svg;
mod write;

pub use svg::svg;
pub use write::{dot, mermaid};

/// The greatest number of steps for which edges that others imply are left out. The reduction takes
/// quadratic memory and, at worst, cubic time.
const REDUCED_MAX: usize = 600;

/// A directed graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// The title: the identity of the stack.
    pub title: String,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edges, sorted, by index into `nodes`.
    pub edges: Vec<Edge>,
}

/// One node: a resource, something outside the stack, or a step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name, unique within the graph: an address, or the number of a step and its address.
    pub id: String,
    /// The label, line by line.
    pub lines: Vec<String>,
    /// How it is drawn.
    pub look: Look,
}

/// One edge, by the indexes of its nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The dependency.
    pub from: usize,
    /// The dependent.
    pub to: usize,
    /// Whether it binds only once both ends exist, so that it may close a cycle.
    pub late: bool,
}

/// How a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// A resource of the stack.
    Resource,
    /// A resource outside the stack.
    Outside,
    /// A call that creates a resource.
    Create,
    /// A call that updates a resource.
    Update,
    /// A call that deletes a resource.
    Delete,
    /// A wait or a local act.
    Wait,
}

impl Look {
    /// Returns the word for class names.
    fn word(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Outside => "outside",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Wait => "wait",
        }
    }
}

/// Returns the dependencies of a stack's resources, on each other and on resources outside the
/// stack.
#[must_use]
pub fn of_stack(stack: &Stack) -> Graph {
    let mut nodes: Vec<Node> = stack.resources.values().map(resource_node).collect();
    let mut index: BTreeMap<String, usize> = nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (node.id.clone(), at))
        .collect();
    let mut edges: BTreeMap<(usize, usize), bool> = BTreeMap::new();
    for (to, resource) in stack.resources.values().enumerate() {
        for (needed, late) in needs(resource) {
            let id = needed.to_string();
            let from = *index.entry(id.clone()).or_insert_with(|| {
                let kind = stack
                    .existing
                    .get(&id)
                    .map(|existing| existing.kind.name.to_owned());
                let lines = [id.clone()].into_iter().chain(kind).collect();
                nodes.push(Node {
                    id,
                    lines,
                    look: Look::Outside,
                });
                nodes.len() - 1
            });
            if from != to {
                edges
                    .entry((from, to))
                    .and_modify(|known| *known &= late)
                    .or_insert(late);
            }
        }
    }
    let edges = edges
        .into_iter()
        .map(|((from, to), late)| Edge { from, to, late })
        .collect();
    Graph {
        title: stack.identity(),
        nodes,
        edges,
    }
}

fn resource_node(resource: &Resource) -> Node {
    let id = resource.address.to_string();
    Node {
        lines: vec![id.clone(), resource.kind.name.to_owned()],
        id,
        look: Look::Resource,
    }
}

/// Returns the dependencies of a resource, each with whether it is late.
fn needs(resource: &Resource) -> Vec<(&Address, bool)> {
    let is_late = |name: &str| resource.kind.field(name).is_some_and(|field| field.late);
    let fields = resource
        .fields
        .iter()
        .flat_map(|(name, value)| named_in(value, is_late(name)));
    let tags = resource
        .tags
        .iter()
        .flatten()
        .flat_map(|(_, value)| named_in(value, false));
    fields
        .chain(tags)
        .chain(resource.terms.after.iter().map(|address| (address, false)))
        .collect()
}

fn named_in(value: &Value, late: bool) -> Vec<(&Address, bool)> {
    value
        .refs()
        .into_iter()
        .map(|reference| (&reference.address, late))
        .collect()
}

/// Returns the order of a plan's steps; up to a number of steps, edges that others imply are left
/// out.
#[must_use]
pub fn of_plan(plan: &Plan) -> Graph {
    let node = |(at, step): (usize, &PlanStep)| Node {
        id: format!("{} {}", at + 1, step.address),
        lines: vec![step.address.to_string(), act_words(&step.step.act)],
        look: plan
            .changes
            .get(step.change)
            .map_or(Look::Update, |change| look(step, change)),
    };
    let edges: BTreeSet<Edge> = (plan.steps.iter().enumerate())
        .flat_map(|(to, step)| {
            step.after.iter().map(move |before| Edge {
                from: before.0,
                to,
                late: false,
            })
        })
        .filter(|edge| edge.from < edge.to)
        .collect();
    let mut graph = Graph {
        title: plan.stack.clone(),
        nodes: plan.steps.iter().enumerate().map(node).collect(),
        edges: edges.into_iter().collect(),
    };
    if graph.nodes.len() <= REDUCED_MAX {
        reduce(&mut graph);
    }
    graph
}

/// Returns what a step does, for the label of its node.
fn act_words(act: &Act) -> String {
    match act {
        Act::Call(call) => call.api.name.to_owned(),
        Act::Wait(wait) => format!("until {}", cond_words(&wait.until)),
        Act::Local(Local::SshKey { .. }) => "make a key pair".to_owned(),
    }
}

/// Returns how a step is drawn: a call by the half and the action of its change, any other step as
/// a wait.
fn look(step: &PlanStep, change: &Change) -> Look {
    match (&step.step.act, step.half, change.action) {
        (Act::Wait(_) | Act::Local(_), _, _) => Look::Wait,
        (Act::Call(_), Half::Down, _) => Look::Delete,
        (Act::Call(_), Half::Up, ChangeAction::Create | ChangeAction::Replace) => Look::Create,
        (Act::Call(_), Half::Up, _) => Look::Update,
    }
}

/// Removes edges that others imply (transitive reduction). Edges must lead from lower to higher
/// indexes, as those of a plan do.
fn reduce(graph: &mut Graph) {
    let n = graph.nodes.len();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); n];
    graph
        .edges
        .iter()
        .for_each(|edge| next[edge.from].push(edge.to));
    let mut reach = vec![vec![false; n]; n];
    for from in (0..n).rev() {
        for to in next[from].clone() {
            let beyond = reach[to].clone();
            let row = &mut reach[from];
            row.iter_mut()
                .zip(beyond)
                .for_each(|(mine, theirs)| *mine |= theirs);
            row[to] = true;
        }
    }
    graph.edges.retain(|edge| {
        !next[edge.from]
            .iter()
            .any(|between| *between != edge.to && reach[*between][edge.to])
    });
}

#[cfg(test)]
mod tests;

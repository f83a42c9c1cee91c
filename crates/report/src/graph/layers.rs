//! Layered layout of a graph.
//!
//! Each node is in a layer to the right of all its dependencies, by the length of the longest path
//! to it. An edge that passes a layer takes a slot in it, so that its curve does not cross the
//! boxes there. To leave few crossings, the nodes of a layer are ordered by the average position of
//! their neighbours in the layer before or after it (barycentre method), in a fixed number of
//! passes to the right and to the left.

use std::collections::BTreeMap;

use super::Graph;

/// One place in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// A node.
    Node(usize),
    /// The edge with this index passes through.
    Bend(usize),
}

/// The number of ordering passes; more passes change little.
const PASSES: usize = 8;

/// Returns the layers from left to right, each from top to bottom.
pub(super) fn layers(graph: &Graph) -> Vec<Vec<Slot>> {
    let depth = depths(graph);
    let n_layers = depth.iter().max().map_or(0, |deepest| deepest + 1);
    let mut layers: Vec<Vec<Slot>> = vec![Vec::new(); n_layers];
    let mut beside: BTreeMap<Slot, Vec<Slot>> = BTreeMap::new();
    for (at, layer) in depth.iter().enumerate() {
        layers[*layer].push(Slot::Node(at));
    }
    for (at, edge) in graph.edges.iter().enumerate() {
        let between = depth[edge.from] + 1..depth[edge.to].max(depth[edge.from] + 1);
        let passes = !between.is_empty();
        between.for_each(|layer| layers[layer].push(Slot::Bend(at)));
        let ends = if passes {
            (Slot::Bend(at), Slot::Bend(at))
        } else {
            (Slot::Node(edge.to), Slot::Node(edge.from))
        };
        beside
            .entry(Slot::Node(edge.from))
            .or_default()
            .push(ends.0);
        beside.entry(Slot::Node(edge.to)).or_default().push(ends.1);
        if passes {
            beside.insert(
                Slot::Bend(at),
                vec![Slot::Node(edge.from), Slot::Bend(at), Slot::Node(edge.to)],
            );
        }
    }
    for pass in 0..PASSES {
        order(&beside, &mut layers, pass % 2 == 0);
    }
    layers
}

/// Returns the length of the longest path to each node, without late edges.
fn depths(graph: &Graph) -> Vec<usize> {
    let n = graph.nodes.len();
    let mut depth = vec![0; n];
    // A graph without cycles settles within n rounds. The bound ends the loop if there is a cycle.
    for _ in 0..n {
        let mut moved = false;
        for edge in graph.edges.iter().filter(|edge| !edge.late) {
            let least = depth[edge.from] + 1;
            if depth[edge.to] < least && least < n {
                depth[edge.to] = least;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    depth
}

/// Orders each layer by the average position of its neighbours in the layer before it, or after it.
fn order(beside: &BTreeMap<Slot, Vec<Slot>>, layers: &mut [Vec<Slot>], rightwards: bool) {
    let n = layers.len();
    let turns: Vec<(usize, usize)> = if rightwards {
        (1..n).map(|at| (at, at - 1)).collect()
    } else {
        (1..n).rev().map(|at| (at - 1, at)).collect()
    };
    for (at, other) in turns {
        let places: BTreeMap<Slot, usize> = layers[other]
            .iter()
            .enumerate()
            .map(|(place, slot)| (*slot, place))
            .collect();
        let middle = |slot: &Slot| {
            let found: Vec<usize> = beside
                .get(slot)
                .into_iter()
                .flatten()
                .filter_map(|other| places.get(other).copied())
                .collect();
            (!found.is_empty()).then(|| number(found.iter().sum()) / number(found.len()))
        };
        let mut placed: Vec<(f64, Slot)> = layers[at]
            .iter()
            .enumerate()
            .map(|(place, slot)| (middle(slot).unwrap_or(number(place)), *slot))
            .collect();
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        layers[at] = placed.into_iter().map(|(_, slot)| slot).collect();
    }
}

#[expect(clippy::cast_precision_loss, reason = "places in a layer are few")]
fn number(n: usize) -> f64 {
    n as f64
}

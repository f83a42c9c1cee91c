//! Graph algorithms that know nothing of resources: topological order, cycles, longest paths.

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

/// Returns an order in which the source of every edge precedes its target.
///
/// # Errors
/// Returns the nodes of one cycle, sorted.
pub fn order(n: usize, edges: &[(usize, usize)]) -> Result<Vec<usize>, Vec<usize>> {
    let graph = build(n, edges);
    match toposort(&graph, None) {
        Ok(nodes) => Ok(nodes.into_iter().map(NodeIndex::index).collect()),
        Err(_) => Err(one_cycle(&graph)),
    }
}

fn build(n: usize, edges: &[(usize, usize)]) -> DiGraph<(), ()> {
    let mut graph = DiGraph::with_capacity(n, edges.len());
    for _ in 0..n {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.add_edge(NodeIndex::new(*from), NodeIndex::new(*to), ());
    }
    graph
}

fn one_cycle(graph: &DiGraph<(), ()>) -> Vec<usize> {
    let loops = |nodes: &Vec<NodeIndex>| {
        nodes.len() > 1
            || nodes
                .first()
                .is_some_and(|node| graph.contains_edge(*node, *node))
    };
    let mut nodes: Vec<usize> = tarjan_scc(graph)
        .into_iter()
        .find(loops)
        .unwrap_or_default()
        .into_iter()
        .map(NodeIndex::index)
        .collect();
    nodes.sort_unstable();
    nodes
}

/// Returns for each node the greatest sum of weights on a path that starts at it, including its
/// own. `edges` must be acyclic.
#[must_use]
pub fn remaining(weights: &[u64], edges: &[(usize, usize)]) -> Vec<u64> {
    let mut longest = weights.to_vec();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); weights.len()];
    for (from, to) in edges {
        followers[*from].push(*to);
    }
    for node in order(weights.len(), edges)
        .unwrap_or_default()
        .into_iter()
        .rev()
    {
        let behind = followers[node]
            .iter()
            .map(|next| longest[*next])
            .max()
            .unwrap_or(0);
        longest[node] = weights[node] + behind;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_names_cycles() {
        let sorted = order(4, &[(2, 1), (1, 0), (3, 0)]).expect("no cycle");
        let place = |n: usize| sorted.iter().position(|x| *x == n);
        assert!(place(2) < place(1) && place(1) < place(0) && place(3) < place(0));
        assert_eq!(order(4, &[(0, 1), (1, 2), (2, 1)]), Err(vec![1, 2]));
    }

    #[test]
    fn remaining_takes_the_longest_path() {
        assert_eq!(
            remaining(&[1, 5, 2, 1], &[(0, 1), (0, 2), (1, 3), (2, 3)]),
            [7, 6, 3, 1]
        );
    }
}

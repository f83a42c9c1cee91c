//! Graphs as DOT and as Mermaid.

use std::fmt::Write as _;

use super::{Graph, Look};

/// Renders the graph in DOT, the language of Graphviz.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut out = format!(
        "digraph {} {{\n  rankdir = LR;\n  node [shape = box, style = rounded, fontname = \
         \"sans-serif\"];\n",
        quoted(&graph.title)
    );
    for node in &graph.nodes {
        let extra = match node.look {
            Look::Resource | Look::Update => "",
            Look::Outside => ", style = dashed",
            Look::Create => ", color = darkgreen",
            Look::Delete => ", color = red",
            Look::Wait => ", color = gray",
        };
        let _infallible = writeln!(
            out,
            "  {} [label = {}{extra}];",
            quoted(&node.id),
            quoted(&node.lines.join("\n"))
        );
    }
    for edge in &graph.edges {
        let late = if edge.late { " [style = dashed]" } else { "" };
        let _infallible = writeln!(
            out,
            "  {} -> {}{late};",
            quoted(&graph.nodes[edge.from].id),
            quoted(&graph.nodes[edge.to].id)
        );
    }
    out.push_str("}\n");
    out
}

/// Returns a text as a quoted string of DOT.
fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

/// Renders the graph in Mermaid, which Markdown viewers draw.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| entity(line)).collect();
        let class = if node.look == Look::Resource {
            String::new()
        } else {
            format!(":::{}", node.look.word())
        };
        let _infallible = writeln!(out, "  n{at}[\"{}\"]{class}", lines.join("<br/>"));
    }
    for edge in &graph.edges {
        let _infallible = writeln!(
            out,
            "  n{} {} n{}",
            edge.from,
            if edge.late { "-.->" } else { "-->" },
            edge.to
        );
    }
    let styles = [
        (Look::Outside, "stroke-dasharray: 4"),
        (Look::Create, "stroke: #1a7f37"),
        (Look::Update, "stroke: #9a6700"),
        (Look::Delete, "stroke: #c5221f"),
        (Look::Wait, "stroke: #8d96a0"),
    ];
    for (look, style) in styles {
        if graph.nodes.iter().any(|node| node.look == look) {
            let _infallible = writeln!(out, "  classDef {} {style}", look.word());
        }
    }
    out
}

/// Escapes a text for a quoted string of Mermaid, in which `#name;` stands for a character.
fn entity(text: &str) -> String {
    text.replace('#', "#35;")
        .replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
        .replace('\n', " ")
}

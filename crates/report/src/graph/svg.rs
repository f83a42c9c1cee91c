//! Graphs as SVG: boxes in layers from left to right, with curves between them. No other tool is
//! needed to lay out or show them.

use std::fmt::Write as _;

use super::layers::{Slot, layers};
use super::{Edge, Graph, Look};
use crate::html::escape;
use crate::line::{cut, width};

// All lengths are in pixels.
/// The width of a character.
const CHAR: usize = 8;
/// The height of a line of text.
const LINE: usize = 17;
/// The space between the border of a box and its text.
const PADDING: usize = 10;
/// The space between layers.
const GAP_X: usize = 56;
/// The space between boxes of a layer.
const GAP_Y: usize = 14;
/// The height of the place where an edge passes a layer.
const BEND: usize = 8;
/// The space around the picture.
const MARGIN: usize = 16;
/// The longest line of a label, in columns; longer ones are cut.
const CHARS_MAX: usize = 40;

/// The style sheet: colours for a light page, and for a dark one.
const STYLE: &str = ".g-box{fill:none;stroke:#6a737d;stroke-width:1.3}\
.g-text{font:12.5px ui-monospace,monospace;fill:#1c2128}.g-more{fill:#6a737d}\
.g-edge{fill:none;stroke:#8d96a0;stroke-width:1.2}.g-late{stroke-dasharray:4 3}\
.g-outside{stroke-dasharray:4 3}.g-create{stroke:#1a7f37}.g-update{stroke:#9a6700}\
.g-delete{stroke:#c5221f}.g-wait{stroke:#b9c0c8}\
@media(prefers-color-scheme:dark){.g-text{fill:#e2e6eb}.g-more{fill:#8d96a0}\
.g-create{stroke:#4ac26b}.g-update{stroke:#d4a72c}.g-delete{stroke:#ff7b72}}";

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, Default)]
struct Area {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl Area {
    fn left(self) -> (usize, usize) {
        (self.x, self.y + self.height / 2)
    }

    fn right(self) -> (usize, usize) {
        (self.x + self.width, self.y + self.height / 2)
    }
}

/// The positions of nodes and bends, and the size of the picture.
struct Layout {
    nodes: Vec<Area>,
    /// For each node, the right edge of its layer. Curves begin there, so that they do not cross
    /// wider boxes above and below.
    ends: Vec<usize>,
    /// For each edge, the places where it passes layers, from left to right.
    bends: Vec<Vec<Area>>,
    width: usize,
    height: usize,
}

/// Renders the graph as SVG, laid out in layers from left to right.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    let layout = lay_out(graph);
    let (width, height) = (layout.width, layout.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n<defs>\
         <marker id=\"g-head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\" fill=\"#8d96a0\"/></marker></defs>\n",
        escape(&graph.title)
    );
    for (at, edge) in graph.edges.iter().enumerate() {
        let late = if edge.late { " g-late" } else { "" };
        let _infallible = writeln!(
            out,
            "<path class=\"g-edge{late}\" d=\"{}\" marker-end=\"url(#g-head)\"/>",
            path(&layout, at, *edge)
        );
    }
    for (node, area) in graph.nodes.iter().zip(&layout.nodes) {
        let look = if node.look == Look::Resource {
            String::new()
        } else {
            format!(" g-{}", node.look.word())
        };
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        let _infallible = writeln!(
            out,
            "<rect class=\"g-box{look}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             rx=\"5\"/>"
        );
        for (nth, line) in node.lines.iter().enumerate() {
            let (x, y) = (x + PADDING, y + PADDING / 2 + LINE * (nth + 1) - 4);
            let more = if nth > 0 { " g-more" } else { "" };
            let _infallible = writeln!(
                out,
                "<text class=\"g-text{more}\" x=\"{x}\" y=\"{y}\">{}</text>",
                escape(&cut(line, CHARS_MAX))
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Places the layers from left to right, each centred vertically. A layer is as wide as its widest
/// box.
fn lay_out(graph: &Graph) -> Layout {
    let layers = layers(graph);
    let size = |slot: &Slot| match slot {
        Slot::Node(at) => {
            let lines = &graph.nodes[*at].lines;
            let longest = lines
                .iter()
                .map(|line| width(line).min(CHARS_MAX))
                .max()
                .unwrap_or(0);
            (longest * CHAR + 2 * PADDING, lines.len() * LINE + PADDING)
        }
        Slot::Bend(_) => (0, BEND),
    };
    let tall = |layer: &Vec<Slot>| layer.iter().map(|slot| size(slot).1 + GAP_Y).sum::<usize>();
    let height = layers.iter().map(tall).max().unwrap_or(0);
    let mut layout = Layout {
        nodes: vec![Area::default(); graph.nodes.len()],
        ends: vec![0; graph.nodes.len()],
        bends: vec![Vec::new(); graph.edges.len()],
        width: 0,
        height: height + 2 * MARGIN,
    };
    let mut x = MARGIN;
    for layer in &layers {
        let wide = layer.iter().map(|slot| size(slot).0).max().unwrap_or(0);
        let mut y = MARGIN + (height - tall(layer)) / 2;
        for slot in layer {
            let (own, tall) = size(slot);
            match slot {
                Slot::Node(at) => {
                    layout.nodes[*at] = Area {
                        x,
                        y,
                        width: own,
                        height: tall,
                    };
                    layout.ends[*at] = x + wide;
                }
                Slot::Bend(edge) => layout.bends[*edge].push(Area {
                    x,
                    y,
                    width: wide,
                    height: tall,
                }),
            }
            y += tall + GAP_Y;
        }
        x += wide + GAP_X;
    }
    layout.width = x.saturating_sub(GAP_X) + MARGIN;
    layout
}

/// Returns the path from the right of one box through the bends to the left of the other.
fn path(layout: &Layout, at: usize, edge: Edge) -> String {
    let (from, to) = (layout.nodes[edge.from], layout.nodes[edge.to]);
    if from.x >= to.x {
        return backwards(from, to);
    }
    let (x, y) = from.right();
    let mut here = (layout.ends[edge.from], y);
    let mut out = if here.0 > x {
        format!("M{x} {y} L{} {y}", here.0)
    } else {
        format!("M{x} {y}")
    };
    for bend in &layout.bends[at] {
        curve(&mut out, here, bend.left());
        here = bend.right();
        let _infallible = write!(out, " L{} {}", here.0, here.1);
    }
    curve(&mut out, here, to.left());
    out
}

/// Appends a curve that leaves and arrives horizontally.
fn curve(out: &mut String, (x, y): (usize, usize), (to_x, to_y): (usize, usize)) {
    let middle = usize::midpoint(x, to_x);
    let _infallible = write!(out, " C{middle} {y} {middle} {to_y} {to_x} {to_y}");
}

/// Returns the path of a late edge within a layer or to an earlier one: around the right of both
/// boxes.
fn backwards(from: Area, to: Area) -> String {
    let ((x, y), (to_x, to_y)) = (from.right(), to.right());
    let out = x.max(to_x) + GAP_X / 2;
    format!("M{x} {y} C{out} {y} {out} {to_y} {to_x} {to_y}")
}

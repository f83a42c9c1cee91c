//! A plan as one self-contained HTML page, without scripts, fonts or references to a server.
//!
//! All text is escaped. Colours follow the reader's preference for light or dark.

use std::fmt::Write as _;

use setpoint_plan::plan::Plan;
use setpoint_plan::report::Report;

use crate::graph;
use crate::style::Label;
use crate::view::{self, Header, Item, Row, What};

/// The greatest number of steps whose graph is part of the page; larger graphs are not readable.
const GRAPH_MAX: usize = 120;

const STYLE: &str = include_str!("html/page.css");

/// Renders a plan as a whole page.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, header: &Header) -> String {
    let view = view::plan(plan, report, header);
    let title = escape(&plan.stack);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Plan for {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n"
    );
    sentence(&mut out, "p", Label::Dim, &view.header);
    sentence(
        &mut out,
        "h2",
        if view.is_empty {
            Label::Good
        } else {
            Label::Strong
        },
        &view.summary,
    );
    for (label, text) in view.effect.iter().chain(&view.held) {
        sentence(&mut out, "p", *label, text);
    }
    for note in &view.notes {
        sentence(&mut out, "p", Label::Warning, &format!("Note: {note}"));
    }
    for one in &view.items {
        item(&mut out, one);
    }
    outputs(&mut out, &view.outputs);
    if !plan.steps.is_empty() && plan.steps.len() <= GRAPH_MAX {
        let picture = graph::svg(&graph::of_plan(plan));
        let _infallible = writeln!(
            out,
            "<details class=\"graph\"><summary>Order of the steps</summary>\n{picture}</details>"
        );
    }
    sentence(&mut out, "footer", Label::Dim, &view.reads);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn sentence(out: &mut String, tag: &str, label: Label, text: &str) {
    let _infallible = writeln!(
        out,
        "<{tag} class=\"{}\">{}</{tag}>",
        class(label),
        escape(text)
    );
}

fn item(out: &mut String, item: &Item) {
    let open = if item.rows.is_empty() { "" } else { " open" };
    let _infallible = writeln!(
        out,
        "<details{open}><summary><b class=\"mark {}\">{}</b> <code>{}</code> \
         <span class=\"dim\">{}</span> <span>{}</span>{}</summary>",
        class(item.label),
        escape(item.mark),
        escape(&item.name),
        escape(item.kind),
        escape(item.verb),
        item.words
            .iter()
            .map(|(label, word)| format!(
                " <span class=\"{}\">{}</span>",
                class(*label),
                escape(word)
            ))
            .collect::<String>()
    );
    if !item.rows.is_empty() {
        out.push_str("<table>\n");
        item.rows.iter().for_each(|one| row(out, one));
        out.push_str("</table>\n");
    }
    out.push_str("</details>\n");
}

fn row(out: &mut String, row: &Row) {
    let (name, mut value) = match &row.what {
        What::Change {
            name,
            before,
            after,
        } => (
            name.as_str(),
            format!(
                "<del>{}</del> &rarr; <ins>{}</ins>",
                escape(before),
                escape(after)
            ),
        ),
        What::Set { name, value } => (name.as_str(), escape(value)),
        What::Line(text) => ("", escape(text)),
    };
    if row.forces {
        value.push_str(" <span class=\"danger\"># forces replacement</span>");
    }
    let beside: Vec<String> = row
        .remark
        .iter()
        .chain(&row.at)
        .map(|text| escape(text))
        .collect();
    let cells = if name.is_empty() {
        format!("<td colspan=\"2\">{value}</td>")
    } else {
        format!("<th>{}</th><td>{value}</td>", escape(name))
    };
    let label = class(row.label);
    let _infallible = writeln!(
        out,
        "<tr class=\"{label}\"><td class=\"mark {label}\">{}</td>{cells}\
         <td class=\"dim\">{}</td></tr>",
        escape(row.mark),
        beside.join(" &nbsp; ")
    );
}

fn outputs(out: &mut String, outputs: &[(String, String)]) {
    if outputs.is_empty() {
        return;
    }
    out.push_str("<h2>Outputs</h2>\n<table>\n");
    for (name, value) in outputs {
        let _infallible = writeln!(
            out,
            "<tr><th>{}</th><td>{}</td></tr>",
            escape(name),
            escape(value)
        );
    }
    out.push_str("</table>\n");
}

/// Returns the CSS class of a label.
fn class(label: Label) -> &'static str {
    match label {
        Label::Plain => "plain",
        Label::Create => "create",
        Label::Update => "update",
        Label::Delete | Label::Frame => "delete",
        Label::Danger => "danger",
        Label::Warning => "warning",
        Label::Good => "good",
        Label::Strong => "strong",
        Label::Dim => "dim",
    }
}

/// Escapes text for elements and quoted attributes of HTML and XML. Control characters, which XML
/// forbids, become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::fixture::{destroy, fresh, mixed, shop};

    /// Returns the part of a page that depends on the plan.
    fn body(page: &str) -> &str {
        page.split_once("<main>").map_or("", |(_, rest)| rest)
    }

    #[test]
    fn a_destroy_as_a_page() {
        let (given, report) = destroy();
        expect![[r#"

            <h1>shop/prod</h1>
            <p class="dim">shop/prod · cn-beijing · account 1234…3456 · 23 live resources</p>
            <h2 class="strong">Plan: 0 to add, 0 to change, 4 to destroy. 1 kept.</h2>
            <p class="danger">Data loss: web[0..1].</p>
            <details><summary><b class="mark warning">!</b> <code>data</code> <span class="dim">disk</span> <span>kept</span> <span class="dim">d-2zeb7q</span> <span class="dim">(on_delete: keep)</span></summary>
            </details>
            <details><summary><b class="mark delete">-</b> <code>net</code> <span class="dim">vpc</span> <span>destroy</span> <span class="dim">vpc-2ze1</span></summary>
            </details>
            <details open><summary><b class="mark delete">-</b> <code>private[h]</code> <span class="dim">vswitch</span> <span>destroy</span> <span class="dim">vsw-2ze1</span></summary>
            <table>
            <tr class="warning"><td class="mark warning"></td><td colspan="2">note: eni-2ze4 of lb-2ze9 is in it</td><td class="dim"></td></tr>
            </table>
            </details>
            <details open><summary><b class="mark delete">-</b> <code>web[0..1]</code> <span class="dim">instance</span> <span>destroy</span> <span class="danger">DATA LOSS</span></summary>
            <table>
            <tr class="danger"><td class="mark danger"></td><td colspan="2">lost: its system disk</td><td class="dim"></td></tr>
            </table>
            </details>
            <footer class="dim">Read with 9 calls: 7 listings, 1 look-up, 1 detail.</footer>
            </main>
            </body>
            </html>
        "#]].assert_eq(body(&plan(&given, &report, &Header::default())));
    }

    #[test]
    fn pages_are_self_contained_and_hide_secrets() {
        for (given, report) in [shop(), fresh(), mixed()] {
            let page = plan(&given, &report, &Header::default());
            assert!(
                !page.contains("hunter22")
                    && !page.contains("http://") | page.contains("www.w3.org"),
                "{page}"
            );
            for (open, close) in [
                ("<details", "</details>"),
                ("<table", "</table>"),
                ("<tr", "</tr>"),
                ("<svg", "</svg>"),
            ] {
                assert_eq!(
                    page.matches(open).count(),
                    page.matches(close).count(),
                    "{open}"
                );
            }
        }
    }

    #[test]
    fn foreign_text_cannot_become_markup() {
        let (mut given, report) = destroy();
        given.stack = "<script>alert('x')</script>".to_owned();
        let page = plan(&given, &report, &Header::default());
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(escape("\"<&>'\u{1b}"), "&quot;&lt;&amp;&gt;&#39;\u{fffd}");
    }
}

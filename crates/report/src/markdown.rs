//! A plan as Markdown for a comment on a pull request: a table of the changes, with the details
//! folded.
//!
//! Text from a spec or from the cloud is escaped, so that it cannot become a link, a mention or a
//! heading. Details are in a fenced block whose fence is longer than any run of backticks in them.

use std::fmt::Write as _;

use setpoint_plan::plan::Plan;
use setpoint_plan::report::Report;

use crate::style::Label;
use crate::view::{self, Header, Item, PlanView};

/// The greatest number of rows in the table, since the size of a comment is limited. The details
/// hold all items.
const TABLE_MAX: usize = 100;

/// Renders a plan: a table, and the details in a fold.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, header: &Header) -> String {
    let view = view::plan(plan, report, header);
    let mut out = format!("### {}\n\n", escape(&view.summary));
    if let Some((label, text)) = &view.effect {
        paragraph(&mut out, *label, text);
    }
    for (label, text) in &view.held {
        paragraph(&mut out, *label, text);
    }
    if !view.items.is_empty() {
        table(&mut out, &view);
        details(&mut out, &view);
    }
    for note in &view.notes {
        let _infallible = writeln!(out, "> {}\n", escape(note));
    }
    let _infallible = writeln!(
        out,
        "<sub>{} · {}</sub>",
        escape(&view.header),
        escape(&view.reads)
    );
    out
}

fn paragraph(out: &mut String, label: Label, text: &str) {
    let bold = if label == Label::Danger { "**" } else { "" };
    let _infallible = writeln!(out, "{bold}{}{bold}\n", escape(text));
}

fn table(out: &mut String, view: &PlanView) {
    out.push_str("| | resource | kind | action | |\n| --- | --- | --- | --- | --- |\n");
    for item in view.items.iter().take(TABLE_MAX) {
        let words: Vec<String> = item.words.iter().map(word).collect();
        let _infallible = writeln!(
            out,
            "| `{}` | `{}` | {} | {} | {} |",
            item.mark,
            item.name,
            escape(item.kind),
            item.verb,
            words.join(" · ")
        );
    }
    if view.items.len() > TABLE_MAX {
        let _infallible = writeln!(out, "| | {} more | | | |", view.items.len() - TABLE_MAX);
    }
    out.push('\n');
}

fn word((label, text): &(Label, String)) -> String {
    if *label == Label::Danger {
        format!("**{}**", escape(text))
    } else {
        escape(text)
    }
}

/// Writes the rows as a diff, since comments show diffs in colour; `!` marks updates.
fn details(out: &mut String, view: &PlanView) {
    let mut body = String::new();
    for item in &view.items {
        item_lines(&mut body, item);
    }
    for (name, value) in &view.outputs {
        let _infallible = writeln!(body, "  output {name} = {value}");
    }
    let fence = "`".repeat(longest_run(&body, '`').max(2) + 1);
    let _infallible = writeln!(
        out,
        "<details><summary>Details</summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n"
    );
}

fn item_lines(body: &mut String, item: &Item) {
    let words: Vec<&str> = item.words.iter().map(|(_, text)| text.as_str()).collect();
    let line = format!(
        "{} {} {} {}  {}",
        diff_mark(item.mark),
        item.name,
        item.kind,
        item.verb,
        words.join("  ")
    );
    let _infallible = writeln!(body, "{}", line.trim_end());
    for row in &item.rows {
        let _infallible = writeln!(body, "{}     {}", diff_mark(row.mark), row.text());
    }
}

/// Returns the first character of a line of a diff: it decides the colour.
fn diff_mark(mark: &str) -> char {
    match mark {
        "+" => '+',
        "-" | "x" => '-',
        "" => ' ',
        _ => '!',
    }
}

/// Returns the length of the longest run of a character.
fn longest_run(text: &str, of: char) -> usize {
    let (longest, last) = text.chars().fold((0, 0), |(longest, run), c| {
        if c == of {
            (longest.max(run + 1), run + 1)
        } else {
            (longest, 0)
        }
    });
    longest.max(last)
}

/// Escapes text so that Markdown shows it unchanged. Pairs of single backticks, as in Setpoint's
/// own sentences, stay code.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let pairs = text.matches('`').count().is_multiple_of(2) && !text.contains("``");
    let mut code = false;
    for c in text.chars() {
        match c {
            '`' if pairs => {
                code = !code;
                out.push('`');
            }
            '|' => out.push_str("\\|"),
            _ if code => out.push(c),
            '@' => out.push_str("&#64;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{fresh, mixed, shop};

    #[track_caller]
    fn check((given, report): (Plan, Report), expected: &Expect) {
        expected.assert_eq(&plan(&given, &report, &Header::default()));
    }

    #[test]
    fn a_plan_is_a_table_and_a_fold() {
        check(
            shop(),
            &expect![[r####"
                ### Plan: 0 to add, 5 to change, 0 to destroy.

                **Effect: 3 restarts (2 of 3 web stay up), 1 rebuild. Data loss: db.**

                **Held: db. In a pipeline: an `allow:` entry, or --allow-data-loss db**

                | | resource | kind | action | |
                | --- | --- | --- | --- | --- |
                | `~` | `db` | instance | update in-place | **REBUILD** · **DATA LOSS** · about 1 min |
                | `~` | `db-sg` | security\_group | update in-place |  |
                | `~` | `web[0..2]` | instance | update in-place | RESTART · about 1 min, one at a time |

                <details><summary>Details</summary>

                ```diff
                ! db instance update in-place  REBUILD  DATA LOSS  about 1 min
                !     image  aliyun_3_x64_20G_alibase_20240528.vhd -> ubuntu_24_04_x64_20G_alibase_20251030.vhd    stack.yaml:28:9
                      lost: system disk d-2zeh…k1, 40 GiB    stays: id and private IP
                      snapshot first: yes (lifecycle.snapshot_before)
                ! db-sg security_group update in-place
                +     ingress tcp 5432 from web-sg    "PostgreSQL"    stack.yaml:28:9
                -     ingress tcp 5432 from 10.0.0.0/8    closed last, no gap
                ! web[0..2] instance update in-place  RESTART  about 1 min, one at a time
                !     instance_type  ecs.c7.large -> ecs.c7.xlarge    env/prod.yaml:5:24
                !     system_disk.size  40 -> 60    online, no restart
                ```

                </details>

                <sub>shop/prod · cn-beijing · account 1234…3456 · 23 live resources · Read with 9 calls: 7 listings, 1 look-up, 1 detail.</sub>
            "####]],
        );
    }

    #[test]
    fn a_new_stack() {
        check(
            fresh(),
            &expect![[r####"
                ### Plan: 5 to add, 0 to change, 0 to destroy.

                | | resource | kind | action | |
                | --- | --- | --- | --- | --- |
                | `+` | `app[0..1]` | instance | create |  |
                | `+` | `net` | vpc | create |  |
                | `+` | `subnet` | vswitch | create |  |
                | `+` | `web-sg` | security\_group | create |  |

                <details><summary>Details</summary>

                ```diff
                + app[0..1] instance create
                +     instance_type  ecs.c7.large
                +     name  web-00 | web-01
                +     password  (sensitive value)
                +     security_groups  [web-sg] (known after apply)
                +     system_disk.size  40
                +     user_data  2.2 KiB, sha256 25b32758411a
                +     vswitch  subnet (known after apply)
                +     tags  {App: shop, Env: prod}
                + net vpc create
                +     cidr_block  172.16.0.0/12
                + subnet vswitch create
                +     cidr_block  172.16.1.0/24
                +     vpc  net (known after apply)
                +     zone  cn-beijing-h
                + web-sg security_group create
                +     vpc  net (known after apply)
                +     ingress tcp 80 from 0.0.0.0/0    "Web"
                  output ip = (known after apply)
                ```

                </details>

                > `debug` is disabled

                <sub>shop/prod · cn-beijing · account 1234…3456 · 0 live resources · Read with 9 calls: 7 listings, 1 look-up, 1 detail.</sub>
            "####]],
        );
    }

    #[test]
    fn foreign_text_cannot_become_markup() {
        assert_eq!(
            escape("a|b <img> @all [x](y) *z* # `c`"),
            "a\\|b &lt;img&gt; &#64;all \\[x\\](y) \\*z\\* \\# `c`"
        );
        assert_eq!(escape("one ` only"), "one \\` only");
        assert_eq!(escape("``` <img> `"), "\\`\\`\\` &lt;img&gt; \\`");
        assert_eq!(longest_run("a ```` b `", '`'), 4);
        let (given, report) = mixed();
        assert!(!plan(&given, &report, &Header::default()).contains("hunter22"));
    }
}

//! Formats a spec file: two columns of indentation, at most one blank line, the canonical spelling
//! of ports and addresses, and quotes around texts with `${` in flow style. Comments, the order of
//! keys, flow or block style, and alignment within a line stay.
//!
//! Formatting never changes the meaning of a file. The result is parsed again and compared with the
//! original; if they differ, the text is returned unchanged.

mod canon;
mod indent;
mod quote;

use crate::diagnostic::Diagnostic;
use crate::schema::Schema;
use crate::source::{Role, Sources};
use crate::tree::{self, Data, Node};

/// Formats a spec file. Lines end as the first line does, in LF or CRLF; a byte order mark is
/// removed.
///
/// # Errors
/// Diagnostics if the text is not valid YAML of the subset. Their spans refer to the first file of
/// a [`Sources`] that holds this text.
pub fn format(text: &str, schema: &Schema) -> Result<String, Vec<Diagnostic>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    let unix = text.replace("\r\n", "\n");
    let quoted = quote::expressions(&unix);
    let before = parse(&quoted).map_err(|found| parse(text).err().unwrap_or(found))?;
    let canonical = canon::scalars(&quoted, &before, &canon::Keys::of(schema));
    let tree = parse(&canonical)?;
    let laid = indent::lay(&canonical, &tree);
    let same = parse(&laid).is_ok_and(|after| same(&tree, &after));
    let result = if same { laid } else { canonical };
    Ok(if crlf {
        result.replace('\n', "\r\n")
    } else {
        result
    })
}

fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let mut sources = Sources::default();
    let file = sources.add("", text.to_owned(), Role::Spec);
    match tree::read(file, &sources) {
        (Some(node), found) if found.is_empty() => Ok(node),
        (_, found) => Err(found),
    }
}

/// Whether two trees are equal apart from spans.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.data, &other.data) {
        (Data::Scalar(a), Data::Scalar(b)) => a == b,
        (Data::List(a), Data::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        (Data::Null, Data::Null) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::schema::{FieldDef, KindDef, Type};

    /// A kind with a list of rules and a text for its guest.
    static FIREWALL: KindDef = KindDef::new(
        "firewall",
        "A kind.",
        &[
            FieldDef::new(
                "ingress",
                Type::Rows(&[FieldDef::new("port", Type::Ports, "")]),
                "",
            ),
            FieldDef::new(
                "user_data",
                Type::Content {
                    max: 1024,
                    with: true,
                },
                "",
            ),
        ],
    );

    static SCHEMA: Schema = Schema {
        kinds: &[&FIREWALL],
        foreign: &[],
    };

    fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
        super::format(text, &SCHEMA)
    }

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        let once = format(text)
            .unwrap_or_else(|found| found.iter().map(|one| one.message.clone()).collect());
        expected.assert_eq(&once);
        assert_eq!(
            format(&once).as_deref(),
            Ok(once.as_str()),
            "formatting twice differs"
        );
    }

    #[test]
    fn indentation() {
        check(
            "stack: demo   \nresources:\n    # the network\n    net:\n        type: vpc\n        # at the end\n    web:\n        ingress:\n        -   port: 80\n            source: 0.0.0.0/0\n        # - {port: 22}\n\n\n\n    app: {a: b,\n          c: d}\n",
            &expect![[r#"
                stack: demo
                resources:
                  # the network
                  net:
                    type: vpc
                    # at the end
                  web:
                    ingress:
                      - port: 80
                        source: 0.0.0.0/0
                      # - {port: 22}

                  app: {a: b,
                        c: d}
            "#]],
        );
    }

    #[test]
    fn texts_of_several_lines_stay() {
        check(
            "a:\n    user_data: |\n        #!/bin/bash\n\n\n          indented  \n        end\n    b: >-\n          folded\n          text\n    c: plain\n       goes on\n    d: \"quoted\n\n      text\"\n",
            &expect![[r#"
                a:
                  user_data: |
                    #!/bin/bash


                      indented  
                    end
                  b: >-
                    folded
                    text
                  c: plain
                     goes on
                  d: "quoted

                    text"
            "#]],
        );
    }

    #[test]
    fn quotes_ports_and_addresses() {
        check(
            "resources:\n  sg:\n    ingress:\n      - {port: 80/80, source: ${vars.office}}\n      - {port: [443/443, 8000/9000], source: x-${a}-${b[\"k\"]}}   # why\n  a: {vswitch: 'public[\"h\"]', list: [${a}, b]}\n  b:\n    vswitch: public[\"h\"]\n",
            &expect![[r#"
                resources:
                  sg:
                    ingress:
                      - {port: 80, source: "${vars.office}"}
                      - {port: [443, 8000-9000], source: 'x-${a}-${b["k"]}'}   # why
                  a: {vswitch: "public[h]", list: ["${a}", b]}
                  b:
                    vswitch: public[h]
            "#]],
        );
    }

    #[test]
    fn only_ports_of_rules_are_respelled() {
        let stays = "sg:\n  ingress:\n    - {port: 443/443, name: 80/80}\nuser_data: {ingress: [{port: 80/80}]}\nport: 80/80\n";
        check(
            stays,
            &expect![[r#"
                sg:
                  ingress:
                    - {port: 443, name: 80/80}
                user_data: {ingress: [{port: 80/80}]}
                port: 80/80
            "#]],
        );
    }

    #[test]
    fn line_ends_and_refusals() {
        assert_eq!(
            format("a: b\r\nc:\r\n    d: e").as_deref(),
            Ok("a: b\r\nc:\r\n  d: e\r\n")
        );
        assert_eq!(format("\u{feff}a: b\n\n\n").as_deref(), Ok("a: b\n"));
        assert!(format("a: [b").is_err());
        assert!(format("a: *b\n").is_err());
    }
}

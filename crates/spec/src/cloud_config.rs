//! Writes the map under `cloud_config:` as the `#cloud-config` document that the machine reads.
//!
//! Plain scalars are copied as they are, so that the machine reads the same type as the spec.
//! Quoted and block texts become double-quoted texts.

use crate::diagnostic::Diagnostic;
use crate::tree::{self, Data, Node, Scalar, Style};

/// Writes a map as a `#cloud-config` document.
///
/// # Errors
/// A diagnostic if the node is not a map, or if a scalar is one that YAML tools read differently.
/// It is boxed because it is large and rare.
pub fn write(node: &Node) -> Result<String, Box<Diagnostic>> {
    if !matches!(node.data, Data::Map(_)) {
        return Err(Box::new(Diagnostic::error(
            "wrong-type",
            node.span,
            format!("`cloud_config` must be a map, not {}", node.noun()),
        )));
    }
    let mut out = "#cloud-config\n".to_owned();
    block(node, 0, &mut out)?;
    Ok(out)
}

/// Writes the lines of a list or map at a level of indentation.
fn block(node: &Node, level: usize, out: &mut String) -> Result<(), Box<Diagnostic>> {
    let indent = "  ".repeat(level);
    match &node.data {
        Data::Map(pairs) => {
            for pair in pairs {
                out.push_str(&indent);
                out.push_str(&key(&pair.key));
                out.push(':');
                value(&pair.value, level, out)?;
            }
        }
        Data::List(items) => {
            for item in items {
                out.push_str(&indent);
                out.push('-');
                value(item, level, out)?;
            }
        }
        Data::Scalar(_) | Data::Null | Data::Bad => {}
    }
    Ok(())
}

fn value(node: &Node, level: usize, out: &mut String) -> Result<(), Box<Diagnostic>> {
    match &node.data {
        Data::Scalar(text) => {
            out.push(' ');
            out.push_str(&scalar(node, text)?);
            out.push('\n');
            Ok(())
        }
        Data::Map(pairs) if pairs.is_empty() => {
            out.push_str(" {}\n");
            Ok(())
        }
        Data::List(items) if items.is_empty() => {
            out.push_str(" []\n");
            Ok(())
        }
        _ => {
            out.push('\n');
            block(node, level + 1, out)
        }
    }
}

fn scalar(node: &Node, scalar: &Scalar) -> Result<String, Box<Diagnostic>> {
    // A value that `with` inserts is escaped for double quotes, so the text must have them.
    if scalar.style != Style::Plain || crate::expr::has_expression(&scalar.text) {
        return Ok(quoted(&scalar.text));
    }
    match tree::reading(&scalar.text) {
        Some(read) => Err(Box::new(crate::parse::unquoted(
            node.span,
            &scalar.text,
            &read,
        ))),
        None => Ok(scalar.text.clone()),
    }
}

fn key(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if plain && tree::reading(text).is_none() && !matches!(text, "true" | "false") {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Quotes a text; the string syntax of JSON is a subset of YAML's double-quoted style.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Escapes a text for use inside double quotes.
#[must_use]
pub fn escaped(text: &str) -> String {
    let quoted = quoted(text);
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Role, Sources};

    #[test]
    fn writes_a_document() {
        let text = "packages: [nginx, \"1.10\"]\nwrite_files:\n  - path: /etc/motd\n    content: |\n      hi\n      there\nruncmd: []\nssh: {a: true}\n";
        let mut sources = Sources::default();
        let file = sources.add("test", text.to_owned(), Role::Spec);
        let node = tree::read(file, &sources).0.expect("it is YAML");
        let written = write(&node).expect("it is plain");
        expect_test::expect![[r#"
            #cloud-config
            packages:
              - nginx
              - "1.10"
            write_files:
              -
                path: /etc/motd
                content: "hi\nthere\n"
            runcmd: []
            ssh:
              a: true
        "#]]
        .assert_eq(&written);
    }
}

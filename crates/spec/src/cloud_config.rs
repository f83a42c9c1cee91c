//! `cloud_config:` of user data: a map of the spec written out as the `#cloud-config` document that
//! the guest reads.
//!
//! Plain scalars are written as they stand, so that the guest reads what the spec's reader reads;
//! quoted and block texts become double-quoted ones.

use crate::diagnostic::Diagnostic;
use crate::tree::{self, Data, Node, Scalar, Style};

/// The document of a map.
///
/// # Errors
/// The finding for a value that tools read differently, boxed since it is rare and large.
pub fn write(node: &Node) -> Result<String, Box<Diagnostic>> {
    if !matches!(node.data, Data::Map(_)) {
        return Err(Box::new(Diagnostic::error(
            "wrong-type",
            node.span,
            format!("`cloud_config` is a map, this is {}", node.noun()),
        )));
    }
    let mut out = "#cloud-config\n".to_owned();
    block(node, 0, &mut out)?;
    Ok(out)
}

/// Lines of a list or map at a level of indentation.
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
    // Quoted where `with` will put something in, so that escaping it is right.
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

/// JSON's string syntax is YAML's double-quoted one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as it stands inside double quotes.
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

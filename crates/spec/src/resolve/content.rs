//! Contents such as user data, commands and public keys: a text in place, a file, or a cloud-config
//! document.
//!
//! Shells and configuration files have a `${…}` of their own. Therefore expressions are not
//! evaluated in a content; only the names of `with` are replaced.

use std::collections::BTreeMap;

use super::check::In;
use super::text::Anchor;
use super::val::{Val, as_piece, concat};
use super::{Cx, Eval, Halt, Resolver};
use crate::cloud_config;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::loader;
use crate::parse::unquoted;
use crate::source::Role;
use crate::span::Span;
use crate::suggest;
use crate::tree::{self, Data, Node, Pair, Style};
use crate::value::{Secret, Value};

const KEYS: &[&str] = &["text", "file", "cloud_config", "with"];

impl<'a> Resolver<'a> {
    pub(super) fn content(
        &mut self,
        cx: Cx,
        (max, with): (usize, bool),
        input: In<'a>,
    ) -> Eval<Val> {
        let span = input.span();
        let value = match input {
            In::Node(node) => match &node.data {
                Data::Scalar(scalar) => {
                    if scalar.style == Style::Plain
                        && let Some(read) = tree::reading(&scalar.text)
                    {
                        return Err(self.fail(cx, unquoted(span, &scalar.text, &read)));
                    }
                    Value::text(scalar.text.as_str())
                }
                Data::Map(pairs) => self.content_map(cx, node, pairs, with)?,
                Data::Bad | Data::Null => return Err(Halt::Reported),
                Data::List(_) => {
                    let hint = "write a text (`|` for several lines) or `{file: PATH}`";
                    return Err(self.fail(
                        cx,
                        Diagnostic::error(
                            "wrong-type",
                            span,
                            "this must be a text or a map, not a list",
                        )
                        .hint(hint),
                    ));
                }
            },
            In::Val(val, span) => self.piece(cx, val, span)?,
        };
        let bytes = known_bytes(&value);
        if bytes > max {
            let diagnostic = Diagnostic::error(
                "too-large",
                span,
                format!("the text has {bytes} bytes; the API accepts at most {max}"),
            );
            return Err(self.fail(
                cx,
                diagnostic.hint("let the machine fetch the rest from OSS or a package"),
            ));
        }
        Ok(Val::Plain(value))
    }

    fn content_map(
        &mut self,
        cx: Cx,
        node: &'a Node,
        pairs: &'a [Pair],
        with: bool,
    ) -> Eval<Value> {
        let keys: &[&str] = if with { KEYS } else { &["file"] };
        for pair in pairs {
            if !keys.contains(&pair.key.as_str()) {
                let hint = suggest::hint(&pair.key, keys.iter().copied());
                return Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "unknown-field",
                        pair.at,
                        format!("`{}` is not a valid key here", pair.key),
                    )
                    .maybe_hint(hint),
                ));
            }
        }
        let bodies: Vec<&Pair> = pairs.iter().filter(|pair| pair.key != "with").collect();
        let [body] = bodies.as_slice() else {
            let message = if bodies.is_empty() {
                "the text is missing"
            } else {
                "the text is given more than once"
            };
            let hint = format!(
                "set exactly one of {}",
                suggest::listing(&keys[..keys.len().min(3)])
            );
            return Err(self.fail(
                cx,
                Diagnostic::error("missing-field", node.span, message).hint(hint),
            ));
        };
        let mut given = match node.get("with") {
            Some(given) => self.with(cx, given)?,
            None => BTreeMap::new(),
        };
        if body.key == "cloud_config" {
            given.values_mut().for_each(|(value, _)| escape(value));
        }
        let (text, at) = match body.key.as_str() {
            "file" => self.content_file(cx, &body.value)?,
            "text" => (
                self.literal_text(cx, &body.value)?,
                Anchor::new(&self.sources, body.value.span, ""),
            ),
            _ => (
                self.cloud_config(cx, &body.value)?,
                Anchor::new(&self.sources, body.value.span, ""),
            ),
        };
        if given.is_empty() {
            return Ok(Value::text(text));
        }
        self.near_names(&text, &given, at.at(&(0..0)), body.key == "file");
        self.replace(cx, &text, given)
    }

    fn literal_text(&mut self, cx: Cx, node: &Node) -> Eval<String> {
        match node.text() {
            Some(text) => Ok(text.to_owned()),
            None if node.data == Data::Bad => Err(Halt::Reported),
            None => Err(self.fail(
                cx,
                Diagnostic::error(
                    "wrong-type",
                    node.span,
                    format!("this must be a text, not {}", node.noun()),
                ),
            )),
        }
    }

    fn cloud_config(&mut self, cx: Cx, node: &Node) -> Eval<String> {
        match cloud_config::write(node) {
            Ok(text) => Ok(text),
            Err(diagnostic) => Err(self.fail(cx, *diagnostic)),
        }
    }

    /// Reads the text of a file that the spec names.
    fn content_file(&mut self, cx: Cx, node: &Node) -> Eval<(String, Anchor)> {
        let Some(path) = crate::parse::literal(node, "file", &mut self.found) else {
            return Err(Halt::Reported);
        };
        let from = self
            .sources
            .get(node.span.file)
            .map_or(String::new(), |source| source.name.to_string());
        let named = match loader::resolve(self.cx.loader, self.cx.root, &from, path) {
            Ok(named) => named,
            Err(error) => {
                return Err(self.fail(
                    cx,
                    Diagnostic::error("missing-file", node.span, format!("`{path}`: {error}")),
                ));
            }
        };
        if let Some((file, source)) = self.sources.find(&named, Role::Content) {
            return Ok((
                source.text.clone(),
                Anchor::new(&self.sources, Span::new(file, 0, 0), ""),
            ));
        }
        let text = match self
            .cx
            .loader
            .read(&named, tree::MAX_SCALAR)
            .map(String::from_utf8)
        {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                return Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "missing-file",
                        node.span,
                        format!("`{path}` is not UTF-8 text"),
                    ),
                ));
            }
            Err(error) => {
                return Err(self.fail(
                    cx,
                    Diagnostic::error("missing-file", node.span, format!("`{path}`: {error}")),
                ));
            }
        };
        let file = self.sources.add(&named, text.clone(), Role::Content);
        Ok((text, Anchor::new(&self.sources, Span::new(file, 0, 0), "")))
    }

    /// Evaluates the values of `with`.
    fn with(&mut self, cx: Cx, node: &'a Node) -> Eval<BTreeMap<String, (Value, Span)>> {
        let cx = Cx {
            expressions: true,
            ..cx
        };
        let mut given = BTreeMap::new();
        for (key, at, value) in self.entries(cx, In::Node(node), "a map of names and values")? {
            let span = value.span();
            let val = match value {
                In::Node(node) => self.free(cx, node),
                In::Val(val, _) => Ok(val),
            };
            let val = match val {
                Err(Halt::Off(name)) => return Err(self.off_alone(cx, span, &name)),
                other => other?,
            };
            given.insert(key, (self.piece(cx, val, span)?, at));
        }
        Ok(given)
    }

    /// Warns of each `${…}` that differs from a name of `with` by one character.
    fn near_names(
        &mut self,
        text: &str,
        given: &BTreeMap<String, (Value, Span)>,
        at: Span,
        in_file: bool,
    ) {
        for (start, name) in placeholders(text) {
            if given.contains_key(name) {
                continue;
            }
            let near = given
                .keys()
                .find(|known| strsim::damerau_levenshtein(name, known) == 1);
            if let Some(near) = near {
                let span = if in_file {
                    Span::new(at.file, start, start + name.len() + 3)
                } else {
                    given[near].1
                };
                let message =
                    format!("`${{{name}}}` is not replaced; `with` has the similar name `{near}`");
                let diagnostic = Diagnostic::warning("near-with", span, message)
                    .hint(format!("to use that value, write `${{{near}}}`"));
                self.found.push(diagnostic);
            }
        }
    }

    fn replace(
        &mut self,
        cx: Cx,
        text: &str,
        given: BTreeMap<String, (Value, Span)>,
    ) -> Eval<Value> {
        let mut pieces = Vec::new();
        let mut used = std::collections::BTreeSet::new();
        let (mut from, mut bytes) = (0, text.len());
        for (start, name) in placeholders(text) {
            if start >= from
                && let Some((value, _)) = given.get(name)
            {
                used.insert(name);
                bytes += limits::text_len(value);
                self.within(cx, given[name].1, limits::check_text(bytes))?;
                pieces.push(Value::text(&text[from..start]));
                pieces.extend(as_piece(value.clone()));
                from = start + name.len() + 3;
            }
        }
        pieces.push(Value::text(&text[from..]));
        let mut result = Ok(());
        for (name, (_, at)) in &given {
            if !used.contains(name.as_str()) {
                let diagnostic = Diagnostic::error(
                    "unused-with",
                    *at,
                    format!("the text does not use `${{{name}}}`"),
                );
                result = Err(self.fail(
                    cx,
                    diagnostic.hint("remove the name, or use it in the text"),
                ));
            }
        }
        result.map(|()| concat(pieces))
    }
}

/// Returns every `${name}` of a text: its start and the name.
fn placeholders(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("${").filter_map(|(start, _)| {
        let rest = &text[start + 2..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
        (end > 0 && rest[end..].starts_with('}')).then(|| (start, &rest[..end]))
    })
}

/// Escapes a value for use inside double quotes.
fn escape(value: &mut Value) {
    match value {
        Value::Text(text) => *text = cloud_config::escaped(text).into(),
        Value::Secret(secret) => *secret = Secret::new(cloud_config::escaped(secret.expose())),
        Value::Concat(parts) => parts.iter_mut().for_each(escape),
        _ => {}
    }
}

/// The bytes of a content that are known at plan.
fn known_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Secret(secret) => secret.expose().len(),
        Value::Concat(parts) => parts.iter().map(known_bytes).sum(),
        _ => 0,
    }
}

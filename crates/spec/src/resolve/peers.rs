//! Sources and destinations of firewall rules: blocks, addresses, and resources of the kinds that
//! the type of the field lists.

use std::collections::BTreeMap;

use super::check::In;
use super::reference::wants;
use super::val::{Val, concat};
use super::{Cx, Eval, Halt, Resolver};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::naming::PeerRole;
use crate::outside::said;
use crate::span::Span;
use crate::suggest;
use crate::tree::{Data, Node};
use crate::types;
use crate::value::Value;

impl<'a> Resolver<'a> {
    /// Returns a list of maps with one key each: `cidr`, or the key of the kind. `kinds` are
    /// separated by `|`; a reference whose kind is not known has the first one.
    pub(super) fn peers(&mut self, cx: Cx, kinds: &str, input: In<'a>) -> Eval<Val> {
        let alone = !matches!(
            &input,
            In::Node(Node {
                data: Data::List(_),
                ..
            }) | In::Val(Val::List(_), _)
        );
        let items = if alone {
            vec![input]
        } else {
            self.items(cx, input)?
        };
        let mut peers = Vec::new();
        for item in items {
            let span = item.span();
            match self.peer(cx, kinds, item) {
                Ok(found) => peers.extend(found),
                Err(Halt::Off(name)) if !alone => self.left_out(span, &name),
                Err(halt) => return Err(halt),
            }
        }
        Ok(Val::List(peers))
    }

    fn peer(&mut self, cx: Cx, kinds: &str, item: In<'a>) -> Eval<Vec<Val>> {
        match self.evaluated(cx, item)? {
            In::Node(node) => match &node.data {
                Data::Scalar(scalar) => self.peer_text(cx, kinds, node.span, &scalar.text),
                Data::Map(_) => {
                    let kind = first(kinds);
                    let found = self.look_up(cx, kind, node)?;
                    Ok(vec![self.one(kind, found)])
                }
                Data::Bad | Data::Null => Err(Halt::Reported),
                Data::List(_) => Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "wrong-type",
                        node.span,
                        "a list inside a list is not valid here",
                    ),
                )),
            },
            In::Val(val, span) => self.peer_val(cx, kinds, val, span),
        }
    }

    fn peer_text(&mut self, cx: Cx, kinds: &str, span: Span, text: &str) -> Eval<Vec<Val>> {
        match self.cx.schema.id_kind(text) {
            Some(kind) if wants(kinds, kind) => {
                return Ok(vec![self.one(kind, Val::Outside(Value::text(text)))]);
            }
            Some(kind) => {
                let message = format!(
                    "`{text}` is the id of {}; {}",
                    suggest::a(kind),
                    traffic(kinds)
                );
                return Err(self.fail(cx, Diagnostic::error("wrong-kind", span, message)));
            }
            None => {}
        }
        if text.contains(['/', ':']) || text.starts_with(|c: char| c.is_ascii_digit()) {
            return match types::peer_block(text) {
                Ok(block) => Ok(vec![one("cidr", Val::text(block))]),
                Err(wrong) => Err(self.wrong(cx, "bad-cidr", span, wrong)),
            };
        }
        if matches!(text, "any" | "all" | "internet" | "*" | "world") {
            let diagnostic =
                Diagnostic::error("bad-cidr", span, format!("`{text}` is not a valid source"));
            return Err(self.fail(
                cx,
                diagnostic.hint("write `0.0.0.0/0` for the whole internet, `::/0` for IPv6"),
            ));
        }
        let val = self.named(cx, span, text)?;
        self.peer_val(cx, kinds, val, span)
    }

    fn peer_val(&mut self, cx: Cx, kinds: &str, val: Val, span: Span) -> Eval<Vec<Val>> {
        match val {
            Val::Plain(Value::Text(text)) => self.peer_from_text(cx, kinds, text.to_string(), span),
            Val::Plain(Value::Ref(reference)) if reference.attr == "id" => {
                self.peer_resource(cx, kinds, reference.address, span)
            }
            Val::Plain(Value::Secret(_)) => Err(self.fail(
                cx,
                Diagnostic::error("secret", span, "a secret cannot be a source"),
            )),
            Val::Plain(Value::Ref(reference)) => {
                // An address becomes a block with the prefix /32; a block has a prefix already.
                let is_address =
                    reference.attr.ends_with("_ip") || reference.attr.ends_with("ip_address");
                let value = Value::Ref(reference);
                let block = if is_address {
                    concat(vec![value, Value::text("/32")])
                } else {
                    value
                };
                Ok(vec![one("cidr", Val::Plain(block))])
            }
            Val::Plain(unknown @ Value::Concat(_)) => Ok(vec![one("cidr", Val::Plain(unknown))]),
            Val::Resource(address) => self.peer_resource(cx, kinds, address, span),
            Val::Outside(value) => Ok(vec![self.one(first(kinds), Val::Outside(value))]),
            Val::Group(group) => {
                let members = group
                    .members
                    .iter()
                    .map(|(_, member)| self.peer_val(cx, kinds, member.clone(), span));
                Ok(members.collect::<Eval<Vec<_>>>()?.concat())
            }
            Val::List(items) => {
                let items = items
                    .into_iter()
                    .map(|item| self.peer_val(cx, kinds, item, span));
                Ok(items.collect::<Eval<Vec<_>>>()?.concat())
            }
            other => {
                let diagnostic = Diagnostic::error(
                    "wrong-type",
                    span,
                    format!("{} is not a valid source", other.noun()),
                );
                let forms = kinds.split('|').map(|kind| suggest::a(&plain(kind)));
                let forms: Vec<String> = forms.collect();
                Err(self.fail(
                    cx,
                    diagnostic.hint(format!(
                        "use a block, an address, {}, or a list of these",
                        forms.join(", ")
                    )),
                ))
            }
        }
    }

    fn peer_resource(
        &mut self,
        cx: Cx,
        kinds: &str,
        address: Address,
        span: Span,
    ) -> Eval<Vec<Val>> {
        let kind = self.kind_of(&address);
        let own = cx
            .member
            .is_some_and(|member| self.members[member.0].address == address);
        if own
            && let Some(kind) = kind
            && let Some(PeerRole::Peer { key, own }) = kind.naming.peer
        {
            let message = format!("`{address}` is this {key} itself; the API refuses such a rule");
            let diagnostic = Diagnostic::error("own-group", span, message);
            return Err(self.fail(cx, diagnostic.hint(own)));
        }
        let kind = match kind {
            // The kind of a resource of another stack may be unknown.
            None => return Ok(vec![self.one(first(kinds), Val::Resource(address))]),
            Some(kind) if wants(kinds, kind.name) => {
                return Ok(vec![self.one(kind.name, Val::Resource(address))]);
            }
            Some(kind) => kind,
        };
        let message = format!(
            "`{}` is {}; {}",
            said(&address),
            suggest::a(kind.name),
            traffic(kinds)
        );
        let hint = match kind.naming.peer {
            Some(PeerRole::Address(attr)) => {
                Some(format!("write \"${{{}.{attr}}}\"", said(&address)))
            }
            Some(PeerRole::Peer { .. }) | None => None,
        };
        let diagnostic = Diagnostic::error("wrong-kind", span, message);
        Err(self.fail(cx, diagnostic.maybe_hint(hint)))
    }

    /// Reads a text that an expression gives: a block, an address, or the id of a kind that this
    /// version does not manage. A managed kind needs a reference, whose kind is checked.
    fn peer_from_text(&mut self, cx: Cx, kinds: &str, text: String, span: Span) -> Eval<Vec<Val>> {
        let schema = self.cx.schema;
        match schema.id_kind(&text).filter(|kind| wants(kinds, kind)) {
            Some(kind) if schema.kind(kind).is_some() => {
                Err(self.not_a_resource(cx, kind, &Val::text(text), span))
            }
            Some(kind) => Ok(vec![self.one(kind, Val::text(text))]),
            None => match types::peer_block(&text) {
                Ok(block) => Ok(vec![one("cidr", Val::text(block))]),
                Err(wrong) => Err(self.wrong(cx, "bad-cidr", span, wrong)),
            },
        }
    }

    /// Returns a map with a resource under the key of its kind.
    fn one(&self, kind: &str, val: Val) -> Val {
        let key = self.cx.schema.naming(kind).peer_key();
        one(key.unwrap_or(kind), val)
    }
}

fn one(key: &str, val: Val) -> Val {
    Val::Map(BTreeMap::from([(key.to_owned(), val)]))
}

fn first(kinds: &str) -> &str {
    kinds.split('|').next().unwrap_or(kinds)
}

/// The name of a kind as words.
fn plain(kind: &str) -> String {
    kind.replace('_', " ")
}

/// The accepted sources and destinations, for messages.
fn traffic(kinds: &str) -> String {
    let words = kinds.split('|').map(|kind| suggest::a(&plain(kind)));
    let mut words: Vec<String> = words.collect();
    let last = words.pop().unwrap_or_default();
    let words: String = words.iter().map(|word| format!(", {word}")).collect();
    format!("a source must be a block{words} or {last}")
}

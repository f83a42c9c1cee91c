//! Sources and destinations of rules: blocks, addresses, security groups, prefix lists.

use std::collections::BTreeMap;

use super::check::In;
use super::val::{Val, concat};
use super::{Cx, Eval, Halt, Resolver};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::outside::said;
use crate::span::Span;
use crate::suggest;
use crate::tree::{Data, Node};
use crate::types;
use crate::value::Value;

const GROUP: &str = "security_group";

impl<'a> Resolver<'a> {
    /// A list of maps with one key each: `cidr`, `group` or `prefix_list`.
    pub(super) fn peers(&mut self, cx: Cx, input: In<'a>) -> Eval<Val> {
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
            match self.peer(cx, item) {
                Ok(found) => peers.extend(found),
                Err(Halt::Off(name)) if !alone => self.left_out(span, &name),
                Err(halt) => return Err(halt),
            }
        }
        Ok(Val::List(peers))
    }

    fn peer(&mut self, cx: Cx, item: In<'a>) -> Eval<Vec<Val>> {
        match self.evaluated(cx, item)? {
            In::Node(node) => match &node.data {
                Data::Scalar(scalar) => self.peer_text(cx, node.span, &scalar.text),
                Data::Map(_) => Ok(vec![one("group", self.look_up(cx, GROUP, node)?)]),
                Data::Bad | Data::Null => Err(Halt::Reported),
                Data::List(_) => Err(self.fail(
                    cx,
                    Diagnostic::error("wrong-type", node.span, "a list inside a list"),
                )),
            },
            In::Val(val, span) => self.peer_val(cx, val, span),
        }
    }

    fn peer_text(&mut self, cx: Cx, span: Span, text: &str) -> Eval<Vec<Val>> {
        match types::id_kind(text) {
            Some("prefix_list") => return Ok(vec![one("prefix_list", Val::text(text))]),
            Some(GROUP) => return Ok(vec![one("group", Val::Outside(Value::text(text)))]),
            Some(kind) => {
                let message = format!(
                    "`{text}` is the id of {}; traffic comes from blocks, security groups and prefix lists",
                    suggest::a(kind)
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
            let diagnostic = Diagnostic::error("bad-cidr", span, format!("`{text}` is no source"));
            return Err(self.fail(
                cx,
                diagnostic.hint("the whole internet is `0.0.0.0/0`, and `::/0` for IPv6"),
            ));
        }
        let val = self.named(cx, span, text)?;
        self.peer_val(cx, val, span)
    }

    fn peer_val(&mut self, cx: Cx, val: Val, span: Span) -> Eval<Vec<Val>> {
        match val {
            Val::Plain(Value::Text(text)) => match types::id_kind(&text) {
                Some("prefix_list") => Ok(vec![one("prefix_list", Val::text(text))]),
                _ => match types::peer_block(&text) {
                    Ok(block) => Ok(vec![one("cidr", Val::text(block))]),
                    Err(wrong) => Err(self.wrong(cx, "bad-cidr", span, wrong)),
                },
            },
            Val::Plain(Value::Ref(reference)) if reference.attr == "id" => {
                self.peer_val(cx, Val::Resource(reference.address), span)
            }
            Val::Plain(Value::Secret(_)) => Err(self.fail(
                cx,
                Diagnostic::error("secret", span, "a secret cannot be a source"),
            )),
            Val::Plain(Value::Ref(reference)) => {
                // An address becomes a block of one; blocks have their prefix already.
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
            Val::Resource(address) => self.peer_resource(cx, address, span),
            Val::Outside(value) => Ok(vec![one("group", Val::Outside(value))]),
            Val::Group(group) => {
                let members = group
                    .members
                    .iter()
                    .map(|(_, member)| self.peer_val(cx, member.clone(), span));
                Ok(members.collect::<Eval<Vec<_>>>()?.concat())
            }
            Val::List(items) => {
                let items = items.into_iter().map(|item| self.peer_val(cx, item, span));
                Ok(items.collect::<Eval<Vec<_>>>()?.concat())
            }
            other => {
                let diagnostic =
                    Diagnostic::error("wrong-type", span, format!("{} is no source", other.noun()));
                Err(self.fail(
                    cx,
                    diagnostic.hint(
                        "a block, an address, a security group, a prefix list, or a list of these",
                    ),
                ))
            }
        }
    }

    fn peer_resource(&mut self, cx: Cx, address: Address, span: Span) -> Eval<Vec<Val>> {
        let own = cx
            .member
            .is_some_and(|member| self.members[member.0].address == address);
        if own {
            let diagnostic = Diagnostic::error(
                "own-group",
                span,
                format!("`{address}` is this group itself; the API refuses such a rule"),
            );
            return Err(self.fail(
                cx,
                diagnostic
                    .hint("members of one group reach each other by `inner_access_policy: Accept`"),
            ));
        }
        let attribute = match self.kind_of(&address).map(|kind| kind.name) {
            None | Some(GROUP) => return Ok(vec![one("group", Val::Resource(address))]),
            Some("vswitch" | "vpc") => Some("cidr_block"),
            Some("instance") => Some("private_ip"),
            Some("eip") => Some("ip_address"),
            Some(_) => None,
        };
        let kind = self.kind_of(&address).map_or("", |kind| kind.name);
        let diagnostic = Diagnostic::error(
            "wrong-kind",
            span,
            format!(
                "`{}` is {}; traffic comes from blocks, security groups and prefix lists",
                said(&address),
                suggest::a(kind)
            ),
        );
        Err(self.fail(
            cx,
            diagnostic.maybe_hint(
                attribute.map(|attribute| format!("write \"${{{}.{attribute}}}\"", said(&address))),
            ),
        ))
    }
}

fn one(key: &str, val: Val) -> Val {
    Val::Map(BTreeMap::from([(key.to_owned(), val)]))
}

//! Resolves the sections besides `resources`: region, tags, `existing`, `stacks`, `moved`,
//! `forget`, `allow` and `outputs`.
//!
//! `head` runs before the resources, which depend on region, tags and protection. `tail` runs after
//! them, because its sections refer to resources.

mod existing;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::version::satisfies;
use super::val::Val;
use super::{Cx, Halt, ROOT, Resolver, Slot, SlotId};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::parse::{Shape, literal, shape_fits};
use crate::schema::Type;
use crate::stack::{Allow, Move, Output, Resource, Stack};
use crate::suggest;
use crate::tree::{Node, Pair};
use crate::types;
use crate::value::Value;

const TEXT: Type = Type::Text { min: 1, max: 1024 };
const TOP: Cx = Cx {
    scope: ROOT,
    member: None,
    expressions: true,
};

/// Returns the node of an output's value, which is written alone or under `value`.
pub(super) fn output_value(node: &Node) -> &Node {
    let described = node.get("value").filter(|_| {
        node.pairs()
            .iter()
            .all(|pair| matches!(pair.key.as_str(), "value" | "description" | "secret"))
    });
    described.unwrap_or(node)
}

impl<'a> Resolver<'a> {
    /// Evaluates the environment of each linked stack, by alias, which is needed to read their
    /// files. It may depend on variables, the account and the region, but not on other stacks.
    pub(crate) fn environments(&mut self) -> BTreeMap<String, Option<String>> {
        let file = &self.world.files[0];
        self.account = file.get("account").and_then(|node| self.account_of(node));
        self.region = file.get("region").and_then(|node| self.region_of(node));
        self.environments = self.link_environments();
        self.environments.clone()
    }

    /// Resolves name, region, account, tags and protection, on which the rest depends.
    pub(super) fn head(&mut self) -> Stack {
        let file = &self.world.files[0];
        if file.get("region").is_none() {
            let diagnostic =
                Diagnostic::error("missing-field", file.name.span, "the stack has no `region`");
            self.found.push(
                diagnostic.hint("write `region: cn-beijing`, at the top or in each environment"),
            );
        }
        if let Some(node) = file.get("requires") {
            self.requires(node);
        }
        let tags = self.merged_tags(TOP, None, file.get("tags"));
        let protect = file
            .get("protect")
            .is_some_and(|node| self.known_bool(node, "protect"));
        let root = &mut self.scopes[ROOT.0];
        root.tags = tags.unwrap_or_default();
        Arc::make_mut(&mut root.terms).lifecycle.protect = protect;
        Stack {
            name: file.name.value.clone(),
            environment: file.environment.clone(),
            region: self.region.clone().unwrap_or_default(),
            region_at: file
                .get("region")
                .map(|node| self.sources.location(node.span)),
            account: self.account.clone(),
            description: file
                .get("description")
                .and_then(|node| self.known_text(node, "description")),
            ignore_tags: file
                .items("ignore_tags")
                .iter()
                .filter_map(|node| self.known_text(node, "ignore_tags"))
                .collect(),
            resources: BTreeMap::new(),
            existing: BTreeMap::new(),
            stacks: BTreeMap::new(),
            moved: Vec::new(),
            forget: Vec::new(),
            allow: Vec::new(),
            outputs: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    fn known_text(&mut self, node: &'a Node, what: &str) -> Option<String> {
        match self.check_alone(TOP, &TEXT, node).ok()? {
            Val::Plain(Value::Text(text)) => Some(text.to_string()),
            _ => {
                self.found.push(Diagnostic::error(
                    "not-known",
                    node.span,
                    format!("`{what}` must be known at plan and must not be secret"),
                ));
                None
            }
        }
    }

    fn known_bool(&mut self, node: &'a Node, what: &str) -> bool {
        match self.check_alone(TOP, &Type::Bool, node) {
            Ok(Val::Plain(Value::Bool(value))) => value,
            Ok(_) => {
                self.found.push(Diagnostic::error(
                    "not-known",
                    node.span,
                    format!("`{what}` must be known at plan"),
                ));
                false
            }
            Err(_) => false,
        }
    }

    fn account_of(&mut self, node: &'a Node) -> Option<String> {
        let text = self.known_text(node, "account")?;
        if text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(text);
        }
        let diagnostic = Diagnostic::error(
            "wrong-value",
            node.span,
            format!("`{text}` is not a valid account"),
        );
        self.found
            .push(diagnostic.hint("write 16 digits in quotes: \"1234567890123456\""));
        None
    }

    fn region_of(&mut self, node: &'a Node) -> Option<String> {
        let text = self.known_text(node, "region")?;
        match types::region(&text) {
            Ok(()) => Some(text),
            Err(wrong) => {
                self.wrong(TOP, "bad-region", node.span, wrong);
                None
            }
        }
    }

    fn requires(&mut self, node: &Node) {
        let Some(text) = literal(node, "requires", &mut self.found) else {
            return;
        };
        let finding = match satisfies(env!("CARGO_PKG_VERSION"), text) {
            Ok(true) => return,
            Ok(false) => {
                let message = format!(
                    "this stack requires setpoint {text}, but this is {}",
                    env!("CARGO_PKG_VERSION")
                );
                Diagnostic::error("requires", node.span, message)
                    .hint("run it with another version of setpoint")
            }
            Err(wrong) => {
                Diagnostic::error("requires", node.span, wrong.message).maybe_hint(wrong.hint)
            }
        };
        self.found.push(finding);
    }

    /// Resolves the sections that refer to resources.
    pub(super) fn tail(&mut self, stack: &mut Stack, resources: &BTreeMap<Address, Resource>) {
        let file = &self.world.files[0];
        stack.moved = file
            .items("moved")
            .iter()
            .filter_map(|node| self.moved(node, resources))
            .collect();
        stack.forget = file
            .items("forget")
            .iter()
            .filter_map(|node| self.forget(node, resources))
            .collect();
        stack.allow = file
            .items("allow")
            .iter()
            .filter_map(|node| self.allow(node))
            .collect();
        for pair in file.pairs("outputs") {
            if let Some(output) = self.stack_output(pair) {
                stack.outputs.insert(pair.key.clone(), output);
            }
        }
    }

    fn address(&mut self, node: &Node, key: &str) -> Option<Address> {
        let text = literal(node, key, &mut self.found)?;
        match text.parse() {
            Ok(address) => Some(address),
            Err(bad) => {
                self.found.push(
                    Diagnostic::error(
                        "bad-address",
                        node.span,
                        format!("`{text}` is not an address"),
                    )
                    .hint(bad.why),
                );
                None
            }
        }
    }

    /// Checks the keys of a map without expressions and reports missing and unknown ones.
    fn members(
        &mut self,
        node: &Node,
        what: &str,
        known: &[&str],
        required: &[&str],
    ) -> Option<()> {
        if !shape_fits(node, Shape::Map, what, &mut self.found) {
            return None;
        }
        let before = self.found.len();
        for pair in node.pairs() {
            if !known.contains(&pair.key.as_str()) {
                let hint = suggest::hint(&pair.key, known.iter().copied());
                self.found.push(
                    Diagnostic::error(
                        "unknown-field",
                        pair.at,
                        format!("{what} has no `{}`", pair.key),
                    )
                    .maybe_hint(hint),
                );
            }
        }
        let missing: Vec<&str> = required
            .iter()
            .copied()
            .filter(|key| node.get(key).is_none())
            .collect();
        if !missing.is_empty() {
            self.found.push(Diagnostic::error(
                "missing-field",
                node.span,
                format!("{what} needs {}", suggest::listing(&missing)),
            ));
        }
        (self.found.len() == before).then_some(())
    }

    fn moved(&mut self, node: &Node, resources: &BTreeMap<Address, Resource>) -> Option<Move> {
        let required: &[&str] = if node.get("stack").is_some()
            && node.get("from").is_none()
            && node.get("to").is_none()
        {
            &[]
        } else {
            &["from", "to"]
        };
        self.members(
            node,
            "an entry of `moved`",
            &["from", "to", "stack"],
            required,
        )?;
        let stack = node
            .get("stack")
            .and_then(|node| literal(node, "stack", &mut self.found))
            .map(str::to_owned);
        let from = node.get("from").and_then(|node| self.address(node, "from"));
        let to = node.get("to").and_then(|node| self.address(node, "to"));
        if let (Some(to), Some(node)) = (&to, node.get("to"))
            && !self.is_declared(to)
        {
            let names: Vec<String> = resources.keys().map(ToString::to_string).collect();
            let hint = suggest::nearest(&to.to_string(), names.iter().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"));
            self.found.push(
                Diagnostic::error(
                    "unknown-reference",
                    node.span,
                    format!("the stack has no `{to}`"),
                )
                .maybe_hint(hint),
            );
        }
        if let (Some(from), Some(node), None) = (&from, node.get("from"), &stack)
            && to.as_ref().is_none_or(|to| from == to || !from.covers(to))
            && let Some(there) = still_there(resources, from)
        {
            let message = format!("`{there}` is still in this stack");
            self.found.push(
                Diagnostic::error("still-there", node.span, message)
                    .hint("remove the entry of the old address"),
            );
        }
        Some(Move { stack, from, to })
    }

    /// Whether the stack declares an address or its group, even if the entry has an error.
    fn is_declared(&self, address: &Address) -> bool {
        let first = address
            .segments()
            .first()
            .map_or("", |first| first.name.as_str());
        let expanded = matches!(
            self.slots.get(&SlotId::Name(ROOT, first)),
            Some(Slot::Done(Ok(_)))
        );
        let named = self.scopes[ROOT.0].names.contains_key(first);
        self.by_address
            .keys()
            .any(|known| known == address || known.group() == *address)
            || (named && !expanded)
    }

    fn forget(&mut self, node: &Node, resources: &BTreeMap<Address, Resource>) -> Option<Address> {
        let address = self.address(node, "forget")?;
        if let Some(there) = still_there(resources, &address) {
            let diagnostic = Diagnostic::error(
                "still-there",
                node.span,
                format!("`{there}` is still in this stack"),
            );
            self.found.push(
                diagnostic
                    .hint("remove its entry; the resource stays in the cloud without an owner"),
            );
        }
        Some(address)
    }

    fn allow(&mut self, node: &Node) -> Option<Allow> {
        let keys = ["address", "effect", "reason", "until"];
        self.members(node, "an entry of `allow`", &keys, &keys)?;
        let address = self.address(node.get("address")?, "address")?;
        let effect_node = node.get("effect")?;
        let effect = literal(effect_node, "effect", &mut self.found)?;
        if let Err(wrong) = types::enum_word(effect, &["data_loss", "replace", "delete"]) {
            self.wrong(TOP, "unknown-word", effect_node.span, wrong);
        }
        let reason = literal(node.get("reason")?, "reason", &mut self.found)?.to_owned();
        let until = self.until(node.get("until")?)?;
        Some(Allow {
            address,
            effect: effect.to_owned(),
            reason,
            until,
            at: self.sources.location(node.span),
        })
    }

    fn until(&mut self, node: &Node) -> Option<String> {
        // A date is read by its own parser and needs no quotes.
        let text = node.text().map(str::to_owned);
        let Some(text) = text else {
            shape_fits(node, Shape::One, "until", &mut self.found);
            return None;
        };
        if let Err(wrong) = types::date(&text) {
            self.wrong(TOP, "bad-date", node.span, wrong);
            return None;
        }
        if text.as_str() < self.cx.today {
            let diagnostic = Diagnostic::error(
                "expired",
                node.span,
                format!("this entry of `allow` expired on {text}"),
            );
            self.found
                .push(diagnostic.hint("remove the entry, or set a later date with a new reason"));
        }
        Some(text)
    }

    fn stack_output(&mut self, pair: &'a Pair) -> Option<Output> {
        if let Err(wrong) = self.cx.schema.check_name(&pair.key, "an output's name") {
            self.wrong(TOP, "name", pair.at, wrong);
        }
        let value_node = output_value(&pair.value);
        let alone = std::ptr::eq(value_node, &pair.value);
        let beside = |key: &str| if alone { None } else { pair.value.get(key) };
        let secret = beside("secret").is_some_and(|node| self.known_bool(node, "secret"));
        let description =
            beside("description").and_then(|node| self.known_text(node, "description"));
        let val = match self.free(TOP, value_node) {
            Ok(val) => val,
            Err(Halt::Off(name)) => {
                self.off_alone(TOP, value_node.span, &name);
                return None;
            }
            Err(Halt::Reported) => return None,
        };
        let noun = val.noun();
        let Some(value) = val.into_value() else {
            let diagnostic = Diagnostic::error(
                "wrong-type",
                value_node.span,
                format!("an output cannot be {noun}"),
            );
            self.found
                .push(diagnostic.hint("refer to one of its attributes or outputs"));
            return None;
        };
        if value.has_secret() && !secret {
            let diagnostic = Diagnostic::error(
                "secret",
                value_node.span,
                format!("the output `{}` shows a secret", pair.key),
            );
            self.found.push(
                diagnostic.hint("write `{value: …, secret: true}` to show it only on request"),
            );
        }
        Some(Output {
            value,
            description,
            secret,
        })
    }
}

/// Returns the first resource with this address, or inside this group or module.
fn still_there<'a>(
    resources: &'a BTreeMap<Address, Resource>,
    address: &Address,
) -> Option<&'a Address> {
    resources.keys().find(|known| address.covers(known))
}

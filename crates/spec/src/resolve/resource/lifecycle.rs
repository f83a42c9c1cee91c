//! Resolves `lifecycle`: the limits on changing and deleting a resource.

use std::collections::BTreeMap;

use crate::common;
use crate::diagnostic::Diagnostic;
use crate::resolve::{Cx, Eval, Resolver};
use crate::schema::{FieldDef, KindDef};
use crate::stack::{Amount, Lifecycle, Resource};
use crate::tree::{Node, Pair};
use crate::value::{Map, Value};

impl<'a> Resolver<'a> {
    pub(super) fn lifecycle(
        &mut self,
        cx: Cx,
        pair: &'a Pair,
        resource: &Resource,
    ) -> Eval<Lifecycle> {
        let members = common::lifecycle(resource.kind);
        let map = self.entry_struct(cx, pair, &members)?;
        let texts = |name: &str| -> Vec<String> {
            map.get(name)
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter()
                .filter_map(|item| item.as_text().map(str::to_owned))
                .collect()
        };
        let word = |name: &str| map.get(name).and_then(Value::as_text).map(str::to_owned);
        let ignore = texts("ignore");
        let kind = resource.kind;
        for name in &ignore {
            let first = name.split('.').next().unwrap_or(name);
            if kind.field(first).is_none()
                && !matches!(first, "name" | "description" | "tags" | "resource_group")
            {
                let span = pair.value.get("ignore").map_or(pair.at, |node| node.span);
                self.fail(cx, common::unknown_field(kind, first, span));
            }
        }
        let max_unavailable = match (word("max_unavailable"), pair.value.get("max_unavailable")) {
            (Some(text), Some(node)) => Some(self.amount(cx, node, &text)?),
            _ => None,
        };
        Ok(Lifecycle {
            protect: map
                .get("protect")
                .and_then(Value::as_bool)
                .unwrap_or(resource.terms.lifecycle.protect),
            keep: word("on_delete").is_some_and(|word| word == "keep"),
            snapshot_before: texts("snapshot_before"),
            create_before_destroy: map
                .get("create_before_destroy")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            ignore,
            additive: texts("additive"),
            choices: own_choices(kind, &map),
            max_unavailable,
        })
    }

    fn amount(&mut self, cx: Cx, node: &Node, text: &str) -> Eval<Amount> {
        let amount = match text.strip_suffix('%') {
            Some(percent) => percent
                .parse()
                .ok()
                .filter(|n| (1..=100).contains(n))
                .map(Amount::Percent),
            None if text == "all" => Some(Amount::All),
            None => text.parse().ok().filter(|n| *n > 0).map(Amount::Count),
        };
        let diagnostic = Diagnostic::error(
            "wrong-value",
            node.span,
            format!("`{text}` is not a valid number of members"),
        );
        amount.ok_or_else(|| {
            self.fail(
                cx,
                diagnostic.hint("write a count such as `1`, a share such as `25%`, or `all`"),
            )
        })
    }
}

/// Returns the words chosen for the members that only this kind has.
fn own_choices(kind: &KindDef, map: &Map) -> BTreeMap<String, String> {
    let chosen = |field: &FieldDef| {
        let word = map.get(field.name).and_then(Value::as_text)?;
        Some((field.name.to_owned(), word.to_owned()))
    };
    kind.lifecycle.iter().filter_map(chosen).collect()
}

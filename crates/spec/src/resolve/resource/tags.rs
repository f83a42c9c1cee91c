//! Merges the tags of an entry with those of the stack and of the modules around it.

use crate::diagnostic::Diagnostic;
use crate::resolve::{Cx, Eval, Halt, Resolver};
use crate::schema::Type;
use crate::span::Span;
use crate::tree::Node;
use crate::value::{Map, Value};

const TAG_VALUES: Type = Type::Map(&Type::Text { min: 0, max: 128 });

/// The largest number of tags of a resource; the API allows 20, and Setpoint needs three.
const MAX_TAGS: usize = 17;

impl<'a> Resolver<'a> {
    /// Merges the tags of an entry into the inherited ones; `None` if neither declares any.
    pub(in crate::resolve) fn merged_tags(
        &mut self,
        cx: Cx,
        inherited: Option<Map>,
        own: Option<&'a Node>,
    ) -> Eval<Option<Map>> {
        let Some(node) = own else {
            return Ok(inherited);
        };
        let before = self.found.len();
        let own = self.check_alone(cx, &TAG_VALUES, node)?.into_value();
        let Some(Value::Map(own)) = own else {
            return Err(Halt::Reported);
        };
        for (key, value) in &own {
            let span = node.pair(key).map_or(node.span, |pair| pair.at);
            self.check_tag(cx, span, key, value);
        }
        let mut merged = inherited.unwrap_or_default();
        merged.extend(own);
        if merged.len() > MAX_TAGS {
            let message = format!(
                "the resource has {} tags; at most {MAX_TAGS} fit beside the tags of Setpoint",
                merged.len()
            );
            self.fail(cx, Diagnostic::error("too-many", node.span, message));
        }
        if self.found.len() > before {
            Err(Halt::Reported)
        } else {
            Ok(Some(merged))
        }
    }

    fn check_tag(&mut self, cx: Cx, span: Span, key: &str, value: &Value) {
        let lower = key.to_lowercase();
        let message = if lower.starts_with("setpoint:") {
            "tags that begin with `setpoint:` are reserved for Setpoint"
        } else if lower.starts_with("aliyun") || lower.starts_with("acs:") {
            "tags that begin with `aliyun` or `acs:` are reserved for the API"
        } else if lower.contains("http://") || lower.contains("https://") {
            "the key of a tag must not contain `http://` or `https://`"
        } else if key.chars().count() > 128 {
            "the key of a tag must have at most 128 characters"
        } else if value.has_secret() {
            "a tag cannot hold a secret, because tags are shown"
        } else {
            return;
        };
        self.fail(cx, Diagnostic::error("bad-tag", span, message));
    }
}

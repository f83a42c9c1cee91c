//! Tags of a resource: those of its entry over those of the scopes around it.

use crate::diagnostic::Diagnostic;
use crate::resolve::{Cx, Eval, Halt, Resolver};
use crate::schema::Type;
use crate::span::Span;
use crate::tree::Node;
use crate::value::{Map, Value};

const TAG_VALUES: Type = Type::Map(&Type::Text { min: 0, max: 128 });

/// Most tags that a stack may put on a resource; ownership tags take the rest of the API's 20.
const MAX_TAGS: usize = 17;

impl<'a> Resolver<'a> {
    /// Tags of an entry over those that reach in; `None` where no layer declares any.
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
                "{} tags; at most {MAX_TAGS} are left beside those of setpoint",
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
            "tags that begin with `setpoint:` are setpoint's own"
        } else if lower.starts_with("aliyun") || lower.starts_with("acs:") {
            "the API keeps tags that begin with `aliyun` or `acs:` to itself"
        } else if lower.contains("http://") || lower.contains("https://") {
            "the API takes no tag key with `http://` or `https://`"
        } else if key.chars().count() > 128 {
            "a tag's key has at most 128 characters"
        } else if value.has_secret() {
            "a secret cannot be a tag: tags are shown"
        } else {
            return;
        };
        self.fail(cx, Diagnostic::error("bad-tag", span, message));
    }
}

//! Answers and refusals as HTTP responses, in JSON or XML.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use setpoint_openapi::wire::WireResponse;

use crate::call::Answer;
use crate::gateway::Incoming;
use crate::pieces;
use crate::refusal::Refusal;

/// The format of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For `Format=JSON`, and for V3 clients.
    Json,
    /// For `Format=XML`, and for V1 clients by default.
    Xml,
}

/// What the response needs in addition to the answer.
pub(crate) struct Written<'a> {
    /// The texts whose marks are in the answer.
    pub(crate) pieces: &'a [String],
    /// How many milliseconds of the world pass in one of the client's.
    pub(crate) speed: f64,
}

/// The response to one request.
pub(crate) fn response(
    incoming: &Incoming,
    request_id: &str,
    answer: Answer,
    with: &Written<'_>,
) -> WireResponse {
    let hints = answer
        .as_ref()
        .err()
        .map(|refusal| hints(refusal, with.speed))
        .unwrap_or_default();
    let (status, root, body) = match answer {
        Ok(body) => (
            200,
            format!("{}Response", incoming.action),
            with_id(body, request_id),
        ),
        Err(refusal) => (
            refusal.status,
            "Error".to_owned(),
            error_body(incoming, request_id, &refusal),
        ),
    };
    let (kind, body) = match incoming.format {
        Format::Json => (
            "application/json;charset=utf-8",
            pieces::json(&body, with.pieces),
        ),
        Format::Xml => (
            "text/xml;charset=utf-8",
            xml(&root, &pieces::whole(body, with.pieces)),
        ),
    };
    let headers = [
        ("content-type", kind),
        ("x-acs-request-id", request_id),
        ("access-control-allow-origin", "*"),
    ];
    let mut headers: Vec<(String, String)> = headers
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    headers.extend(hints);
    WireResponse {
        status,
        headers,
        body: body.into_bytes(),
    }
}

/// Headers with the time until a throttled client may call again. Older and newer clients read
/// different ones; both are in milliseconds.
fn hints(refusal: &Refusal, speed: f64) -> Vec<(String, String)> {
    if !refusal.code.contains("Throttling") {
        return Vec::new();
    }
    let (limit, wait) = match refusal.throttle {
        Some(throttle) => (throttle.limit, clients_ms(throttle.wait_ms, speed)),
        None => (1, 1000),
    };
    let told = format!("Limit:{limit},Remain:0,TimeLeft:{wait},Reset:{wait}");
    vec![
        ("x-acs-retry-after".to_owned(), wait.to_string()),
        ("x-ratelimit-user-api".to_owned(), told.clone()),
        ("x-ratelimit-user".to_owned(), told),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "at most a minute's milliseconds"
)]
fn clients_ms(world_ms: i64, speed: f64) -> i64 {
    (world_ms as f64 / speed).ceil().max(1.0) as i64
}

fn with_id(body: Value, request_id: &str) -> Value {
    let mut fields = match body {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert("RequestId".to_owned(), json!(request_id));
    Value::Object(fields)
}

/// Error codes of missing permissions, whose answers name the permission.
const DENIED: [&str; 3] = ["Forbidden.RAM", "AccessForbidden", "NoPermission"];

fn error_body(incoming: &Incoming, request_id: &str, refusal: &Refusal) -> Value {
    let product = incoming
        .product()
        .map_or("Unknown", |product| product.code());
    let code = &refusal.code;
    if refusal.status == 200 {
        // A failure with HTTP 200 has the fields of an answer.
        return json!({
            "RequestId": request_id, "Code": code, "Message": refusal.message, "Success": false,
        });
    }
    let question = format!("q={code}&product={product}&requestId={request_id}");
    let mut body = json!({
        "RequestId": request_id,
        "HostId": incoming.host,
        "Code": code,
        "Message": refusal.message,
        "Recommend": format!("https://api.aliyun.com/troubleshoot?{question}"),
    });
    if refusal.status == 403 && DENIED.contains(&code.as_ref()) {
        let action = format!("{}:{}", product.to_ascii_lowercase(), incoming.action);
        body["AccessDeniedDetail"] = json!({"AuthAction": action});
    }
    if product == "cms" {
        body["Success"] = json!(false);
    }
    body
}

/// Writes a value as XML: each item of a list is an element with the list's name, inside of the
/// wrapper that JSON has too.
pub(crate) fn xml(root: &str, body: &Value) -> String {
    let mut out = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    element(&mut out, root, body);
    out
}

fn element(out: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        for item in items {
            element(out, name, item);
        }
        return;
    }
    // Writing to a string cannot fail.
    let _ = write!(out, "<{name}>");
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, inner)| element(out, key, inner)),
        Value::String(text) => out.push_str(&escape(text)),
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
    let _ = write!(out, "</{name}>");
}

/// Replaces characters that XML 1.0 does not allow even escaped, and escapes carriage returns,
/// which a parser would read as newlines.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ if c.is_ascii_control() && c != '\u{7f}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_well_formed_xml() {
        for (text, read) in [
            ("a<b>&\"c'", "a<b>&\"c'"),
            ("]]>", "]]>"),
            ("two\r\nlines\t.", "two\r\nlines\t."),
            ("\u{0}\u{1b}[31m\u{7f}", "\u{fffd}\u{fffd}[31m\u{7f}"),
            ("名前 \u{1F600} \u{ffff}", "名前 \u{1F600} \u{fffd}"),
        ] {
            let written = xml("Answer", &json!({"Name": text}));
            let parsed = roxmltree::Document::parse(&written)
                .unwrap_or_else(|error| panic!("{error}: {written:?}"));
            assert_eq!(
                parsed
                    .root_element()
                    .first_child()
                    .and_then(|node| node.text()),
                Some(read),
                "{text:?}"
            );
        }
    }

    #[test]
    fn xml_repeats_what_json_lists() {
        let body = json!({"Vpcs": {"Vpc": [{"VpcId": "a"}, {"VpcId": "b<"}]}, "TotalCount": 2});
        let text = xml("DescribeVpcsResponse", &body);
        assert!(text.ends_with(
            "<DescribeVpcsResponse><TotalCount>2</TotalCount><Vpcs><Vpc><VpcId>a</VpcId></Vpc><Vpc><VpcId>b&lt;</VpcId></Vpc></Vpcs></DescribeVpcsResponse>"
        ));
    }
}

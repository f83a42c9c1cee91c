//! Turns a response into a [`Reply`] or a [`CallError`].
//!
//! Invariant: a `Reply` is a JSON object that has a `RequestId` and reports no failure. Everything
//! else is an error, so that an empty object, an HTML page or a truncated body is never taken for
//! an empty list.

use std::fmt;
use std::time::Duration;

use crate::action::Action;
use crate::error::{ApiError, CallError};
use crate::json::{Json, Odd, parse};
use crate::product::Product;
use crate::wire::WireResponse;

/// The answer to a successful call.
#[derive(Clone, PartialEq)]
pub struct Reply {
    /// HTTP status, 200 to 299.
    pub status: u16,
    /// The request id.
    pub request_id: String,
    /// The parsed body.
    pub json: Json,
}

/// Hides the body, which may contain private keys and secret parameters.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

/// Texts for success in the field `Code`, by product.
const SUCCESS: [&str; 6] = ["200", "0", "OK", "ok", "Success", "success"];

/// The longest pause that a server can ask for; a longer one is shortened.
const HINT_MAX: Duration = Duration::from_mins(10);

/// Reads the response to a call of this action.
///
/// # Errors
///
/// [`CallError::Api`] if the API reports an error with a code, [`CallError::Malformed`] if the
/// answer is not one of the API.
pub fn read(action: &'static Action, mut response: WireResponse) -> Result<Reply, CallError> {
    let body = std::mem::take(&mut response.body);
    let malformed = |detail: String| CallError::Malformed {
        action: action.name,
        http_status: response.status,
        detail,
    };
    let json = parse(body).map_err(|odd| malformed(odd.what))?;
    if !(200..300).contains(&response.status) {
        return Err(failure(action, &response, &json)
            .map_or_else(|| malformed("it has no `Code`".to_owned()), CallError::from));
    }
    let failed = action.product == Product::Cms
        && reports_failure(&json).map_err(|odd| malformed(odd.what))?;
    if failed {
        return Err(failure(action, &response, &json).map_or_else(
            || malformed("`Success` is false without `Code`".to_owned()),
            CallError::from,
        ));
    }
    let request_id = json
        .need_text("RequestId")
        .map_err(|odd| malformed(odd.what))?;
    if request_id.is_empty() {
        return Err(malformed("`RequestId` is empty".to_owned()));
    }
    Ok(Reply {
        status: response.status,
        request_id,
        json,
    })
}

/// CloudMonitor reports failures with status 200, `Success` false and a `Code`.
fn reports_failure(json: &Json) -> Result<bool, Odd> {
    let code = word(json, "Code")?;
    Ok(match json.may_bool("Success")? {
        Some(success) => !success,
        None => code.is_some_and(|code| !SUCCESS.contains(&code.as_str())),
    })
}

/// A text, or a number as text: CloudMonitor writes some codes as numbers.
fn word(json: &Json, name: &str) -> Result<Option<String>, Odd> {
    json.may_text(name).or_else(|odd| {
        let number = json.may_int(name).map_err(|_| odd)?;
        Ok(number.map(|number| number.to_string()))
    })
}

/// The error in a body; `None` if it has no code, since an error without a code must not be
/// confused with any other.
fn failure(action: &'static Action, response: &WireResponse, json: &Json) -> Option<ApiError> {
    let read = |name: &str| word(json, name).ok().flatten().unwrap_or_default();
    let either = |upper: &str, lower: &str| {
        Some(read(upper))
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| read(lower))
    };
    let code = either("Code", "code");
    if code.is_empty() {
        return None;
    }
    let request_id = match either("RequestId", "requestId") {
        id if id.is_empty() => response
            .header("x-acs-request-id")
            .unwrap_or_default()
            .to_owned(),
        id => id,
    };
    Some(ApiError {
        action: action.name,
        product: action.product,
        code,
        message: either("Message", "message"),
        http_status: response.status,
        request_id,
        retry_after: retry_after(response),
    })
}

/// The pause that the server asks for: `x-acs-retry-after` in milliseconds, or `TimeLeft` of the
/// older rate-limit headers.
fn retry_after(response: &WireResponse) -> Option<Duration> {
    let direct = response
        .header("x-acs-retry-after")
        .and_then(|value| value.trim().parse().ok());
    let older = || {
        let headers = ["x-ratelimit-user-api", "x-ratelimit-user"];
        headers.iter().find_map(|name| {
            let fields = response.header(name)?.split(',');
            fields
                .filter_map(|field| field.trim().strip_prefix("TimeLeft:"))
                .find_map(|ms| ms.trim().parse().ok())
        })
    };
    direct
        .or_else(older)
        .map(|ms: u64| Duration::from_millis(ms).min(HINT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{cms, vpc};

    fn check(
        action: &'static Action,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
        expected: &str,
    ) {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let shown = match read(
            action,
            WireResponse {
                status,
                headers,
                body: body.as_bytes().to_vec(),
            },
        ) {
            Ok(reply) => format!("ok {}", reply.request_id),
            Err(CallError::Api(error)) => format!("{error} wait {:?}", error.retry_after),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn success_needs_a_request_id() {
        let vpcs = &vpc::DESCRIBE_VPCS;
        check(
            vpcs,
            200,
            &[],
            r#"{"RequestId":"R1","Vpcs":{"Vpc":[]}}"#,
            "ok R1",
        );
        check(
            vpcs,
            200,
            &[],
            "{}",
            "DescribeVpcs was answered with HTTP 200, but the answer makes no sense: `RequestId` \
             is missing",
        );
        check(
            vpcs,
            302,
            &[],
            "{}",
            "DescribeVpcs was answered with HTTP 302, but the answer makes no sense: it has no \
             `Code`",
        );
        let html = "DescribeVpcs was answered with HTTP 502, but the answer makes no sense: \
                    the body is not JSON: expected value at line 1 column 1";
        check(vpcs, 502, &[], "<html>", html);
    }

    #[test]
    fn errors_keep_what_the_api_says() {
        let body = r#"{"RequestId":"R2","Code":"InvalidVpcId.NotFound","Message":"It is gone.","HostId":"h"}"#;
        let shown = "DeleteVpc was refused with InvalidVpcId.NotFound (HTTP 404): It is gone (RequestId R2)";
        check(
            &vpc::DELETE_VPC,
            404,
            &[],
            body,
            &format!("{shown} wait None"),
        );
        check(
            &vpc::DELETE_VPC,
            404,
            &[("x-acs-retry-after", "1500")],
            body,
            &format!("{shown} wait Some(1.5s)"),
        );
        let older = [(
            "x-ratelimit-user",
            "Limit:1,Remain:0,TimeLeft:2000,Reset:1234",
        )];
        check(
            &vpc::DELETE_VPC,
            404,
            &older,
            body,
            &format!("{shown} wait Some(2s)"),
        );
        let lower = r#"{"code":"X","message":""}"#;
        check(
            &vpc::DELETE_VPC,
            400,
            &[("x-acs-request-id", "R3")],
            lower,
            "DeleteVpc was refused with X (HTTP 400) (RequestId R3) wait None",
        );
        let nameless =
            "DeleteVpc was answered with HTTP 404, but the answer makes no sense: it has no `Code`";
        check(
            &vpc::DELETE_VPC,
            404,
            &[],
            r#"{"Code":"","Message":"m"}"#,
            nameless,
        );
    }

    #[test]
    fn cloudmonitor_fails_with_status_200() {
        let rules = &cms::DESCRIBE_METRIC_RULE_LIST;
        check(
            rules,
            200,
            &[],
            r#"{"RequestId":"R","Success":true,"Code":200}"#,
            "ok R",
        );
        check(
            rules,
            200,
            &[],
            r#"{"RequestId":"R","Success":true,"Code":"odd"}"#,
            "ok R",
        );
        check(
            rules,
            200,
            &[],
            r#"{"RequestId":"R","Code":"Success"}"#,
            "ok R",
        );
        check(rules, 200, &[], r#"{"RequestId":"R"}"#, "ok R");
        let refused =
            "DescribeMetricRuleList was refused with 404 (HTTP 200): gone (RequestId R) wait None";
        check(
            rules,
            200,
            &[],
            r#"{"RequestId":"R","Success":false,"Code":404,"Message":"gone"}"#,
            refused,
        );
        let refused = "DescribeMetricRuleList was refused with ParameterInvalid (HTTP 200) (RequestId R) wait None";
        check(
            rules,
            200,
            &[],
            r#"{"RequestId":"R","Code":"ParameterInvalid"}"#,
            refused,
        );
        let odd = "DescribeMetricRuleList was answered with HTTP 200, but the answer makes no sense: `Success` is false without `Code`";
        check(rules, 200, &[], r#"{"RequestId":"R","Success":false}"#, odd);
    }
}

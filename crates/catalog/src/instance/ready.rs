//! Readiness of an instance: checks that run on it, through Cloud Assistant.
//!
//! One script makes all checks, one after another, and prints the end of cloud-init's log if one
//! does not pass in time. It needs neither a route to the instance nor an open port. Steps: wait
//! until the agent answers, run the script, wait for its result.
//!
//! The guard tag has the mark `unready` from the create call on until the script has succeeded
//! once, so that the next apply repeats the checks of an interrupted run, or checks that failed.
//! Invariant: the script contains no secret, since Cloud Assistant shows its text.
//!
//! Sources: RunCommand, DescribeCloudAssistantStatus, DescribeInvocationResults (ECS 2014-05-26).

use std::time::Duration;

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::desired::Desired;
use setpoint_plan::field::{Field, Judged, Verdict};
use setpoint_plan::kind::{Cx, Refusal, Row, Site};
use setpoint_plan::ownership::Guard;
use setpoint_plan::planner::guard_step;
use setpoint_plan::procedure::{
    Absent, Call, Cond, Look, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::Changing;
use setpoint_plan::view::{Decode, Query, Reading, View};
use setpoint_plan::{Map, Text, Value};
use setpoint_spec::schema::{CheckCx, Problem, Type};

use crate::instance::fields::READY;
use crate::instance::{INSTANCE, UNREADY, USER_DATA, desire, tag_api};
use crate::shared::{own_id, some_text};

const PORT: Type = Type::Int {
    min: 1,
    max: 65_535,
    unit: "",
};

static HTTP: &[Field] = &[
    Field::new("port", PORT, "Port on the instance.")
        .required()
        .samples("80", "8080"),
    Field::new(
        "path",
        Type::Text { min: 1, max: 1024 },
        "Path of the request.",
    )
    .or("/")
    .samples("/", "/health")
    .given("port: 80"),
    Field::new(
        "status",
        Type::Int {
            min: 100,
            max: 599,
            unit: "",
        },
        "Expected HTTP status.",
    )
    .or("200")
    .samples("200", "204")
    .given("port: 80"),
];

/// The members of `ready`.
pub(super) static FIELDS: &[Field] = &[
    Field::new(
        "cloud_init",
        Type::Bool,
        "cloud-init has finished without a fatal error.",
    )
    .samples("true", "false")
    .given("tcp: 22"),
    Field::whole(
        "http",
        HTTP,
        "An HTTP server on the instance answers with the expected status.",
    )
    .samples("{port: 80}", "{port: 80, path: /health}"),
    Field::new(
        "tcp",
        PORT,
        "A process on the instance listens on this TCP port.",
    )
    .samples("22", "80"),
    Field::new(
        "command",
        Type::Text { min: 1, max: 8192 },
        "A shell command that must succeed; it is retried until it does.",
    )
    .samples("systemctl is-active nginx", "test -e /run/ready"),
    Field::new(
        "from",
        Type::Enum(&["guest"]),
        "Where the checks run: `guest` is on the instance, through Cloud Assistant.",
    )
    .or("guest"),
    Field::new(
        "timeout",
        Type::Duration,
        "Time limit of all checks, from the first answer of the agent: 10s to 23h59m.",
    )
    .or("10m")
    .samples("5m", "10m")
    .given("tcp: 22"),
];

/// The default time limit, in seconds.
const TIMEOUT: i64 = 600;

/// The time limits that RunCommand accepts, in seconds, less the time for printing the log.
const TIMEOUTS: std::ops::RangeInclusive<i64> = 10..=86_340;

/// The time within which the agent of a running instance must answer. It starts with the other
/// services of the system.
const FOR_AGENT: Duration = Duration::from_secs(600);

/// The longest script that Cloud Assistant accepts, in bytes: 24 KB in base64.
const SCRIPT_MAX: usize = 18_000;

/// The agent has just started.
const NOT_DISPATCHED: Retry = &[(&["InternalError.Dispatch"], Window::For(minutes(5)))];

/// Whether the agent of an instance answers.
static AGENT: View = View::new(
    "agent",
    &api::DESCRIBE_CLOUD_ASSISTANT_STATUS,
    Listing {
        style: Style::Number { size: 50 },
        rows: "InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus",
        id: "InstanceId",
    },
    Decode::Rows(decode_agent),
);

/// The result of the checks on an instance.
static CHECKS: View = View::new(
    "checks",
    &api::DESCRIBE_INVOCATION_RESULTS,
    Listing {
        style: Style::Number { size: 50 },
        rows: "Invocation.InvocationResults.InvocationResult",
        id: "InstanceId",
    },
    Decode::Rows(decode_result),
);

/// Checks that `ready` has a check, a time limit that the API accepts, a valid path, and a script
/// that is not too long.
pub(super) fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    let Some(ready) = cx.fields().get("ready").and_then(Value::as_map) else {
        return Vec::new();
    };
    let problem = |path: &str, message: String, hint: &str| Problem {
        path: path.to_owned(),
        message,
        hint: Some(hint.to_owned()),
    };
    let mut found = Vec::new();
    let asks = |name: &str| {
        ready
            .get(name)
            .is_some_and(|value| *value != Value::Bool(false))
    };
    if !["cloud_init", "http", "tcp", "command"]
        .into_iter()
        .any(asks)
    {
        found.push(problem(
            "ready",
            "`ready` has no check".to_owned(),
            "write at least one of `cloud_init: true`, `http`, `tcp`, `command`",
        ));
    }
    let timeout = ready
        .get("timeout")
        .and_then(Value::as_int)
        .filter(|timeout| !TIMEOUTS.contains(timeout));
    if let Some(timeout) = timeout {
        found.push(problem(
            "ready.timeout",
            format!("`timeout` must be between 10s and 23h59m, but is {timeout}s"),
            "write a duration such as `10m`",
        ));
    }
    if let Some(path) = ready
        .get("http")
        .and_then(Value::as_map)
        .and_then(|http| http.get("path"))
        .and_then(Value::as_text)
        && !is_path(path)
    {
        found.push(problem(
            "ready.http.path",
            format!("`{path}` is not a valid path of a URL"),
            "a path begins with `/` and has no spaces, such as `/health`",
        ));
    }
    let script = script(&checks(ready), TIMEOUT, true);
    if script.len() > SCRIPT_MAX {
        let message = format!("the script of the checks has {} bytes", script.len());
        found.push(problem(
            "ready.command",
            message,
            "at most 18000 bytes are possible; let user data write a file, and call it in \
             `command`",
        ));
    }
    found
}

/// Returns whether a text is a path of a URL that needs no quoting.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && text.bytes().all(|byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`')
        })
}

/// Replaces the members of `ready` by one attribute: whether the checks have passed. Only this is
/// compared, so a changed check does not change an instance that has passed.
///
/// # Errors
/// A member is not a plain value: Cloud Assistant would show a secret, and a value that is known
/// only after apply cannot be part of the script.
pub(super) fn take(want: &mut Desired) -> Result<(), Refusal> {
    let names: Vec<Text> = want
        .attrs
        .keys()
        .filter(|name| name.starts_with("ready."))
        .cloned()
        .collect();
    let ready: Map = names
        .iter()
        .filter_map(|name| Some((name["ready.".len()..].to_owned(), want.attrs.remove(name)?)))
        .collect();
    if let Some((name, _)) = ready.iter().find(|(_, value)| !is_plain(value)) {
        return Err(Refusal {
            attr: "ready".to_owned(),
            what: format!(
                "`ready.{name}` holds a secret, or a value that is known only after apply"
            ),
            hint: Some(
                "let user data write the value to a file, and let `command` read that".to_owned(),
            ),
        });
    }
    let checks = checks(&ready);
    if checks.is_empty() {
        return Ok(());
    }
    let timeout = ready
        .get("timeout")
        .and_then(Value::as_int)
        .unwrap_or(TIMEOUT);
    // The log of cloud-init may contain a secret of the user data.
    let shows_log = !want.initial.get("user_data").is_some_and(Value::has_secret);
    want.guard.marks.insert(UNREADY.to_owned());
    want.attrs.insert("ready".to_owned(), Value::text(PASSED));
    let names: Vec<&str> = checks.iter().map(|(what, _)| what.as_str()).collect();
    want.initial.insert(
        "ready.checks".to_owned(),
        Value::text(names.join(", then ")),
    );
    want.initial.insert(
        "ready.script".to_owned(),
        Value::text(script(&checks, timeout, shows_log)),
    );
    want.initial
        .insert("ready.timeout".to_owned(), Value::Int(timeout));
    Ok(())
}

/// Returns whether a value can be part of a script: it is known and not a secret.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Map(fields) => fields.values().all(is_plain),
        Value::Bool(_) | Value::Int(_) | Value::Text(_) => true,
        _ => false,
    }
}

/// The desired value of `ready`, and the status of a script that has succeeded.
const PASSED: &str = "passed";

/// The live value of `ready` of a marked instance.
const WAITED_FOR: &str = "not passed yet";

/// The status of an agent that answers.
const UP: &str = "up";

/// Returns the live value of `ready`.
pub(super) fn shown(guard: &Guard) -> Value {
    // Without a mark it is unknown whether the checks ever ran.
    if guard.has(UNREADY) {
        Value::text(WAITED_FOR)
    } else {
        Value::Null
    }
}

/// Judges `ready`: the checks are repeated on a running instance that has never passed them, and on
/// one that is rebuilt.
pub(super) fn judge(judged: &Judged<'_>) -> Verdict {
    let runs = judged.row.attr("power") != Value::text("stopped")
        || judged.desired.attrs.get("power") == Some(&Value::text("running"));
    let image = judged
        .desired
        .attrs
        .get("image")
        .filter(|image| **image != judged.row.attr("image"));
    let is_rebuilt = image.is_some() && matches!(desire::judge_image(judged), Verdict::Update(_));
    let waits = (is_rebuilt || *judged.live == Value::text(WAITED_FOR))
        && judged.desired.attrs.get("power") != Some(&Value::text("stopped"));
    if waits && runs {
        Verdict::Update(&READY)
    } else {
        Verdict::Same
    }
}

/// Returns the steps that check a new instance and remove the mark; none if there are no checks.
pub(super) fn steps_of_new(cx: &Cx<'_>, want: &Desired) -> Vec<Step> {
    let id = own_id(want);
    let mut steps = steps(cx.site, want, &id, true);
    if !steps.is_empty() {
        let guard = want.guard.clone().without(UNREADY);
        steps.push(guard_step(&tag_api("instance"), &id, &guard));
    }
    steps
}

/// Returns the steps that check an existing instance. The update of its tags removes the mark.
pub(super) fn steps_of_live(change: &Changing<'_>) -> Vec<Step> {
    let made_with = change
        .live
        .owner
        .as_ref()
        .and_then(|owner| owner.guard.digests.get(USER_DATA));
    // The user data at creation may have held a secret, even if those in the spec hold none now.
    let may_show_log = made_with == change.want.guard.digests.get(USER_DATA);
    steps(change.cx.site, change.want, &change.id(), may_show_log)
}

/// Returns the steps of the checks: wait for the agent, run the script, wait for its result. The
/// waits fail at once when the script cannot succeed any more.
fn steps(site: &Site, want: &Desired, id: &Value, may_show_log: bool) -> Vec<Step> {
    let script = want.initial.get("ready.script").and_then(Value::as_text);
    let timeout = want.initial.get("ready.timeout").and_then(Value::as_int);
    let (Some(script), Some(timeout)) = (script, timeout) else {
        return Vec::new();
    };
    let script = if may_show_log {
        Value::text(script)
    } else {
        Value::text(script.replace(&end_of_log(true), &end_of_log(false)))
    };
    // The limit of Cloud Assistant is a minute longer than that of the script, so that the script
    // can still print the log.
    let limit = timeout + 60;
    let run = Call {
        retry: NOT_DISPATCHED,
        yields: &[("invocation", "InvokeId")],
        ..Call::new(
            &api::RUN_COMMAND,
            vec![
                ("Name", Value::text("setpoint-ready")),
                ("Type", Value::text("RunShellScript")),
                ("CommandContent", script),
                ("ContentEncoding", Value::text("PlainText")),
                ("InstanceId", Value::List(vec![id.clone()])),
                ("Timeout", Value::Int(limit)),
            ],
        )
    };
    let for_script = seconds(u64::try_from(limit).unwrap_or(u64::MAX / 2)) + minutes(1);
    let asked = |query: Query, until: Cond, typical: u64, within: Duration| Wait {
        look: Look::Ask(query),
        until,
        never: Some(Cond::Set("failure")),
        undone: None,
        absent: Absent::NotYet,
        typical: seconds(typical),
        within,
    };
    vec![
        Step::wait(asked(
            agent(site, id),
            Cond::is("status", UP),
            20,
            FOR_AGENT,
        )),
        Step::call(run),
        Step::wait(asked(
            results(site, &Value::reference(&want.address, "invocation"), id),
            Cond::is("status", PASSED),
            60,
            for_script,
        )),
    ]
}

fn agent(site: &Site, id: &Value) -> Query {
    let args = vec![("InstanceId", Value::List(vec![id.clone()]))];
    AGENT.query(&INSTANCE, site, args)
}

fn results(site: &Site, invocation: &Value, id: &Value) -> Query {
    let args = vec![
        ("InvokeId", invocation.clone()),
        ("InstanceId", id.clone()),
        ("ContentEncoding", Value::text("PlainText")),
    ];
    CHECKS.query(&INSTANCE, site, args)
}

/// Decodes whether the agent answers.
fn decode_agent(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let is_up = row.need_text("CloudAssistantStatus")? == "true";
    let status = Value::text(if is_up { UP } else { "down" });
    Ok(Row::Found([("status".to_owned(), status)].into()))
}

/// Decodes the status of the script. The attribute `failure` is the reason if it cannot succeed any
/// more.
fn decode_result(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let status = row.need_text("InvocationStatus")?;
    let word = if status == "Success" { PASSED } else { &status };
    let mut attrs: Map = [("status".to_owned(), Value::text(word))].into();
    let goes_on = [PASSED, "Pending", "Scheduled", "Running", "Stopping"].contains(&word);
    if !goes_on {
        attrs.insert("failure".to_owned(), Value::text(failure(row, &status)?));
    }
    Ok(Row::Found(attrs))
}

/// The number of characters that are shown from the end of the output.
const OUTPUT_MAX: usize = 4_000;

/// Returns the message about a failed script, followed by the end of its output.
fn failure(row: Node<'_>, status: &str) -> Result<String, Odd> {
    let mut text = match status {
        "Failed" => "the instance is not ready: a check failed".to_owned(),
        "Timeout" => "the instance is not ready: the checks timed out".to_owned(),
        _ => format!("the instance is not ready: the checks ended with {status}"),
    };
    let parts = [some_text(row, "ErrorCode")?, some_text(row, "ErrorInfo")?];
    let error = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    // For a failed script, the error says only that its exit code is not zero.
    if !error.is_empty() && status != "Failed" {
        text = format!("{text} ({error})");
    }
    let output = row.may_text("Output")?.unwrap_or_default();
    let skipped = output.chars().count().saturating_sub(OUTPUT_MAX);
    let tail: String = output.trim_end().chars().skip(skipped).collect();
    Ok(if tail.is_empty() {
        text
    } else {
        format!("{text}\n{tail}")
    })
}

/// A check: its name, and the shell command that waits for it.
type Check = (String, String);

/// Returns the checks in the order in which they run: cloud-init, HTTP, TCP, command.
fn checks(ready: &Map) -> Vec<Check> {
    let mut checks = Vec::new();
    if ready.get("cloud_init") == Some(&Value::Bool(true)) {
        // 2: done, with recoverable errors.
        checks.push((
            "cloud-init".to_owned(),
            "cloud-init status --wait || [ $? -eq 2 ]".to_owned(),
        ));
    }
    if let Some(http) = ready.get("http").and_then(Value::as_map) {
        let port = http.get("port").and_then(Value::as_int).unwrap_or(80);
        let path = http.get("path").and_then(Value::as_text).unwrap_or("/");
        let status = http.get("status").and_then(Value::as_int).unwrap_or(200);
        let url = format!("http://127.0.0.1:{port}{path}");
        let ask = format!(
            r#"curl -sg --noproxy '*' -o /dev/null -m 5 -w "%{{http_code}}\n" {} | grep -qx {status}"#,
            quoted(&url)
        );
        checks.push((format!("{url} to answer {status}"), until(&ask)));
    }
    if let Some(port) = ready.get("tcp").and_then(Value::as_int) {
        checks.push((
            format!("port {port}"),
            until(&format!(
                r#"bash -c "</dev/tcp/127.0.0.1/{port}" 2>/dev/null"#
            )),
        ));
    }
    if let Some(command) = ready.get("command").and_then(Value::as_text) {
        checks.push((
            "the command".to_owned(),
            until(&format!("bash -c {}", quoted(command))),
        ));
    }
    checks
}

/// Returns a shell loop that repeats a command every 2 s until it succeeds.
fn until(command: &str) -> String {
    format!("until {command}; do sleep 2; done")
}

/// Returns a text as one word of the shell. It is always in single quotes, so that the script is
/// easy to read in the console.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns the script that runs all checks within one time limit, in seconds. Before the log, its
/// output names the check that did not pass.
fn script(checks: &[Check], timeout: i64, shows_log: bool) -> String {
    let lines: Vec<String> = checks
        .iter()
        .map(|(what, command)| {
            format!("echo {}\n{command}", quoted(&format!("waiting for {what}")))
        })
        .collect();
    let inner = quoted(&format!("set -e\n{}", lines.join("\n")));
    let told = end_of_log(shows_log);
    // A process that ignores the signal is killed, or it would keep the output open.
    let late = format!("[ $? -eq 124 ] && echo \"timed out after {timeout} s\"");
    format!("timeout -k 10 {timeout} bash -c {inner} || {{\n{late}\n{told}\nexit 1\n}}\n")
}

/// Returns the commands that print the end of the log if a check has not passed, or why it is not
/// shown.
fn end_of_log(shown: bool) -> String {
    let log = "/var/log/cloud-init-output.log";
    if shown {
        format!("echo \"not passed; the end of {log}:\"\ntail -n 40 {log}")
    } else {
        format!(
            "echo \"not passed; {log} is not shown, since the user data holds or held a secret\""
        )
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn map(pairs: &[(&str, Value)]) -> Map {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn one_script_makes_all_checks() {
        let http = map(&[("port", Value::Int(80)), ("path", Value::text("/health"))]);
        let ready = map(&[
            ("cloud_init", Value::Bool(true)),
            ("http", Value::Map(http)),
            ("tcp", Value::Int(5432)),
            ("command", Value::text("test 'a' = \"a\"")),
        ]);
        expect![[r#"
            timeout -k 10 600 bash -c 'set -e
            echo '\''waiting for cloud-init'\''
            cloud-init status --wait || [ $? -eq 2 ]
            echo '\''waiting for http://127.0.0.1:80/health to answer 200'\''
            until curl -sg --noproxy '\''*'\'' -o /dev/null -m 5 -w "%{http_code}\n" '\''http://127.0.0.1:80/health'\'' | grep -qx 200; do sleep 2; done
            echo '\''waiting for port 5432'\''
            until bash -c "</dev/tcp/127.0.0.1/5432" 2>/dev/null; do sleep 2; done
            echo '\''waiting for the command'\''
            until bash -c '\''test '\''\'\'''\''a'\''\'\'''\'' = "a"'\''; do sleep 2; done' || {
            [ $? -eq 124 ] && echo "timed out after 600 s"
            echo "not passed; the end of /var/log/cloud-init-output.log:"
            tail -n 40 /var/log/cloud-init-output.log
            exit 1
            }
        "#]]
        .assert_eq(&script(&checks(&ready), 600, true));
    }

    #[test]
    fn ready_without_checks_has_no_steps() {
        assert_eq!(
            checks(&map(&[
                ("cloud_init", Value::Bool(false)),
                ("timeout", Value::Int(60))
            ])),
            []
        );
    }
}

//! Readiness of an instance: what must hold inside before it counts as ready, asked through Cloud
//! Assistant.
//!
//! Calls: RunCommand; DescribeCloudAssistantStatus, DescribeInvocationResults. One script makes all
//! checks, one after the other, and shows the end of cloud-init's log if one fails in its time. No
//! route to the machine and no open port is needed. The guard tag says `unready` from the create
//! call on until the script has succeeded once, so that a run that is cut off, or a check that
//! fails, is taken up by the next apply.

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
use setpoint_plan::{Map, Value};
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
    Field::new("port", PORT, "The port on the machine itself.")
        .required()
        .samples("80", "8080"),
    Field::new("path", Type::Text { min: 1, max: 1024 }, "The path that is requested.")
        .or("/")
        .samples("/", "/health")
        .given("port: 80"),
    Field::new(
        "status",
        Type::Int { min: 100, max: 599, unit: "" },
        "The status that counts as ready.",
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
        "cloud-init has finished, without an error that it could not recover from.",
    )
    .samples("true", "false")
    .given("tcp: 22"),
    Field::whole("http", HTTP, "A server on the machine answers with this status.")
        .samples("{port: 80}", "{port: 80, path: /health}"),
    Field::new("tcp", PORT, "Something on the machine listens on this port.")
        .samples("22", "80"),
    Field::new(
        "command",
        Type::Text { min: 1, max: 8192 },
        "A shell command that must succeed; tried until it does.",
    )
    .samples("systemctl is-active nginx", "test -e /run/ready"),
    Field::new(
        "from",
        Type::Enum(&["guest"]),
        "Where the checks run: inside, through Cloud Assistant.",
    )
    .or("guest"),
    Field::new(
        "timeout",
        Type::Duration,
        "How long the checks may take once the agent answers: 10s to 23h59m.",
    )
    .or("10m")
    .samples("5m", "10m")
    .given("tcp: 22"),
];

/// Until a member says otherwise, in seconds.
const TIMEOUT: i64 = 600;

/// What RunCommand takes, less what showing the log may take.
const TIMEOUTS: std::ops::RangeInclusive<i64> = 10..=86_340;

/// How long a machine that runs may take until its agent answers: it comes up with the other
/// services.
const FOR_AGENT: Duration = Duration::from_secs(600);

/// Bytes of a script that Cloud Assistant takes, before base64.
const SCRIPT_MAX: usize = 18_000;

/// The agent has only just come up.
const NOT_DISPATCHED: Retry = &[(&["InternalError.Dispatch"], Window::For(minutes(5)))];

/// Whether the agent of a machine answers.
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

/// The result of the checks on a machine.
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

/// Something must be asked for, in a time that the API can keep.
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
            "`ready` asks for nothing".to_owned(),
            "name one of `cloud_init: true`, `http`, `tcp`, `command`",
        ));
    }
    let timeout = ready
        .get("timeout")
        .and_then(Value::as_int)
        .filter(|timeout| !TIMEOUTS.contains(timeout));
    if let Some(timeout) = timeout {
        found.push(problem(
            "ready.timeout",
            format!("`timeout` must be between 10s and 23h59m, this is {timeout}s"),
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
            "it begins with `/` and has no spaces: `/health`",
        ));
    }
    let script = script(&checks(ready), TIMEOUT, true);
    if script.len() > SCRIPT_MAX {
        let message = format!("the script of the checks would have {} bytes", script.len());
        found.push(problem(
            "ready.command",
            message,
            "at most 18000; let the command call a file that user data has written",
        ));
    }
    found
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && text.bytes().all(|byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`')
        })
}

/// Takes the members out of what is compared; what is left is whether it has passed.
///
/// # Errors
/// A member is no plain value: a secret would show in Cloud Assistant, and what is known after apply only has no place in a
/// script.
pub(super) fn take(want: &mut Desired) -> Result<(), Refusal> {
    let names: Vec<String> = want
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
            what: format!("`ready.{name}` holds a secret, or what is known after apply only"),
            hint: Some(
                "let a command read it on the machine, where user data can put it".to_owned(),
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
    // What cloud-init did with a secret may stand in its log.
    let shows_log = !want
        .initial
        .get("user_data_content")
        .is_some_and(Value::has_secret);
    want.guard.marks.insert(UNREADY.to_owned());
    want.attrs.insert("ready".to_owned(), Value::text(PASSED));
    let names: Vec<&str> = checks.iter().map(|(what, _)| what.as_str()).collect();
    want.initial.insert(
        "ready.checks".to_owned(),
        Value::Text(names.join(", then ")),
    );
    want.initial.insert(
        "ready.script".to_owned(),
        Value::Text(script(&checks, timeout, shows_log)),
    );
    want.initial
        .insert("ready.timeout".to_owned(), Value::Int(timeout));
    Ok(())
}

/// Whether it can stand in a script: known, and no secret.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Map(fields) => fields.values().all(is_plain),
        Value::Bool(_) | Value::Int(_) | Value::Text(_) => true,
        _ => false,
    }
}

const PASSED: &str = "passed";

/// What one shows that is marked.
const WAITED_FOR: &str = "not passed yet";

/// What an agent is that answers.
const UP: &str = "up";

/// What a live row shows.
pub(super) fn shown(guard: &Guard) -> Value {
    // Of one that is not marked nobody knows whether it was ever asked.
    if guard.has(UNREADY) {
        Value::text(WAITED_FOR)
    } else {
        Value::Null
    }
}

/// A machine that runs and has never passed is asked once more; so is one that is rebuilt, which
/// begins anew.
pub(super) fn judge(judged: &Judged<'_>) -> Verdict {
    let runs = judged.row.attr("power") != Value::text("stopped")
        || judged.desired.attrs.get("power") == Some(&Value::text("running"));
    let image = judged
        .desired
        .attrs
        .get("image")
        .filter(|image| **image != judged.row.attr("image"));
    let is_rebuilt =
        image.is_some() && matches!(desire::judge_image(judged), Verdict::Update(_));
    let waits = (is_rebuilt || *judged.live == Value::text(WAITED_FOR))
        && judged.desired.attrs.get("power") != Some(&Value::text("stopped"));
    if waits && runs {
        Verdict::Update(&READY)
    } else {
        Verdict::Same
    }
}

/// The steps that ask a machine that was just created, and take the mark off; none if nothing is
/// asked.
pub(super) fn steps_of_new(cx: &Cx<'_>, want: &Desired) -> Vec<Step> {
    let id = own_id(want);
    let mut steps = steps(cx.site, want, &id, true);
    if !steps.is_empty() {
        let guard = want.guard.clone().without(UNREADY);
        steps.push(guard_step(&tag_api("instance"), &id, &guard));
    }
    steps
}

/// The steps that ask one that has never passed. The mark is taken off with its other tags.
pub(super) fn steps_of_live(change: &Changing<'_>) -> Vec<Step> {
    let made_with = change.live.owner.as_ref().and_then(|owner| owner.guard.digests.get(USER_DATA));
    // What it was created with may have held a secret, whatever the file says now.
    let may_show_log = made_with == change.want.guard.digests.get(USER_DATA);
    steps(change.cx.site, change.want, &change.id(), may_show_log)
}

fn steps(site: &Site, want: &Desired, id: &Value, may_show_log: bool) -> Vec<Step> {
    let script = want.initial.get("ready.script").and_then(Value::as_text);
    let timeout = want.initial.get("ready.timeout").and_then(Value::as_int);
    let (Some(script), Some(timeout)) = (script, timeout) else {
        return Vec::new();
    };
    let script = Value::Text(if may_show_log {
        script.to_owned()
    } else {
        script.replace(&end_of_log(true), &end_of_log(false))
    });
    // Cloud Assistant ends the script some time after it would have ended by itself, so that it can
    // still show the log.
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

/// Whether the agent answers.
fn decode_agent(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let is_up = row.need_text("CloudAssistantStatus")? == "true";
    let status = Value::text(if is_up { UP } else { "down" });
    Ok(Row::Found([("status".to_owned(), status)].into()))
}

/// The state of the script; `failure` says why it cannot succeed any more.
fn decode_result(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let status = row.need_text("InvocationStatus")?;
    let word = if status == "Success" { PASSED } else { &status };
    let mut attrs: Map = [("status".to_owned(), Value::text(word))].into();
    let goes_on = [PASSED, "Pending", "Scheduled", "Running", "Stopping"].contains(&word);
    if !goes_on {
        attrs.insert("failure".to_owned(), Value::Text(failure(row, &status)?));
    }
    Ok(Row::Found(attrs))
}

/// The longest piece of output that is shown, in characters from its end.
const OUTPUT_MAX: usize = 4_000;

fn failure(row: Node<'_>, status: &str) -> Result<String, Odd> {
    let mut text = match status {
        "Failed" => "it is not ready: a check failed".to_owned(),
        "Timeout" => "it is not ready: the checks ran out of time".to_owned(),
        _ => format!("it is not ready: the checks ended as {status}"),
    };
    let parts = [some_text(row, "ErrorCode")?, some_text(row, "ErrorInfo")?];
    let error = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    // Of a script that failed it says just that.
    if !error.is_empty() && status != "Failed" {
        text = format!("{text} ({error})");
    }
    let output = row.may_text("Output")?.unwrap_or_default();
    let skipped = output.chars().count().saturating_sub(OUTPUT_MAX);
    let tail: String = output.trim_end().chars().skip(skipped).collect();
    Ok(if tail.is_empty() { text } else { format!("{text}\n{tail}") })
}

/// A check: what it is called, and the shell command that waits for it.
type Check = (String, String);

fn checks(ready: &Map) -> Vec<Check> {
    let mut checks = Vec::new();
    if ready.get("cloud_init") == Some(&Value::Bool(true)) {
        // 2: done, with errors that it recovered from.
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

fn until(command: &str) -> String {
    format!("until {command}; do sleep 2; done")
}

/// A text as one word of the shell, always in single quotes: people read the script in the console,
/// and a mixture of quotes is hard to read.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// All checks within one time. The last line that is echoed before the log names the one that did
/// not pass.
fn script(checks: &[Check], timeout: i64, shows_log: bool) -> String {
    let lines: Vec<String> = checks
        .iter()
        .map(|(what, command)| {
            format!("echo {}\n{command}", quoted(&format!("waiting for {what}")))
        })
        .collect();
    let inner = quoted(&format!("set -e\n{}", lines.join("\n")));
    let told = end_of_log(shows_log);
    // What does not end when it is told to is killed, or it would hold the output open.
    let late = format!("[ $? -eq 124 ] && echo \"out of time: {timeout} s are over\"");
    format!("timeout -k 10 {timeout} bash -c {inner} || {{\n{late}\n{told}\nexit 1\n}}\n")
}

/// What the script says last if a check has not passed.
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
            [ $? -eq 124 ] && echo "out of time: 600 s are over"
            echo "not passed; the end of /var/log/cloud-init-output.log:"
            tail -n 40 /var/log/cloud-init-output.log
            exit 1
            }
        "#]]
        .assert_eq(&script(&checks(&ready), 600, true));
    }

    #[test]
    fn nothing_asked_for_is_nothing_to_do() {
        assert_eq!(
            checks(&map(&[
                ("cloud_init", Value::Bool(false)),
                ("timeout", Value::Int(60))
            ])),
            []
        );
    }
}

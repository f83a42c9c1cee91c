//! `--log debug`: one line for each API call, told apart from everything else.

use std::collections::BTreeSet;

use crate::sandbox::{Run, SERVER, Sandbox};
use crate::sim::Server;

/// A stack with a secret in it, and a cloud that writes every call down.
fn with_secret() -> (Sandbox, Server) {
    let stack = SERVER.replace("app: {", "app: {user_data: {text: 'PASSWORD=hunter2'}, ");
    let sandbox = Sandbox::with(&stack);
    sandbox.write(
        "faults.json",
        r#"[{"action": "CreateVpc", "times": 1, "fate": {"refuse_before": {"code": "Throttling.User", "status": 400}}}]"#,
    );
    let line = "sim serve --speed 2000 --call-log calls --faults faults.json";
    let server = Server::start(&sandbox, line);
    (sandbox, server)
}

/// The lines about calls.
fn calls(run: &Run) -> Vec<&str> {
    let lines = run.stderr.lines();
    lines
        .filter(|line| line.contains(" DEBUG setpoint::call "))
        .collect()
}

/// The value of a field in a line.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let fields = line.split(' ').filter_map(|word| word.split_once('='));
    let value = fields
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next()?;
    Some(value.trim_matches('"'))
}

/// The request ids of the calls that the cloud has answered since a number of them.
fn answered(sandbox: &Sandbox, since: usize) -> BTreeSet<String> {
    let log = sandbox.read("calls");
    let calls = log.lines().skip(since).map(|line| {
        let call: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        call["request_id"].as_str().expect("a text").to_owned()
    });
    calls.collect()
}

#[track_caller]
fn each_call_has_its_line(run: &Run, sandbox: &Sandbox, since: usize) {
    let answered = answered(sandbox, since);
    let lines = calls(run);
    let logged: BTreeSet<String> = lines
        .iter()
        .filter_map(|line| field(line, "request_id").map(ToOwned::to_owned))
        .collect();
    assert_eq!(logged, answered, "{}", run.stderr);
    assert_eq!(lines.len(), answered.len(), "{}", run.stderr);
    for line in lines {
        let ms = field(line, "ms").and_then(|ms| ms.parse::<u64>().ok());
        let attempt = field(line, "attempt").and_then(|number| number.parse::<u32>().ok());
        assert!(ms.is_some() && attempt >= Some(1), "{line}");
        assert!(field(line, "action").is_some(), "{line}");
    }
    // Nothing of the libraries below, and nothing secret.
    let other = run.stderr.lines().filter(|line| line.contains(" DEBUG "));
    for line in other {
        assert!(line.contains(" DEBUG setpoint"), "{line}");
    }
}

#[test]
fn every_call_of_plan_and_apply_is_one_line_without_secrets() {
    let (sandbox, server) = with_secret();
    let plan = server.run(&sandbox, "plan --log debug --json");
    assert_eq!(plan.code, Some(0), "{}", plan.transcript());
    each_call_has_its_line(&plan, &sandbox, 0);
    serde_json::from_str::<serde_json::Value>(&plan.stdout).expect("only JSON on stdout");
    let of_kind = |line: &&str| field(line, "kind") == Some("vpc");
    assert!(calls(&plan).iter().any(of_kind), "{}", plan.stderr);

    let before = answered(&sandbox, 0).len();
    let apply = server.run(&sandbox, "apply --yes --log debug");
    assert_eq!(apply.code, Some(0), "{}", apply.transcript());
    each_call_has_its_line(&apply, &sandbox, before);
    let creates: Vec<_> = calls(&apply)
        .into_iter()
        .filter(|line| field(line, "action") == Some("CreateVpc"))
        .map(|line| ["resource", "attempt", "code"].map(|name| field(line, name)))
        .collect();
    let expected = [
        [Some("net"), Some("1"), Some("Throttling.User")],
        [Some("net"), Some("2"), None],
    ];
    assert_eq!(creates, expected, "{}", apply.stderr);

    let (secret, key) = (server.secret(), "hunter2");
    let encoded = "UEFTU1dPUkQ9aHVudGVyMg";
    for run in [&plan, &apply] {
        for hidden in [secret, key, encoded] {
            assert!(!run.stderr.contains(hidden), "{}", run.stderr);
        }
    }
}

//! `setpoint sim serve`

use std::io::{BufRead as _, BufReader};

use crate::sandbox::{NETWORK, Sandbox};

/// The start line is a contract: other programs read it.
#[cfg(unix)]
#[test]
fn serves_until_it_is_told_to_end_and_keeps_what_it_answered() {
    let sandbox = Sandbox::with(NETWORK);
    for expected in [2, 0] {
        let mut server = sandbox.start("sim serve --data world --speed 2000 --seed 7");
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("a start line");
        let start: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
        let text = |name: &str| start[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(start.as_object().map(serde_json::Map::len), Some(3));
        let client = |args: &str| {
            let mut command = sandbox.command(&format!("{args} --endpoint {} --sim-speed 2000", text("endpoint")));
            command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", text("access_key_id"));
            command.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", text("access_key_secret"));
            command.output().expect("the binary runs")
        };
        let plan = client("plan --detailed-exitcode");
        assert_eq!(plan.status.code(), Some(expected), "{plan:?}");
        let apply = client("apply --yes");
        assert!(apply.status.success(), "{apply:?}");
        let killed = std::process::Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        assert_eq!(server.wait().expect("it ends").code(), Some(0));
    }
}

#[test]
fn one_process_has_a_world_at_a_time() {
    let sandbox = Sandbox::with(NETWORK);
    let mut server = sandbox.start("sim serve --data .setpoint/sim --speed 2000");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("a start line");
    let run = sandbox.run("plan --sim");
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    assert_eq!(run.code, Some(4), "{}", run.transcript());
    assert!(run.stderr.contains("in use by another process"), "{}", run.transcript());
}

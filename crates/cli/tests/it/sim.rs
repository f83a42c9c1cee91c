//! `setpoint sim serve`, and the other commands against it as against any endpoint.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Child;

use expect_test::expect;

use crate::sandbox::{NETWORK, Run, SERVER, Sandbox};

/// A server in a sandbox; killed if the test ends early.
pub(crate) struct Server {
    child: Child,
    endpoint: String,
    key: [String; 2],
}

impl Server {
    pub(crate) fn start(sandbox: &Sandbox, line: &str) -> Self {
        let mut child = sandbox.start(line);
        let mut start = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut start)
            .expect("a start line");
        let start: serde_json::Value = serde_json::from_str(&start).expect("one line of JSON");
        assert_eq!(
            start.as_object().map(serde_json::Map::len),
            Some(3),
            "{start}"
        );
        let text = |name: &str| start[name].as_str().expect("a text").to_owned();
        Self {
            child,
            endpoint: text("endpoint"),
            key: [text("access_key_id"), text("access_key_secret")],
        }
    }

    /// The secret of the account's key.
    pub(crate) fn secret(&self) -> &str {
        &self.key[1]
    }

    pub(crate) fn run(&self, sandbox: &Sandbox, line: &str) -> Run {
        let mut command = sandbox.command(&format!(
            "{line} --endpoint {} --sim-speed 2000",
            self.endpoint
        ));
        command
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", &self.key[0])
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", &self.key[1]);
        Run::new(line, &command.output().expect("the binary runs"), sandbox)
    }

    fn post(&self, path: &str, body: &str) {
        let host = self.endpoint.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("it listens");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[cfg(unix)]
    fn terminate(mut self) -> Option<i32> {
        let killed = std::process::Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(killed.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The start line is a contract: other programs read it.
#[cfg(unix)]
#[test]
fn serves_until_it_is_told_to_end_and_keeps_what_it_answered() {
    let sandbox = Sandbox::with(NETWORK);
    for expected in [2, 0] {
        let server = Server::start(&sandbox, "sim serve --data world --speed 2000 --seed 7");
        let plan = server.run(&sandbox, "plan --detailed-exitcode");
        assert_eq!(plan.code, Some(expected), "{}", plan.transcript());
        let apply = server.run(&sandbox, "apply --yes");
        assert_eq!(apply.code, Some(0), "{}", apply.transcript());
        assert_eq!(server.terminate(), Some(0));
    }
}

#[test]
fn one_process_has_a_world_at_a_time() {
    let sandbox = Sandbox::with(NETWORK);
    let _server = Server::start(&sandbox, "sim serve --data .setpoint/sim --speed 2000");
    let run = sandbox.run("plan --sim");
    assert_eq!(run.code, Some(4), "{}", run.transcript());
    assert!(
        run.stderr.contains("in use by another process"),
        "{}",
        run.transcript()
    );
}

/// Refused in the middle: what could be made is made, and the same command goes on.
#[test]
fn partly_applied_is_6_and_the_same_command_goes_on() {
    let sandbox = Sandbox::with(SERVER);
    let server = Server::start(&sandbox, "sim serve --speed 2000");
    server.post(
        "/_sim/stock",
        r#"{"zone": "cn-beijing-h", "instance_type": "ecs.c7.large", "in_stock": false}"#,
    );
    let run = server.run(&sandbox, "apply --yes");
    assert_eq!(run.code, Some(6), "{}", run.transcript());
    for said in [
        "RunInstances: OperationDenied.NoStock (403), RequestId",
        "on stack.yaml line 9",
    ] {
        assert!(run.stderr.contains(said), "{}", run.transcript());
    }
    assert!(
        run.stdout
            .contains("Apply incomplete: 3 added, 0 changed, 0 destroyed. 1 failed"),
        "{}",
        run.transcript()
    );
    server.post(
        "/_sim/stock",
        r#"{"zone": "cn-beijing-h", "instance_type": "ecs.c7.large", "in_stock": true}"#,
    );
    let again = server.run(&sandbox, "apply --yes");
    assert_eq!(again.code, Some(0), "{}", again.transcript());
    assert!(
        again.stdout.contains("1 added, 0 changed, 0 destroyed"),
        "{}",
        again.transcript()
    );
}

/// Who may not list machines is shown none, and is not led to make a second one.
#[test]
fn a_user_who_may_not_list_machines_gets_no_plan() {
    let sandbox = Sandbox::with(SERVER);
    sandbox.write("keys.json", r#"[{"user": "blind", "allow": ["vpc:*", "cms:*", "oos:*", "ecs:DescribeSecurity*", "ecs:DescribeK*"]}]"#);
    sandbox.write(
        "options.json",
        r#"{"quotas": {"vpcs": 1}, "spot_prices": {"ecs.c7.large": 0.2}}"#,
    );
    let mut child = sandbox.start("sim serve --speed 2000 --keys keys.json --options options.json");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a start line");
    let line: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let key =
        |row: &serde_json::Value| [text(row, "access_key_id"), text(row, "access_key_secret")];
    let mut server = Server {
        child,
        endpoint: text(&line, "endpoint"),
        key: key(&line),
    };
    let apply = server.run(&sandbox, "apply --yes");
    assert_eq!(apply.code, Some(0), "{}", apply.transcript());
    server.key = key(&line["users"][0]);
    let run = server.run(&sandbox, "apply --yes");
    assert_eq!(run.code, Some(1), "{}", run.transcript());
    assert!(run.stderr.contains("Forbidden.RAM"), "{}", run.transcript());
}

#[test]
fn files_that_make_no_sense_are_told_before_it_listens() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.write("wrong.json", r#"{"quota": {}}"#);
    for option in ["--keys", "--options"] {
        let run = sandbox.run(&format!("sim serve {option} wrong.json"));
        assert_eq!(run.code, Some(64), "{}", run.transcript());
        assert!(
            run.stderr.contains(&format!("`{option} wrong.json`")),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn a_wrong_secret_is_told_with_code_and_request_id() {
    let sandbox = Sandbox::with(NETWORK);
    let mut server = Server::start(&sandbox, "sim serve");
    server.key[1] = "wrong-secret".to_owned();
    let run = server.run(&sandbox, "plan");
    for said in [
        "Error: Specified signature does not match our calculation\n",
        "The access key's secret is wrong.",
    ] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    assert!(
        run.stderr
            .contains("GetCallerIdentity: SignatureDoesNotMatch (400), RequestId"),
        "{}",
        run.stderr
    );
    assert!(!run.transcript().contains("wrong-secret"));
    assert_eq!(run.code, Some(1));
}

/// A pin guards against the right command with the wrong credentials.
#[test]
fn another_accounts_credentials_are_refused_before_anything_is_read() {
    let sandbox =
        Sandbox::with(&NETWORK.replace("region:", "account: \"1234567890123456\"\nregion:"));
    let server = Server::start(&sandbox, "sim serve");
    let run = server.run(&sandbox, "plan");
    expect![[r#"
        $ setpoint plan
        2| Error: the stack belongs to account 1234567890123456, but the credentials belong to 1426402291528342
        2|   Nothing was read. Use the credentials of that account (--profile), or change `account:`.
        exit 1
    "#]]
    .assert_eq(&run.transcript());
    // The embedded cloud has one account, and nothing in it can be harmed.
    assert_eq!(sandbox.run("plan --sim").code, Some(0));
}

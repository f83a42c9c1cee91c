//! Signals, and readers that go away, while a machine is stopped for a resize: it runs again.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::{SERVER, Sandbox};

/// Slow enough that a signal meets the stopped machine, quick enough to wait for.
const SPEED: &str = "20";

/// Far longer than a machine takes to stop and to start at that speed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A simulated cloud with a machine whose resize is written down and not yet applied.
struct Resize {
    sandbox: Sandbox,
    server: Child,
    endpoint: String,
}

impl Resize {
    fn new() -> Self {
        let sandbox = Sandbox::with(SERVER);
        let line = format!("sim serve --speed {SPEED} --latency 50ms --call-log calls");
        let mut command = sandbox.command(&line);
        let file = std::fs::File::create(sandbox.path("start.json")).expect("a file");
        let server = command.stdout(file).stderr(Stdio::null()).spawn();
        let server = server.expect("the binary starts");
        wait_for(|| sandbox.read("start.json").ends_with('\n'));
        let start: serde_json::Value =
            serde_json::from_str(&sandbox.read("start.json")).expect("one line of JSON");
        let text = |name: &str| start[name].as_str().expect("a text").to_owned();
        let endpoint = text("endpoint");
        let sandbox = sandbox
            .var("ALIBABA_CLOUD_ACCESS_KEY_ID", &text("access_key_id"))
            .var(
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                &text("access_key_secret"),
            );
        let resize = Self {
            sandbox,
            server,
            endpoint,
        };
        resize.sandbox.done(&resize.line("apply --yes"));
        resize
            .sandbox
            .edit("stack.yaml", "ecs.c7.large", "ecs.c7.xlarge");
        resize
    }

    fn line(&self, line: &str) -> String {
        format!("{line} --endpoint {} --sim-speed {SPEED}", self.endpoint)
    }

    /// Waits until the machine is stopped or stops, before its type is changed.
    fn wait_for_window(&self) {
        wait_for(|| self.sandbox.read("calls").contains("StopInstance"));
    }

    fn is_running(&self) -> bool {
        let shown = self.sandbox.run(&self.line("show app"));
        shown.stdout.contains("Running")
    }
}

impl Drop for Resize {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

#[track_caller]
fn wait_for(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it took too long");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

fn send(signal: &str, to: &Child) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &to.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success(), "the process is there");
}

/// Starts the resize, sends the signals while the machine is stopped, and waits for the end.
fn interrupted(resize: &Resize, signals: &[&str]) -> ExitStatus {
    let mut apply = resize.sandbox.command(&resize.line("apply --yes"));
    let apply = apply.stdout(Stdio::null()).stderr(Stdio::null());
    let mut apply = apply.spawn().expect("the binary starts");
    resize.wait_for_window();
    for (at, signal) in signals.iter().enumerate() {
        if at > 0 {
            // One after the other, or the second is dropped while the first is still pending.
            std::thread::park_timeout(Duration::from_millis(100));
        }
        send(signal, &apply);
    }
    apply.wait().expect("it ends")
}

#[test]
fn every_signal_that_ends_a_run_starts_the_machine_again() {
    for signals in [
        &["INT"][..],
        &["TERM"],
        &["QUIT"],
        &["HUP"],
        &["HUP", "HUP"],
        &["INT", "HUP"],
    ] {
        let resize = Resize::new();
        let ended = interrupted(&resize, signals);
        assert_eq!(ended.code(), Some(130), "{signals:?}");
        assert!(resize.is_running(), "{signals:?}");
    }
}

#[test]
fn a_second_request_leaves_at_once() {
    for signals in [["INT", "INT"], ["HUP", "TERM"]] {
        let resize = Resize::new();
        let ended = interrupted(&resize, &signals);
        assert_eq!(ended.code(), Some(130), "{signals:?}");
        assert!(
            !resize.is_running(),
            "{signals:?}: nobody waited for the start"
        );
        resize.sandbox.done(&resize.line("apply --yes"));
        assert!(resize.is_running(), "the next run starts the machine");
    }
}

#[test]
fn a_run_that_must_outlive_its_terminal_does() {
    let resize = Resize::new();
    let apply = resize.sandbox.command(&resize.line("apply --yes"));
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
    shell.arg(apply.get_program()).args(apply.get_args());
    shell.current_dir(resize.sandbox.path("")).env_clear();
    for (name, value) in apply.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let shell = shell.stdin(Stdio::null()).stdout(Stdio::null());
    let mut shell = shell.stderr(Stdio::null()).spawn().expect("sh starts");
    resize.wait_for_window();
    send("HUP", &shell);
    assert_eq!(shell.wait().expect("it ends").code(), Some(0));
    assert!(resize.is_running());
}

#[test]
fn readers_that_go_away_do_not_stop_a_run() {
    let resize = Resize::new();
    let mut apply = resize
        .sandbox
        .start(&resize.line("apply --yes --log trace"));
    resize.wait_for_window();
    drop((apply.stdout.take(), apply.stderr.take()));
    assert_eq!(apply.wait().expect("it ends").code(), Some(0));
    assert!(resize.is_running());
}

//! Files that a stack or a command line names: regular, of a bounded size, and where they may be.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::sandbox::Sandbox;

fn key_stack(path: &str) -> String {
    format!(
        "stack: keys\nregion: cn-beijing\nresources:\n  \
         key: {{type: key_pair, private_key_file: \"{path}\"}}\n"
    )
}

fn pipe(sandbox: &Sandbox, name: &str) {
    let made = Command::new("mkfifo").arg(sandbox.path(name)).status();
    assert!(made.expect("mkfifo runs").success());
}

#[test]
fn a_private_key_file_is_checked_before_anything_happens() {
    let sandbox = Sandbox::new();
    pipe(&sandbox, "pipe");
    symlink("/dev/zero", sandbox.path("zero")).expect("linked");
    symlink("nowhere.pem", sandbox.path("nowhere")).expect("linked");
    sandbox.write("folder/file", "");
    for path in ["pipe", "zero", "nowhere", "folder", "~/../../key.pem"] {
        sandbox.write("stack.yaml", &key_stack(path));
        for line in ["validate", "plan --sim", "apply --sim --yes"] {
            let run = sandbox.run(line);
            assert_eq!(run.code, Some(1), "{path}: {}", run.transcript());
            let why = [
                "it is not a regular file",
                "the path leaves the home folder",
            ];
            let printed = run.transcript();
            assert!(
                why.iter().any(|why| printed.contains(why)),
                "{path}: {printed}"
            );
        }
    }
    assert!(!sandbox.path("../../key.pem").exists() && !sandbox.path("nowhere.pem").exists());
}

#[test]
fn a_file_that_is_too_large_for_a_key_is_not_read() {
    let sandbox = Sandbox::with(&key_stack("huge.pem"));
    sandbox.write("huge.pem", &"x".repeat(100_000));
    let run = sandbox.run("plan --sim");
    assert_eq!(run.code, Some(1), "{}", run.transcript());
    assert!(
        run.stderr.contains("it is larger than 65536 bytes"),
        "{}",
        run.transcript()
    );
}

#[test]
fn no_command_waits_for_a_pipe() {
    let sandbox = Sandbox::with(&key_stack("key.pem"));
    pipe(&sandbox, "pipe");
    sandbox.write("folder/file", "");
    for (name, expected) in [
        ("pipe", "not a regular file"),
        ("folder", "not a regular file"),
    ] {
        for line in [
            format!("validate --var-file {name}"),
            format!("sim serve --options {name}"),
            format!("sim serve --keys {name}"),
            format!("sim serve --faults {name}"),
        ] {
            let run = sandbox.run(&line);
            assert!(matches!(run.code, Some(1 | 64)), "{}", run.transcript());
            assert!(run.stderr.contains(expected), "{}", run.transcript());
        }
    }
    for line in ["apply pipe --sim --yes", "fmt pipe", "validate pipe"] {
        let run = sandbox.run(line);
        assert!(matches!(run.code, Some(1 | 64)), "{}", run.transcript());
    }
}

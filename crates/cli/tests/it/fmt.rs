//! `setpoint fmt`

use std::io::Write as _;
use std::process::Stdio;

use expect_test::expect;

use crate::sandbox::Sandbox;

const LOOSE: &str = "stack: demo\nregion: cn-beijing\n\n\n\nresources:\n    net:   # the network\n        type: vpc\n        cidr_block: 10.0.0.0/16\n";

#[test]
fn formats_in_place_and_names_what_changed() {
    let sandbox = Sandbox::with(LOOSE);
    expect![[r#"
        $ setpoint fmt --check
        stack.yaml
        exit 3
        $ setpoint fmt
        stack.yaml
        $ setpoint fmt
        $ setpoint fmt --check
    "#]]
    .assert_eq(&sandbox.script(&["fmt --check", "fmt", "fmt", "fmt --check"]));
    expect![[r#"
        stack: demo
        region: cn-beijing

        resources:
          net:   # the network
            type: vpc
            cidr_block: 10.0.0.0/16
    "#]]
    .assert_eq(&sandbox.read("stack.yaml"));
}

#[test]
fn all_takes_modules_and_environments_and_nothing_else() {
    let sandbox = Sandbox::with(LOOSE);
    sandbox.write(
        "modules/web.yaml",
        "module: web\nresources:\n    net: {type: vpc, cidr_block: 10.0.0.0/16}\n",
    );
    sandbox.write("cloud-init.yaml", "#cloud-config\npackages:\n    - nginx\n");
    expect![[r#"
        $ setpoint fmt --all
        modules/web.yaml
        stack.yaml
    "#]]
    .assert_eq(&sandbox.run("fmt --all").transcript());
}

#[test]
fn what_cannot_be_read_stays_as_it_is() {
    let sandbox = Sandbox::with("stack: [demo\n");
    expect![[r#"
        $ setpoint fmt
        2| ╷
        2| │ Error: a `,` or `]` is missing
        2| │   on stack.yaml line 2:
        2| │   2 │
        2| │     │ ^
        2| │ separate items in `[ ]` by commas; texts with `, : { } [ ]` need quotes
        2| ╵
        exit 1
    "#]]
    .assert_eq(&sandbox.run("fmt").transcript());
    assert_eq!(sandbox.read("stack.yaml"), "stack: [demo\n");
}

#[test]
fn a_dash_formats_stdin_to_stdout() {
    let mut child = Sandbox::new()
        .command("fmt -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(LOOSE.as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .contains("\n  net:   # the network\n    type: vpc\n"),
        "{output:?}"
    );
}

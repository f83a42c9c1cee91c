//! `setpoint init`

use expect_test::expect;

use crate::sandbox::Sandbox;

#[test]
fn writes_a_stack_that_is_valid_and_formatted() {
    let sandbox = Sandbox::new();
    expect![[r#"
        $ setpoint init
        Wrote stack.yaml                     a network and one server, with comments
        Wrote .setpoint/stack.schema.json    completion in your editor
        Try it without an account:  setpoint apply --sim
        $ setpoint validate
        Success! stack.yaml is valid: my-first-stack · cn-beijing · 5 resources
        $ setpoint fmt --check
        $ setpoint init
        2| Error: `stack.yaml` already exists, and init does not overwrite a stack
        2|   To check it:  setpoint validate
        exit 64
    "#]]
    .assert_eq(&sandbox.script(&["init", "validate", "fmt --check", "init"]));
    assert!(
        sandbox
            .read("stack.yaml")
            .starts_with("# yaml-language-server: $schema=.setpoint/stack.schema.json\n")
    );
    assert_eq!(sandbox.read(".setpoint/.gitignore"), "*\n");
    let schema = sandbox.command("schema").output().expect("it runs").stdout;
    assert_eq!(
        sandbox.read(".setpoint/stack.schema.json").as_bytes(),
        schema
    );
}

#[test]
fn writes_into_a_folder() {
    let sandbox = Sandbox::new();
    sandbox.done("init stacks/shop");
    sandbox.done("validate stacks/shop");
}

/// The way of a first evening, whole.
#[test]
fn the_starter_can_be_applied_changed_nothing_and_destroyed() {
    let sandbox = Sandbox::new();
    sandbox.done("init");
    sandbox.done("plan --sim");
    sandbox.done("apply --sim --yes");
    let second = sandbox.run("plan --sim --detailed-exitcode");
    assert_eq!(second.code, Some(0), "{}", second.transcript());
    assert!(
        second
            .stdout
            .contains("No changes. Your infrastructure matches the configuration.")
    );
    sandbox.done("destroy --sim --yes");
    let third = sandbox.run("plan --sim --detailed-exitcode");
    assert_eq!(third.code, Some(2), "{}", third.transcript());
}

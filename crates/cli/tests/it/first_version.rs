//! A stack that the binary of the first version created: its tags name no kind, and its simulated
//! cloud is the store that this binary wrote (`testdata/first-version`).

use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/first-version");
    let read =
        |name: &str| std::fs::read(format!("{folder}/{name}")).expect("a file of the test data");
    let stack = String::from_utf8(read("stack.yaml")).expect("a stack file is text");
    let sandbox = Sandbox::with(&stack);
    std::fs::create_dir_all(sandbox.path("cloud")).expect("a folder");
    std::fs::write(sandbox.path("cloud/world.redb"), read("world.redb")).expect("a store");
    sandbox
}

/// A missing kind is no change.
#[test]
fn a_stack_of_the_first_version_matches_its_file() {
    let plan = sandbox().run("plan --sim=cloud --detailed-exitcode");
    assert_eq!(plan.code, Some(0), "{}", plan.stdout);
    let expected = "No changes. Your infrastructure matches the configuration.";
    assert!(plan.stdout.contains(expected), "{}", plan.stdout);
}

/// The next write of a row's tags names its kind, and the stack goes on as before.
#[test]
fn a_stack_of_the_first_version_goes_on() {
    let sandbox = sandbox();
    sandbox.edit("stack.yaml", "{Team: web}", "{Team: shop}");
    let apply = sandbox.run("apply --sim=cloud --yes");
    assert_eq!(apply.code, Some(0), "{}{}", apply.stdout, apply.stderr);
    let again = sandbox.run("plan --sim=cloud --detailed-exitcode");
    assert_eq!(again.code, Some(0), "{}", again.stdout);
    sandbox.edit("stack.yaml", "protect: true", "protect: false");
    let apply = sandbox.run("apply --sim=cloud --yes");
    assert_eq!(apply.code, Some(0), "{}{}", apply.stdout, apply.stderr);
    let destroy = sandbox.run("destroy --sim=cloud --yes");
    assert_eq!(
        destroy.code,
        Some(0),
        "{}{}",
        destroy.stdout,
        destroy.stderr
    );
    assert!(destroy.stdout.contains("7 destroyed"), "{}", destroy.stdout);
}

//! `plan --out` and `apply FILE`

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

fn saved() -> Sandbox {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("plan --sim --out p.json");
    sandbox
}

#[test]
fn a_saved_plan_is_performed_without_a_question() {
    let sandbox = saved();
    let run = sandbox.run("apply --sim p.json");
    assert_eq!(run.code, Some(0), "{}", run.transcript());
    assert!(
        run.stdout
            .contains("Apply complete! Resources: 3 added, 0 changed, 0 destroyed."),
        "{}",
        run.transcript()
    );
    let again = sandbox.run("apply --sim p.json");
    expect![[r#"
        $ setpoint apply --sim p.json
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Error: the saved plan is stale
        2|   net: the planned action was create, and is now no-op
        2|   subnet: the planned action was create, and is now no-op
        2|   web: the planned action was create, and is now no-op
        2|   Nothing was changed. Make a new plan and review it:  setpoint plan --out FILE
        exit 5
    "#]]
    .assert_eq(&again.transcript());
}

#[test]
fn an_edit_makes_it_stale() {
    let sandbox = saved();
    sandbox.edit("stack.yaml", "10.0.1.0/24", "10.0.2.0/24");
    expect![[r#"
        $ setpoint apply --sim p.json
        2| Error: the saved plan is stale
        2|   stack.yaml: changed since the plan was made
        2|   Nothing was changed. Make a new plan and review it:  setpoint plan --out FILE
        exit 5
    "#]]
    .assert_eq(&sandbox.run("apply --sim p.json").transcript());
}

#[test]
fn a_change_in_the_cloud_makes_it_stale() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("apply --sim --yes");
    sandbox.edit("stack.yaml", "description: Web", "description: HTTPS");
    sandbox.done("plan --sim --out p.json");
    // Somebody else opens a port.
    sandbox.write(
        "other.stack.yaml",
        &sandbox.read("stack.yaml").replace("port: 443", "port: 80"),
    );
    sandbox.done("apply other.stack.yaml --sim --yes");
    expect![[r#"
        Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        Error: the saved plan is stale
          web: changed in the cloud: ingress
          Nothing was changed. Make a new plan and review it:  setpoint plan --out FILE
    "#]]
    .assert_eq(&sandbox.run("apply --sim p.json").stderr);
}

#[test]
fn a_plan_alone_is_enough_for_a_later_job() {
    let sandbox = saved();
    std::fs::remove_file(sandbox.path("stack.yaml")).expect("it was there");
    let run = sandbox.run("apply --sim p.json");
    assert_eq!(run.code, Some(0), "{}", run.transcript());
    assert!(run.stdout.contains("3 added"), "{}", run.transcript());
}

#[test]
fn what_was_asked_is_in_it() {
    let sandbox = Sandbox::with(&NETWORK.replace(
        "resources:\n",
        "vars: {text: {type: string}}\ntags: {text: \"${vars.text}\"}\nresources:\n",
    ));
    sandbox.done("plan --sim --out p.json --target net --var text=first");
    let run = sandbox.run("apply --sim p.json");
    assert!(run.stdout.contains("1 added"), "{}", run.transcript());
    assert_eq!(
        sandbox.run("apply --sim p.json --target subnet").code,
        Some(64)
    );
    assert_eq!(
        sandbox.run("apply --sim p.json --var text=second").code,
        Some(64)
    );
}

#[test]
fn what_a_reviewer_reads_is_what_was_saved() {
    for (before, after) in [
        ("10.0.0.0/16\\n", "10.9.0.0/16\\n"),
        (
            "\"CidrBlock\": \"10.0.0.0/16\"",
            "\"CidrBlock\": \"10.9.0.0/16\"",
        ),
    ] {
        let sandbox = saved();
        sandbox.edit("p.json", before, after);
        let run = sandbox.run("apply --sim p.json");
        assert!(
            run.code == Some(1) && run.stderr.contains("it was altered"),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn another_versions_plan_and_a_damaged_one_are_refused() {
    let sandbox = saved();
    sandbox.edit(
        "p.json",
        &format!("\"setpoint_version\": \"{}\"", env!("CARGO_PKG_VERSION")),
        "\"setpoint_version\": \"0.0.1\"",
    );
    sandbox.write(
        "q.json",
        "{\"format\": \"setpoint-plan\", \"setpoint_version\": \"0.1.0\"}",
    );
    expect![[r#"
        $ setpoint apply --sim p.json
        2| Error: `p.json` cannot be applied: it was made by setpoint 0.0.1, and this is setpoint 0.1.0, which may plan differently
        2|   Make a new plan:  setpoint plan --out FILE
        exit 1
        $ setpoint apply --sim q.json
        2| Error: `q.json` cannot be applied: it is damaged: missing field `created_at` at line 1 column 56
        2|   Make a new plan:  setpoint plan --out FILE
        exit 1
    "#]]
    .assert_eq(&sandbox.script(&["apply --sim p.json", "apply --sim q.json"]));
}

//! `setpoint destroy`

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

#[test]
fn takes_everything_away_in_reverse_order() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("apply --sim --yes");
    expect![[r#""#]].assert_eq(&sandbox.run("destroy --sim --yes").sorted().transcript());
    expect![[r#""#]].assert_eq(&sandbox.run("destroy --sim --yes").transcript());
}

#[test]
fn what_is_protected_holds_the_command() {
    let sandbox = Sandbox::with(&NETWORK.replace("region: cn-beijing\n", "region: cn-beijing\nprotect: true\n"));
    sandbox.done("apply --sim --yes");
    let run = sandbox.run("destroy --sim --yes");
    expect![[r#""#]].assert_eq(&run.transcript());
    assert_eq!(sandbox.run("plan --sim --detailed-exitcode").code, Some(0), "nothing is gone");
}

#[test]
fn a_stack_whose_file_is_gone_is_named() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("apply --sim --yes");
    std::fs::remove_file(sandbox.path("stack.yaml")).expect("it was there");
    assert_eq!(sandbox.run("destroy --sim --yes --stack demo").code, Some(64), "a region is needed");
    let run = sandbox.run("destroy --sim --yes --stack demo --region cn-beijing");
    assert_eq!(run.code, Some(0), "{}", run.transcript());
    assert!(run.stdout.contains("3 destroyed"), "{}", run.transcript());
}

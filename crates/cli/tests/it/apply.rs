//! `setpoint apply`

use expect_test::expect;

use crate::sandbox::{NETWORK, SERVER, Sandbox};

#[test]
fn makes_it_so_and_the_second_plan_is_empty() {
    let sandbox = Sandbox::with(NETWORK);
    expect![[r#"
        $ setpoint apply --sim --yes
        demo · cn-beijing · account 1426…8342 · 0 live resources, <cost>

          + net     vpc             create
              + cidr_block   10.0.0.0/16
              + enable_ipv6  false
              + name         demo-net

          + subnet  vswitch         create
              + cidr_block  10.0.1.0/24
              + name        demo-subnet
              + vpc         net (known after apply)
              + zone        cn-beijing-h

          + web     security_group  create
              + name  demo-web
              + vpc   net (known after apply)
              + ingress tcp 443 from 0.0.0.0/0  "Web"

        Outputs:
          block = 10.0.0.0/16
          vpc = (known after apply)

        Plan: 3 to add, 0 to change, 0 to destroy.
        Read with <cost>
        Apply complete! Resources: 3 added, 0 changed, 0 destroyed.
        <time> and some calls

        Outputs:
        block = "10.0.0.0/16"
        vpc = "vpc-2zefyx4fjp3elo09a3rr"
        2| Simulated cloud in .setpoint/sim (new): no account needed, no cost
        2| net: Creating...
        2| net: Creation complete after <time> [id=vpc-2zefyx4fjp3elo09a3rr]
        2| subnet: Creating...
        2| subnet: Creation complete after <time> [id=vsw-2ze4veqx2bgk1uzk9bu3]
        2| web: Creating...
        2| web: Creation complete after <time> [id=sg-2zemy5f49xxwny8fvd0r]
    "#]]
    .assert_eq(&sandbox.run("apply --sim --yes").settled().transcript());
    expect![[r#"
        $ setpoint plan --sim
        demo · cn-beijing · account 1426…8342 · 3 live resources, <cost>
        No changes. Your infrastructure matches the configuration.
        Read with <cost>
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
    "#]]
    .assert_eq(&sandbox.run("plan --sim").transcript());
}

#[test]
fn without_a_terminal_and_without_yes_it_leaves_at_once() {
    let sandbox = Sandbox::with(NETWORK);
    expect![[r#"
        $ setpoint apply --sim
        2| Error: apply needs confirmation, but there is no terminal
        2|   To run without confirmation, pass --yes. Nothing was read or changed.
        exit 64
    "#]]
    .assert_eq(&sandbox.run("apply --sim").transcript());
    assert!(!sandbox.path(".setpoint").exists());
}

/// `--yes` does not cover what an edit does not name.
#[test]
fn held_steps_need_more_than_yes() {
    let sandbox = Sandbox::with(SERVER);
    sandbox.done("apply --sim --yes");
    sandbox.edit(
        "stack.yaml",
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "acs:ubuntu_24_04_x64",
    );
    let held = sandbox.run("apply --sim --yes");
    expect![[r#"
        Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        Error: the plan holds steps that --yes does not cover
          app  loses data: system disk d-2zeymf2qf1s7chgt1q3v, 40 GiB
          To allow it once:  --allow-data-loss app
          To allow app in the stack's file, where it is reviewed:
            allow:
              - {address: "app", effect: data_loss, reason: WHY, until: YYYY-MM-DD}
          Nothing was changed.
    "#]]
    .assert_eq(&held.stderr);
    assert_eq!(held.code, Some(3));
    assert_eq!(
        sandbox.run("plan --sim --detailed-exitcode").code,
        Some(2),
        "nothing was changed"
    );
    sandbox.done("apply --sim --yes --allow-data-loss app");
    assert_eq!(sandbox.run("plan --sim --detailed-exitcode").code, Some(0));
}

/// The entry that a hold offers covers its step, and the hold without an entry says so.
#[test]
fn holds_of_both_sorts_name_what_allows_each() {
    let stack = "stack: demo\nregion: cn-beijing\nresources:\n  \
                 data: {type: disk, zone: cn-beijing-h, size: 40}\n  \
                 net: {type: vpc, cidr_block: 10.0.0.0/16}\n";
    let sandbox = Sandbox::with(stack);
    sandbox.done("apply --sim --yes");
    sandbox.edit("stack.yaml", "size: 40", "size: 40, encrypted: true");
    sandbox.edit(
        "stack.yaml",
        "net: {type: vpc, cidr_block: 10.0.0.0/16}",
        "",
    );
    let held = sandbox.run("apply --sim --yes");
    expect![[r#"
        Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        Error: the plan holds steps that --yes does not cover
          data  loses data: disk d-2zeymf2qf1s7chgt1q3v, 40 GiB
          2 of 2 live resources are deleted or replaced
          To allow them once:  --allow-data-loss data --allow-bulk
          To allow data in the stack's file, where it is reviewed:
            allow:
              - {address: "data", effect: data_loss, reason: WHY, until: YYYY-MM-DD}
          No entry covers deleting or replacing 2 of 2 live resources: that needs --allow-bulk.
          Nothing was changed.
    "#]]
    .assert_eq(&held.stderr);
    assert!(
        held.stdout.contains("no `allow:` entry covers it"),
        "{}",
        held.stdout
    );
    let entry = "allow: [{address: data, effect: data_loss, reason: agreed, until: 2099-01-01}]\n";
    sandbox.edit("stack.yaml", "resources:", &format!("{entry}resources:"));
    expect![[r#"
        Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        Error: the plan holds steps that --yes does not cover
          2 of 2 live resources are deleted or replaced
          To allow it once:  --allow-bulk
          No entry covers deleting or replacing 2 of 2 live resources: that needs --allow-bulk.
          Nothing was changed.
    "#]]
    .assert_eq(&sandbox.run("apply --sim --yes").stderr);
    sandbox.done("apply --sim --yes --allow-bulk");
}

#[test]
fn the_outcome_as_json_and_as_a_report() {
    let sandbox = Sandbox::with(NETWORK);
    let run = sandbox.run("apply --sim --yes --json --report out/report.json");
    assert_eq!(
        run.code,
        Some(1),
        "a folder that is not there: {}",
        run.transcript()
    );
    assert!(
        !sandbox.path(".setpoint").exists(),
        "found before anything was read"
    );
    let run = sandbox.run("apply --sim --yes --json --report report.json");
    assert_eq!(run.code, Some(0), "{}", run.transcript());
    let outcome: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON on stdout");
    let report: serde_json::Value =
        serde_json::from_str(&sandbox.read("report.json")).expect("JSON in the report");
    assert_eq!(outcome, report);
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_cleanly_and_the_same_command_goes_on() {
    use std::io::{BufRead as _, BufReader, Read as _};

    let sandbox = Sandbox::with(SERVER);
    // Slow enough to be met in the middle.
    let mut child = sandbox.start("apply --sim --yes --sim-speed 20");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("net: ") {
        line.clear();
        assert_ne!(
            stderr.read_line(&mut line).expect("it talks"),
            0,
            "it ended before it began"
        );
    }
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("it talks");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{rest}");
    assert!(rest.contains("Stopping"), "{rest}");
    sandbox.done("apply --sim --yes");
    assert_eq!(sandbox.run("plan --sim --detailed-exitcode").code, Some(0));
}

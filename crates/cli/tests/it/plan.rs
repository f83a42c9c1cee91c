//! `setpoint plan`

use expect_test::expect;

use crate::sandbox::{NETWORK, SERVER, Sandbox};

#[test]
fn a_first_plan() {
    expect![[r#"
        $ setpoint plan --sim
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
        2| Simulated cloud in .setpoint/sim (new): no account needed, no cost
    "#]]
    .assert_eq(&Sandbox::with(NETWORK).run("plan --sim").transcript());
}

#[test]
fn pending_changes_show_in_the_exit_code_on_request() {
    let sandbox = Sandbox::with(NETWORK);
    assert_eq!(sandbox.run("plan --sim").code, Some(0));
    assert_eq!(sandbox.run("plan --sim -detailed-exitcode").code, Some(2));
    sandbox.done("apply --sim -auto-approve");
    assert_eq!(sandbox.run("plan --sim -detailed-exitcode").code, Some(0));
}

#[test]
fn a_target_brings_what_it_needs() {
    let run = Sandbox::with(NETWORK).run("plan --sim --target subnet --json");
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON on stdout");
    let made: Vec<&str> = plan["resource_changes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["change"]["actions"][0] == "create")
        .filter_map(|one| one["address"].as_str())
        .collect();
    assert_eq!(made, ["net", "subnet"]);
}

#[test]
fn calls_are_listed_on_request() {
    let sandbox = Sandbox::with(NETWORK);
    let actions = [
        "CreateVpc",
        "CreateVSwitch",
        "CreateSecurityGroup",
        "AuthorizeSecurityGroup",
    ];
    let (with, without) = (
        sandbox.run("plan --sim --calls").stdout,
        sandbox.run("plan --sim").stdout,
    );
    for action in actions {
        assert!(
            with.contains(action) && !without.contains(action),
            "{action}: {with}"
        );
    }
}

#[test]
fn other_formats_hold_the_same_plan() {
    let sandbox = Sandbox::with(NETWORK);
    assert!(
        sandbox
            .run("plan --sim --format markdown")
            .stdout
            .contains("3 to add")
    );
    let page = sandbox.run("plan --sim --format html").stdout;
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("3 to add"),
        "{page}"
    );
}

/// The simulated cloud is said once, on stderr, and kept where it says.
#[test]
fn the_simulated_cloud_may_have_a_folder_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.write("shop/stack.yaml", NETWORK);
    sandbox.done("apply shop --sim=cloud --yes");
    assert!(sandbox.path("cloud").is_dir());
    // What follows a bare `--sim` is the stack.
    let again = sandbox.run("plan --sim shop");
    assert!(again.stdout.contains("3 to add"), "{}", again.transcript());
    let kept = sandbox.run("plan shop --sim=cloud");
    assert!(kept.stdout.contains("No changes."), "{}", kept.transcript());
}

/// A key is saved where the spec says, wherever people stand.
#[test]
fn a_private_key_is_saved_beside_the_spec() {
    let sandbox = Sandbox::new();
    let key = "stack: keys\nregion: cn-beijing\nresources:\n  key: {type: key_pair, private_key_file: keys/key.pem}\n";
    sandbox.write("shop/stack.yaml", key);
    sandbox.done("apply shop --sim --yes");
    assert!(sandbox.path("shop/keys/key.pem").is_file());
}

#[test]
fn all_plans_every_stack_and_the_worst_exit_wins() {
    let sandbox = Sandbox::new();
    sandbox.write("a/stack.yaml", NETWORK);
    sandbox.write("b/stack.yaml", "stack: broken\n");
    let run = sandbox.run("plan --all --sim --detailed-exitcode");
    assert_eq!(run.code, Some(1), "{}", run.transcript());
    assert!(
        run.stdout.contains("3 to add") && run.stderr.contains("b/stack.yaml"),
        "{}",
        run.transcript()
    );
}

/// An image change wipes the disk: it is held, and says so.
#[test]
fn a_loss_is_held_and_named() {
    let sandbox = Sandbox::with(SERVER);
    sandbox.done("apply --sim --yes");
    sandbox.edit(
        "stack.yaml",
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "acs:ubuntu_24_04_x64",
    );
    expect![[r#"
        $ setpoint plan --sim
        demo · cn-beijing · account 1426…8342 · 4 live resources, <cost>

          ~ app  instance  update in-place  REBUILD  DATA LOSS  about <time>
              ~ image  aliyun_3_x64_20G_alibase_20240819.vhd
                    -> ubuntu_24_04_x64_20G_alibase_20240812.vhd  stack.yaml:4:21
                lost: system disk d-2zeymf2qf1s7chgt1q3v, 40 GiB    stays: id and
                private IP

        Plan: 0 to add, 1 to change, 0 to destroy.
        Effect: 1 rebuild. Data loss: app.
        Held: app. In a pipeline: an `allow:` entry, or --allow-data-loss app
        Read with <cost>
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
    "#]]
    .assert_eq(&sandbox.run("plan --sim").transcript());
}

#[test]
fn secrets_are_never_shown() {
    let sandbox = Sandbox::with(
        "stack: demo\nregion: cn-beijing\nvars: {token: {type: string, secret: true}}\n\
         resources: {net: {type: vpc, cidr_block: 10.0.0.0/16}}\noutputs: {token: {value: \"${vars.token}\", secret: true}}\n",
    )
    .var("SETPOINT_VAR_token", "hunter2hunter2");
    for line in [
        "plan --sim",
        "plan --sim --json",
        "plan --sim --out p.json",
        "apply --sim --yes",
        "show --rendered",
        "output --sim",
    ] {
        let run = sandbox.run(line);
        assert_eq!(run.code, Some(0), "{}", run.transcript());
        assert!(
            !run.transcript().contains("hunter2"),
            "{}",
            run.transcript()
        );
    }
    assert!(!sandbox.read("p.json").contains("hunter2"));
    assert_eq!(
        sandbox.run("output token --raw --sim").stdout,
        "hunter2hunter2\n"
    );
}

/// The cloud names neither the region nor its place.
#[test]
fn a_mistyped_region_is_named_with_its_place() {
    let stack = "stack: demo\nregion: cn-hangzou\nresources:\n  \
                 net: {type: vpc, cidr_block: 10.0.0.0/16}\n";
    let sandbox = Sandbox::with(stack);
    let run = sandbox.run("plan --sim");
    // Which of the reads is refused first, and its RequestId, depend on the machine.
    let told = run
        .stderr
        .lines()
        .filter(|line| !line.contains("RequestId"));
    let told: Vec<&str> = told
        .filter(|line| !line.contains('-') || line.contains("cn-"))
        .collect();
    expect![[r#"
        ╷
        │ Error: the cloud has no region `cn-hangzou`
        │   on stack.yaml line 2:
        │   2 │ region: cn-hangzou
        │     │         ^^^^^^^^^^
        │ Did you mean `cn-hangzhou`? Nothing was changed.
        ╵"#]]
    .assert_eq(&told[1..].join("\n"));
    let run = sandbox.run("destroy --stack demo --region nowhere --sim --yes");
    assert!(
        run.stderr.contains("the cloud has no region `nowhere`")
            && run.stderr.contains("Regions: cn-"),
        "{}",
        run.transcript()
    );
    let sandbox = Sandbox::with(&NETWORK.replace(
        "resources:\n",
        "stacks: {far: {stack: far, region: cn-bejing}}\nresources:\n  \
         inner: {type: security_group, vpc: far.net}\n",
    ));
    let run = sandbox.run("plan --sim");
    assert!(
        run.stderr.contains("the cloud has no region `cn-bejing`")
            && run.stderr.contains("on stack.yaml line 3"),
        "{}",
        run.transcript()
    );
}

/// A pipe has no width of its own.
#[test]
fn columns_set_the_width_of_a_pipe() {
    let widest = |sandbox: Sandbox| {
        let run = sandbox.run("explain instance");
        let widths = run.stdout.lines().map(|line| line.chars().count());
        widths.max().unwrap_or(0)
    };
    assert!((70..=80).contains(&widest(Sandbox::new())));
    assert!((40..=50).contains(&widest(Sandbox::new().var("COLUMNS", "50"))));
    assert!((110..=132).contains(&widest(Sandbox::new().var("COLUMNS", "132"))));
    let sandbox = Sandbox::with(NETWORK).var("COLUMNS", "50");
    let plan = sandbox.run("plan --sim").stdout;
    assert!(
        plan.contains("demo · cn-beijing · account 1426…8342 · 0 live\n"),
        "{plan}"
    );
}

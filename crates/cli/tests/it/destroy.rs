//! `setpoint destroy`

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

#[test]
fn takes_everything_away_in_reverse_order() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("apply --sim --yes");
    expect![[r#"
        $ setpoint destroy --sim --yes
        demo · cn-beijing · account 1426…8342 · 3 live resources, <cost>

          - net     vpc             destroy  vpc-2zefyx4fjp3elo09a3rr
          - subnet  vswitch         destroy  vsw-2ze4veqx2bgk1uzk9bu3
          - web     security_group  destroy  sg-2zemy5f49xxwny8fvd0r

        Plan: 0 to add, 0 to change, 3 to destroy.
        Read with <cost>
        Destroy complete! Resources: 3 destroyed.
        <time> and some calls
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| net: Destroying... [id=vpc-2zefyx4fjp3elo09a3rr]
        2| net: Destruction complete after <time> [id=vpc-2zefyx4fjp3elo09a3rr]
        2| subnet: Destroying... [id=vsw-2ze4veqx2bgk1uzk9bu3]
        2| subnet: Destruction complete after <time> [id=vsw-2ze4veqx2bgk1uzk9bu3]
        2| web: Destroying... [id=sg-2zemy5f49xxwny8fvd0r]
        2| web: Destruction complete after <time> [id=sg-2zemy5f49xxwny8fvd0r]
    "#]]
    .assert_eq(&sandbox.run("destroy --sim --yes").settled().transcript());
    expect![[r#"
        $ setpoint destroy --sim --yes
        demo · cn-beijing · account 1426…8342 · 0 live resources, <cost>
        Nothing to destroy. Nothing in cn-beijing carries the tags of demo.
        Read with <cost>
        Destroy complete! Resources: 0 destroyed.
        <time> and some calls
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
    "#]]
    .assert_eq(&sandbox.run("destroy --sim --yes").transcript());
}

#[test]
fn what_is_protected_holds_the_command() {
    let sandbox = Sandbox::with(&NETWORK.replace(
        "region: cn-beijing\n",
        "region: cn-beijing\nprotect: true\n",
    ));
    sandbox.done("apply --sim --yes");
    let run = sandbox.run("destroy --sim --yes");
    expect![[r#"
        $ setpoint destroy --sim --yes
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Error: demo is protected; nothing was destroyed
        2|   3 of 3 resources are protected: net, subnet, web
        2|   To destroy it, set `protect: false`, apply, then destroy.
        exit 3
    "#]]
    .assert_eq(&run.transcript());
    assert_eq!(
        sandbox.run("plan --sim --detailed-exitcode").code,
        Some(0),
        "nothing is gone"
    );
}

/// An instance is protected by its entry and at the API.
#[test]
fn a_resource_that_is_protected_twice_counts_once() {
    let machine = "  app: {type: instance, instance_type: ecs.c7.large, vswitch: subnet, \
                   security_groups: [web], image: {family: acs:ubuntu_24_04_x64}}\n";
    let stack = NETWORK.replace(
        "region: cn-beijing\n",
        "region: cn-beijing\nprotect: true\n",
    );
    let sandbox = Sandbox::with(&stack.replace("resources:\n", &format!("resources:\n{machine}")));
    sandbox.done("apply --sim --yes");
    let run = sandbox.run("destroy --sim --yes");
    let counted = "4 of 4 resources are protected: app, net, subnet, web";
    assert!(run.stderr.contains(counted), "{}", run.stderr);
}

#[test]
fn a_stack_whose_file_is_gone_is_named() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("apply --sim --yes");
    std::fs::remove_file(sandbox.path("stack.yaml")).expect("it was there");
    assert_eq!(
        sandbox.run("destroy --sim --yes --stack demo").code,
        Some(64),
        "a region is needed"
    );
    let run = sandbox.run("destroy --sim --yes --stack demo --region cn-beijing");
    assert_eq!(run.code, Some(0), "{}", run.transcript());
    assert!(run.stdout.contains("3 destroyed"), "{}", run.transcript());
}

/// One protected resource is not several.
#[test]
fn one_protected_resource_is_named_in_the_singular() {
    let sandbox = Sandbox::with(&NETWORK.replace(
        "    type: vpc\n",
        "    type: vpc\n    lifecycle: {protect: true}\n",
    ));
    sandbox.done("apply --sim --yes");
    let run = sandbox.run("destroy --sim --yes");
    assert!(
        run.stderr.contains("1 of 3 resources is protected: net"),
        "{}",
        run.transcript()
    );
}

/// Without its environment a stack is another owner, so what lives is named.
#[test]
fn environments_that_live_are_named_where_nothing_is_destroyed() {
    let stack = NETWORK.replace(
        "resources:\n",
        "environments: {dev: {}, prod: {}}\nresources:\n",
    );
    let sandbox = Sandbox::with(&stack);
    sandbox.done("apply --sim --yes --env prod");
    expect![[r#"
        $ setpoint destroy --stack demo --region cn-beijing --sim --yes
        demo · cn-beijing · account 1426…8342 · 0 live resources, <cost>
        Nothing to destroy. Nothing in cn-beijing carries the tags of demo.
        Read with <cost>
        Destroy complete! Resources: 0 destroyed.
        <time> and some calls
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Note: the tag service names resources of demo/prod in cn-beijing; to choose one, pass --env NAME
        $ setpoint destroy --env dev --sim --yes
        demo/dev · cn-beijing · account 1426…8342 · 0 live resources, <cost>
        Nothing to destroy. Nothing in cn-beijing carries the tags of demo/dev.
        Read with <cost>
        Destroy complete! Resources: 0 destroyed.
        <time> and some calls
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Note: the tag service names resources of demo/prod in cn-beijing; to choose one, pass --env NAME
        $ setpoint show --env dev --sim
        0 live resources.
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Note: nothing in cn-beijing carries the tag setpoint:stack=demo/dev, so the stack owns nothing there
        2| Note: the tag service names resources of demo/prod in cn-beijing; to choose one, pass --env NAME
        $ setpoint show net --env dev --sim
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Note: nothing in cn-beijing carries the tag setpoint:stack=demo/dev, so the stack owns nothing there
        2| Note: the tag service names resources of demo/prod in cn-beijing; to choose one, pass --env NAME
        2| Error: `show net` matches no live resource of demo/dev
        2|   It is in the stack's file only. To create it:  setpoint apply
        exit 64
        $ setpoint output --env dev --sim
        block = "10.0.0.0/16"
        vpc = (not known yet: needs net.id)
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Note: nothing in cn-beijing carries the tag setpoint:stack=demo/dev, so the stack owns nothing there
        2| Note: the tag service names resources of demo/prod in cn-beijing; to choose one, pass --env NAME
        $ setpoint output vpc --raw --env dev --sim
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Note: nothing in cn-beijing carries the tag setpoint:stack=demo/dev, so the stack owns nothing there
        2| Note: the tag service names resources of demo/prod in cn-beijing; to choose one, pass --env NAME
        2| ╷
        2| │ Error: the output `vpc` has no value yet
        2| │ It is known after apply. To apply the stack:  setpoint apply
        2| ╵
        exit 1
    "#]]
    .assert_eq(&sandbox.script(&[
        "destroy --stack demo --region cn-beijing --sim --yes",
        "destroy --env dev --sim --yes",
        "show --env dev --sim",
        "show net --env dev --sim",
        "output --env dev --sim",
        "output vpc --raw --env dev --sim",
    ]));
}

/// What the reference says of a change of the region.
#[test]
fn resources_of_an_old_region_stay_and_can_be_destroyed() {
    let sandbox = Sandbox::with(
        "stack: demo\nregion: cn-beijing\nresources: {net: {type: vpc, cidr_block: 10.0.0.0/16}}\n",
    );
    sandbox.done("apply --sim --yes");
    sandbox.edit("stack.yaml", "cn-beijing", "cn-shanghai");
    let plan = sandbox.run("plan --sim").stdout;
    assert!(
        plan.contains("1 to add, 0 to change, 0 to destroy"),
        "{plan}"
    );
    let old = sandbox.run("destroy --stack demo --region cn-beijing --sim --yes");
    assert!(old.stdout.contains("1 destroyed"), "{}", old.transcript());
    let told = sandbox.run("explain region").stdout;
    assert!(told.contains("resources in the old region stay"), "{told}");
}

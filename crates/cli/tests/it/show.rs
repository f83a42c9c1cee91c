//! `setpoint show`

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

#[test]
fn shows_what_is_there() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("apply --sim --yes");
    expect![[r#"
        $ setpoint show --sim
        net     vpc             vpc-2zefyx4fjp3elo09a3rr  demo-net     Available
        subnet  vswitch         vsw-2ze4veqx2bgk1uzk9bu3  demo-subnet  Available
        web     security_group  sg-2zemy5f49xxwny8fvd0r   demo-web
        3 live resources.
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        $ setpoint show net --sim
        net  vpc  vpc-2zefyx4fjp3elo09a3rr
          cn-beijing · account 1426…8342 · owned by demo
          Managed by the spec
            cidr_block  10.0.0.0/16
          Live, not managed by the spec
            enable_dns_hostname    false
            enable_ipv6            false
            name                   demo-net
            route_table_id         vtb-2ze2i8jers2mlvok99n4
            router_id              vrt-2zeizvlhto6ztwh8zvuo
            secondary_cidr_blocks  []
            status                 Available
            user_cidrs             []
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        $ setpoint show gone --sim
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        2| Error: `show gone` matches no live resource of demo
        2|   Live resources: net, subnet, web
        exit 64
    "#]]
    .assert_eq(&sandbox.script(&["show --sim", "show net --sim", "show gone --sim"]));
    for line in ["show --sim --json", "show subnet --sim --json"] {
        let run = sandbox.run(line);
        assert!(
            serde_json::from_str::<serde_json::Value>(&run.stdout).is_ok(),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn rendered_is_the_stack_after_all_merging() {
    expect![[r#"
        $ setpoint show --rendered
        stack: demo
        region: cn-beijing
        resources:
          net: vpc
            cidr_block: 10.0.0.0/16
          subnet: vswitch
            cidr_block: 10.0.1.0/24
            vpc: ${net.id}
            zone: cn-beijing-h
          web: security_group
            ingress: [{description: Web, port: [443/443], source: [{cidr: 0.0.0.0/0}]}]
            vpc: ${net.id}
        outputs:
          block: 10.0.0.0/16
          vpc: ${net.id}
        $ setpoint show subnet --rendered
          subnet: vswitch
            cidr_block: 10.0.1.0/24
            vpc: ${net.id}
            zone: cn-beijing-h
    "#]]
    .assert_eq(&Sandbox::with(NETWORK).script(&["show --rendered", "show subnet --rendered"]));
}

//! `setpoint explain`

use expect_test::expect;

use crate::sandbox::Sandbox;

#[test]
fn explains_a_field_a_kind_and_what_there_is() {
    let kinds = Sandbox::new().run("explain").stdout;
    assert!(
        kinds.lines().any(|line| line.starts_with("  vpc ")) && kinds.contains("instance "),
        "{kinds}"
    );
    expect![[r#"
        $ setpoint explain instance.system_disk.size
        instance.system_disk.size
          Size in GiB, at least that of the image; grows online, never shrinks.

          type      whole number, 1 to 2048 GiB
          required  no
          unset     not managed when unset
          change    grow: in place and upwards only, without an interruption
        $ setpoint explain vpc
        vpc
          A private network of one region.

        fields (* required):
          cidr_block *           CIDR block, /8 to /28; change: none
          enable_ipv6            true or false; default false; change: none
          enable_dns_hostname    true or false; not managed when unset; change: none
          secondary_cidr_blocks  list of CIDR block, /8 to /28; not managed when unset;
                                 change: none
          user_cidrs             list of CIDR block, /8 to /28; not managed when unset;
                                 change: replace
        attributes: id, router_id, route_table_id, ipv6_cidr_block, status
        look-up keys: id, name, tags, resource_group
        every entry also takes: name, description, tags, resource_group, timeouts,
          count, for_each, enabled, after, adopt, lifecycle
    "#]]
    .assert_eq(&Sandbox::new().script(&["explain instance.system_disk.size", "explain vpc"]));
}

#[test]
fn explains_the_language() {
    let list = Sandbox::new().run("explain").stdout;
    assert!(
        list.contains("\n  lifecycle ") && list.contains("cidr_subnet"),
        "{list}"
    );
    expect![[r#"
        $ setpoint explain protect
        `protect`  (Top-level keys)
          the default of `lifecycle.protect` of every resource

            protect: true

          More: setpoint explain top-level-keys

        `account`, `region`, `protect`, `requires`, `description`  (Environments)
          replace those of the stack

            protect: true

          More: setpoint explain environments

        `protect`  (Lifecycle)
          `true` refuses to delete, replace or rebuild the resource; it is stored in a
          tag and holds even if the entry is removed; to lift it, apply `protect: false`
          first

            resources:
              net: {type: vpc, cidr_block: 10.0.0.0/16, lifecycle: {protect: true}}

          More: setpoint explain lifecycle
        $ setpoint explain lifecycle.protect
        `protect`  (Lifecycle)
          `true` refuses to delete, replace or rebuild the resource; it is stored in a
          tag and holds even if the entry is removed; to lift it, apply `protect: false`
          first

            resources:
              net: {type: vpc, cidr_block: 10.0.0.0/16, lifecycle: {protect: true}}

          More: setpoint explain lifecycle
        $ setpoint explain cidr_subnet
        `cidr_subnet(block, new_bits, n)`  (Functions)
          subnet number `n`, counted from 0, of the subnets whose prefix is `new_bits`
          longer than the block's

            outputs:
              cidr_subnet: "${cidr_subnet(vars.block, 8, 3)}" # 10.0.3.0/24

          More: setpoint explain functions
        $ setpoint explain count
        Groups

        A group is several resources from one entry. `count: 3` makes the members
        `app[0]` to `app[2]`. `for_each` makes one member for each item of a list, each
        entry of a map, or each member of another group; the item, the key of the entry
        or the key of the other member becomes the member's key.

            stack: shop
            region: cn-beijing
            resources:
              net: {type: vpc, cidr_block: 10.0.0.0/16}
              public:
                type: vswitch
                for_each: {h: 10.0.0.0/24, k: 10.0.1.0/24}
                vpc: net
                zone: "cn-beijing-${each.key}"
                cidr_block: "${each.value}"
              web: {type: security_group, vpc: net}
              app:
                type: instance
                count: 2
                name: "app-${pad(each.number, 2)}"
                instance_type: ecs.c7.large
                image: {family: acs:ubuntu_24_04_x64}
                vswitches: [public]
                security_groups: [web]
                lifecycle: {max_unavailable: 1}
              data: {type: disk, for_each: app, attach_to: "${each.value}", size: 200}
            outputs:
              addresses: "${app[*].private_ip}"

        If a key is removed from `for_each`, only its member is destroyed. A smaller
        `count` destroys the last members.

        A change that interrupts members runs on `lifecycle.max_unavailable` of them at
        a time, one by default. If a member fails, the members after it are not started.
    "#]]
    .assert_eq(&Sandbox::new().script(&[
        "explain protect",
        "explain lifecycle.protect",
        "explain cidr_subnet",
        "explain count",
    ]));
}

#[test]
fn near_names_are_offered() {
    expect![[r#"
        $ setpoint explain instanse
        2| Error: `instanse` is not a kind or a construct of the language
        2|   did you mean `instance`?
        exit 64
        $ setpoint explain vpc.cidr
        2| Error: `vpc` has no `cidr`: `cidr_block`
        exit 64
        $ setpoint explain lifecycle.protct
        2| Error: `lifecycle.protct` is not a kind or a construct of the language
        2|   did you mean `lifecycle.protect`?
        exit 64
    "#]]
    .assert_eq(&Sandbox::new().script(&[
        "explain instanse",
        "explain vpc.cidr",
        "explain lifecycle.protct",
    ]));
}

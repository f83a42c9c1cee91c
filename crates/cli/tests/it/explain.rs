//! `setpoint explain`

use expect_test::expect;

use crate::sandbox::Sandbox;

#[test]
fn explains_a_field_a_kind_and_what_there_is() {
    let kinds = Sandbox::new().run("explain").stdout;
    assert!(
        kinds.lines().any(|line| line.starts_with("vpc ")) && kinds.contains("instance "),
        "{kinds}"
    );
    expect![[r#"
        $ setpoint explain instance.system_disk.size
        instance.system_disk.size
          Size in GiB, at least that of the image; grows online, never shrinks.

          type      whole number, 1 to 2048 GiB
          required  no
          unset     not managed when unset
          change    grow: in place and upwards only, what runs goes on
        $ setpoint explain vpc
        vpc
          A private network of one region.

        fields (* required):
          cidr_block *           CIDR block, /8 to /28; change: none
          enable_ipv6            true or false; default false; change: none
          enable_dns_hostname    true or false; not managed when unset; change: none
          secondary_cidr_blocks  list of CIDR block, /8 to /28; not managed when unset; change: none
          user_cidrs             list of CIDR block, /8 to /28; not managed when unset; change: replace
        attributes: id, router_id, route_table_id, ipv6_cidr_block, status
        every entry also takes: name, description, tags, resource_group, timeouts, count, for_each, enabled, after, adopt, lifecycle
    "#]]
    .assert_eq(&Sandbox::new().script(&["explain instance.system_disk.size", "explain vpc"]));
}

#[test]
fn near_names_are_offered() {
    expect![[r#"
        $ setpoint explain instanse
        2| Error: there is no type `instanse`
        2|   did you mean `instance`?
        exit 64
        $ setpoint explain vpc.cidr
        2| Error: `vpc` has no `cidr`: `cidr_block`
        exit 64
    "#]]
    .assert_eq(&Sandbox::new().script(&["explain instanse", "explain vpc.cidr"]));
}

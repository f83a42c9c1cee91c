//! `setpoint validate`

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

const BROKEN: &str = "\
stack: demo
region: cn-beijing
resources:
  net:
    type: vpc
    cidr_blok: 10.0.0.0/16
  subnet: {type: vswitch, vpc: nett, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
";

#[test]
fn a_good_stack_says_what_it_is() {
    expect![[r#"
        $ setpoint validate
        Success! stack.yaml is valid: demo · cn-beijing · 3 resources
        $ setpoint validate --json
        {
          "diagnostics": [],
          "error_count": 0,
          "format_version": "1.0",
          "stacks": [
            {
              "file": "stack.yaml",
              "valid": true
            }
          ],
          "valid": true,
          "warning_count": 0
        }
    "#]]
    .assert_eq(&Sandbox::with(NETWORK).script(&["validate", "validate --json"]));
}

#[test]
fn all_mistakes_at_once_with_their_places() {
    expect![[r#"
        $ setpoint validate
        stack.yaml: 2 errors
        2| ╷
        2| │ Error: `vpc` has no `cidr_blok`
        2| │   on stack.yaml line 6:
        2| │   6 │     cidr_blok: 10.0.0.0/16
        2| │     │     ^^^^^^^^^
        2| │ did you mean `cidr_block`?
        2| ╵
        2| ╷
        2| │ Error: no resource `nett`
        2| │   on stack.yaml line 7, in subnet:
        2| │   7 │   subnet: {type: vswitch, vpc: nett, zone: cn-beijing-h, cidr_block: 10…
        2| │     │                                ^^^^
        2| │ did you mean `net`?
        2| ╵
        exit 1
    "#]]
    .assert_eq(&Sandbox::with(BROKEN).run("validate").transcript());
}

#[test]
fn mistakes_as_json() {
    let run = Sandbox::with(BROKEN).run("validate --json");
    let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON on stdout");
    assert_eq!((run.code, &json["valid"]), (Some(1), &serde_json::Value::Bool(false)));
    assert_eq!(json["error_count"].as_u64().map(|n| n as usize), json["diagnostics"].as_array().map(Vec::len));
    assert_eq!(json["diagnostics"][0]["range"]["start"]["line"], 6);
}

#[test]
fn without_a_choice_every_environment_is_checked() {
    let sandbox = Sandbox::with(
        "stack: shop\nregion: cn-beijing\nvars: {block: {type: cidr}}\nenvironments: {dev: {vars: {block: 10.1.0.0/16}}, prod: {}}\n\
         resources: {net: {type: vpc, cidr_block: \"${vars.block}\"}}\n",
    );
    expect![[r#"
        $ setpoint validate
        Success! stack.yaml (dev) is valid: shop/dev · cn-beijing · 1 resource
        stack.yaml (prod): 1 error
        2| ╷
        2| │ Error: `block` has no value
        2| │   on stack.yaml line 3:
        2| │   3 │ vars: {block: {type: cidr}}
        2| │     │        ^^^^^
        2| │ give them with `--var block=…`, SETPOINT_VAR_block, `--var-file`, an
        2| │ environment, or a default
        2| ╵
        exit 1
        $ setpoint validate --env dev
        Success! stack.yaml (dev) is valid: shop/dev · cn-beijing · 1 resource
    "#]]
    .assert_eq(&sandbox.script(&["validate", "validate --env dev"]));
}

#[test]
fn all_takes_every_stack_below_in_the_order_of_links() {
    let sandbox = Sandbox::new();
    sandbox
        .write("app/stack.yaml", "stack: app\nregion: cn-beijing\nstacks: {other: {stack: net, file: ../net/stack.yaml}}\nresources: {}\n");
    sandbox.write("net/stack.yaml", "stack: net\nregion: cn-beijing\nresources: {net: {type: vpc, cidr_block: 10.0.0.0/16}}\n");
    sandbox.write(".setpoint.yaml", "");
    expect![[r#"
        $ setpoint validate --all
        Success! net/stack.yaml is valid: net · cn-beijing · 1 resource
        Success! app/stack.yaml is valid: app · cn-beijing · 0 resources
    "#]]
    .assert_eq(&sandbox.run("validate --all").transcript());
    sandbox.write("copy/stack.yaml", "stack: net\nregion: cn-beijing\nresources: {}\n");
    expect![[r#"
        $ setpoint validate --all
        2| Error: `copy/stack.yaml` and `net/stack.yaml` both describe the stack `net`
        2|   One stack, one file: rename one of them.
        exit 64
    "#]]
    .assert_eq(&sandbox.run("validate --all").transcript());
}

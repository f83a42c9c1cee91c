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
        2| │ Error: no resource has the name `nett`
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
    assert_eq!(
        (run.code, &json["valid"]),
        (Some(1), &serde_json::Value::Bool(false))
    );
    assert_eq!(
        json["error_count"].as_u64().map(|n| n as usize),
        json["diagnostics"].as_array().map(Vec::len)
    );
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
        2| │ set it with `--var block=…`, SETPOINT_VAR_block, `--var-file`, an environment,
        2| │ or a default
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
    sandbox.write(
        "net/stack.yaml",
        "stack: net\nregion: cn-beijing\nresources: {net: {type: vpc, cidr_block: 10.0.0.0/16}}\n",
    );
    sandbox.write(".setpoint.yaml", "");
    expect![[r#"
        $ setpoint validate --all
        Success! net/stack.yaml is valid: net · cn-beijing · 1 resource
        Success! app/stack.yaml is valid: app · cn-beijing · 0 resources
    "#]]
    .assert_eq(&sandbox.run("validate --all").transcript());
    sandbox.write(
        "copy/stack.yaml",
        "stack: net\nregion: cn-beijing\nresources: {}\n",
    );
    expect![[r#"
        $ setpoint validate --all
        2| Error: `copy/stack.yaml` and `net/stack.yaml` both describe the stack `net`
        2|   A stack has one file: rename one of the stacks.
        exit 64
    "#]]
    .assert_eq(&sandbox.run("validate --all").transcript());
}

/// A machine whose readiness is asked for in every wrong way.
const UNREADY: &str = "\
stack: demo
region: cn-beijing
defaults:
  instance:
    instance_type: ecs.c7.large
    image: {family: acs:debian_12_x64}
    vswitch: {id: vsw-1}
    security_groups: [{id: sg-1}]
resources:
  nothing: {type: instance, ready: {timeout: 5m}}
  quick: {type: instance, ready: {tcp: 22, timeout: 5s}}
  path: {type: instance, ready: {http: {port: 80, path: \"health it\"}}}
  typo: {type: instance, ready: {cloudinit: true, from: runner, tcp: 70000}}
";

#[test]
fn readiness_that_cannot_be_asked_for() {
    expect![[r#"
        $ setpoint validate
        stack.yaml: 6 errors
        2| ╷
        2| │ Error: `ready` has no check
        2| │   on stack.yaml line 10, in nothing:
        2| │   10 │   nothing: {type: instance, ready: {timeout: 5m}}
        2| │      │                                    ^^^^^^^^^^^^^
        2| │ write at least one of `cloud_init: true`, `http`, `tcp`, `command`
        2| ╵
        2| ╷
        2| │ Error: `timeout` must be between <time> and 23h59m, but is <time>
        2| │   on stack.yaml line 11, in quick:
        2| │   11 │   quick: {type: instance, ready: {tcp: 22, timeout: 5s}}
        2| │      │                                                     ^^
        2| │ write a duration such as `10m`
        2| ╵
        2| ╷
        2| │ Error: `health it` is not a valid path of a URL
        2| │   on stack.yaml line 12, in path:
        2| │   12 │   path: {type: instance, ready: {http: {port: 80, path: "health it"}}}
        2| │      │                                                         ^^^^^^^^^^^
        2| │ a path begins with `/` and has no spaces, such as `/health`
        2| ╵
        2| ╷
        2| │ Error: `cloudinit` is not a valid key here
        2| │   on stack.yaml line 13, in typo:
        2| │   13 │   typo: {type: instance, ready: {cloudinit: true, from: runner, tcp: 7…
        2| │      │                                  ^^^^^^^^^
        2| │ did you mean `cloud_init`?
        2| ╵
        2| ╷
        2| │ Error: `runner` is not one of `guest`
        2| │   on stack.yaml line 13, in typo:
        2| │   13 │   typo: {type: instance, ready: {cloudinit: true, from: runner, tcp: 7…
        2| │      │                                                         ^^^^^^
        2| ╵
        2| ╷
        2| │ Error: 70000 is out of range
        2| │   on stack.yaml line 13, in typo:
        2| │   13 │ …ue, from: runner, tcp: 70000}}
        2| │      │                         ^^^^^
        2| │ write 1 to 65535
        2| ╵
        exit 1
    "#]]
    .assert_eq(&Sandbox::with(UNREADY).script(&["validate"]));
}

/// What all environments have in common is said once.
#[test]
fn a_finding_of_several_environments_is_shown_once() {
    let stack = "stack: demo\nregion: cn-beijing\nenvironments:\n  dev: {}\n  prod: {tags: 1}\n\
                 resources:\n  net: {type: vpc, cidr_blok: 10.0.0.0/16}\n";
    let sandbox = Sandbox::with(stack);
    expect![[r#"
        $ setpoint validate
        stack.yaml (dev): 1 error
        stack.yaml (prod): 2 errors, 1 of them shown above
        2| ╷
        2| │ Error: `vpc` has no `cidr_blok`
        2| │   on stack.yaml line 7:
        2| │   7 │   net: {type: vpc, cidr_blok: 10.0.0.0/16}
        2| │     │                    ^^^^^^^^^
        2| │ did you mean `cidr_block`?
        2| ╵
        2| ╷
        2| │ Error: `tags` must be a map, not a single value
        2| │   on stack.yaml line 5:
        2| │   5 │   prod: {tags: 1}
        2| │     │                ^
        2| ╵
        exit 1
    "#]]
    .assert_eq(&sandbox.run("validate").transcript());
    let run = sandbox.run("validate --json");
    let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON on stdout");
    assert_eq!(
        document["error_count"].as_u64(),
        document["diagnostics"]
            .as_array()
            .map(|all| all.len() as u64)
    );
}

/// Whether an environment must be chosen is not known of a file that cannot be read.
#[test]
fn a_file_that_cannot_be_read_says_nothing_of_environments() {
    let stack = "stack: demo\nregion: cn-beijing\nenvironments: {dev: {}, prod: {}}\nresources:\n  \
                 net: {type: vpc, cidr_block: 10.0.0.0/16}\n  net: {type: vpc}\n";
    expect![[r#"
        $ setpoint validate
        stack.yaml: 1 error
        2| ╷
        2| │ Error: the key `net` is given twice
        2| │   on stack.yaml line 6:
        2| │   6 │   net: {type: vpc}
        2| │     │   ^^^
        2| │   see stack.yaml line 5:
        2| │   5 │   net: {type: vpc, cidr_block: 10.0.0.0/16}
        2| │     │   ^^^ first given here
        2| │ remove one of them: tools differ on which one wins
        2| ╵
        exit 1
        $ setpoint plan --sim
        2| ╷
        2| │ Error: the key `net` is given twice
        2| │   on stack.yaml line 6:
        2| │   6 │   net: {type: vpc}
        2| │     │   ^^^
        2| │   see stack.yaml line 5:
        2| │   5 │   net: {type: vpc, cidr_block: 10.0.0.0/16}
        2| │     │   ^^^ first given here
        2| │ remove one of them: tools differ on which one wins
        2| ╵
        exit 1
    "#]]
    .assert_eq(&Sandbox::with(stack).script(&["validate", "plan --sim"]));
}

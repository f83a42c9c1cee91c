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
          Size in GiB, at least that of the image; it can grow online, but not shrink.

          type      whole number, 1 to 2048 GiB
          required  no
          unset     not managed when unset
          change    grow: in place and upwards only, without an interruption
        $ setpoint explain vpc
        vpc
          A private network in one region.

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
    "#]]
    .assert_eq(&Sandbox::new().script(&[
        "explain protect",
        "explain lifecycle.protect",
        "explain cidr_subnet",
    ]));
}

#[test]
fn explains_a_section_and_a_path() {
    expect![[r#"
        $ setpoint explain outputs
        Outputs

        An output is a value of the stack for other programs and for readers.

            stack: shop
            region: cn-beijing
            resources:
              net: {type: vpc, cidr_block: 10.0.0.0/16}
            outputs:
              net: "${net.id}"
              block: {value: "${net.cidr_block}", description: The block of the shop}

        An output is `NAME: VALUE`, or `NAME:` with these keys:

          `value`        required: the value
          `description`  a text for readers
          `secret`       `true` shows the value only on request; required if the value
                         is secret

        `setpoint output` prints the outputs, `setpoint output --json` in the format of
        Terraform. An attribute that the resource does not have is `null`.
        $ setpoint explain each.number
        `each.index`, `each.number`  (Expressions)
          the position of this member in a `count`, from 0 and from 1

            resources:
              data:
                name: "data-${each.number}"

          More: setpoint explain expressions
    "#]]
    .assert_eq(&Sandbox::new().script(&["explain outputs", "explain each.number"]));
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

/// Words of plans, errors and other tools lead to the construct that they mean.
#[test]
fn words_that_are_not_constructs_lead_to_one() {
    let sandbox = Sandbox::new();
    expect![[r#"
        `held`: see `allow`.

        Held steps
        ---
        `depends_on`: see `after`.

        `after`  (Resources)
        ---
        `alicloud_vswitch`: see `vswitch`.

        vswitch
        ---
        `each.key`, `each.value`  (Expressions)
          the key and the value of this member of a group

        ---
        instance.power
          Whether the instance runs; if not given, it is started once and then not
          managed.
        ---
        `cidr_block` belongs to several kinds:
          vpc.cidr_block      IPv4 CIDR block, /8 to /28. Subnets outside of a new block
                              must be deleted or replaced in the same apply.
        ---
        instance.public_ip
          An attribute, known after apply: `${NAME.public_ip}`.
          Public IP address: its own, or that of its `eip`.
        ---
        unmanaged  (Glossary)
          not set in the file, and therefore left as it is; also the word that makes a
          closed field so: `ingress: unmanaged`
        ---
        drift  (Glossary)
          a difference between live and desired state that no edit caused
        ---
        brief, restart, stop, rebuild, replace  (Glossary)
          the effects of a change on a running resource, the mildest first: a short loss
          of network; a stop and a start; a stop; a new system disk, which loses its
        ---
    "#]]
    .assert_eq(
        &[
            "held",
            "depends_on",
            "alicloud_vswitch",
            "each",
            "power",
            "cidr_block",
            "public_ip",
            "unmanaged",
            "drift",
            "rebuild",
        ]
        .map(|word| beginning(&sandbox, word))
        .concat(),
    );
}

/// Every word and mark that a plan prints is explained, written as the plan writes it.
#[test]
fn the_words_of_plans_are_explained() {
    let sandbox = Sandbox::new();
    expect![[r#"
        `HELD`: see `allow`.

        Held steps
        ---
        `DATA-LOSS`: see `allow`.

        Held steps
        ---
        in place  (Glossary)
          a change that keeps the resource and its id
        ---
        none (as an effect)  (Glossary)
          nothing that runs is interrupted
        ---
        +, ~, -/+, +/-, -, !, x  (Glossary)
          marks of a plan: create; update in place, or adopt; destroy, then create;
          create, then destroy; destroy; kept although the file or a destroy would
        ---
    "#]]
    .assert_eq(
        &["HELD", "DATA-LOSS", "in-place", "none", "-- -/+"]
            .map(|word| beginning(&sandbox, word))
            .concat(),
    );
}

/// Returns the first lines of the explanation of a word.
fn beginning(sandbox: &Sandbox, word: &str) -> String {
    let run = sandbox.run(&format!("explain {word}"));
    assert_eq!(run.code, Some(0), "{}", run.transcript());
    let lines: Vec<&str> = run.stdout.lines().take(3).collect();
    lines.join("\n") + "\n---\n"
}

#[test]
fn explanations_as_json() {
    let sandbox = Sandbox::new();
    let parsed = |line: &str| -> serde_json::Value {
        serde_json::from_str(&sandbox.run(line).stdout).expect("JSON on stdout")
    };
    let word = parsed("explain instance.power --json");
    assert!(
        word["text"]
            .as_str()
            .is_some_and(|text| text.contains("unmanaged")),
        "{word}"
    );
    let all = parsed("explain --format json");
    let has = |list: &str, word: &str| {
        let mut rows = all[list].as_array().into_iter().flatten();
        rows.any(|row| row["word"] == word || row == word)
    };
    assert!(has("kinds", "vpc") && has("language", "vars"), "{all}");
    assert!(has("functions", "join") && has("terms", "drift"), "{all}");
    let unknown = parsed("explain nothing-of-ours --json");
    assert_eq!(unknown["error"]["exit_code"], 64, "{unknown}");
}

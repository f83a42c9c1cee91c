//! The rules of the language, each with a small stack and its result.

use expect_test::{Expect, expect};
use setpoint_spec::loader::MemoryLoader;
use setpoint_spec::{
    Input, LoadFailureKind, environments, explain, json_schema, load, stack_file, view,
};

use crate::stub::SCHEMA;
use crate::support::{rendered, run, run_in, text};

const HEAD: &str = "stack: demo\nregion: cn-beijing\n";

/// Resolves a stack, of which the part after name and region is given, and compares its view.
#[track_caller]
fn check(rest: &str, expected: &Expect) {
    let shown = match text(&format!("{HEAD}{rest}")) {
        Ok(loaded) => view::render(&loaded.stack).replace("stack: demo\nregion: cn-beijing\n", ""),
        Err(failure) => rendered(&failure),
    };
    expected.assert_eq(&shown);
}

#[test]
fn groups() {
    check(
        "
resources:
  m: {type: vpc, count: 2, name: \"m-${pad(each.number, 2)}-${each.index}-${each.key}\", cidr_block: 10.0.0.0/8}
  s: {type: vswitch, for_each: m, vpc: \"${each.value}\", zone: cn-beijing-h, cidr_block: \"10.${each.key}.0.0/24\"}
  t: {type: vswitch, for_each: {b: {k: 1}, a: {k: 0}}, vpc: \"m[0]\", zone: \"cn-beijing-${each.key}\", cidr_block: \"${cidr_subnet('10.1.0.0/16', 8, each.value.k)}\"}
  none: {type: vpc, count: 0, cidr_block: 10.0.0.0/8}
outputs:
  blocks: \"${s[*].cidr_block}\"
  one: ${s[1].zone}
  joined: \"${join(', ', m[*].id)}\"
  keys: \"${keys(t)}\"
  many: ${length(m)}
  first: \"${at(values(m), -1)}\"
",
        &expect![[r#"
            resources:
              m[0]: vpc
                cidr_block: 10.0.0.0/8
                name: m-01-0-0
              m[1]: vpc
                cidr_block: 10.0.0.0/8
                name: m-02-1-1
              s[0]: vswitch
                cidr_block: 10.0.0.0/24
                vpc: ${m[0].id}
                zone: cn-beijing-h
              s[1]: vswitch
                cidr_block: 10.1.0.0/24
                vpc: ${m[1].id}
                zone: cn-beijing-h
              t[a]: vswitch
                cidr_block: 10.1.0.0/24
                vpc: ${m[0].id}
                zone: cn-beijing-a
              t[b]: vswitch
                cidr_block: 10.1.1.0/24
                vpc: ${m[0].id}
                zone: cn-beijing-b
            outputs:
              blocks: [10.0.0.0/24, 10.1.0.0/24]
              first: ${m[1].id}
              joined: ${m[0].id}, ${m[1].id}
              keys: [a, b]
              many: 2
              one: cn-beijing-h
        "#]],
    );
}

#[test]
fn from_count_to_keys_nothing_changes() {
    let view = |group: &str| {
        let spec =
            format!("{HEAD}resources:\n  a: {{type: vpc, {group}, cidr_block: 10.0.0.0/8}}\n");
        view::render(&text(&spec).expect("it is right").stack)
    };
    assert_eq!(view("count: 2"), view("for_each: [\"0\", \"1\"]"));
}

#[test]
fn references() {
    check(
        "
existing:
  far: {type: vpc, id: vpc-2ze0123456789abc}
  gate: {type: instance, tags: {Role: gate}}
stacks: {other: {stack: other, environment: prod}}
resources:
  a: {type: vswitch, vpc: far, zone: cn-beijing-h, cidr_block: 10.0.0.0/24}
  b: {type: vswitch, vpc: \"${a.vpc}\", zone: \"${a.zone}\", cidr_block: 10.0.1.0/24}
  c: {type: vswitch, vpc: vpc-2ze0123456789abc, zone: cn-beijing-h, cidr_block: 10.0.2.0/24}
  d: {type: vswitch, vpc: {tags: {Name: main}}, zone: cn-beijing-h, cidr_block: 10.0.3.0/24}
  e: {type: vswitch, vpc: other.net, zone: cn-beijing-h, cidr_block: 10.0.4.0/24}
  g: {type: security_group, vpc: far, ingress: [{port: 80/80, source: h}, {protocol: all, source: [10.0.0.5, \"2001:DB8::/32\", pl-2ze0123456789ab, other.sg, \"${a.cidr_block}\"]}]}
  h: {type: security_group, vpc: far, ingress: [{port: 1-2, source: g}, {port: 22, source: \"${gate.private_ip}\"}], egress: unmanaged}
  app:
    type: instance
    instance_type: ecs.c7.large
    image: ubuntu_24_04_x64_20G_alibase_20251030.vhd
    vswitches: [\"other.private[h]\", other.public, a]
    security_groups: [g, h]
    key_pair: {name: ops}
    user_data: {text: \"${ip} ${HOME} ${k}\", with: {ip: \"${ip.ip_address}\", k: 3}}
  ip: {type: eip, attach_to: app}
",
        &expect![[r#"
            existing:
              far: vpc {id: vpc-2ze0123456789abc}
              gate: instance {tags: {Role: gate}}
            stacks:
              other: other/prod
            resources:
              a: vswitch
                cidr_block: 10.0.0.0/24
                vpc: ${@existing.far.id}
                zone: cn-beijing-h
              app: instance
                image: ubuntu_24_04_x64_20G_alibase_20251030.vhd
                instance_type: ecs.c7.large
                key_pair: {name: ops}
                security_groups: [${g.id}, ${h.id}]
                user_data: ${ip.ip_address} ${HOME} 3
                vswitches: [${@stacks.other.private[h].id}, ${@stacks.other.public.id}, ${a.id}]
              b: vswitch
                cidr_block: 10.0.1.0/24
                vpc: ${@existing.far.id}
                zone: cn-beijing-h
              c: vswitch
                cidr_block: 10.0.2.0/24
                vpc: vpc-2ze0123456789abc
                zone: cn-beijing-h
              d: vswitch
                cidr_block: 10.0.3.0/24
                vpc: {tags: {Name: main}}
                zone: cn-beijing-h
              e: vswitch
                cidr_block: 10.0.4.0/24
                vpc: ${@stacks.other.net.id}
                zone: cn-beijing-h
              g: security_group
                ingress: [{port: [80/80], source: [{group: ${h.id}}]}, {protocol: all, source: [{cidr: 10.0.0.5/32}, {cidr: 2001:db8::/32}, {prefix_list: pl-2ze0123456789ab}, {group: ${@stacks.other.sg.id}}, {cidr: 10.0.0.0/24}]}]
                vpc: ${@existing.far.id}
              h: security_group
                ingress: [{port: [1/2], source: [{group: ${g.id}}]}, {port: [22/22], source: [{cidr: ${@existing.gate.private_ip}/32}]}]
                vpc: ${@existing.far.id}
                egress: unmanaged
              ip: eip
                attach_to: ${app.id}
        "#]],
    );
}

#[test]
fn entries() {
    check(
        "
tags: {App: shop, Debug: false}
protect: true
defaults: {vpc: {description: A net, timeouts: {create: 5m}}, key_pair: {private_key_file: keys/k.pem}}
resources:
  a: {type: vpc, cidr_block: 10.0.0.0/8, tags: {Debug: true, Cost: 4711}, lifecycle: {protect: false, on_delete: keep, max_unavailable: 25%}}
  b: {type: vpc, cidr_block: 10.0.0.0/8, description: Another, after: [a], resource_group: rg-1, adopt: vpc-2ze0123456789abc}
  k: {type: key_pair, public_key: ssh-ed25519 AAAA}
  idle: {type: vpc, cidr_block: 10.0.0.0/8, enabled: false}
  c: {type: vpc, cidr_block: 10.0.0.0/8, after: [idle, b]}
moved: [{from: old, to: a}, {stack: other}]
forget: [\"gone[0]\"]
allow: [{address: a, effect: delete, reason: Cleaning up, until: 2026-11-25}]
",
        &expect![[r#"
            resources:
              a: vpc
                cidr_block: 10.0.0.0/8
                description: A net
                tags: {App: shop, Cost: 4711, Debug: true}
                lifecycle: keep, max_unavailable Percent(25)
              b: vpc
                cidr_block: 10.0.0.0/8
                description: Another
                tags: {App: shop, Debug: false}
                resource_group: rg-1
                after: a
                adopt: vpc-2ze0123456789abc
                lifecycle: protect
              c: vpc
                cidr_block: 10.0.0.0/8
                description: A net
                tags: {App: shop, Debug: false}
                after: b
                lifecycle: protect
              k: key_pair
                public_key: ssh-ed25519 AAAA
                tags: {App: shop, Debug: false}
                lifecycle: protect
            moved:
              - old -> a
              - other: all -> all
            forget:
              - gone[0]
            allow:
              - a delete until 2026-11-25: Cleaning up
            notes:
              - idle is not in this stack (`enabled: false`)
              - stack.yaml:12: left out, since idle is not in this stack (`enabled: false`)
        "#]],
    );
}

#[test]
fn modules_in_groups() {
    let module = "
module: web
vars: {vpc: {type: vpc}, block: {type: cidr}, name: {type: string, default: web}}
resources:
  a: {type: vswitch, vpc: \"${vars.vpc}\", zone: \"${region}-h\", cidr_block: \"${vars.block}\", name: \"${stack}-${vars.name}\"}
outputs: {subnet: \"${a}\", block: \"${vars.block}\", vpc_block: \"${vars.vpc.cidr_block}\"}
";
    let stack = format!(
        "{HEAD}
tags: {{App: x}}
resources:
  net: {{type: vpc, cidr_block: 10.0.0.0/8}}
  web: {{use: modules/web.yaml, for_each: {{eu: 10.1.0.0/24, us: 10.2.0.0/24}}, tags: {{Side: \"${{each.key}}\"}}, with: {{vpc: net, block: \"${{each.value}}\"}}}}
  sg: {{type: security_group, vpc: net, ingress: [{{port: 80, source: \"${{web[*].block}}\"}}], after: [web]}}
outputs: {{subnets: \"${{web[*].subnet}}\", one: \"${{web[eu].subnet.zone}}\", block: \"${{web[us].vpc_block}}\"}}
"
    );
    let loader = MemoryLoader::new("/w")
        .file("stack.yaml", stack)
        .file("modules/web.yaml", module);
    let loaded = run(&loader, "stack.yaml", None, &[])
        .unwrap_or_else(|failure| panic!("{}", rendered(&failure)));
    expect![[r#"
        stack: demo
        region: cn-beijing
        resources:
          net: vpc
            cidr_block: 10.0.0.0/8
            tags: {App: x}
          sg: security_group
            ingress: [{port: [80/80], source: [{cidr: 10.1.0.0/24}, {cidr: 10.2.0.0/24}]}]
            vpc: ${net.id}
            tags: {App: x}
            after: web[eu].a, web[us].a
          web[eu].a: vswitch
            cidr_block: 10.1.0.0/24
            name: demo-web
            vpc: ${net.id}
            zone: cn-beijing-h
            tags: {App: x, Side: eu}
          web[us].a: vswitch
            cidr_block: 10.2.0.0/24
            name: demo-web
            vpc: ${net.id}
            zone: cn-beijing-h
            tags: {App: x, Side: us}
        outputs:
          block: 10.0.0.0/8
          one: cn-beijing-h
          subnets: [${web[eu].a.id}, ${web[us].a.id}]
    "#]]
    .assert_eq(&view::render(&loaded.stack));
}

#[test]
fn the_last_value_of_a_variable_wins() {
    let stack = format!(
        "{HEAD}vars: {{a: {{default: default, from_env: A}}}}\nenvironments: {{dev: {{vars: {{a: environment}}}}, bare: {{}}}}\noutputs: {{a: \"${{vars.a}}\"}}\n"
    );
    let loader = MemoryLoader::new("/w")
        .file("stack.yaml", stack)
        .file("one.yaml", "a: file-one\n")
        .file("two.json", "{\"a\": \"file-two\"}");
    let value = |environment: &str, set: &[&str], files: &[&str], vars: &[(&str, &str)]| {
        let env = |name: &str| set.contains(&name).then(|| name.to_lowercase());
        let input = Input {
            path: "stack.yaml",
            environment: Some(environment),
            var_files: files.iter().map(|file| (*file).to_owned()).collect(),
            vars: vars
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            env: &env,
            today: "2026-11-25".to_owned(),
            home: None,
        };
        let loaded = load(&SCHEMA, &loader, &input)
            .unwrap_or_else(|failure| panic!("{}", rendered(&failure)));
        view::value(&loaded.stack.outputs["a"].value)
    };
    assert_eq!(value("bare", &[], &[], &[]), "default");
    assert_eq!(value("bare", &["A"], &[], &[]), "a");
    assert_eq!(
        value("bare", &["A", "SETPOINT_VAR_a"], &[], &[]),
        "setpoint_var_a"
    );
    assert_eq!(
        value("dev", &["A", "SETPOINT_VAR_a"], &[], &[]),
        "environment"
    );
    assert_eq!(
        value("dev", &["A"], &["one.yaml", "two.json"], &[]),
        "file-two"
    );
    assert_eq!(
        value("dev", &["A"], &["two.json"], &[("a", "x"), ("a", "no")]),
        "no"
    );
}

#[test]
fn values_given_as_text_are_read_by_their_type() {
    let stack = format!(
        "{HEAD}vars: {{num: {{type: integer}}, list: {{type: list(port)}}, wait: {{type: duration}}, net: {{type: vpc}}}}\nresources: {{main: {{type: vpc, cidr_block: 10.0.0.0/8}}, sg: {{type: security_group, vpc: \"${{vars.net}}\"}}}}\noutputs: {{next: \"${{add(vars.num, 1)}}\", list: \"${{vars.list}}\", wait: \"${{vars.wait}}\"}}\n"
    );
    let loader = MemoryLoader::new("/w").file("stack.yaml", stack);
    for (net, shown) in [
        ("main", "${main.id}"),
        ("vpc-2ze0123456789abc", "vpc-2ze0123456789abc"),
        ("{name: far}", "{name: far}"),
    ] {
        let loaded = run(
            &loader,
            "stack.yaml",
            None,
            &[
                ("num", "4"),
                ("list", "[80, 8000-9000]"),
                ("wait", "90s"),
                ("net", net),
            ],
        );
        let stack = loaded
            .unwrap_or_else(|failure| panic!("{}", rendered(&failure)))
            .stack;
        let outputs: Vec<String> = stack
            .outputs
            .values()
            .map(|output| view::value(&output.value))
            .collect();
        assert_eq!(outputs, ["[80, 8000-9000]", "5", "1m30s"]);
        let sg = &stack.resources[&"sg".parse().expect("an address")];
        assert_eq!(view::value(&sg.fields["vpc"]), shown);
    }
}

#[test]
fn secrets_are_never_shown() {
    let stack = format!(
        "{HEAD}vars: {{token: {{secret: true}}}}\nresources:\n  k: {{type: key_pair, public_key: \"key ${{vars.token}}\"}}\noutputs: {{t: {{value: \"${{join('-', concat(keys(vars.map), values(vars.map)))}}-${{vars.token}}\", secret: true}}}}\n"
    )
    .replace("vars: {token", "vars: {map: {a: 1}, token");
    let loader = MemoryLoader::new("/w").file("stack.yaml", stack);
    let env = |name: &str| (name == "SETPOINT_VAR_token").then(|| "hunter2".to_owned());
    let loaded = run_in(&loader, "stack.yaml", None, &[], &env)
        .unwrap_or_else(|failure| panic!("{}", rendered(&failure)));
    assert!(!format!("{:?}", loaded.stack).contains("hunter2"));
    assert!(
        loaded
            .sources
            .iter()
            .all(|source| !source.text.contains("hunter2"))
    );
    assert!(loaded.stack.outputs["t"].value.has_secret());
}

#[test]
fn overlays() {
    let stack = format!(
        "{HEAD}
tags: {{App: x, Team: a}}
defaults: {{instance: {{image: {{family: f}}, vswitches: [a], system_disk: {{size: 40, performance_level: PL0}}}}}}
environments:
  prod:
    region: cn-beijing
    tags: {{Team: ~, Env: prod}}
    resources:
      app: {{type: instance, system_disk: {{size: 60}}, vswitches: null, vswitch: a, ready: null}}
      extra: {{type: vpc, cidr_block: 10.0.0.0/8}}
      gone: ~
resources:
  net: {{type: vpc, cidr_block: 10.0.0.0/8}}
  a: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.0.0/24}}
  sg: {{type: security_group, vpc: net}}
  app: {{type: instance, instance_type: t, security_groups: [sg], ready: {{cloud_init: true}}}}
  gone: {{type: vpc, cidr_block: 10.0.0.0/8}}
"
    );
    let loader = MemoryLoader::new("/w").file("stack.yaml", stack);
    let loaded = run(&loader, "stack.yaml", Some("prod"), &[])
        .unwrap_or_else(|failure| panic!("{}", rendered(&failure)));
    expect![[r#"
        resources:
          app: instance
            image: {family: f}
            instance_type: t
            security_groups: [${sg.id}]
            system_disk: {performance_level: PL0, size: 60}
            vswitch: ${a.id}
            tags: {App: x, Env: prod}
    "#]]
    .assert_eq(&format!(
        "resources:\n{}",
        view::resource(&loaded.stack.resources[&"app".parse().expect("an address")])
    ));
    let app = &loaded.stack.resources[&"app".parse().expect("an address")];
    let at = app
        .field_at
        .get("system_disk.size")
        .expect("its place is kept");
    assert_eq!(
        (at.file.as_ref(), at.line, at.column),
        ("stack.yaml", 11, 49),
        "the line that won"
    );
    assert!(
        !loaded
            .stack
            .resources
            .contains_key(&"gone".parse().expect("an address"))
    );
    assert!(
        loaded
            .stack
            .resources
            .contains_key(&"extra".parse().expect("an address"))
    );
}

#[test]
fn files_and_environments_are_found() {
    let spec = format!("{HEAD}environments: {{dev: {{}}, prod: {{}}}}\n");
    let loader = MemoryLoader::new("/w")
        .file("a/stack.yaml", &spec)
        .file("b/stack.yaml", &spec)
        .file("b/stack.yml", &spec)
        .file("c/x.stack.yaml", &spec);
    assert_eq!(stack_file(&loader, "a").as_deref(), Ok("a/stack.yaml"));
    assert_eq!(
        environments(&loader, "a").expect("it is right"),
        ["dev", "prod"]
    );
    let refused = |path: &str| rendered(&run(&loader, path, None, &[]).expect_err("it is refused"));
    expect![[r#"
        ╷
        │ Error: `b` holds both stack.yaml and stack.yml
        │ remove one of them, or name the file
        ╵
        ╷
        │ Error: no stack file in `c` (looked for stack.yaml, stack.yml)
        │ name one of these: x.stack.yaml
        ╵
        ╷
        │ Error: `d` does not exist
        ╵
        ╷
        │ Error: the stack `demo` has environments; choose one: dev, prod
        │ use `--env NAME` or SETPOINT_ENV; there is no default
        ╵
    "#]]
    .assert_eq(&["b", "c", "d", "a"].map(refused).concat());
    assert_eq!(
        run(&loader, "a", Some("test"), &[])
            .expect_err("it is refused")
            .kind,
        LoadFailureKind::Usage
    );
}

#[test]
fn links_do_not_lead_out() {
    let stack =
        format!("{HEAD}resources: {{k: {{type: key_pair, public_key: {{file: k.pub}}}}}}\n");
    let loader = MemoryLoader::new("/w")
        .file("in/stack.yaml", stack)
        .file("secret", "x")
        .link("in/k.pub", "secret");
    let shown = rendered(&run(&loader, "in", None, &[]).expect_err("it is refused"));
    assert!(
        shown.contains("a link in the path leads out of the folder `/w/in`"),
        "{shown}"
    );
}

/// Returns the error for a stack in `/w/in` with this private key file, or the resolved path.
fn key_file(path: &str) -> String {
    let stack =
        format!("{HEAD}resources: {{k: {{type: key_pair, private_key_file: \"{path}\"}}}}\n");
    let loader = MemoryLoader::new("/w")
        .file("in/stack.yaml", stack)
        .file("in/keys/old.pem", "a key")
        .file("secret", "x")
        .link("in/out.pem", "secret")
        .link("in/out", "/w")
        .file("/home/ops/.ssh/old.pem", "a key")
        .file("/home/ops/.ssh/old", "a key")
        .link("/home/ops/out.pem", "secret");
    match run(&loader, "in", None, &[]) {
        Ok(loaded) => {
            let mut resources = loaded.stack.resources.into_values();
            let key = resources.next().expect("a key pair");
            format!("{:?}", key.fields.get("private_key_file"))
        }
        Err(failure) => failure.diagnostics[0].message.clone(),
    }
}

#[test]
fn private_key_files_stay_where_they_may() {
    for (path, expected) in [
        ("keys/old.pem", "Some(Text(\"in/keys/old.pem\"))"),
        ("keys/new/a.pem", "Some(Text(\"in/keys/new/a.pem\"))"),
        ("~/.ssh/new.pem", "Some(Text(\"/home/ops/.ssh/new.pem\"))"),
        ("~/a/../b.pem", "Some(Text(\"/home/ops/b.pem\"))"),
        (
            "../key.pem",
            "`../key.pem`: the path leaves the folder `/w/in`",
        ),
        ("keys", "`keys`: it is not a regular file"),
        (
            "out.pem",
            "`out.pem`: a link in the path leads out of the folder `/w/in`",
        ),
        (
            "out/a.pem",
            "`out/a.pem`: a link in the path leads out of the folder `/w/in`",
        ),
        (
            "~/../../key.pem",
            "`~/../../key.pem`: the path leaves the home folder",
        ),
        (
            "~/../ops2/key.pem",
            "`~/../ops2/key.pem`: the path leaves the home folder",
        ),
        ("~/.ssh", "`~/.ssh`: it is not a regular file"),
        ("~/", "`~/`: it is not a regular file"),
        (
            "~/out.pem",
            "`~/out.pem`: a link in the path leads out of the folder `/home/ops`",
        ),
    ] {
        assert_eq!(key_file(path), expected, "{path}");
    }
}

/// A kind may have members of `lifecycle` besides the common ones.
#[test]
fn a_kind_has_its_own_choices() {
    check(
        "
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/8}
  sg: {type: security_group, vpc: net, lifecycle: {additive: [ingress, tags]}}
  app:
    type: instance
    instance_type: ecs.c7.large
    image: {family: acs:debian}
    vswitch: vsw-2ze0123456789ab
    security_groups: [sg]
    lifecycle: {on_image_change: replace, on_user_data_change: store, protect: true}
",
        &expect![[r#"
            resources:
              app: instance
                image: {family: acs:debian}
                instance_type: ecs.c7.large
                security_groups: [${sg.id}]
                vswitch: vsw-2ze0123456789ab
                lifecycle: protect, on_image_change replace, on_user_data_change store
              net: vpc
                cidr_block: 10.0.0.0/8
              sg: security_group
                vpc: ${net.id}
                lifecycle: additive [ingress, tags]
        "#]],
    );
    check(
        "
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/8, lifecycle: {additive: [ingress], on_image_change: replace}}
",
        &expect![[r#"
            ╷
            │ Error: `ingress` is not one of `tags`
            │   on stack.yaml line 5, in net:
            │   5 │ … lifecycle: {additive: [ingress], on_image_change: replace}}
            │     │                          ^^^^^^^
            ╵
            ╷
            │ Error: `on_image_change` is not a valid key here
            │   on stack.yaml line 5, in net:
            │   5 │ …: {additive: [ingress], on_image_change: replace}}
            │     │                          ^^^^^^^^^^^^^^^
            │ expected one of `protect`, `on_delete`, `snapshot_before`,
            │ `create_before_destroy`, `ignore`, `additive`, `max_unavailable`
            ╵
        "#]],
    );
    let explained = explain::explain(&SCHEMA, "instance.lifecycle", 80).expect("it is explained");
    assert!(explained.contains("on_image_change"), "{explained}");
    let of_group = explain::explain(&SCHEMA, "security_group.lifecycle.additive", 80);
    let of_group = of_group.expect("it is explained");
    assert!(
        of_group.contains("list of ingress | egress | tags"),
        "{of_group}"
    );
}

/// Types of other tools: other names, kinds that are not managed, and parts of a kind.
#[test]
fn types_from_elsewhere() {
    check(
        "
resources:
  a: {type: server}
  b: {type: alicloud_image}
  c: {type: alicloud_slb_rule}
existing:
  d: {type: image, family: acs:debian}
",
        &expect![[r#"
            ╷
            │ Error: `server` is not a kind of resource
            │   on stack.yaml line 5:
            │   5 │   a: {type: server}
            │     │             ^^^^^^
            │ write `instance`
            ╵
            ╷
            │ Error: `alicloud_image` is not a kind of resource
            │   on stack.yaml line 6:
            │   6 │   b: {type: alicloud_image}
            │     │             ^^^^^^^^^^^^^^
            │ `image` is not managed by this version; kinds: auto_snapshot_policy, disk,
            │ eip, instance, key_pair, metric_alarm, nat_gateway, security_group,
            │ snat_entry, vpc, vswitch
            ╵
            ╷
            │ Error: `alicloud_slb_rule` is not a kind of resource
            │   on stack.yaml line 7:
            │   7 │   c: {type: alicloud_slb_rule}
            │     │             ^^^^^^^^^^^^^^^^^
            │ this is a field of the resource it belongs to
            ╵
            ╷
            │ Error: `image` is not a kind of resource
            │   on stack.yaml line 9:
            │   9 │   d: {type: image, family: acs:debian}
            │     │             ^^^^^
            │ `image` is not managed by this version; kinds: auto_snapshot_policy, disk,
            │ eip, instance, key_pair, metric_alarm, nat_gateway, security_group,
            │ snat_entry, vpc, vswitch
            ╵
        "#]],
    );
}

/// The id of a managed kind is accepted where a reference is, and the id of a foreign kind wherever
/// a text is.
#[test]
fn peers_by_id_and_look_up() {
    check(
        "
vars:
  list: pl-2ze0123456789ab
  group: sg-2ze0123456789ab
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/8}
  sg:
    type: security_group
    vpc: net
    ingress:
      - {port: 1, source: sg-2ze0123456789ab}
      - {port: 2, source: pl-2ze0123456789ab}
      - {port: 3, source: '${vars.list}'}
      - {port: 4, source: {name: web}}
",
        &expect![[r#"
            resources:
              net: vpc
                cidr_block: 10.0.0.0/8
              sg: security_group
                ingress: [{port: [1/1], source: [{group: sg-2ze0123456789ab}]}, {port: [2/2], source: [{prefix_list: pl-2ze0123456789ab}]}, {port: [3/3], source: [{prefix_list: pl-2ze0123456789ab}]}, {port: [4/4], source: [{group: {name: web}}]}]
                vpc: ${net.id}
        "#]],
    );
    check(
        "
vars: {group: sg-2ze0123456789ab}
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/8}
  sg: {type: security_group, vpc: net, ingress: [{port: 4, source: '${vars.group}'}, {port: 5, source: true}]}
",
        &expect![[r#"
            ╷
            │ Error: this expression must give a resource, not a text
            │   on stack.yaml line 7, in sg:
            │   7 │ …ess: [{port: 4, source: '${vars.group}'}, {port: 5, source: true}]}
            │     │                          ^^^^^^^^^^^^^^^
            │ declare the variable with `type: security_group`; then its value may be a
            │ name, an id or a look-up
            ╵
            ╷
            │ Error: no resource has the name `true`
            │   on stack.yaml line 7, in sg:
            │   7 │ …p}'}, {port: 5, source: true}]}
            │     │                          ^^^^
            │ expected one of `net`, `sg`
            ╵
        "#]],
    );
}

#[test]
fn explains_rows() {
    let show = |path: &str| {
        explain::explain(&SCHEMA, path, 80).unwrap_or_else(|refusal| format!("{refusal}\n"))
    };
    expect![[r#"
        instance.system_disk.size
          A field.

          type      whole number, 1 to 65536 GiB
          required  no
          unset     not managed when unset
          change    none: in place, without an interruption
        ---
        instance.public_ip
          An attribute, known after apply: `${NAME.public_ip}`.
          An attribute.
        ---
        `instance` has no `vpc_id`: its VPC follows from `vswitch`
        ---
        `instance.system_disk.sise`: `sise` is not a field here
        did you mean `size`?
        ---
        `vsw` is not a kind or a construct of the language
        `setpoint explain` lists the kinds and the constructs
        ---
        key_pair
          A kind.

        fields (* required):
          public_key        text, or {file: PATH}, at most 4096 bytes; see below;
                            change: none
          private_key_file  path of a file, `~/` allowed; see below; change: none
        exactly one of: public_key, private_key_file
        attributes: id, fingerprint
        look-up keys: id, name, tags, resource_group
        every entry also takes: name, description, tags, resource_group, timeouts,
          count, for_each, enabled, after, adopt, lifecycle
        ---
        key_pair.public_key
          A field.

          type      text, or {file: PATH}, at most 4096 bytes
          required  exactly one of: public_key, private_key_file
          change    none: in place, without an interruption
        ---
        key_pair.name
          The display name at the API; made from the stack and the address if unset.

          type      text, 2 to 128 characters
          required  no
          unset     not managed when unset
          change    replace: the resource is replaced by a new one
        ---
        security_group.ingress.0.port
          A field.

          type      port, range or list: `80`, `8000-9000`, `[80, 443]`
          required  no
          unset     not managed when unset
          change    none: in place, without an interruption
    "#]]
    .assert_eq(
        &[
            "instance.system_disk.size",
            "instance.public_ip",
            "instance.vpc_id",
            "instance.system_disk.sise",
            "vsw",
            "key_pair",
            "key_pair.public_key",
            "key_pair.name",
            "security_group.ingress.0.port",
        ]
        .map(show)
        .join("---\n"),
    );
}

#[test]
fn the_json_schema_has_one_case_a_kind() {
    let schema = json_schema::schema(&SCHEMA);
    let cases = schema["definitions"]["entry"]["allOf"]
        .as_array()
        .expect("cases");
    assert_eq!(cases.len(), SCHEMA.kinds.len() + 1);
    let vswitch = cases
        .iter()
        .find(|case| case["if"]["properties"]["type"]["const"] == "vswitch")
        .expect("a case");
    assert_eq!(vswitch["then"]["additionalProperties"], false);
    expect![[r##"
        {
          "anyOf": [
            {
              "pattern": "^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}|[0-9a-fA-F.]*:[0-9a-fA-F:.]*)/(16|17|18|19|20|21|22|23|24|25|26|27|28|29)$",
              "type": "string"
            },
            {
              "$ref": "#/definitions/expression"
            }
          ],
          "description": "A field (CIDR block, /16 to /29; change: none)"
        }"##]]
    .assert_eq(&format!(
        "{:#}",
        vswitch["then"]["properties"]["cidr_block"]
    ));
}

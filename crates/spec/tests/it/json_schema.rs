//! Validates stack files with the JSON Schema: every good stack passes, and the mistakes that a
//! schema can detect are refused.

use std::path::Path;
use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use setpoint_spec::json_schema;

use crate::stub::SCHEMA;
use crate::support::{run, testdata, text};

/// Bad stacks that the schema accepts, each with the reason.
const BEYOND_A_SCHEMA: [(&str, &str); 4] = [
    (
        "block-with-host-bits",
        "bits beyond a prefix are arithmetic",
    ),
    (
        "range-that-ends-before-it-begins",
        "two numbers are compared",
    ),
    (
        "reference-to-nothing",
        "a name is looked up in another place of the file",
    ),
    (
        "zone-of-another-region",
        "the region stands in another place of the file",
    ),
];

/// The compiled schema.
struct Checker {
    schemas: Schemas,
    index: SchemaIndex,
}

static CHECKER: LazyLock<Checker> = LazyLock::new(Checker::new);

impl Checker {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler
            .add_resource("stack.json", json_schema::schema(&SCHEMA))
            .expect("a resource");
        let index = compiler
            .compile("stack.json", &mut schemas)
            .unwrap_or_else(|error| panic!("not a JSON Schema: {error:#}"));
        Self { schemas, index }
    }

    /// Returns the message of the validator for a file.
    fn refusal(&self, file: &str) -> Option<String> {
        let value: Value = serde_yaml::from_str(file).expect("YAML");
        let checked = self.schemas.validate(&value, self.index);
        checked.err().map(|error| format!("{error:#}"))
    }
}

/// Returns every spec file below a folder: the YAML files that begin with one of the three keys.
fn spec_files(folder_of: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder_of.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("it is UTF-8");
            let is_spec = |line: &str| {
                ["stack:", "module:", "environment:"]
                    .iter()
                    .any(|key| line.starts_with(key))
            };
            if path.extension().is_some_and(|end| end == "yaml") && text.lines().any(is_spec) {
                found.push((path.display().to_string(), text));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn good_files_pass() {
    let checker = &*CHECKER;
    let files = spec_files(&testdata().join("good"));
    assert!(files.len() >= 10, "{} files", files.len());
    for (path, file) in files {
        if let Some(refusal) = checker.refusal(&file) {
            panic!("{path}: {refusal}");
        }
    }
}

/// An expression passes wherever the language evaluates one, and an entry may omit fields that
/// `defaults` or an environment can set.
#[test]
fn what_the_language_takes_passes() {
    let checker = &*CHECKER;
    for rest in [
        "vars: {z: cn-beijing-h, many: 2, v6: true, block: {type: cidr, default: 10.0.0.0/16}, l: {a: 1}}
resources:
  net: {type: vpc, count: '${vars.many}', cidr_block: '${vars.block}', enable_ipv6: '${vars.v6}', tags: {Count: '${vars.many}', Live: true, Cost: 4711}}
  sub: {type: vswitch, vpc: '${net[0]}', zone: '${vars.z}', cidr_block: 10.0.1.0/24, timeouts: {create: 1h30m}, lifecycle: {max_unavailable: 1}}
  web:
    type: security_group
    vpc: 'net[1]'
    egress: unmanaged
    ingress:
      - {port: [80, '443', 8000-9000], source: [0.0.0.0/0, '::/0', 10.0.0.5, sg-2ze0123456789ab, {name: x}, '${net[0].cidr_block}']}
      - {port: '${vars.many}', source: other, priority: '${vars.many}'}
  other: {type: security_group, vpc: vpc-2ze0123456789ab, lifecycle: {additive: [ingress, tags]}}
",
        "defaults:
  instance: {instance_type: ecs.c7.large, image: {family: acs:debian}, vswitch: vsw-2ze0123456789ab}
resources:
  app: {type: instance, security_groups: [sg-2ze0123456789ab], power: stopped, user_data: {text: 'a ${b}', with: {b: c}}}
",
        "existing: {dns: {type: vpc, id: vpc-2ze0123456789ab}}
resources: {sub: {type: vswitch, vpc: dns, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}}
outputs: {a: {value: '${sub.id}', description: It}}
",
    ] {
        let file = format!("stack: demo\nregion: cn-beijing\n{rest}");
        if let Err(failure) = text(&file) {
            panic!("{:#?}", failure.diagnostics);
        }
        if let Some(refusal) = checker.refusal(&file) {
            panic!("{file}\n{refusal}");
        }
    }
    let file = "stack: demo
environments:
  prod:
    region: cn-beijing
    tags: {A: ~}
    resources:
      net: {cidr_block: 10.0.0.0/16, description: ~}
      old: ~
resources:
  net: {type: vpc, description: Net}
  old: {type: vpc, cidr_block: 10.0.0.0/8}
";
    let loader = setpoint_spec::loader::MemoryLoader::new("/w").file("stack.yaml", file);
    if let Err(failure) = run(&loader, "stack.yaml", Some("prod"), &[]) {
        panic!("{:#?}", failure.diagnostics);
    }
    assert_eq!(checker.refusal(file), None);
}

#[test]
fn mistakes_are_refused() {
    let checker = &*CHECKER;
    let files = spec_files(&testdata().join("bad-schema"));
    assert!(files.len() >= 16, "{} files", files.len());
    let mut passed = Vec::new();
    for (path, file) in &files {
        let loader = setpoint_spec::loader::MemoryLoader::new("/w").file("stack.yaml", file);
        let environment = file.contains("environments:").then_some("prod");
        let refused = run(&loader, "stack.yaml", environment, &[]).is_err();
        assert!(refused, "{path} is valid");
        if checker.refusal(file).is_none() {
            let name = Path::new(path).file_stem().and_then(|name| name.to_str());
            passed.push(name.expect("a name").to_owned());
        }
    }
    let expected: Vec<&str> = BEYOND_A_SCHEMA.iter().map(|(name, _)| *name).collect();
    assert_eq!(passed, expected);
}

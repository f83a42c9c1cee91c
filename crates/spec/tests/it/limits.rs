//! The limits on the size of a stack: the error names the limit, and a large stack within the
//! limits loads.

use std::fmt::Write as _;

use setpoint_spec::limits;
use setpoint_spec::loader::MemoryLoader;
use setpoint_spec::{expr, tree};

use crate::support::{run, text};

const HEAD: &str = "stack: demo\nregion: cn-beijing\n";

/// Returns the first diagnostic of an oversized spec, with the line that it points to.
fn too_large(spec: &str) -> String {
    let failure = text(&format!("{HEAD}{spec}")).expect_err("it is too large");
    let found = failure
        .diagnostics
        .iter()
        .find(|one| one.code == "too-large");
    let found = found.unwrap_or_else(|| panic!("{:?}", failure.diagnostics[0]));
    let span = found.span.expect("it has a place");
    format!("{}: {}", failure.sources.location(span).line, found.message)
}

#[track_caller]
fn check(spec: &str, expected: &str) {
    assert_eq!(too_large(spec), expected);
}

#[test]
fn texts_do_not_double_for_ever() {
    let mut spec = "resources:\n  n0: {type: vpc, cidr_block: 10.0.0.0/8}\n".to_owned();
    for n in 1..30 {
        let before = format!("${{n{}.description}}", n - 1);
        let _ = writeln!(
            spec,
            "  n{n}: {{type: vpc, cidr_block: 10.0.0.0/8, description: \"{before}{before}\"}}"
        );
    }
    // An unset description is a reference, which counts as 128 bytes.
    check(&spec, "18: the text has more than 1 MiB");

    let mut vars = "vars:\n  v0: {type: string, default: \"0123456789abcdef\"}\n".to_owned();
    vars += "resources: {}\noutputs:\n  o0: {value: \"${vars.v0}\"}\n";
    vars += "  joined: {value: \"${join(vars.v0, concat(";
    vars += &vec!["vars.l"; 500].join(",");
    vars += "))}\"}\n";
    let list: Vec<&str> = vec!["x"; 201];
    let vars = vars.replacen(
        "resources",
        &format!(
            "  l: {{type: list(string), default: [{}]}}\nresources",
            list.join(", ")
        ),
        1,
    );
    let failure = text(&format!("{HEAD}{vars}")).expect_err("it is too large");
    let message = &failure.diagnostics[0].message;
    assert_eq!(message, "the list has more than 100000 items");
}

#[test]
fn a_text_joined_of_long_pieces_is_bounded() {
    let long = "x".repeat(2_000);
    let spec = format!(
        "vars:\n  long: {{type: string, default: {long}}}\n  list: {{type: list(string), \
         default: [{}]}}\nresources: {{}}\noutputs:\n  o: {{value: \"${{join(vars.long, vars.list)}}\"}}\n",
        vec!["x"; 1_000].join(", ")
    );
    let failure = text(&format!("{HEAD}{spec}")).expect_err("it is too large");
    assert_eq!(
        failure.diagnostics[0].message,
        "the text has more than 1 MiB"
    );
}

#[test]
fn many_after_many_are_refused() {
    check(
        "resources:\n  x: {type: vpc, cidr_block: 10.0.0.0/8, count: 4000}\n  \
         z: {type: vpc, cidr_block: 10.0.0.0/8, count: 4000, after: [x]}\n",
        "5: `after` names more than 250000 resources in the whole stack",
    );
}

#[test]
fn many_that_name_many_are_refused() {
    check(
        "resources:\n  x: {type: vpc, cidr_block: 10.0.0.0/8, count: 4000}\n  \
         z: {type: vpc, cidr_block: 10.0.0.0/8, count: 4000, tags: {all: \"${join('', x[*].id)}\"}}\n",
        "5: the expressions of the stack give more than 64 MiB",
    );
}

#[test]
fn groups_in_groups_of_modules_are_bounded() {
    let module = "module: m\nresources:\n  x: {type: vpc, cidr_block: 10.0.0.0/8, count: 1000}\n";
    let stack = format!("{HEAD}resources:\n  m: {{use: m.yaml, count: 1000}}\n");
    let loader = MemoryLoader::new("/w")
        .file("stack.yaml", stack)
        .file("m.yaml", module);
    let failure = run(&loader, "stack.yaml", None, &[]).expect_err("it is too large");
    let message = &failure.diagnostics[0].message;
    assert_eq!(
        message,
        "the stack has more than 40000 resources and modules"
    );
}

#[test]
fn too_many_entries_are_told_once() {
    let entry = |n: u32| format!("  x{n}: {{type: vpc, cidr_block: 10.0.0.0/8}}\n");
    let many: String = (0..40_500).map(entry).collect();
    let failure = text(&format!("{HEAD}resources:\n{many}")).expect_err("it is too large");
    let messages: Vec<&str> = failure
        .diagnostics
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        messages,
        ["the stack has more than 40000 resources and modules"]
    );
}

#[test]
fn long_fields_of_many_members_are_bounded() {
    let rules = vec!["{port: 22, source: 10.0.0.0/8}"; 40].join(", ");
    check(
        &format!(
            "resources:\n  net: {{type: vpc, cidr_block: 10.0.0.0/8}}\n  \
             g: {{type: security_group, vpc: net, count: 10000, ingress: [{rules}]}}\n"
        ),
        "5: the fields of the stack's resources take more than 192 MiB",
    );
}

#[test]
fn findings_are_counted_beyond_a_limit() {
    let mut spec = format!("{HEAD}resources:\n");
    for n in 0..1_000 {
        let _ = writeln!(spec, "  n{n}: {{type: vpc, cidr_blok: 10.0.0.0/8}}");
    }
    let failure = text(&spec).expect_err("every line is wrong");
    assert_eq!(failure.diagnostics.len(), limits::FINDINGS_MAX + 1);
    let last = failure.diagnostics.last().expect("the last one");
    assert!(
        last.message
            .ends_with(" more findings are not shown; the limit is 200"),
        "{}",
        last.message
    );
}

#[test]
fn a_stack_of_ten_thousand_resources_loads() {
    let mut spec = format!("{HEAD}resources:\n  first: {{type: vpc, cidr_block: 10.0.0.0/8}}\n");
    for n in 0..10_000 {
        let _ = writeln!(
            spec,
            "  n{n}: {{type: vpc, cidr_block: 10.0.0.0/8, description: \"${{first.id}}\", after: \
             [first]}}"
        );
    }
    let loaded = text(&spec).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics[0]));
    assert_eq!(loaded.stack.resources.len(), 10_001);
}

/// `docs/limits.md` has the numbers of the code.
#[test]
fn the_limits_are_documented() {
    let page = include_str!("../../../../docs/limits.md");
    let thousands = |n: usize| {
        let text = n.to_string();
        let head = text.len() % 3;
        let mut parts: Vec<&str> = Vec::new();
        if head > 0 {
            parts.push(&text[..head]);
        }
        parts.extend((head..text.len()).step_by(3).map(|at| &text[at..at + 3]));
        parts.join(",")
    };
    let size = |bytes: usize| match bytes {
        bytes if bytes >= 1 << 30 => format!("{} GiB", bytes >> 30),
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes => format!("{} KiB", bytes >> 10),
    };
    for (what, value) in [
        ("a spec file", size(tree::MAX_BYTES)),
        ("nesting of lists and maps", thousands(tree::MAX_DEPTH)),
        (
            "lists, maps and scalars of a file",
            thousands(tree::MAX_NODES),
        ),
        ("one text in a file", size(tree::MAX_SCALAR)),
        ("a text that holds expressions", size(expr::MAX_BYTES)),
        ("nesting of expressions", thousands(expr::MAX_DEPTH)),
        (
            "resources and modules of a stack",
            thousands(limits::MEMBERS_MAX),
        ),
        (
            "resources that `after` names, in the whole stack",
            thousands(limits::AFTER_MAX),
        ),
        ("a text that expressions make", size(limits::TEXT_MAX)),
        ("a list that expressions make", thousands(limits::ITEMS_MAX)),
        (
            "what all expressions of a stack give",
            size(limits::EXPRESSIONS_MAX),
        ),
        (
            "what an expression holds on the way",
            size(limits::RUNNING_MAX),
        ),
        (
            "what all expressions make on the way",
            size(limits::WORK_MAX),
        ),
        ("all fields of all resources", size(limits::FIELDS_MAX)),
        (
            "findings that are reported",
            thousands(limits::FINDINGS_MAX),
        ),
    ] {
        let row = format!("| {what} | {value} |");
        assert!(page.contains(&row), "docs/limits.md has `{row}`");
    }
}

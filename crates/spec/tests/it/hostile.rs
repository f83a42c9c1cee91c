//! Hostile and broken input is refused with a diagnostic, without a panic, a hang or unbounded
//! memory.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use setpoint_spec::diagnostic::{RenderOptions, render_text};
use setpoint_spec::loader::MemoryLoader;
use setpoint_spec::{LoadFailureKind, fmt};

use crate::stub::SCHEMA;
use crate::support::{run, testdata, text};

/// Returns the codes of the diagnostics of a spec.
fn codes(content: impl AsRef<[u8]>) -> Vec<&'static str> {
    let loader = MemoryLoader::new("/w").file("stack.yaml", content);
    match run(&loader, "stack.yaml", None, &[]) {
        Ok(_) => Vec::new(),
        Err(failure) => {
            assert_eq!(failure.kind, LoadFailureKind::Spec);
            failure.diagnostics.iter().map(|one| one.code).collect()
        }
    }
}

#[track_caller]
fn check(content: impl AsRef<[u8]>, code: &str) {
    let found = codes(content);
    assert!(
        found.contains(&code),
        "{code} is not among {:?}",
        &found[..found.len().min(5)]
    );
}

const HEAD: &str = "stack: demo\nregion: cn-beijing\n";

#[test]
fn nesting_is_bounded_before_anything_recurses() {
    check("[".repeat(200_000), "too-large");
    check("{".repeat(30_000), "too-large");
    check("? ".repeat(50_000), "too-large");
    check("- ".repeat(50_000), "too-large");
    check(format!("a: {}", "{a: ".repeat(30_000)), "too-large");
    let mut deep = String::new();
    for level in 0..2_000 {
        let _ = writeln!(deep, "{}a:", " ".repeat(level));
    }
    check(deep, "too-large");
    check("\"".repeat(100_001), "yaml");
}

#[test]
fn aliases_never_grow() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let item = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", vec![item; 9].join(", "));
    }
    check(bomb, "yaml-alias");
    check("a: &a [*a]\n", "yaml-alias");
    check("&a a: *a\n", "yaml-anchor");
}

#[test]
fn sizes_are_bounded() {
    check(
        format!("{HEAD}description: {}\n", "x".repeat((1 << 20) + 1)),
        "too-large",
    );
    check(
        format!("{HEAD}vars: {{a: [{}]}}\n", "1,".repeat(1_000_001)),
        "too-large",
    );
    let long = format!("{HEAD}# {}\n", "x".repeat(16 << 20));
    check(long, "missing-file");
    check(
        format!("{HEAD}resources:\n  a: {{type: vpc, count: 100001, cidr_block: 10.0.0.0/8}}\n"),
        "wrong-value",
    );
}

#[test]
fn encodings_and_characters() {
    check([0xff, 0xfe, b's', 0], "not-utf8");
    check(b"stack: de\0mo\n", "character");
    check("stack: demo\rregion: cn-beijing\n", "character");
    check("stack: demo\u{85}region: cn-beijing\n", "character");
    check("stack: demo # \u{202e}\nregion: cn-beijing\n", "character");
    check("stack: \"de\\u202emo\"\nregion: cn-beijing\n", "character");
    check("", "empty");
    assert_eq!(
        codes("\u{feff}stack: demo\r\nregion: cn-beijing\r\n"),
        Vec::<&str>::new(),
        "a BOM and CRLF are fine"
    );
    assert_eq!(
        codes("---\nstack: demo\nregion: cn-beijing\n"),
        Vec::<&str>::new(),
        "a first `---` is fine"
    );
}

#[test]
fn chains_of_values_are_bounded() {
    let mut spec = format!("{HEAD}resources:\n");
    for n in 0..2_000 {
        let _ = writeln!(
            spec,
            "  a{n}: {{type: vpc, cidr_block: \"${{a{}.cidr_block}}\"}}",
            n + 1
        );
    }
    spec.push_str("  a2000: {type: vpc, cidr_block: 10.0.0.0/8}\n");
    check(spec, "too-deep");
    check(
        format!(
            "{HEAD}tags: {{A: \"${{{}region{}}}\"}}\n",
            "at(".repeat(1_000),
            ", 0)".repeat(1_000)
        ),
        "expression",
    );
    let keys: String = (0..1_000).map(|_| "f[").collect();
    check(
        format!("{HEAD}tags: {{A: \"${{{keys}}}\"}}\n"),
        "expression",
    );
}

/// Chains of values that refer to each other through nested expressions.
#[test]
fn the_deepest_chain_fits_the_programs_stack() {
    let chain = |len: usize, nested: usize| {
        let mut spec = format!("{HEAD}resources:\n");
        for n in 0..len {
            let inner = format!(
                "{}a{}.bandwidth{}",
                "add(0, ".repeat(nested),
                n + 1,
                ")".repeat(nested)
            );
            let _ = writeln!(spec, "  a{n}: {{type: eip, bandwidth: \"${{{inner}}}\"}}");
        }
        spec + &format!("  a{len}: {{type: eip, bandwidth: 7}}\n")
    };
    assert_eq!(codes(chain(44, 1)), Vec::<&str>::new());
    assert_eq!(codes(chain(10, 30)), Vec::<&str>::new());
    check(chain(46, 30), "too-deep");
    check(
        chain(20, 1).replace("bandwidth: 7", "bandwidth: \"${a0.bandwidth}\""),
        "cycle",
    );
}

#[test]
fn many_duplicate_keys_are_found_quickly() {
    let spec = format!("{HEAD}tags:\n{}", "  a: b\n".repeat(100_000));
    check(spec, "duplicate-key");
}

#[test]
fn many_resources_resolve() {
    let mut spec = format!("{HEAD}resources:\n  net: {{type: vpc, cidr_block: 10.0.0.0/8}}\n");
    for n in 0..2_000 {
        let _ = writeln!(
            spec,
            "  sg{n}: {{type: security_group, vpc: net, ingress: [{{port: 80, source: \
             0.0.0.0/0}}]}}"
        );
    }
    assert_eq!(
        text(&spec).expect("it is right").stack.resources.len(),
        2_001
    );
}

/// Runs every function of the crate that takes a text; none may panic.
fn survives(content: &[u8]) {
    let loader = MemoryLoader::new("/w")
        .file("stack.yaml", content)
        .file("env/prod.yaml", content)
        .file("m.yaml", content);
    for environment in [None, Some("prod")] {
        if let Err(failure) = run(&loader, "stack.yaml", environment, &[]) {
            assert!(!failure.diagnostics.is_empty(), "refused without a word");
            for width in [20, 80] {
                let _shown = render_text(
                    &failure.diagnostics,
                    &failure.sources,
                    RenderOptions { width, color: true },
                );
            }
            let _json = setpoint_spec::diagnostic::to_json(&failure.diagnostics, &failure.sources);
        }
    }
    if let Ok(content) = std::str::from_utf8(content)
        && let Ok(once) = fmt::format(content, &SCHEMA)
    {
        assert_eq!(
            fmt::format(&once, &SCHEMA).as_deref(),
            Ok(once.as_str()),
            "formatting twice differs for {content:?}"
        );
    }
}

fn good_files() -> Vec<String> {
    let names = [
        "production-app/stack.yaml",
        "three-tier/stack.yaml",
        "shop/stack.yaml",
        "blue-green/stack.yaml",
        "modules/web.yaml",
        "legacy/stack.yaml",
    ];
    names
        .iter()
        .map(|name| {
            std::fs::read_to_string(testdata().join("good").join(name)).expect("it is there")
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_125), ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_bytes(content in proptest::collection::vec(any::<u8>(), 0..200)) {
        survives(&content);
    }

    #[test]
    fn any_yaml_marks(marks in proptest::collection::vec(proptest::sample::select(vec!["a", ":", " ", "\n", "- ", "{", "}", "[", "]", ",", "\"", "'", "${", "}", "|", ">", "#", "&a", "*a", "!t", "? ", "\t", "é", "  ", "stack: demo\n", "resources:\n", "type: vpc"]), 0..60)) {
        survives(marks.concat().as_bytes());
    }

    #[test]
    fn mutations_of_good_files(file in 0_usize..6, cuts in proptest::collection::vec((any::<proptest::sample::Index>(), 0_usize..12, "[a-z0-9:{}\\[\\]\"'$ \n,.-]{0,6}"), 1..4)) {
        let mut content = good_files()[file].clone();
        for (at, len, put) in cuts {
            let at = at.index(content.len() + 1);
            let (from, to) = (floor(&content, at), floor(&content, (at + len).min(content.len())));
            content.replace_range(from..to, &put);
        }
        survives(content.as_bytes());
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

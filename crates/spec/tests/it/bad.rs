//! The corpus of bad specs: each is refused with exactly the text in the file beside it.
//!
//! A case is `NAME.yaml`, or a folder with `stack.yaml`. The first line may hold options of the
//! command, such as `# --env E --var a=b`.

use std::path::Path;

use expect_test::expect_file;
use setpoint_spec::loader::MemoryLoader;

use crate::support::{folder, rendered, run, testdata};

struct Case {
    name: String,
    loader: MemoryLoader,
    spec: String,
}

fn cases() -> Vec<Case> {
    let bad = testdata().join("bad");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(&bad).expect("the corpus is there") {
        let path = entry.expect("it can be listed").path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        if path.is_dir() {
            let spec =
                std::fs::read_to_string(path.join("stack.yaml")).expect("the stack is there");
            cases.push(Case {
                name,
                loader: folder(&path),
                spec,
            });
        } else if path.extension().is_some_and(|end| end == "yaml") {
            let spec = std::fs::read_to_string(&path).expect("it is UTF-8");
            cases.push(Case {
                name,
                loader: MemoryLoader::new("/w").file("stack.yaml", &spec),
                spec,
            });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// Reads the environment and the variables from the first line of a case.
fn given(spec: &str) -> (Option<&str>, Vec<(&str, &str)>) {
    let mut environment = None;
    let mut vars = Vec::new();
    let mut words = spec
        .lines()
        .next()
        .unwrap_or("")
        .trim_start_matches('#')
        .split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "--env" => environment = words.next(),
            "--var" => vars.extend(words.next().and_then(|pair| pair.split_once('='))),
            _ => {}
        }
    }
    (environment, vars)
}

#[test]
fn every_bad_spec_is_refused_with_its_text() {
    let cases = cases();
    assert!(cases.len() >= 60, "the corpus has {} cases", cases.len());
    for case in cases {
        let (environment, vars) = given(&case.spec);
        let shown = match run(&case.loader, "stack.yaml", environment, &vars) {
            Ok(loaded) => panic!("{} is accepted: {:#?}", case.name, loaded.stack),
            Err(failure) => rendered(&failure),
        };
        // A word is never broken, so that it can be copied.
        let fits = |line: &str| line.chars().count() <= 80 || line.split_whitespace().count() == 2;
        assert!(
            shown.lines().all(fits),
            "{}: a line is wider than 80\n{shown}",
            case.name
        );
        expect_file![Path::new(&testdata()).join(format!("bad/{}.txt", case.name))]
            .assert_eq(&shown);
    }
}

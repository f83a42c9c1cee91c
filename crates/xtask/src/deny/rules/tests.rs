use super::super::graph::{Declared, Edge, EdgeKind, Node, Resolve};
use super::*;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn package(name: &str, version: &str, license: &str) -> Package {
    Package {
        id: format!("{name}@{version}"),
        name: name.to_owned(),
        version: version.to_owned(),
        license: Some(license.to_owned()),
        source: Some(CRATES_IO.to_owned()),
        ..Package::default()
    }
}

/// Our package `ours` with these dependencies, of which those of `dev` are for tests.
fn graph(needs: Vec<Package>, dev: Vec<Package>) -> Graph {
    let edge = |package: &Package, kind: Option<&str>| Edge {
        name: package.name.clone(),
        pkg: package.id.clone(),
        dep_kinds: vec![EdgeKind {
            kind: kind.map(ToOwned::to_owned),
        }],
    };
    let normal = needs.iter().map(|package| edge(package, None));
    let tests = dev.iter().map(|package| edge(package, Some("dev")));
    let node = Node {
        id: "ours@0.1.0".to_owned(),
        deps: normal.chain(tests).collect(),
    };
    let ours = Package {
        source: None,
        ..package("ours", "0.1.0", "MIT")
    };
    Graph {
        packages: [ours].into_iter().chain(needs).chain(dev).collect(),
        workspace_members: vec!["ours@0.1.0".to_owned()],
        resolve: Resolve { nodes: vec![node] },
    }
}

fn config() -> Config {
    Config {
        licenses: vec!["MIT".to_owned()],
        banned: vec!["openssl-sys".to_owned()],
        registries: vec!["https://github.com/rust-lang/crates.io-index".to_owned()],
        ..Config::default()
    }
}

#[track_caller]
fn check_tree(config: &Config, graph: &Graph, expected: &[&str]) {
    assert_eq!(check(config, graph), expected);
}

#[test]
fn two_versions_of_a_crate_are_found_unless_skipped() {
    let two = || vec![package("a", "1.0.0", "MIT"), package("a", "2.1.0", "MIT")];
    let found = ["`a` is in the tree in versions 1.0.0 and 2.1.0"];
    check_tree(&config(), &graph(two(), Vec::new()), &found);
    // What only tests use does not count.
    check_tree(&config(), &graph(Vec::new(), two()), &[]);
    let spec = Spec {
        name: "a".to_owned(),
        version: "1".to_owned(),
    };
    let skipping = Config {
        skip: vec![spec.clone()],
        ..config()
    };
    check_tree(&skipping, &graph(two(), Vec::new()), &[]);
    let idle = ["deny.toml skips `a`, which is not in the tree"];
    check_tree(&skipping, &graph(Vec::new(), Vec::new()), &idle);
    let tree = Config {
        skip_tree: vec![spec],
        ..config()
    };
    check_tree(&tree, &graph(two(), Vec::new()), &[]);
}

#[test]
fn bans_and_wildcards() {
    let banned = graph(vec![package("openssl-sys", "0.9.1", "MIT")], Vec::new());
    check_tree(
        &config(),
        &banned,
        &["`openssl-sys` is banned by deny.toml"],
    );
    let mut open = graph(vec![package("a", "1.0.0", "MIT")], Vec::new());
    let every = |path: Option<&str>| Declared {
        name: "a".to_owned(),
        req: "*".to_owned(),
        path: path.map(Into::into),
    };
    open.packages[0].dependencies = vec![every(None), every(Some("crates/a"))];
    check_tree(&config(), &open, &["`ours` accepts every version of `a`"]);
}

#[test]
fn a_licence_is_allowed_by_its_expression() {
    let with = |license: &str| graph(vec![package("a", "1.0.0", license)], Vec::new());
    check_tree(&config(), &with("MIT OR GPL-3.0-only"), &[]);
    // The way in which old manifests write `OR`.
    check_tree(&config(), &with("MIT/Apache-2.0"), &[]);
    let refused = "`a` has a licence that is not allowed: MIT AND GPL-3.0-only";
    check_tree(&config(), &with("MIT AND GPL-3.0-only"), &[refused]);
    check_tree(&config(), &with(""), &["`a` has no valid licence: ``"]);
    let wide = Config {
        licenses: vec!["MIT".to_owned(), "Zlib".to_owned()],
        ..config()
    };
    check_tree(
        &wide,
        &with("MIT"),
        &["deny.toml allows Zlib, which nothing has"],
    );
}

#[test]
fn packages_come_from_known_places() {
    let from = |source: &str| {
        let package = Package {
            source: Some(source.to_owned()),
            ..package("a", "1.0.0", "MIT")
        };
        graph(Vec::new(), vec![package])
    };
    check_tree(&config(), &from(CRATES_IO), &[]);
    for source in [
        "registry+https://example.com/index",
        "git+https://example.com/a#1234",
    ] {
        let found = format!("`a` comes from {source}");
        check_tree(&config(), &from(source), &[&found]);
    }
}

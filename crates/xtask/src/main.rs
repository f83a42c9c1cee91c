//! Development tasks, run as `cargo xtask TASK`. They are not part of the program.

use std::error::Error;
use std::path::Path;

mod codegen;
mod deny;
mod published;
mod tidy;

const USAGE: &str = "usage: cargo xtask tidy              layers, budgets, headers, links
       cargo xtask tidy --report     lines, tokens a line and comments of each crate
       cargo xtask deny              licences, sources and versions of dependencies; unused ones
       cargo xtask codegen FOLDER    action tables; FOLDER holds openapi/*.json
       cargo xtask published FILE    names of all real products and actions, from a list of them";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["tidy", "--report"] => tidy::report(&root()),
        ["deny"] => deny::run(&root()),
        ["codegen", folder] => codegen::run(folder.as_ref()),
        ["published", list] => published::run(list.as_ref()),
        _ => Err(USAGE.into()),
    }
}

/// The root of the repository.
fn root() -> std::path::PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("the crate lies in crates/xtask")
        .to_owned()
}

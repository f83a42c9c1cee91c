//! The choice of the stack file. A folder without `stack.yaml` is an error that lists the stack
//! files found below it; a file of another name is never chosen silently.
//!
//! Paths stay as they were typed, with `/`, so that messages show them in the same form.

use setpoint_spec::loader::{Entry, Loader, join};

/// The names of a folder's stack file.
pub const NAMES: [&str; 2] = ["stack.yaml", "stack.yml"];

/// The depth to which `--all` searches folders; deeper trees are generated, not written by hand.
const DEPTH_MAX: usize = 16;

/// The greatest number of files in a message.
const NAMED_MAX: usize = 10;

/// Why no file was chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// Nothing is at the path.
    #[error("`{path}` does not exist")]
    Missing {
        /// The path as typed.
        path: String,
    },
    /// The folder has no stack file of the usual name.
    #[error("no stack file in {folder} (looked for stack.yaml, stack.yml)")]
    NoneIn {
        /// The folder, for people.
        folder: String,
        /// Stack files of other names, or in folders below.
        others: Vec<String>,
    },
    /// The folder has both names.
    #[error("{folder} holds both stack.yaml and stack.yml")]
    Both {
        /// The folder, for people.
        folder: String,
    },
    /// It is neither file nor folder.
    #[error("`{path}` is neither a file nor a folder")]
    Odd {
        /// The path as typed.
        path: String,
    },
}

/// The stack file for a path, or for the current folder without one.
///
/// # Errors
/// The file does not exist, or the folder holds several.
pub fn choose(loader: &dyn Loader, named: Option<&str>) -> Result<String, NotFound> {
    let path = named.unwrap_or(".");
    match loader.look(path) {
        Entry::File => Ok(path.to_owned()),
        Entry::Folder => in_folder(loader, path),
        Entry::Missing => Err(NotFound::Missing {
            path: path.to_owned(),
        }),
        Entry::Other => Err(NotFound::Odd {
            path: path.to_owned(),
        }),
    }
}

fn in_folder(loader: &dyn Loader, folder: &str) -> Result<String, NotFound> {
    let there: Vec<String> = NAMES
        .iter()
        .map(|name| join(folder, name))
        .filter(|path| loader.look(path) == Entry::File)
        .collect();
    match there.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(NotFound::NoneIn {
            folder: spoken(folder),
            others: below(loader, folder).into_iter().take(NAMED_MAX).collect(),
        }),
        _ => Err(NotFound::Both {
            folder: spoken(folder),
        }),
    }
}

fn spoken(folder: &str) -> String {
    if folder == "." {
        "this folder".to_owned()
    } else {
        format!("`{folder}`")
    }
}

/// Every stack file in a folder and below it, sorted. Hidden folders are skipped.
#[must_use]
pub fn below(loader: &dyn Loader, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(loader, folder, DEPTH_MAX, &mut |path, name| {
        if is_stack_name(name) {
            found.push(path.to_owned());
        }
    });
    found.sort();
    found
}

/// Every stack, module and environment file in a folder and below it, sorted.
#[must_use]
pub fn spec_files(loader: &dyn Loader, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(loader, folder, DEPTH_MAX, &mut |path, name| {
        if is_stack_name(name) || (is_yaml(name) && is_part(loader, path)) {
            found.push(path.to_owned());
        }
    });
    found.sort();
    found
}

fn walk(loader: &dyn Loader, folder: &str, depth: usize, see: &mut dyn FnMut(&str, &str)) {
    if depth == 0 {
        return;
    }
    for name in loader.list(folder).unwrap_or_default() {
        if name.starts_with('.') {
            continue;
        }
        let path = join(folder, &name);
        match loader.look(&path) {
            Entry::File => see(&path, &name),
            Entry::Folder => walk(loader, &path, depth - 1, see),
            Entry::Other | Entry::Missing => {}
        }
    }
}

fn is_stack_name(name: &str) -> bool {
    NAMES.contains(&name) || name.ends_with(".stack.yaml")
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// Whether a YAML file's first key says that it is a module or an environment.
fn is_part(loader: &dyn Loader, path: &str) -> bool {
    const LIMIT: usize = 16 << 20;
    let Ok(bytes) = loader.read(path, LIMIT) else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes);
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#') && line.trim_end() != "---");
    first.is_some_and(|line| line.starts_with("module:") || line.starts_with("environment:"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use setpoint_spec::loader::MemoryLoader;

    use super::*;

    #[track_caller]
    fn check(files: &[&str], named: Option<&str>, expected: &Expect) {
        let loader = files.iter().fold(MemoryLoader::new("/w"), |loader, file| {
            loader.file(file, "stack: x\n")
        });
        let got = match choose(&loader, named) {
            Ok(path) => path,
            Err(NotFound::NoneIn { folder, others }) => {
                format!("none in {folder}; others: {others:?}")
            }
            Err(other) => other.to_string(),
        };
        expected.assert_eq(&got);
    }

    #[test]
    fn a_file_or_the_stack_of_a_folder() {
        check(&["stack.yaml"], None, &expect!["stack.yaml"]);
        check(&["stack.yml"], Some("."), &expect!["stack.yml"]);
        check(
            &["shop/stack.yaml"],
            Some("shop"),
            &expect!["shop/stack.yaml"],
        );
        check(
            &["shop/stack.yaml"],
            Some("shop/"),
            &expect!["shop/stack.yaml"],
        );
        check(
            &["a.stack.yaml"],
            Some("a.stack.yaml"),
            &expect!["a.stack.yaml"],
        );
    }

    #[test]
    fn it_never_guesses() {
        check(
            &["a.stack.yaml"],
            None,
            &expect![[r#"none in this folder; others: ["a.stack.yaml"]"#]],
        );
        check(
            &["x/stack.yaml", "x/.hidden/stack.yaml"],
            None,
            &expect![[r#"none in this folder; others: ["x/stack.yaml"]"#]],
        );
        check(
            &["x/stack.yaml", "x/stack.yml"],
            Some("x"),
            &expect!["`x` holds both stack.yaml and stack.yml"],
        );
        check(
            &["stack.yaml"],
            Some("gone"),
            &expect!["`gone` does not exist"],
        );
    }

    #[test]
    fn all_spec_files_are_found_by_their_first_key() {
        let loader = MemoryLoader::new("/w")
            .file("stack.yaml", "stack: x\n")
            .file("env/prod.yaml", "# prod\n---\nenvironment: prod\n")
            .file("modules/web.yaml", "module: web\n")
            .file("cloud-init.yaml", "#cloud-config\npackages: []\n");
        assert_eq!(
            spec_files(&loader, "."),
            ["env/prod.yaml", "modules/web.yaml", "stack.yaml"]
        );
        assert_eq!(below(&loader, "."), ["stack.yaml"]);
    }
}

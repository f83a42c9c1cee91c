//! Loads a stack: from a path to a resolved stack, or to the diagnostics of all phases at once.
//!
//! The order is fixed by what each step needs: find and read the stack file, choose the environment
//! and merge it, gather the values of variables, read the modules, resolve the environments of
//! linked stacks, read their files, and resolve everything. Reading stops at a file that is not
//! valid YAML; otherwise errors are collected and loading continues, so that one run reports as
//! many as possible.

mod environment;
mod further;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use self::environment::{Chosen, merge_top};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::loader::{self, Loader};
use crate::parse::{self, File, FileRole, Layers, Raw};
use crate::resolve::{Context, Resolver, World};
use crate::schema::Schema;
use crate::source::{Role, Sources};
use crate::span::{Span, Spanned};
use crate::stack::Stack;
use crate::tree::{self, Data, Node, Pair};
use crate::vars::{self, GivenInput};

/// The stack to load, and the values that the run supplies.
pub struct Input<'a> {
    /// A stack file, or a folder that holds `stack.yaml`.
    pub path: &'a str,
    /// The chosen environment.
    pub environment: Option<&'a str>,
    /// Files with values of variables; later ones win.
    pub var_files: Vec<String>,
    /// Values of variables from the command line; later ones win.
    pub vars: Vec<(String, String)>,
    /// Looks up an environment variable of the process.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The current date, `YYYY-MM-DD`, at which entries of `allow` may have expired.
    pub today: String,
    /// The home folder, for `~/` in paths of private keys.
    pub home: Option<String>,
}

/// A stack without errors.
#[derive(Debug)]
pub struct Loaded {
    /// The stack.
    pub stack: Stack,
    /// The warnings, in the order of files and lines.
    pub warnings: Vec<Diagnostic>,
    /// Every text that was read, for rendering and fingerprints.
    pub sources: Sources,
}

/// The reason why a stack cannot be loaded.
#[derive(Debug)]
pub struct LoadFailure {
    /// Whether the command line or the spec is wrong.
    pub kind: LoadFailureKind,
    /// The errors and warnings, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// Every text that was read.
    pub sources: Sources,
}

/// The side that has the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadFailureKind {
    /// The command line: the file does not exist, or the environment is missing or unknown.
    Usage,
    /// The spec, or the values given to it.
    Spec,
}

/// Loads a stack for one environment.
///
/// # Errors
/// All diagnostics at once; the kind distinguishes a wrong command line from a wrong spec.
pub fn load(
    schema: &Schema,
    loader: &dyn Loader,
    input: &Input<'_>,
) -> Result<Loaded, LoadFailure> {
    let mut work = Loading {
        schema,
        loader,
        sources: Sources::default(),
        found: Vec::new(),
        usage: false,
        root: String::new(),
    };
    match work.run(input) {
        Some((stack, sources)) => {
            diagnostic::tidy(&mut work.found);
            if work
                .found
                .iter()
                .all(|one| one.severity == Severity::Warning)
            {
                return Ok(Loaded {
                    stack,
                    warnings: work.found,
                    sources,
                });
            }
            Err(LoadFailure {
                kind: LoadFailureKind::Spec,
                diagnostics: work.found,
                sources,
            })
        }
        None => {
            diagnostic::tidy(&mut work.found);
            let kind = if work.usage {
                LoadFailureKind::Usage
            } else {
                LoadFailureKind::Spec
            };
            Err(LoadFailure {
                kind,
                diagnostics: work.found,
                sources: work.sources,
            })
        }
    }
}

/// Returns the names of a stack's environments, in the order of the file; empty if it has none.
///
/// # Errors
/// The diagnostics of the file itself.
pub fn environments(loader: &dyn Loader, path: &str) -> Result<Vec<String>, LoadFailure> {
    let mut work = Loading {
        schema: &Schema::EMPTY,
        loader,
        sources: Sources::default(),
        found: Vec::new(),
        usage: false,
        root: String::new(),
    };
    let file = work.locate(path);
    let raw = file.and_then(|file| work.raw(&file, None));
    match raw {
        Some(raw) if work.found.is_empty() => Ok(raw
            .get("environments")
            .map_or(&[][..], Node::pairs)
            .iter()
            .map(|pair| pair.key.clone())
            .collect()),
        _ => Err(LoadFailure {
            kind: if work.usage {
                LoadFailureKind::Usage
            } else {
                LoadFailureKind::Spec
            },
            diagnostics: work.found,
            sources: work.sources,
        }),
    }
}

/// Returns the stack file for a path: the file itself, or the one in the folder.
///
/// # Errors
/// The diagnostic to show; it names the stack files in the folder.
pub fn stack_file(loader: &dyn Loader, path: &str) -> Result<String, Box<Diagnostic>> {
    let place = if path == "." {
        "this folder".to_owned()
    } else {
        format!("`{path}`")
    };
    match loader.look(path) {
        loader::Entry::File => return Ok(loader::normal(path)),
        loader::Entry::Folder => {}
        loader::Entry::Other => {
            return Err(Box::new(Diagnostic::unplaced(
                "no-stack",
                format!("{place} is not a regular file"),
            )));
        }
        loader::Entry::Missing => {
            return Err(Box::new(Diagnostic::unplaced(
                "no-stack",
                format!("{place} does not exist"),
            )));
        }
    }
    let names = loader.list(path).unwrap_or_default();
    let plain: Vec<&String> = names
        .iter()
        .filter(|name| matches!(name.as_str(), "stack.yaml" | "stack.yml"))
        .collect();
    match plain.as_slice() {
        [one] => Ok(loader::join(path, one)),
        [] => {
            let others: Vec<&str> = names
                .iter()
                .map(String::as_str)
                .filter(|name| name.ends_with(".stack.yaml"))
                .collect();
            let message = format!("no stack file in {place} (looked for stack.yaml, stack.yml)");
            let hint = if others.is_empty() {
                "write one with `setpoint init`, or name one: `setpoint plan PATH`".to_owned()
            } else {
                format!("name one of these: {}", others.join(", "))
            };
            Err(Box::new(
                Diagnostic::unplaced("no-stack", message).hint(hint),
            ))
        }
        _ => Err(Box::new(
            Diagnostic::unplaced(
                "no-stack",
                format!("{place} holds both stack.yaml and stack.yml"),
            )
            .hint("remove one of them, or name the file"),
        )),
    }
}

/// The state of a load.
struct Loading<'a> {
    schema: &'a Schema,
    loader: &'a dyn Loader,
    sources: Sources,
    found: Vec<Diagnostic>,
    usage: bool,
    /// The folder that paths must not leave.
    root: String,
}

impl Loading<'_> {
    fn run(&mut self, input: &Input<'_>) -> Option<(Stack, Sources)> {
        let path = self.locate(input.path)?;
        self.root = match loader::root_of(self.loader, &path) {
            Ok(root) => root,
            Err(error) => {
                return self.no(Diagnostic::unplaced(
                    "missing-file",
                    format!("`{path}`: {error}"),
                ));
            }
        };
        let raw = self.raw(&path, None)?;
        if raw.role != FileRole::Stack {
            let message = "this is not a stack file; a stack file begins with `stack: NAME`";
            return self.no(Diagnostic::error("not-a-stack", raw.name.span, message));
        }
        let (raw, overlay) = self.choose(raw, input.environment)?;
        let (file, given_pairs) = self.file(raw, overlay);
        let given = GivenInput {
            env: input.env,
            environment: &given_pairs,
            files: &input.var_files,
            vars: &input.vars,
            loader: self.loader,
        };
        let given = vars::given(&file.vars, &given, &mut self.sources, &mut self.found);
        let mut files = vec![file];
        self.modules(&mut files, 0, &mut vec![path]);
        let world = World {
            files,
            given,
            linked: OnceCell::new(),
        };
        let root = self.root.clone();
        let context = Context {
            schema: self.schema,
            loader: self.loader,
            root: &root,
            today: &input.today,
            home: input.home.as_deref(),
        };
        let mut resolver = Resolver::new(&world, &context, std::mem::take(&mut self.sources));
        let environments = resolver.environments();
        // Reading the files of other stacks adds to the sources, which the resolver holds.
        self.sources = std::mem::take(&mut resolver.sources);
        let linked = self.links(&world.files, &environments);
        resolver.sources = std::mem::take(&mut self.sources);
        resolver.link(linked);
        let stack = resolver.stack();
        self.found.append(&mut resolver.found);
        Some((stack, resolver.sources))
    }

    fn no<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.found.push(diagnostic);
        None
    }

    fn locate(&mut self, path: &str) -> Option<String> {
        match stack_file(self.loader, path) {
            Ok(file) => Some(file),
            Err(diagnostic) => {
                self.usage = true;
                self.no(*diagnostic)
            }
        }
    }

    /// Reads a spec file; `by` is the place that names it, for errors.
    fn raw(&mut self, path: &str, by: Option<Span>) -> Option<Raw> {
        if let Some((file, _)) = self.sources.find(path, Role::Spec) {
            // The file was read before and its diagnostics are known: two entries of `stacks` may
            // name the same file.
            let (tree, _) = tree::read(file, &self.sources);
            return parse::raw(self.schema, tree?, path, &mut Vec::new());
        }
        let place = |code, message: String| match by {
            Some(span) => Diagnostic::error(code, span, message),
            None => Diagnostic::unplaced(code, message),
        };
        let text = match self
            .loader
            .read(path, tree::MAX_BYTES)
            .map(String::from_utf8)
        {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count()
                    + 1;
                return self.no(
                    place("not-utf8", format!("`{path}` is not UTF-8 (line {line})"))
                        .hint("save it as UTF-8"),
                );
            }
            Err(error) => return self.no(place("missing-file", format!("`{path}`: {error}"))),
        };
        let text = text
            .strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text);
        let file = self.sources.add(path, text, Role::Spec);
        let (tree, found) = tree::read(file, &self.sources);
        self.found.extend(found);
        parse::raw(self.schema, tree?, path, &mut self.found)
    }

    /// Resolves a path in a spec to the path that the process can use.
    fn beside(&mut self, from: &str, path: &Spanned<String>) -> Option<String> {
        match loader::resolve(self.loader, &self.root, from, &path.value) {
            Ok(named) => Some(named),
            Err(error) => self.no(Diagnostic::error(
                "missing-file",
                path.span,
                format!("`{}`: {error}", path.value),
            )),
        }
    }

    /// Merges a file with its environment; also returns the values that the environment sets for
    /// variables.
    fn file(&mut self, mut raw: Raw, overlay: Option<Chosen>) -> (File, Vec<Pair>) {
        let take = |top: &mut Vec<Pair>, key: &str| -> Vec<Pair> {
            let place = top.iter().position(|pair| pair.key == key);
            match place.map(|place| top.remove(place).value.data) {
                Some(Data::Map(pairs)) => pairs,
                _ => Vec::new(),
            }
        };
        let (environment, mut over) =
            overlay.map_or((None, Vec::new()), |chosen| (Some(chosen.name), chosen.top));
        let over_resources = take(&mut over, "resources");
        let over_vars = take(&mut over, "vars");
        let base = take(&mut raw.top, "resources");
        let decls = take(&mut raw.top, "vars");
        raw.top = merge_top(std::mem::take(&mut raw.top), over);
        let defaults = take(&mut raw.top, "defaults");
        let known: BTreeSet<&str> = base.iter().map(|pair| pair.key.as_str()).collect();
        let added = over_resources
            .iter()
            .filter(|pair| pair.value.data != Data::Null && !known.contains(pair.key.as_str()));
        let named = base.iter().chain(added);
        parse::check_names(self.schema, &raw, named, &mut self.found);
        parse::check_defaults(self.schema, &defaults, &mut self.found);
        let vars = vars::declarations(&decls, self.schema, &mut self.found);
        let layers = Layers {
            schema: self.schema,
            overlay: over_resources,
            defaults: &defaults,
        };
        let resources = parse::entries(base, layers, &mut self.found);
        (
            File {
                path: raw.path,
                name: raw.name,
                environment,
                top: raw.top,
                vars,
                resources,
            },
            over_vars,
        )
    }
}

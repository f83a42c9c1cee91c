//! Gathers the values of variables from the process environment, the chosen environment, files and
//! the command line.

use std::collections::BTreeMap;

use super::decl::{VarDecl, VarType};
use crate::diagnostic::Diagnostic;
use crate::loader::Loader;
use crate::schema::Schema;
use crate::source::{Role, Sources};
use crate::span::Span;
use crate::suggest;
use crate::tree::{self, Data, Node, Pair, Scalar, Style};

/// The value with the highest precedence for each variable that is set outside its declaration.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) values: BTreeMap<String, GivenValue>,
}

/// A value from outside the declaration.
#[derive(Debug)]
pub(crate) struct GivenValue {
    pub(crate) node: Node,
    /// Whether expressions in it are evaluated, which only holds for values of an environment.
    pub(crate) expressions: bool,
}

/// The places that set values.
pub(crate) struct GivenInput<'a> {
    pub(crate) env: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) environment: &'a [Pair],
    pub(crate) files: &'a [String],
    pub(crate) vars: &'a [(String, String)],
    pub(crate) loader: &'a dyn Loader,
}

/// Gathers the values of a stack's variables.
pub(crate) fn given(
    decls: &[VarDecl],
    input: &GivenInput<'_>,
    sources: &mut Sources,
    found: &mut Vec<Diagnostic>,
) -> Given {
    let mut gathered = Gathering {
        decls,
        sources,
        found,
        given: Given::default(),
    };
    gathered.process_environment(input.env);
    gathered.environment(input.environment);
    for file in input.files {
        gathered.file(file, input.loader);
    }
    for (name, text) in input.vars {
        gathered.option(name, text);
    }
    gathered.given
}

struct Gathering<'a> {
    decls: &'a [VarDecl],
    sources: &'a mut Sources,
    found: &'a mut Vec<Diagnostic>,
    given: Given,
}

impl<'a> Gathering<'a> {
    fn decl(&self, name: &str) -> Option<&'a VarDecl> {
        self.decls.iter().find(|decl| decl.name == name)
    }

    fn set(&mut self, name: &str, node: Node, expressions: bool) {
        self.given
            .values
            .insert(name.to_owned(), GivenValue { node, expressions });
    }

    fn process_environment(&mut self, env: &dyn Fn(&str) -> Option<String>) {
        for decl in self.decls {
            let own = format!("SETPOINT_VAR_{}", decl.name);
            for name in decl.from_env.iter().chain([&own]) {
                if let Some(text) = env(name) {
                    let node = self.text_node(name, &text, decl);
                    self.set(&decl.name, node, false);
                }
            }
        }
    }

    fn environment(&mut self, pairs: &[Pair]) {
        for pair in pairs {
            match self.decl(&pair.key) {
                Some(_) => self.set(&pair.key, pair.value.clone(), true),
                None => self.unknown(&pair.key, Some(pair.at), "the environment"),
            }
        }
    }

    fn unknown(&mut self, name: &str, at: Option<Span>, by: &str) {
        let hint = suggest::hint(name, self.decls.iter().map(|decl| decl.name.as_str()));
        let message = format!("{by} sets `{name}`, which the stack does not declare");
        let diagnostic = match at {
            Some(at) => Diagnostic::error("unknown-variable", at, message),
            None => Diagnostic::unplaced("unknown-variable", message),
        };
        self.found
            .push(diagnostic.hint(hint.unwrap_or_else(|| "declare it under `vars`".to_owned())));
    }

    fn file(&mut self, path: &str, loader: &dyn Loader) {
        let text = match loader.read(path, tree::MAX_BYTES).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                return self.found.push(Diagnostic::unplaced(
                    "missing-file",
                    format!("`{path}` is not UTF-8"),
                ));
            }
            Err(error) => {
                return self.found.push(Diagnostic::unplaced(
                    "missing-file",
                    format!("`--var-file {path}`: {error}"),
                ));
            }
        };
        let file = self.sources.add(
            path,
            text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(),
            Role::VarFile,
        );
        let (root, found) = tree::read(file, self.sources);
        self.found.extend(found);
        let Some(mut root) = root else { return };
        tree::refuse_nulls(&Schema::EMPTY, &mut root, None, self.found);
        let Data::Map(pairs) = root.data else {
            let message = format!(
                "a file of variables must be a map of names and values, not {}",
                root.noun()
            );
            return self
                .found
                .push(Diagnostic::error("wrong-type", root.span, message));
        };
        for pair in pairs {
            match self.decl(&pair.key) {
                Some(_) => self.set(&pair.key, pair.value, false),
                None => self.unknown(&pair.key, Some(pair.at), "this file"),
            }
        }
    }

    fn option(&mut self, name: &str, text: &str) {
        match self.decl(name) {
            None => self.unknown(name, None, "`--var`"),
            Some(decl) if decl.secret => {
                let hint = match &decl.from_env {
                    Some(variable) => format!("set the environment variable {variable}"),
                    None => format!(
                        "set the environment variable SETPOINT_VAR_{name}, or use `--var-file`"
                    ),
                };
                let message = format!(
                    "`{name}` is secret and cannot be set with `--var`, because process lists \
                     show it"
                );
                self.found
                    .push(Diagnostic::error("secret-in-option", decl.at, message).hint(hint));
                self.set(
                    name,
                    Node {
                        span: decl.at,
                        data: Data::Bad,
                    },
                    false,
                );
            }
            Some(decl) => {
                let node = self.text_node(&format!("--var {name}"), text, decl);
                self.set(name, node, false);
            }
        }
    }

    /// Converts a text from outside to a node: lists and maps are parsed as YAML, other types are
    /// kept as text.
    fn text_node(&mut self, label: &str, text: &str, decl: &VarDecl) -> Node {
        if decl.secret {
            return Node {
                span: decl.at,
                data: Data::Scalar(Scalar {
                    text: text.to_owned(),
                    style: Style::Given,
                }),
            };
        }
        let file = self.sources.add(label, text.to_owned(), Role::Given);
        let span = Span::new(file, 0, text.len());
        let structured = matches!(decl.ty, VarType::List(_) | VarType::Map(_))
            || (matches!(decl.ty, VarType::Any | VarType::Ref(_)) && text.starts_with(['[', '{']));
        if !structured {
            return Node {
                span,
                data: Data::Scalar(Scalar {
                    text: text.to_owned(),
                    style: Style::Given,
                }),
            };
        }
        let (root, found) = tree::read(file, self.sources);
        self.found.extend(found);
        let mut root = root.unwrap_or(Node {
            span,
            data: Data::Bad,
        });
        tree::refuse_nulls(&Schema::EMPTY, &mut root, None, self.found);
        root
    }
}

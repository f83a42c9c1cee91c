//! Loads the files that a stack uses: its modules, the modules that these use, and the files of
//! linked stacks.

use std::collections::BTreeMap;

use super::Loading;
use crate::diagnostic::Diagnostic;
use crate::parse::{File, FileRole, What};
use crate::resolve::Linked;
use crate::span::Spanned;
use crate::suggest;
use crate::tree::Node;
use crate::vars::{self, Given, GivenInput};

/// The deepest nesting of modules.
const MAX_MODULES_DEEP: usize = 8;
/// The largest number of module files of a stack.
const MAX_MODULES: usize = 1_000;

impl Loading<'_> {
    /// Loads the modules that a file uses, recursively; `way` holds the files that lead here.
    pub(super) fn modules(&mut self, files: &mut Vec<File>, file: usize, way: &mut Vec<String>) {
        let from = files[file].path.clone();
        let uses: Vec<(usize, Spanned<String>)> = files[file]
            .resources
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| match &entry.what {
                What::Module { path, .. } => Some((at, path.clone())),
                _ => None,
            })
            .collect();
        for (at, path) in uses {
            let Some(named) = self.beside(&from, &path) else {
                continue;
            };
            let place = match files.iter().position(|known| known.path == named) {
                Some(known) if !way.contains(&named) => Some(known),
                _ => self.module(files, &named, &path, way),
            };
            if let What::Module { file: slot, .. } = &mut files[file].resources[at].what {
                *slot = place;
            }
        }
    }

    fn module(
        &mut self,
        files: &mut Vec<File>,
        named: &str,
        by: &Spanned<String>,
        way: &mut Vec<String>,
    ) -> Option<usize> {
        if way.iter().any(|on_way| on_way == named) {
            let message = format!("the module uses itself: {} -> {named}", way.join(" -> "));
            return self.no(Diagnostic::error("cycle", by.span, message));
        }
        if way.len() > MAX_MODULES_DEEP || files.len() > MAX_MODULES {
            return self.no(Diagnostic::error(
                "too-deep",
                by.span,
                format!("modules are nested more than {MAX_MODULES_DEEP} deep"),
            ));
        }
        let raw = self.raw(named, Some(by.span))?;
        if raw.role != FileRole::Module {
            let message = format!("`{named}` is not a module");
            return self.no(Diagnostic::error("not-a-module", by.span, message)
                .label(raw.name.span, "the file begins here")
                .hint("a module file begins with `module: NAME`"));
        }
        let (file, _) = self.file(raw, None);
        let place = files.len();
        files.push(file);
        way.push(named.to_owned());
        self.modules(files, place, way);
        way.pop();
        Some(place)
    }

    /// Loads the files of linked stacks, each with its environment.
    pub(super) fn links(
        &mut self,
        own: &[File],
        environments: &BTreeMap<String, Option<String>>,
    ) -> Linked {
        let from = own[0].path.clone();
        let links: Vec<(String, Spanned<String>)> = own[0]
            .pairs("stacks")
            .iter()
            .filter_map(|pair| {
                let file = pair.value.get("file")?;
                Some((
                    pair.key.clone(),
                    Spanned {
                        value: file.text()?.to_owned(),
                        span: file.span,
                    },
                ))
            })
            .collect();
        let mut linked = Linked::default();
        for (alias, path) in links {
            // An entry without an environment here is wrong itself; resolving it reports that.
            let Some(environment) = environments.get(&alias) else {
                continue;
            };
            self.link(&mut linked, &alias, &path, (environment.as_deref(), &from));
        }
        linked.count_on_from(own.len());
        linked
    }

    fn link(
        &mut self,
        linked: &mut Linked,
        alias: &str,
        path: &Spanned<String>,
        (environment, from): (Option<&str>, &str),
    ) -> Option<()> {
        let named = self.beside(from, path)?;
        let n_found = self.found.len();
        let raw = self.raw(&named, Some(path.span))?;
        if raw.role != FileRole::Stack {
            return self.no(Diagnostic::error(
                "not-a-stack",
                path.span,
                format!("`{named}` is not a stack file"),
            )
            .label(raw.name.span, "the file begins here"));
        }
        let names: Vec<&str> = raw
            .get("environments")
            .map_or(&[][..], Node::pairs)
            .iter()
            .map(|pair| pair.key.as_str())
            .collect();
        let fits = environment.map_or(names.is_empty(), |name| names.contains(&name));
        if !fits && self.found.len() > n_found {
            // A file with errors may have lost environments.
            return None;
        }
        if !fits {
            let message = match environment {
                Some(name) => format!("the stack `{}` has no environment `{name}`", raw.name.value),
                None => format!(
                    "the stack `{}` has environments; choose one with `environment`",
                    raw.name.value
                ),
            };
            let hint = if names.is_empty() {
                "the stack has no environments; remove `environment`".to_owned()
            } else {
                format!("expected one of {}", suggest::listing(&names))
            };
            return self.no(Diagnostic::error("wrong-environment", path.span, message).hint(hint));
        }
        let (raw, overlay) = self.choose(raw, environment)?;
        let (file, values) = self.file(raw, overlay);
        let input = GivenInput {
            env: &|_| None,
            environment: &values,
            files: &[],
            vars: &[],
            loader: self.loader,
        };
        let given: Given = vars::given(&file.vars, &input, &mut self.sources, &mut self.found);
        let place = linked.files.len();
        linked.files.push(file);
        self.modules(&mut linked.files, place, &mut vec![named]);
        linked.by_alias.insert(alias.to_owned(), (place, given));
        Some(())
    }
}

impl Linked {
    /// Shifts all places by the number of the stack's own files.
    fn count_on_from(&mut self, n_files: usize) {
        for (place, _) in self.by_alias.values_mut() {
            *place += n_files;
        }
        let entries = self.files.iter_mut().flat_map(|file| &mut file.resources);
        for entry in entries {
            if let What::Module {
                file: Some(place), ..
            } = &mut entry.what
            {
                *place += n_files;
            }
        }
    }
}

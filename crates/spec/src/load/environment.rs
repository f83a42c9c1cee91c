//! The environment of a stack: chosen by name, read, and merged into the sections of the stack.

use super::Loading;
use crate::diagnostic::{Diagnostic, Severity};
use crate::overlay;
use crate::parse::{self, FileRole, Raw};
use crate::span::Spanned;
use crate::suggest;
use crate::tree::{Data, Node, Pair};

/// A chosen environment and its sections.
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) top: Vec<Pair>,
}

impl Loading<'_> {
    /// Separates the stack from its chosen environment, whose sections are in the stack file or in
    /// a file of its own.
    pub(super) fn choose(
        &mut self,
        mut raw: Raw,
        wanted: Option<&str>,
    ) -> Option<(Raw, Option<Chosen>)> {
        let place = raw.top.iter().position(|pair| pair.key == "environments");
        let Some(place) = place else {
            if let Some(wanted) = wanted {
                return self.wrong_choice(Diagnostic::unplaced(
                    "no-environments",
                    format!(
                        "the stack `{}` has no environments, so `{wanted}` is not valid",
                        raw.name.value
                    ),
                ));
            }
            return Some((raw, None));
        };
        let section = raw.top.remove(place);
        let Data::Map(pairs) = section.value.data else {
            return None;
        };
        for pair in &pairs {
            if let Err(wrong) = self.schema.check_name(&pair.key, "an environment's name") {
                self.found
                    .push(Diagnostic::error("name", pair.at, wrong.message).maybe_hint(wrong.hint));
            }
        }
        let names: Vec<String> = pairs.iter().map(|pair| pair.key.clone()).collect();
        let list = names.join(", ");
        let Some(wanted) = wanted else {
            let message = format!(
                "the stack `{}` has environments; choose one: {list}",
                raw.name.value
            );
            return self.wrong_choice(
                Diagnostic::unplaced("choose-environment", message)
                    .hint("use `--env NAME` or SETPOINT_ENV; there is no default"),
            );
        };
        let Some(pair) = pairs.into_iter().find(|pair| pair.key == wanted) else {
            let near = suggest::nearest(wanted, names.iter().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"));
            let message = format!(
                "the stack `{}` has no environment `{wanted}`; it has {list}",
                raw.name.value
            );
            return self.wrong_choice(
                Diagnostic::unplaced("choose-environment", message).maybe_hint(near),
            );
        };
        let top = self.overlay_of(&raw, pair)?;
        Some((
            raw,
            Some(Chosen {
                name: wanted.to_owned(),
                top,
            }),
        ))
    }

    /// Reports an environment that does not fit as a wrong command line. A file with errors may
    /// have lost environments, so only its errors are reported.
    fn wrong_choice<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        let is_error = |one: &Diagnostic| one.severity == Severity::Error;
        if self.found.iter().any(is_error) {
            return None;
        }
        self.usage = true;
        self.no(diagnostic)
    }

    /// Returns the sections of an environment, which are written in place or in a file of its own.
    fn overlay_of(&mut self, raw: &Raw, pair: Pair) -> Option<Vec<Pair>> {
        let span = pair.value.span;
        match pair.value.data {
            Data::Map(sections) => {
                let mut kept = Vec::new();
                for section in sections {
                    if parse::environment_section_fits(&section, &mut self.found) {
                        kept.push(section);
                    }
                }
                Some(kept)
            }
            Data::Scalar(_) => {
                let path = parse::literal(&pair.value, "an environment's file", &mut self.found)?
                    .to_owned();
                let named = self.beside(&raw.path, &Spanned { value: path, span })?;
                let other = self.raw(&named, Some(span))?;
                if other.role != FileRole::Environment || other.name.value != pair.key {
                    let message = format!("`{named}` is not the environment `{}`", pair.key);
                    let hint = format!("the file must begin with `environment: {}`", pair.key);
                    return self.no(Diagnostic::error(
                        "wrong-environment",
                        other.name.span,
                        message,
                    )
                    .label(span, "the file is named here")
                    .hint(hint));
                }
                Some(other.top)
            }
            Data::Bad => None,
            _ => self.no(Diagnostic::error(
                "wrong-type",
                span,
                format!(
                    "an environment must be a map or the path of a file, not {}",
                    pair.value.noun()
                ),
            )),
        }
    }
}

/// Merges the sections of an environment into those of the stack. Maps merge and single values
/// replace. The entries of `moved` and `allow` are added, because replacing the list of the stack
/// would lose a move.
pub(super) fn merge_top(mut top: Vec<Pair>, over: Vec<Pair>) -> Vec<Pair> {
    for section in over {
        let place = top.iter().position(|pair| pair.key == section.key);
        match (place, section.value.data) {
            (Some(place), Data::List(items))
                if matches!(section.key.as_str(), "moved" | "allow") =>
            {
                if let Data::List(own) = &mut top[place].value.data {
                    own.extend(items);
                }
            }
            (Some(place), data) => {
                let old = top.remove(place);
                let value = overlay::merge(
                    old.value,
                    Node {
                        span: section.value.span,
                        data,
                    },
                );
                top.insert(
                    place,
                    Pair {
                        key: section.key,
                        at: section.at,
                        value,
                    },
                );
            }
            (None, data) => {
                let value = overlay::without_nulls(Node {
                    span: section.value.span,
                    data,
                });
                top.push(Pair {
                    key: section.key,
                    at: section.at,
                    value,
                });
            }
        }
    }
    top
}

//! Paths of local files that apply reads or creates: private keys.
//!
//! A path must stay below the root of the stack, or after `~/` below the home folder; so must the
//! targets of its links. The check is done here, so that `validate` reports a wrong path before
//! anything is changed.

use super::Resolver;
use crate::loader;
use crate::span::Span;
use crate::types::Wrong;

impl Resolver<'_> {
    /// Returns the path that the process can use: relative to the working folder, or below the home
    /// folder.
    pub(super) fn local_path(&self, span: Span, text: &str) -> Result<String, Wrong> {
        let wrong = |why: &str| Wrong::new(format!("`{text}`: {why}"));
        if text.is_empty() || text.starts_with('/') || text.contains(['\\', '\0']) {
            return Err(wrong(
                "a path must be relative to its file and use `/`, or begin with `~/` for the home \
                 folder",
            ));
        }
        let named = match text.strip_prefix("~/") {
            Some(rest) => self.below_home(rest),
            None => self.below_root(span, text),
        };
        named.map_err(|why| wrong(&why))
    }

    fn below_home(&self, rest: &str) -> Result<String, String> {
        let Some(home) = self.cx.home.filter(|home| !home.is_empty()) else {
            return Err("`~/` cannot be used: the home folder is not known".to_owned());
        };
        let named = loader::join(home, rest);
        if !loader::is_below(&named, &loader::normal(home)) {
            return Err("the path leaves the home folder".to_owned());
        }
        // A home folder that does not exist contains no links.
        if let Ok(root) = self.cx.loader.canonical(home) {
            loader::check_target(self.cx.loader, &root, &named)
                .map_err(|error| error.to_string())?;
        }
        Ok(named)
    }

    fn below_root(&self, span: Span, text: &str) -> Result<String, String> {
        let from = self
            .sources
            .get(span.file)
            .map_or("", |source| source.name.as_ref());
        let folder = self
            .cx
            .loader
            .canonical(loader::parent(from))
            .map_err(|error| error.to_string())?;
        if !loader::is_below(&loader::join(&folder, text), self.cx.root) {
            let root = self.cx.root;
            return Err(format!("the path leaves the folder `{root}`"));
        }
        let named = loader::join(loader::parent(from), text);
        loader::check_target(self.cx.loader, self.cx.root, &named)
            .map_err(|error| error.to_string())?;
        Ok(named)
    }
}

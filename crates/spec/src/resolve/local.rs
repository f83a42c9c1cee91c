//! Paths of files on this machine that are read or made later: private keys.
//!
//! A path stays below the root of the stack, or below the home folder after `~/`, and so does what
//! its links lead to. It is checked here, so that `validate` finds it before anything happens.

use super::Resolver;
use crate::loader;
use crate::span::Span;
use crate::types::Wrong;

impl Resolver<'_> {
    /// A path as the process can use it: relative to where people stand, or below the home folder.
    pub(super) fn local_path(&self, span: Span, text: &str) -> Result<String, Wrong> {
        let wrong = |why: &str| Wrong::new(format!("`{text}`: {why}"));
        if text.is_empty() || text.starts_with('/') || text.contains(['\\', '\0']) {
            return Err(wrong(
                "a path is relative to the file it stands in, with `/`; `~/` is your home folder",
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
            return Err("`~/` has no meaning here: there is no home folder".to_owned());
        };
        let named = loader::join(home, rest);
        if !loader::is_below(&named, &loader::normal(home)) {
            return Err("the path leaves the home folder".to_owned());
        }
        // A home folder that is not there yet holds no links.
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

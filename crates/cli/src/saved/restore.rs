//! The spec of a saved plan: read from the disk if it exists there, else from the plan.
//!
//! The file on disk comes first because an edit of it must make the plan stale.

use std::collections::BTreeMap;

use setpoint_spec::loader::{Entry, FsLoader, Loader as _, MemoryLoader, ROOT_MARKER, normal};

use super::moved::SourceMove;
use super::{Moved, SavedPlan, SavedSource, saved_source, stale_if};
use crate::command::Cx;
use crate::disk;
use crate::error::Error;
use crate::spec::{self, Given, Spec};

/// Loads the spec with the saved variables, and compares every text with the saved digests.
///
/// # Errors
/// A text has changed, or the spec has errors now.
pub fn spec_of(plan: &SavedPlan, cx: &Cx) -> Result<Spec, Error> {
    let on_disk = FsLoader.look(&plan.inputs.file) == Entry::File;
    if on_disk {
        // Before parsing, so that an edit is reported as a change and not as a syntax error.
        stale_if(
            plan.inputs
                .sources
                .iter()
                .filter_map(changed_on_disk)
                .collect(),
        )?;
    }
    let saved = given(plan);
    let env = |name: &str| {
        saved
            .get(name)
            .map(|text| (*text).to_owned())
            .or_else(|| cx.env.get(name))
    };
    let from_options = saved.iter().filter_map(|(name, text)| {
        Some((name.strip_prefix("--var ")?.to_owned(), (*text).to_owned()))
    });
    let given = Given {
        environment: plan.inputs.environment.as_deref(),
        vars: from_options.collect(),
        var_files: plan.inputs.var_files.clone(),
        env: &env,
    };
    let spec = if on_disk {
        spec::load_from(&FsLoader, &plan.inputs.file, given, cx)?
    } else {
        spec::load_from(&from_plan(plan), &plan.inputs.file, given, cx)?
    };
    stale_if(differences(&plan.inputs.sources, &spec))?;
    Ok(spec)
}

/// The saved variables by `--var NAME` or the name of an environment variable.
fn given(plan: &SavedPlan) -> BTreeMap<&str, &str> {
    let given = plan
        .inputs
        .sources
        .iter()
        .filter(|source| source.role == "given");
    given
        .filter_map(|source| Some((source.name.as_str(), source.text.as_deref()?)))
        .collect()
}

fn changed_on_disk(source: &SavedSource) -> Option<Moved> {
    if source.role == "given" {
        return None;
    }
    let how = match FsLoader.read(&source.name, disk::FILE_MAX) {
        Ok(bytes)
            if super::digest(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
                == source.sha256 =>
        {
            return None;
        }
        Ok(_) => SourceMove::Changed,
        Err(_) => SourceMove::Gone,
    };
    Some(Moved::Source {
        name: source.name.clone(),
        how,
    })
}

fn differences(saved: &[SavedSource], spec: &Spec) -> Vec<Moved> {
    let fresh: Vec<SavedSource> = spec.sources.iter().map(saved_source).collect();
    let digests = |sources: &[SavedSource]| -> BTreeMap<String, String> {
        sources
            .iter()
            .map(|source| (source.name.clone(), source.sha256.clone()))
            .collect()
    };
    let (was, is) = (digests(saved), digests(&fresh));
    let moved = |name: &str, how| Moved::Source {
        name: name.to_owned(),
        how,
    };
    let old = was.iter().filter_map(|(name, digest)| match is.get(name) {
        Some(now) if now == digest => None,
        Some(_) => Some(moved(name, SourceMove::Changed)),
        None => Some(moved(name, SourceMove::Gone)),
    });
    let new = is
        .keys()
        .filter(|name| !was.contains_key(*name))
        .map(|name| moved(name, SourceMove::New));
    old.chain(new).collect()
}

/// A loader of the saved texts, for pipelines whose later job has the plan but no checkout.
fn from_plan(plan: &SavedPlan) -> MemoryLoader {
    // The folder is as deep as the longest chain of `..` at the start of a name.
    let ups = plan
        .inputs
        .sources
        .iter()
        .map(|source| {
            normal(&source.name)
                .split('/')
                .filter(|part| *part == "..")
                .count()
        })
        .max()
        .unwrap_or(0);
    let folder = format!("/plan{}", "/in".repeat(ups));
    let loader = MemoryLoader::new(&folder).file(&format!("/plan/{ROOT_MARKER}"), "");
    let texts = plan
        .inputs
        .sources
        .iter()
        .filter(|source| source.role != "given");
    texts.fold(loader, |loader, source| match &source.text {
        Some(text) => loader.file(&source.name, text),
        None => loader,
    })
}

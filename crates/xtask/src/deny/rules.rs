//! Bans, licences and sources: each rule is a function from rules and packages to findings.

use std::collections::{BTreeMap, BTreeSet};

use super::config::{Config, Spec};
use super::graph::{Graph, Package};

/// Every broken rule, as one line each.
pub(crate) fn check(config: &Config, graph: &Graph) -> Vec<String> {
    let shipped = graph.shipped();
    let mut findings = duplicates(config, graph, &shipped);
    findings.extend(banned(config, &shipped));
    findings.extend(wildcards(graph));
    findings.extend(licenses(config, &shipped));
    findings.extend(sources(config, graph));
    findings
}

/// No crate is there in two versions, but for the listed exceptions.
fn duplicates(config: &Config, graph: &Graph, shipped: &[&Package]) -> Vec<String> {
    let excused = |spec: &&Spec, package: &Package| spec.means(&package.name, &package.version);
    let trees: Vec<&str> = shipped
        .iter()
        .filter(|package| config.skip_tree.iter().any(|spec| excused(&spec, package)))
        .map(|package| package.id.as_str())
        .collect();
    let in_trees = graph.reach(&trees);
    let counted = shipped
        .iter()
        .filter(|package| !in_trees.contains(package.id.as_str()));
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in counted {
        if !config.skip.iter().any(|spec| excused(&spec, package)) {
            versions
                .entry(&package.name)
                .or_default()
                .insert(&package.version);
        }
    }
    let double = versions.iter().filter(|(_, versions)| versions.len() > 1);
    let double = double.map(|(name, versions)| {
        let versions: Vec<&str> = versions.iter().copied().collect();
        format!(
            "`{name}` is in the tree in versions {}",
            versions.join(" and ")
        )
    });
    let exceptions = config.skip.iter().chain(&config.skip_tree);
    let idle = exceptions.filter(|spec| !shipped.iter().any(|package| excused(spec, package)));
    let idle =
        idle.map(|spec| format!("deny.toml skips `{}`, which is not in the tree", spec.name));
    double.chain(idle).collect()
}

fn banned(config: &Config, shipped: &[&Package]) -> Vec<String> {
    let found = shipped
        .iter()
        .filter(|package| config.banned.contains(&package.name));
    found
        .map(|package| format!("`{}` is banned by deny.toml", package.name))
        .collect()
}

/// A dependency names the version that it needs, unless it is a folder of this tree.
fn wildcards(graph: &Graph) -> Vec<String> {
    let of_package = |package: &Package| -> Vec<String> {
        let open = package
            .dependencies
            .iter()
            .filter(|one| one.req == "*" && one.path.is_none());
        open.map(|one| format!("`{}` accepts every version of `{}`", package.name, one.name))
            .collect()
    };
    graph.members().flat_map(of_package).collect()
}

/// Every package has a licence, or a choice of licences, that is allowed.
fn licenses(config: &Config, shipped: &[&Package]) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut findings = Vec::new();
    for package in shipped {
        let text = package.license.as_deref().unwrap_or_default();
        let Ok(expression) = spdx::Expression::parse_mode(text, spdx::ParseMode::LAX) else {
            findings.push(format!("`{}` has no valid licence: `{text}`", package.name));
            continue;
        };
        let is_allowed = expression.evaluate(|license| {
            let name = license.to_string();
            let is_allowed = config.licenses.contains(&name);
            used.insert(name);
            is_allowed
        });
        if !is_allowed {
            findings.push(format!(
                "`{}` has a licence that is not allowed: {text}",
                package.name
            ));
        }
    }
    let idle = config
        .licenses
        .iter()
        .filter(|license| !used.contains(*license));
    findings.extend(idle.map(|license| format!("deny.toml allows {license}, which nothing has")));
    findings
}

/// Every package, those of tests included, comes from this tree or from an allowed place.
fn sources(config: &Config, graph: &Graph) -> Vec<String> {
    let is_known = |source: &str| {
        let registry = source.strip_prefix("registry+");
        let git = source
            .strip_prefix("git+")
            .map(|url| url.split(['?', '#']).next().unwrap_or(url));
        registry.is_some_and(|url| config.registries.iter().any(|known| known == url))
            || git.is_some_and(|url| config.git.iter().any(|known| known == url))
    };
    let foreign = graph.packages.iter().filter_map(|package| {
        let source = package
            .source
            .as_deref()
            .filter(|source| !is_known(source))?;
        Some(format!("`{}` comes from {source}", package.name))
    });
    foreign.collect()
}

#[cfg(test)]
mod tests;

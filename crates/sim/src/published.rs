//! The names of all real products and actions, also of those that are not modelled.
//!
//! A client that calls something real must not be told that it does not exist: it would look for a
//! mistake of its own. The data have a line for each product, with its actions where they are
//! known; `cargo xtask published` writes them.

use crate::refusal::{NOT_MODELLED, Refusal};

const DATA: &str = include_str!("../data/published.txt");

/// A product at one version.
struct Published {
    code: &'static str,
    version: &'static str,
    /// Empty if they are not known.
    actions: &'static str,
}

impl Published {
    fn has(&self, action: &str) -> bool {
        self.actions.split(' ').any(|name| name == action)
    }
}

fn products() -> impl Iterator<Item = Published> {
    DATA.lines().filter_map(|line| {
        let (code, rest) = line.split_once(' ')?;
        let (version, actions) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Published {
            code,
            version,
            actions,
        })
    })
}

/// Whether a product publishes an action at this version.
pub(crate) fn has(code: &str, version: &str, action: &str) -> bool {
    let is_meant = |one: &Published| one.code.eq_ignore_ascii_case(code) && one.version == version;
    products().any(|one| is_meant(&one) && one.has(action))
}

/// The refusal of a call that is in none of our tables. `call` is the name of its action, or method
/// and path of a path-style call, which the data do not list.
pub(crate) fn refusal(version: &str, call: &str) -> Refusal {
    let same_version: Vec<Published> = products().filter(|one| one.version == version).collect();
    if same_version.is_empty() {
        return Refusal::bad(
            "InvalidVersion",
            "The specified parameter \"Version\" is not valid.",
        );
    }
    let is_path = call.contains('/');
    let may_have = |one: &&Published| is_path || one.actions.is_empty();
    let named = same_version.iter().find(|one| one.has(call));
    match named.or_else(|| same_version.iter().find(may_have)) {
        Some(product) => not_modelled(product.code, version, call),
        None => Refusal::absent(
            "InvalidAction.NotFound",
            format!("Specified api {call} is not found, please check your url and method."),
        ),
    }
}

/// The refusal of a real call that the simulator does not perform.
pub(crate) fn not_modelled(code: &str, version: &str, call: &str) -> Refusal {
    Refusal::bad(
        NOT_MODELLED,
        format!(
            "The simulator does not model {call} of {code} {version}; docs/simulator.md lists the \
             actions that it models."
        ),
    )
}

#[cfg(test)]
mod tests {
    use setpoint_openapi::action;
    use setpoint_openapi::product::Product;

    use super::*;

    /// The list does not have the location service.
    #[test]
    fn every_action_of_our_tables_is_published() {
        let ours = Product::ALL
            .into_iter()
            .filter(|product| *product != Product::Location)
            .flat_map(action::table);
        let missing: Vec<(Product, &str)> = ours
            .map(|action| (action.product, action.name))
            .filter(|(product, name)| !has(product.code(), product.version(), name))
            .collect();
        assert_eq!(missing, []);
    }

    /// Fact 1 of the tests with the vendor's clients.
    #[test]
    fn what_is_real_is_not_called_nonexistent() {
        let code = |version: &str, call: &str| refusal(version, call).code.into_owned();
        for (version, call, expected) in [
            ("2014-05-26", "DescribeDedicatedHosts", NOT_MODELLED),
            ("2016-04-28", "DescribeVRouters", NOT_MODELLED),
            ("2019-01-01", "DescribeProjectMeta", NOT_MODELLED),
            ("2014-05-15", "CreateLoadBalancer", NOT_MODELLED),
            ("2014-08-28", "CreateScalingGroup", NOT_MODELLED),
            ("2017-12-14", "QueryAccountBalance", NOT_MODELLED),
            ("2015-12-15", "GET /clusters", NOT_MODELLED),
            ("2014-05-26", "DescribeInstancez", "InvalidAction.NotFound"),
            (
                "2014-05-15",
                "CreateLoadBalancerz",
                "InvalidAction.NotFound",
            ),
            ("1999-01-01", "DescribeInstances", "InvalidVersion"),
        ] {
            assert_eq!(code(version, call), expected, "{version} {call}");
        }
        let told = refusal("2014-05-15", "CreateLoadBalancer").message;
        assert!(
            told.contains("CreateLoadBalancer of Slb 2014-05-15"),
            "{told}"
        );
    }
}

//! Checks a request against the published parameters of its action: unknown names, wrong types,
//! missing ones.
//!
//! The cloud ignores an unknown parameter. So does the simulator, which marks it in the call log.
//! With the option `strict_parameters` it refuses it, so that a typing error has no silent effect.

use setpoint_openapi::action::{Action, Param, ParamType};
use setpoint_openapi::product::Product;

use crate::params::Params;
use crate::refusal::Refusal;

/// Parameters accepted with every action. Clients add them on their own, and no answer depends on
/// them.
const COMMON: &[&str] = &[
    "RegionId",
    "OwnerId",
    "OwnerAccount",
    "ResourceOwnerId",
    "ResourceOwnerAccount",
    "AcceptLanguage",
];

/// Members of structures that the published descriptions leave open, from the official SDKs'
/// models.
const OPEN: &[(Product, &str, &[&str])] = &[
    (
        Product::Ecs,
        "Permissions",
        &[
            "Description",
            "DestCidrIp",
            "DestGroupId",
            "DestGroupOwnerAccount",
            "DestGroupOwnerId",
            "DestPrefixListId",
            "IpProtocol",
            "Ipv6DestCidrIp",
            "Ipv6SourceCidrIp",
            "NicType",
            "Policy",
            "PortRange",
            "PortRangeListId",
            "Priority",
            "SourceCidrIp",
            "SourceGroupId",
            "SourceGroupOwnerAccount",
            "SourceGroupOwnerId",
            "SourcePortRange",
            "SourcePrefixListId",
        ],
    ),
    (
        Product::Ecs,
        "SystemDisk",
        &[
            "BurstingEnabled",
            "EncryptAlgorithm",
            "Encrypted",
            "KMSKeyId",
            "ProvisionedIops",
            "StorageClusterId",
            "StorageClusterType",
        ],
    ),
    (Product::Ecs, "ImageOptions", &["LoginAsNonRoot"]),
    (
        Product::Ecs,
        "NetworkOptions",
        &[
            "BandwidthWeighting",
            "EnableJumboFrame",
            "EnableNetworkEncryption",
        ],
    ),
    (
        Product::Ecs,
        "PrivateDnsNameOptions",
        &[
            "EnableInstanceIdDnsAAAARecord",
            "EnableInstanceIdDnsARecord",
            "EnableIpDnsARecord",
            "EnableIpDnsPtrRecord",
            "HostnameType",
        ],
    ),
];

/// What to do with a parameter that the action does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Ignore,
    Refuse,
}

/// Checks names, types and mandatory parameters. Returns the names that the action does not have.
///
/// # Errors
/// `UnsupportedParameter` for a name that the action does not have, if it is to be refused;
/// `InvalidParameter` for a value of the wrong type, `MissingParameter` for the first mandatory
/// parameter that was not sent.
pub(crate) fn check(
    action: &Action,
    params: &Params,
    unknown: Unknown,
) -> Result<Vec<String>, Refusal> {
    let mut ignored = Vec::new();
    for (name, value) in params.iter() {
        if COMMON.contains(&name) && action.param(name).is_none() {
            continue;
        }
        match type_of(action.product, action.params, name) {
            None if unknown == Unknown::Refuse => return Err(unsupported(action, name)),
            None => ignored.push(name.to_owned()),
            Some(ty) if !fits(ty, value) => return Err(Refusal::invalid(name)),
            Some(_) => {}
        }
    }
    missing(action.params, params).map_or(Ok(ignored), |name| Err(Refusal::missing(name)))
}

fn unsupported(action: &Action, name: &str) -> Refusal {
    Refusal::bad(
        "UnsupportedParameter",
        format!(
            "The parameter \"{name}\" is not a parameter of {} {}.",
            action.product, action.name
        ),
    )
}

/// The type of the value of a flattened name; `None` if the table has no such name.
fn type_of(product: Product, table: &[Param], name: &str) -> Option<ParamType> {
    if let Some(param) = table.iter().find(|param| param.name == name) {
        return match param.ty {
            ParamType::List | ParamType::Rows(_) => None,
            other => Some(other),
        };
    }
    // The longest name in the table that this one continues. Names contain dots themselves, as
    // `SystemDisk.Size`.
    let below = |param: &&Param| {
        name.strip_prefix(param.name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let param = table
        .iter()
        .filter(below)
        .max_by_key(|param| param.name.len())?;
    let rest = &name[param.name.len() + 1..];
    match param.ty {
        ParamType::List => element(rest).and_then(|inner| match inner {
            None => Some(ParamType::String),
            Some(member) => open_member(product, param.name, member),
        }),
        ParamType::Rows(members) => element(rest)
            .flatten()
            .and_then(|member| type_of(product, members, member)),
        ParamType::Open => {
            open_member(product, param.name, element(rest).flatten().unwrap_or(rest))
        }
        _ => None,
    }
}

/// Splits `1` into no member, and `1.Key` into a member. `None` if it does not begin with a number.
fn element(rest: &str) -> Option<Option<&str>> {
    let (number, member) = rest
        .split_once('.')
        .map_or((rest, None), |(n, m)| (n, Some(m)));
    (number.parse::<u32>().is_ok_and(|n| n > 0)).then_some(member)
}

fn open_member(product: Product, parent: &str, member: &str) -> Option<ParamType> {
    let known = OPEN
        .iter()
        .find(|(owner, name, _)| *owner == product && *name == parent);
    match known {
        Some((_, _, members)) if members.contains(&member) => Some(ParamType::String),
        Some(_) => None,
        None => Some(ParamType::Open),
    }
}

fn fits(ty: ParamType, value: &str) -> bool {
    let value = value.trim();
    // Some clients send an empty text in place of a missing value.
    value.is_empty()
        || match ty {
            ParamType::Integer => value.parse::<i32>().is_ok(),
            ParamType::Long => value.parse::<i64>().is_ok(),
            ParamType::Float => value.parse::<f64>().is_ok(),
            ParamType::Boolean => {
                value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
            }
            ParamType::String | ParamType::List | ParamType::Rows(_) | ParamType::Open => true,
        }
}

fn missing(table: &'static [Param], params: &Params) -> Option<&'static str> {
    let given = |param: &Param| match param.ty {
        ParamType::List | ParamType::Rows(_) | ParamType::Open => {
            let below = format!("{}.", param.name);
            params.contains(param.name)
                || params
                    .range_from(&below)
                    .next()
                    .is_some_and(|(key, _)| key.starts_with(&below))
        }
        _ => params
            .get(param.name)
            .is_some_and(|value| !value.is_empty()),
    };
    table
        .iter()
        .find(|param| param.required && !given(param))
        .map(|param| param.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use setpoint_openapi::action::find;

    #[track_caller]
    fn case(
        product: Product,
        action: &str,
        pairs: &[(&str, &str)],
        expected: Option<(&str, &str)>,
    ) {
        let params = Params::from_pairs(
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        let got = check(
            find(product, action).expect("the table has the action"),
            &params,
            Unknown::Refuse,
        )
        .err();
        match (got, expected) {
            (None, None) => {}
            (Some(refusal), Some((code, named))) => {
                assert_eq!(refusal.code, code);
                assert!(
                    refusal.message.contains(named),
                    "{} should name {named}",
                    refusal.message
                );
            }
            (got, expected) => panic!("got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn names_types_and_mandatory_ones() {
        let vpc = |pairs, expected| case(Product::Vpc, "CreateVpc", pairs, expected);
        vpc(
            &[
                ("RegionId", "cn-beijing"),
                ("Tag.1.Key", "a"),
                ("Tag.1.Value", ""),
            ],
            None,
        );
        vpc(
            &[("RegionId", "cn-beijing"), ("CidrBlok", "x")],
            Some(("UnsupportedParameter", "CidrBlok")),
        );
        vpc(
            &[("RegionId", "cn-beijing"), ("Tag.1.Kee", "a")],
            Some(("UnsupportedParameter", "Tag.1.Kee")),
        );
        vpc(
            &[("RegionId", "cn-beijing"), ("Tag.0.Key", "a")],
            Some(("UnsupportedParameter", "Tag.0.Key")),
        );
        vpc(
            &[("RegionId", "cn-beijing"), ("Tag", "a")],
            Some(("UnsupportedParameter", "Tag")),
        );
        vpc(
            &[("RegionId", "cn-beijing"), ("EnableIpv6", "perhaps")],
            Some(("InvalidParameter", "EnableIpv6")),
        );
        vpc(&[("RegionId", "")], Some(("MissingParameter", "RegionId")));
    }

    #[test]
    fn structures_that_the_descriptions_leave_open() {
        let rule = |name: &str, expected| {
            let pairs = [
                ("RegionId", "cn-beijing"),
                ("SecurityGroupId", "sg-1"),
                (name, "x"),
            ];
            case(Product::Ecs, "AuthorizeSecurityGroup", &pairs, expected);
        };
        rule("Permissions.1.PortRange", None);
        rule(
            "Permissions.1.PortRang",
            Some(("UnsupportedParameter", "Permissions.1.PortRang")),
        );
        let disk = |name: &str, expected| {
            case(
                Product::Ecs,
                "RunInstances",
                &[("RegionId", "cn-beijing"), (name, "20")],
                expected,
            )
        };
        disk("SystemDisk.Size", None);
        disk("SystemDisk.Encrypted", None);
        disk(
            "SystemDisk.Siz",
            Some(("UnsupportedParameter", "SystemDisk.Siz")),
        );
        disk("NetworkInterface.1.SecurityGroupIds.2", None);
    }

    /// Fact 1 of the acceptance tests: the cloud ignores what an action does not have, also lists
    /// whose index begins at 0 or is missing.
    #[test]
    fn unknown_parameters_are_told_apart_and_can_be_ignored() {
        let pairs = [
            ("RegionId", "cn-beijing"),
            ("CidrBlok", "x"),
            ("Tag", "a"),
            ("Tag.0.Key", "a"),
            ("Tag.1.Key", "a"),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let action = find(Product::Vpc, "CreateVpc").expect("the table has the action");
        let ignored = check(action, &Params::from_pairs(pairs), Unknown::Ignore);
        assert_eq!(ignored.expect("accepted"), ["CidrBlok", "Tag", "Tag.0.Key"]);
    }

    #[test]
    fn clients_add_a_region_to_everything() {
        case(
            Product::Sts,
            "GetCallerIdentity",
            &[("RegionId", "cn-beijing")],
            None,
        );
    }
}

//! Hints for error codes of the API, as a table.
//!
//! Sources: the error tables in the documentation of ECS, VPC, CloudMonitor and STS. A test checks
//! that no row hides a later one.

/// The hint for a missing permission.
const NOT_ALLOWED: &str = "The RAM user or role may not call this action: grant it. A plan alone \
                           needs `ecs:Describe*`, `vpc:Describe*` and `cms:Describe*`.";

/// Rows of an error code and its hint. A `*` at the end matches any rest. The first matching row
/// applies.
static TABLE: &[(&str, &str)] = &[
    // Stock.
    (
        "OperationDenied.NoStock",
        "Run again later, or accept others: list several `instance_types` or `vswitches`; they are \
         tried in order.",
    ),
    (
        "Zone.NotOnSale*",
        "This zone does not sell it now. Name another zone, or several VSwitches in `vswitches`.",
    ),
    (
        "Zone.NotOpen*",
        "This zone is not open for it. Name another zone.",
    ),
    (
        "OperationDenied.ZoneNotAllowed",
        "This zone takes no new resources of this kind. Name another zone.",
    ),
    (
        "ResourceNotAvailable*",
        "It is not available here now. Run again later, or name another type or zone.",
    ),
    (
        "InvalidInstanceType.NotSupported*",
        "This type is not offered in this zone. Name another type or zone.",
    ),
    (
        "InvalidInstanceType.ValueNotSupported",
        "This type is not offered here. Name another type or zone.",
    ),
    (
        "InvalidResourceType.NotSupported",
        "This combination of type and disk is not offered here. Name another type, disk category \
         or zone.",
    ),
    // Quotas and money.
    (
        "QuotaExceed*",
        "A quota of the account is used up. Free some, or ask for more in Quota Center, then run \
         the same command again.",
    ),
    (
        "Quota.Exceed*",
        "A quota of the account is used up. Free some, or ask for more in Quota Center, then run \
         the same command again.",
    ),
    (
        "InvalidVPCStatus.QuotaExceed*",
        "A quota of the account is used up. Free some, or ask for more in Quota Center.",
    ),
    (
        "InsufficientBalance*",
        "The account's balance does not cover it. Top it up, then run the same command again.",
    ),
    (
        "InvalidAccountStatus.NotEnoughBalance",
        "The account's balance does not cover it. Top it up, then run the same command again.",
    ),
    (
        "Account.Arrearage*",
        "The account is in arrears. Settle them, then run the same command again.",
    ),
    (
        "InvalidPayMethod*",
        "The account has no valid way to pay. Set one in Billing.",
    ),
    (
        "RealNameAuthenticationError*",
        "The account is not verified. Real-name verification in the console lets it buy in this \
         region.",
    ),
    // Credentials and permissions.
    (
        "InvalidAccessKeyId.NotFound*",
        "The access key does not exist. Check `--profile` or ALIBABA_CLOUD_ACCESS_KEY_ID, and that \
         the key was not deleted.",
    ),
    (
        "InvalidAccessKeyId.Inactive*",
        "The access key is disabled. Enable it in RAM, or use another one.",
    ),
    (
        "InvalidAccessKeyId*",
        "The access key is not accepted. Check it, and that it belongs to this site of Alibaba \
         Cloud.",
    ),
    (
        "SignatureDoesNotMatch*",
        "The access key's secret is wrong. Copy it again, without spaces around it.",
    ),
    (
        "IncompleteSignature*",
        "The access key's secret is wrong. Copy it again, without spaces around it.",
    ),
    (
        "InvalidSecurityToken.Expired",
        "The temporary credentials have expired. Get new ones, then run the same command again.",
    ),
    (
        "InvalidSecurityToken*",
        "The security token does not fit the access key. Take both from the same answer of STS.",
    ),
    (
        "InvalidTimeStamp*",
        "This machine's clock is off by more than 15 minutes. Set it, then run the same command \
         again.",
    ),
    ("Forbidden.RAM*", NOT_ALLOWED),
    ("AccessForbidden*", NOT_ALLOWED),
    ("NoPermission*", NOT_ALLOWED),
    (
        "Forbidden.AccessKeyDisabled",
        "The access key is disabled. Enable it in RAM, or use another one.",
    ),
    (
        "Forbidden.RiskControl",
        "The account is under risk control. Send the RequestId to Alibaba Cloud support.",
    ),
    (
        "Forbidden.SubUser",
        "Only the account itself, or a user with full rights, may do this.",
    ),
    ("Forbidden*", NOT_ALLOWED),
    (
        "UserNotInTheWhiteList",
        "The account must apply for this feature first.",
    ),
    // Dependencies and states.
    (
        "DependencyViolation*",
        "Something that is not in this stack still uses it. Remove that, then run the same command \
         again.",
    ),
    (
        "InvalidOperation.DeletionProtection",
        "Deletion protection is on. Set `deletion_protection: false`, apply, then remove the \
         resource.",
    ),
    (
        "DeletionProtection*",
        "Deletion protection is on. Set `deletion_protection: false`, apply, then remove the \
         resource.",
    ),
    (
        "InstanceLockedForSecurity",
        "The instance is locked for security reasons. The console shows how to unlock it.",
    ),
    (
        "IncorrectInstanceStatus*",
        "The instance changed its state meanwhile. Run the same command again.",
    ),
    (
        "IncorrectDiskStatus*",
        "The disk changed its state meanwhile. Run the same command again.",
    ),
    (
        "DiskInCoolingPeriod",
        "The disk was changed a short while ago. Run again in a few minutes.",
    ),
    (
        "LastTokenProcessing",
        "An earlier call is still in progress. Run again in a minute.",
    ),
    (
        "IdempotentParameterMismatch",
        "The spec changed while an earlier call was in progress. Run again in a minute.",
    ),
    // Names and values.
    (
        "InvalidPassword*",
        "The password must have 8 to 30 characters, with at least three of: capitals, small \
         letters, digits, special characters.",
    ),
    (
        "InvalidCidrBlock.Overlapped",
        "The block overlaps with another one of the VPC or of a route. Choose a free one.",
    ),
    (
        "InvalidImageId.NotFound",
        "The image is not in this region, or was deleted. `image: {family: …}` finds the newest.",
    ),
    (
        "KeyPair.AlreadyExist",
        "A key pair of this name exists in the region. Choose another `name`, or refer to it with \
         `{name: …}` to use it as it is.",
    ),
    // Throttling and failures of the service.
    (
        "Throttling*",
        "The account makes too many calls at once, other tools included. Run the same command \
         again, or lower --parallelism.",
    ),
    (
        "Rejected.Throttling",
        "The account makes too many calls at once, other tools included. Run the same command \
         again, or lower --parallelism.",
    ),
    (
        "ServiceUnavailable*",
        "The service is busy. Run the same command again in a while.",
    ),
    (
        "InternalError*",
        "The service failed. Run the same command again; if the error repeats, send the RequestId \
         to Alibaba Cloud support.",
    ),
];

/// Returns the hint for an error code of the API; `None` if the table has none.
#[must_use]
pub fn advice(code: &str) -> Option<&'static str> {
    let fits = |pattern: &str| {
        pattern
            .strip_suffix('*')
            .map_or_else(|| code == pattern, |start| code.starts_with(start))
    };
    TABLE
        .iter()
        .find(|(pattern, _)| fits(pattern))
        .map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_find_their_row() {
        for (code, word) in [
            ("OperationDenied.NoStock", "instance_types"),
            ("QuotaExceed.ElasticQuota", "Quota Center"),
            ("QuotaExceeded", "Quota Center"),
            ("Forbidden.RAM", "grant it"),
            ("InvalidAccessKeyId.NotFound", "does not exist"),
            ("DependencyViolation.VSwitch", "still uses it"),
            ("InvalidTimeStamp.Expired", "clock"),
            ("Throttling.User", "--parallelism"),
        ] {
            assert!(
                advice(code).is_some_and(|text| text.contains(word)),
                "{code}"
            );
        }
        assert_eq!(advice("MissingParameter"), None);
    }

    #[test]
    fn no_row_is_hidden_by_one_above_it() {
        for (at, (pattern, _)) in TABLE.iter().enumerate() {
            let code = pattern.trim_end_matches('*');
            assert_eq!(
                TABLE.iter().position(|(other, _)| other
                    .strip_suffix('*')
                    .map_or(code == *other, |start| code.starts_with(start))),
                Some(at),
                "{pattern}"
            );
        }
    }
}

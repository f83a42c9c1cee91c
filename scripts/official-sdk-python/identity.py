"""Who calls: the account, and a role with keys for a while."""

import base64
import json

from expect import refused, same
from ground import delete_vpc


def live(cloud):
    caller = cloud.sts.get_caller_identity()
    same("the caller", (caller.identity_type, caller.arn), ("Account", f"acs:ram::{caller.account_id}:root"))
    role = f"acs:ram::{caller.account_id}:role/sdk"
    # No key's end is seen here: keys end by our time, not by the simulator's, and live for fifteen minutes at least.
    with refused("InvalidParameter.DurationSeconds"):
        cloud.sts.assume_role(role_arn=role, role_session_name="session", duration_seconds=60)
    made = cloud.sts.assume_role(role_arn=role, role_session_name="session", duration_seconds=900)
    same("who it is", made.assumed_role_user.arn, f"acs:ram::{caller.account_id}:assumed-role/sdk/session")
    key = {
        "access_key_id": made.credentials.access_key_id,
        "access_key_secret": made.credentials.access_key_secret,
        "security_token": made.credentials.security_token,
    }
    seen = cloud.client("sts", **key).get_caller_identity()
    same("the caller", (seen.identity_type, seen.arn), ("AssumedRoleUser", made.assumed_role_user.arn))
    use(cloud, key)
    oidc = cloud.sts.assume_role_with_oidc(
        role_arn=role, role_session_name="oidc", oidcprovider_arn=f"acs:ram::{caller.account_id}:oidc-provider/sdk", oidctoken=token()
    )
    same("who it is", oidc.assumed_role_user.arn, f"acs:ram::{caller.account_id}:assumed-role/sdk/oidc")
    same("what the token says", (oidc.oidctoken_info.subject, oidc.oidctoken_info.client_ids), ("repo", "sts"))


def token():
    """As an identity provider makes it, but for the signature, which the simulator cannot check."""
    parts = ({"alg": "none"}, {"iss": "https://example.com", "sub": "repo", "aud": "sts"})
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "signature"])


def use(cloud, key):
    """The role makes what the account sees, signing either way."""
    made = cloud.client("vpc", **key).create_vpc(vpc_name="by-the-role").vpc_id
    same("as the account sees it", cloud.vpc.describe_vpc_attribute(vpc_id=made).vpc_name, "by-the-role")
    old = cloud.client("vpc", signature_algorithm="v2", **key)
    same("signed the old way", old.describe_vpc_attribute(vpc_id=made).vpc_name, "by-the-role")
    delete_vpc(cloud, made)
    with refused("InvalidSecurityToken.MismatchWithAccessKey"):
        cloud.client("vpc", **(key | {"security_token": "nonsense"})).describe_regions()

"""The life of RAM users: what they may, how the SDK shows what they may not, and tokens in place of a signature."""

from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_credentials.models import Config as CredentialConfig

from expect import only, refused, same
from ground import Ground, delete_vpc, vpc_row


def live(cloud):
    ground = Ground(cloud)
    machine = ground.machine()
    ids = f'["{machine}"]'
    reader, gone = given(cloud, [{"user": "reader", "allow": ["vpc:Describe*"]}, {"user": "gone", "allow": ["*"], "inactive": True}])
    same("the VPC", only(cloud.client("vpc", **reader).describe_vpcs().vpcs.vpc).vpc_id, ground.vpc_id)
    same("a listing that is forbidden", cloud.client("ecs", **reader).describe_instances(instance_ids=ids).instances.instance, [])
    forbidden(cloud, ground, reader)
    seen = cloud.client("sts", **reader).get_caller_identity()
    same("the caller", (seen.identity_type, seen.arn), ("RAMUser", f"acs:ram::{seen.account_id}:user/reader"))
    with refused("InvalidAccessKeyId.Inactive"):
        cloud.client("vpc", **gone).describe_vpcs()
    (reader,) = given(cloud, [{"user": "reader", "allow": ["ecs:DescribeInstances"]}])
    rows = cloud.client("ecs", **reader).describe_instances(instance_ids=ids).instances.instance
    same("a listing that is allowed", only(rows).instance_id, machine)
    bearer(cloud)
    ground.delete()


def given(cloud, users):
    """Replaces the users; gives the key of each as the SDK's settings."""
    return [{name: row[name] for name in ("access_key_id", "access_key_secret")} for row in cloud.post("keys", users)]


def denied(error, action):
    """Which permission was missing, as the SDK hands it on."""
    same("the missing permission", error.access_denied_detail["AuthAction"], action)


def forbidden(cloud, ground, reader):
    with refused("Forbidden.RAM", 403) as seen:
        cloud.client("vpc", **reader).create_vpc()
    denied(seen.error, "vpc:CreateVpc")
    with refused("Forbidden.RAM", 403) as seen:
        cloud.client("ecs", **reader).run_instances(**ground.machine_fields())
    denied(seen.error, "ecs:RunInstances")
    with refused("Forbidden.RAM", 403):
        cloud.client("ecs", **reader).describe_instances(dry_run=True)
    with refused("AccessForbidden", 403):
        cloud.client("cms", **reader).describe_metric_rule_list()
    for product, call in (("oos", "list_parameters"), ("tag", "list_tag_keys")):
        with refused("NoPermission", 403):
            getattr(cloud.client(product, **reader), call)()


def bearer(cloud):
    given(
        cloud,
        [
            {"user": "ci", "allow": ["vpc:*"], "bearer_token": "token-of-ci", "bearer_expires": "2999-12-31T00:00:00Z"},
            {"user": "late", "allow": ["vpc:*"], "bearer_token": "token-of-late", "bearer_expires": "2020-01-01T00:00:00Z"},
        ],
    )

    no_key = {"access_key_id": None, "access_key_secret": None}

    def client(token):
        return cloud.client("vpc", credential=CredentialClient(CredentialConfig(type="bearer", bearer_token=token)), **no_key)

    made = client("token-of-ci").create_vpc(vpc_name="by-token").vpc_id
    same("the VPC", vpc_row(cloud, made).vpc_name, "by-token")
    old = cloud.client("vpc", signature_algorithm="v2", bearer_token="token-of-ci", **no_key)
    same("as a parameter", old.describe_vpc_attribute(vpc_id=made).vpc_name, "by-token")
    delete_vpc(cloud, made)
    with refused("InvalidSecurityToken.Expired"):
        client("token-of-late").describe_vpcs()
    with refused("InvalidSecurityToken.Malformed"):
        client("token-of-nobody").describe_vpcs()
    cloud.post("keys", [])
    with refused("InvalidSecurityToken.Malformed"):
        client("token-of-ci").describe_vpcs()

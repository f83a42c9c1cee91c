"""What must not pass, with both signatures: a wrong secret, an unknown key, an old clock, a nonce again; and failing calls."""

import contextlib
import time

from alibabacloud_tea_openapi.exceptions import ServerException, ThrottlingException
from alibabacloud_tea_openapi.utils import Utils

from expect import refused, same

# What the SDK calls its signatures; without a name it signs V3.
V1, V3 = {"signature_algorithm": "v2"}, {}


def live(cloud):
    for how in (V3, V1):
        keys(cloud, how)
        clock(cloud, how)
        nonce(cloud, how)
    failures(cloud)
    mistakes(cloud)


def keys(cloud, how):
    cloud.client("vpc", **how).describe_regions()
    with refused("SignatureDoesNotMatch", 400):
        cloud.client("vpc", access_key_secret="wrong", **how).describe_regions()
    with refused("InvalidAccessKeyId.NotFound", 404):
        cloud.client("vpc", access_key_id="LTAI-nobody", **how).describe_regions()


@contextlib.contextmanager
def replaced(name, value):
    """The SDK takes time and nonce from its own Utils; this puts something else there for a while."""
    before = getattr(Utils, name)
    setattr(Utils, name, staticmethod(lambda: value))
    try:
        yield
    finally:
        setattr(Utils, name, staticmethod(before))


def clock(cloud, how):
    client = cloud.client("vpc", **how)
    for minutes in (-16, 16):
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + minutes * 60))
        with replaced("get_timestamp", moment), refused("InvalidTimeStamp.Expired", 400):
            client.describe_regions()
    with replaced("get_timestamp", "yesterday"), refused("InvalidTimeStamp.Format", 400):
        client.describe_regions()


def nonce(cloud, how):
    client = cloud.client("vpc", **how)
    with replaced("get_nonce", f"once-{how}"):
        client.describe_regions()
        with refused("SignatureNonceUsed", 400):
            client.describe_regions()


def failures(cloud):
    """What an SDK tells apart by its exceptions: the caller's mistake, too many calls, the service's trouble."""

    def fault(code, status):
        cloud.post("faults", [{"action": "DescribeRegions", "fate": {"refuse_before": {"code": code, "status": status}}}])

    fault("Throttling.User", 400)
    with refused("Throttling.User", 400, ThrottlingException):
        cloud.vpc.describe_regions()
    fault("ServiceUnavailable", 503)
    with refused("ServiceUnavailable", 503, ServerException):
        cloud.vpc.describe_regions()
    same("regions afterwards", len(cloud.vpc.describe_regions().regions.region) > 0, True)


def mistakes(cloud):
    with refused("InvalidInstanceId.NotFound", 404):
        cloud.ecs.stop_instance(instance_id="i-none")
    with refused("MissingParameter"):
        cloud.ecs.run_instances()
    with refused("InvalidRegionId.NotFound", 404):
        cloud.client("ecs", "cn-nowhere").describe_instances()

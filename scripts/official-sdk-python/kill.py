"""A simulator that is killed and started again on its folder has everything that it answered."""

import tempfile

from expect import same
from ground import HELD, delete_vpc


def live(cloud):
    with tempfile.TemporaryDirectory() as folder:
        first = cloud.another("--data", folder)
        fields = {"cidr_block": "10.0.0.0/8", "client_token": "sdk-check-kill"}
        made = first.vpc.create_vpc(**fields).vpc_id
        group = first.patient(HELD, lambda: first.ecs.create_security_group(vpc_id=made, security_group_name="early")).security_group_id
        before = seen(first)
        first.kill()
        second = cloud.another("--data", folder)
        try:
            same("the key after a kill", second.key, first.key)
            same("the resources after a kill", seen(second), before)
            same("the token after a kill", second.vpc.create_vpc(**fields).vpc_id, made)
            second.ecs.delete_security_group(security_group_id=group)
            delete_vpc(second, made)
            second.expect_nothing()
        finally:
            second.stop()


def seen(cloud):
    return sorted((row["kind"], row["id"], row["state"]) for row in cloud.page("resources"))

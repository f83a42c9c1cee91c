"""A simulator of its own for each life, and the official clients that talk to it.

Time does not pass by itself worth mentioning: who waits lets the simulator's clock jump. So no life depends on how fast the
machine is, and none sleeps.
"""

import collections
import json
import os
import ssl
import subprocess
import urllib.request

from alibabacloud_cms20190101.client import Client as CmsClient
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_oos20190601.client import Client as OosClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tag20180828.client import Client as TagClient
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428.client import Client as VpcClient

from typed import Mismatch, Typed

REGION = "cn-beijing"
ZONE = "cn-beijing-h"


class Cloud:
    def __init__(self, setpoint, tls=False, more=()):
        self.setpoint = os.path.abspath(setpoint)
        self.tls = tls
        self.earlier = collections.Counter()
        command = [self.setpoint, "sim", "serve", "--listen", "127.0.0.1:0", *(["--tls"] if tls else []), *more]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = json.loads(self.server.stdout.readline())
        self.endpoint = line["endpoint"]
        self.key = (line["access_key_id"], line["access_key_secret"])
        self.ca = line.get("ca_file")
        self.scheme, self.host = self.endpoint.split("://")
        self.trust = ssl.create_default_context(cafile=self.ca) if self.ca else None
        for name in ("ecs", "vpc", "cms", "oos", "tag", "sts"):
            setattr(self, name, self.client(name))

    def client(self, product, region=REGION, **more):
        """A typed client of a product; further settings are those of the SDK's own Config."""
        kinds = {"ecs": EcsClient, "vpc": VpcClient, "cms": CmsClient, "oos": OosClient, "tag": TagClient, "sts": StsClient}
        settings = {
            "access_key_id": self.key[0],
            "access_key_secret": self.key[1],
            "endpoint": self.host,
            "protocol": self.scheme,
            "region_id": region,
            "ca": self.ca,
        }
        return Typed(kinds[product](Config(**(settings | more))), region)

    def page(self, name):
        with urllib.request.urlopen(f"{self.endpoint}/_sim/{name}", timeout=10, context=self.trust) as answer:
            return json.load(answer)

    def post(self, name, body):
        request = urllib.request.Request(f"{self.endpoint}/_sim/{name}", data=json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10, context=self.trust) as answer:
            return json.load(answer)

    def calls(self):
        """How often each action was called, by its name."""
        return self.earlier + collections.Counter({name: row["total"] for name, row in self.page("calls")["actions"].items()})

    def reset(self):
        """Everything is gone. The simulator forgets its calls too; this remembers them."""
        self.earlier = self.calls()
        self.post("reset", {})

    def jump(self, seconds):
        self.post("clock", {"seconds": seconds})

    def until(self, what, holds):
        """Lets time jump until it holds, for at most an hour of the simulator's."""
        for _ in range(360):
            if holds():
                return
            self.jump(10)
        raise Mismatch(f"an hour has passed without {what}")

    def patient(self, codes, call):
        """Repeats a call that is refused for something which passes: late release, a state that still changes."""
        answers = []

        def answered():
            try:
                answers.append(call())
            except AlibabaCloudException as error:
                if error.code not in codes:
                    raise
            return bool(answers)

        self.until(f"an end of {codes}", answered)
        return answers[0]

    def another(self, *more):
        """A second simulator, which does not know this one."""
        return Cloud(self.setpoint, self.tls, more)

    def expect_nothing(self):
        self.until("the simulator being empty", lambda: not self.page("resources"))

    def stop(self):
        self.server.terminate()
        self.ended()

    def kill(self):
        self.server.kill()
        self.ended()

    def ended(self):
        self.server.wait(timeout=10)
        self.server.stdout.close()

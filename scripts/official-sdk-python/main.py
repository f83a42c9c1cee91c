"""Lets the official SDKs live through everything in the simulator: `main.py SETPOINT NODE`.

SETPOINT is the binary, NODE the folder where the SDKs for Node are installed. Every life runs in a simulator of its own, first
over HTTP, then over HTTPS; those of Node share one for each. Prints a line for each life, then how often and how many actions, by
their names, the SDKs have called, and which they have not; ends with 1 if a life failed. Invariant: a life ends with nothing left in its simulator.
"""

import importlib
import os
import re
import subprocess
import sys
import traceback
from collections import Counter

from cloud import Cloud

LIVES = (
    "network",
    "gateway",
    "fences",
    "machine",
    "machine_change",
    "spot",
    "storage",
    "image",
    "interface",
    "ipv6",
    "template",
    "assistant",
    "tags",
    "watch",
    "parameters",
    "catalogue",
    "absent",
    "identity",
    "users",
    "refusals",
    "old_core",
)
# Those in which another client calls, or another simulator is called; not counted.
OTHERS = ("libcloud_driver", "kill", "stack")
HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(HERE, "../official-sdk-node/main.mjs")
TABLE = os.path.join(HERE, "../../docs/simulator.md")


def lived(setpoint, name, tls, count):
    """One life, to its end, with its calls added to the count; what went wrong is printed. True if nothing did."""
    life = importlib.import_module(name)
    cloud = Cloud(setpoint, tls, getattr(life, "OPTIONS", ()))
    try:
        life.live(cloud)
        cloud.expect_nothing()
        calls = cloud.calls()
        print(f"ok {name} python {cloud.scheme} {sum(calls.values())} calls", flush=True)
        count.update(calls)
        return True
    except Exception:
        print(f"FAILED {name} python {cloud.scheme}\n{traceback.format_exc()}", flush=True)
        return False
    finally:
        cloud.stop()


def node_lived(setpoint, folder, tls, count):
    """The lives of the SDKs for Node, which print their own lines."""
    cloud = Cloud(setpoint, tls)
    try:
        environment = {"PATH": os.environ["PATH"]} | ({"NODE_EXTRA_CA_CERTS": cloud.ca} if cloud.ca else {})
        done = subprocess.run(["node", NODE, cloud.endpoint, *cloud.key], cwd=folder, env=environment, timeout=300)
        count.update(cloud.calls())
        return done.returncode == 0
    finally:
        cloud.stop()


def known():
    """The names of the actions that the simulator has as `life` or `report`, by the table in its documentation."""
    with open(TABLE, encoding="utf-8") as table:
        return set(re.findall(r"^\| \w+ \| (\w+) \| (?:life|report) \|", table.read(), re.MULTILINE))


def main():
    setpoint, node = sys.argv[1:]
    python, javascript, others = Counter(), Counter(), Counter()
    good = True
    for tls in (False, True):
        for name in LIVES:
            good &= lived(setpoint, name, tls, python)
        for name in OTHERS:
            good &= lived(setpoint, name, tls, others)
        good &= node_lived(setpoint, node, tls, javascript)
    for family, count in (("Python", python), ("Node", javascript)):
        missing = sorted(known() - count.keys())
        print(
            f"{family}: {sum(count.values())} calls of {len(count)} actions; of those with a life or a report {len(missing)} are missing",
            *missing,
        )
    if not good:
        sys.exit(1)


if __name__ == "__main__":
    main()

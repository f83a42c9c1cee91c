"""The life of OOS's parameters: made, read by name, path and version, changed, deleted."""

import json

from expect import refused, same
from pages import by_token

NAMES = [f"/sdk/app/p{n}" for n in range(3)]


def live(cloud):
    made = cloud.oos.create_parameter(name=NAMES[0], type="String", value="one", description="by the SDK", tags={"a": "b"}).parameter
    same("the answer", (made.name, made.type, made.parameter_version, made.tags), (NAMES[0], "String", 1, {"a": "b"}))
    for name in NAMES[1:]:
        cloud.oos.create_parameter(name=name, type="StringList", value="x,y")
    with refused("EntityAlreadyExists.Parameter", 409):
        cloud.oos.create_parameter(name=NAMES[0], type="String", value="two")
    changed = cloud.oos.update_parameter(name=NAMES[0], value="two", description="changed").parameter
    same("its next version", (changed.parameter_version, json.loads(changed.tags)), (2, {"a": "b"}))
    seen = cloud.oos.get_parameter(name=NAMES[0]).parameter
    same("the parameter", (seen.value, seen.description, seen.parameter_version, seen.tags), ("two", "changed", 2, {"a": "b"}))
    same("its first version", cloud.oos.get_parameter(name=NAMES[0], parameter_version=1).parameter.value, "one")
    versions = cloud.oos.list_parameter_versions(name=NAMES[0])
    same("its versions", sorted((one.parameter_version, one.value) for one in versions.parameter_versions), [(1, "one"), (2, "two")])
    same("by token", names(cloud.oos.list_parameters), NAMES)
    same("by path", names(cloud.oos.get_parameters_by_path, path="/sdk", recursive=True), NAMES)
    same("by path, not below it", names(cloud.oos.get_parameters_by_path, path="/sdk", recursive=False), [])
    same("by tag", names(cloud.oos.list_parameters, tags={"a": "b"}), NAMES[:1])
    for name in NAMES:
        cloud.oos.delete_parameter(name=name)
    with refused("EntityNotExists.Parameter", 404):
        cloud.oos.get_parameter(name=NAMES[0])


def names(call, **fields):
    return sorted(one.name for one in by_token(call, lambda page: page.parameters, **fields))

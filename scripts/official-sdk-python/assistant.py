"""The life of Cloud Assistant's commands: kept ones and run ones, and what they said."""

import base64

from expect import only, same
from ground import Ground
from pages import by_token


def coded(text):
    return base64.b64encode(text.encode()).decode()


def live(cloud):
    ground = Ground(cloud)
    machine = ground.machine()
    cloud.until("the agent", lambda: agent(cloud, machine).cloud_assistant_status == "true")
    kept(cloud, machine)
    run(cloud, machine)
    failing(cloud, machine)
    stopped(cloud, machine)
    by_number_and_token(cloud)
    for one in cloud.ecs.describe_commands().commands.command:
        cloud.ecs.delete_command(command_id=one.command_id)
    ground.delete()


def agent(cloud, machine):
    return only(
        cloud.ecs.describe_cloud_assistant_status(instance_id=[machine]).instance_cloud_assistant_status_set.instance_cloud_assistant_status
    )


def result(cloud, invocation):
    return only(cloud.ecs.describe_invocation_results(invoke_id=invocation).invocation.invocation_results.invocation_result)


def finished(cloud, invocation):
    cloud.until("the run", lambda: result(cloud, invocation).invocation_status in ("Success", "Failed", "Stopped"))
    return result(cloud, invocation)


def kept(cloud, machine):
    command = cloud.ecs.create_command(
        name="sdk",
        type="RunShellScript",
        command_content=coded("echo hello {{name}}"),
        enable_parameter=True,
        timeout=120,
        working_dir="/root",
    ).command_id
    cloud.ecs.modify_command(command_id=command, name="renamed", description="changed")
    row = only(cloud.ecs.describe_commands(command_id=command).commands.command)
    seen = (row.name, row.description, row.timeout, row.working_dir, row.parameter_names.parameter_name, row.command_content)
    same("the command", seen, ("renamed", "changed", 120, "/root", ["name"], coded("echo hello {{name}}")))
    invocation = cloud.ecs.invoke_command(command_id=command, instance_id=[machine], parameters={"name": "sdk"}).invoke_id
    seen = finished(cloud, invocation)
    same("what it said", (seen.exit_code, base64.b64decode(seen.output), seen.invoke_record_status), (0, b"hello sdk\n", "Finished"))
    row = only(cloud.ecs.describe_invocations(invoke_id=invocation).invocations.invocation)
    same(
        "the invocation",
        (row.command_id, row.invocation_status, only(row.invoke_instances.invoke_instance).instance_id),
        (command, "Success", machine),
    )
    cloud.ecs.delete_command(command_id=command)


def run(cloud, machine):
    made = cloud.ecs.run_command(
        type="RunShellScript", command_content=coded("hostname && df -h"), content_encoding="Base64", instance_id=[machine], name="run"
    )
    seen = finished(cloud, made.invoke_id)
    same("the run", (seen.invocation_status, seen.exit_code, b"/dev/vda" in base64.b64decode(seen.output)), ("Success", 0, True))
    plain = cloud.ecs.describe_invocation_results(
        invoke_id=made.invoke_id, content_encoding="PlainText"
    ).invocation.invocation_results.invocation_result
    same("in plain text", "Filesystem" in only(plain).output, True)


def failing(cloud, machine):
    cloud.post("guest", {"contains": "my-script", "output": "it broke\n", "exit_code": 3})
    made = cloud.ecs.run_command(type="RunShellScript", command_content="my-script", content_encoding="PlainText", instance_id=[machine])
    seen = finished(cloud, made.invoke_id)
    same("the failure", (seen.invocation_status, seen.exit_code, base64.b64decode(seen.output)), ("Failed", 3, b"it broke\n"))


def stopped(cloud, machine):
    """What has begun goes on."""
    made = cloud.ecs.run_command(
        type="RunShellScript", command_content="sleep 600", content_encoding="PlainText", instance_id=[machine], timeout=3600
    )
    cloud.ecs.stop_invocation(invoke_id=made.invoke_id, instance_id=[machine])
    same("the run that had begun", finished(cloud, made.invoke_id).invocation_status, "Success")


def by_number_and_token(cloud):
    pages = [cloud.ecs.describe_invocations(page_number=number, page_size=3) for number in (1, 2)]
    same("pages of invocations", [(page.total_count, len(page.invocations.invocation)) for page in pages], [(4, 3), (4, 1)])
    rows = by_token(cloud.ecs.describe_invocations, lambda page: page.invocations.invocation)
    same(
        "invocations by token",
        sorted(row.invoke_id for row in rows),
        sorted(row.invoke_id for page in pages for row in page.invocations.invocation),
    )

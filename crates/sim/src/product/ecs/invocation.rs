//! `invocation`: a run of a command on instances.
//!
//! On each instance: Running (1 s, or as long as the guest takes) → Success, Failed (exit code not
//! 0) or Timeout; Aborted at once if the instance does not run or its agent does not answer. Only
//! runs that happen once and at once are simulated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::command::{self, Draft};
use crate::product::ecs::guest;
use crate::product::ecs::instance::{Instance, State};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) mod read;

pub(crate) const ACTIONS: Actions = &[
    ("RunCommand", run),
    ("InvokeCommand", invoke),
    ("StopInvocation", stop),
];

/// A run of a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Invocation {
    pub(crate) base: Base,
    command: String,
    command_name: String,
    draft: Draft,
    parameters: String,
    user: String,
    runs: Vec<Run>,
}

/// The run on one machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    instance: String,
    /// As the API names it: `Running`, `Success`, `Failed`, `Timeout`, `Aborted`.
    status: String,
    /// While Running: the time of the end, and the state then.
    until_ms: Option<i64>,
    ends_as: String,
    exit_code: i64,
    output: String,
    error_code: String,
    finished_ms: Option<i64>,
}

impl Row for Invocation {
    const KIND: &'static str = "invocation";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    /// A run is an event and not a resource that somebody would have to delete.
    fn furnished(&self) -> bool {
        true
    }

    fn state(&self) -> &str {
        let all = |status: &str| self.runs.iter().all(|run| run.status == status);
        match () {
            () if self.runs.iter().any(|run| run.status == "Running") => "Running",
            () if all("Success") => "Success",
            () if self.runs.iter().any(|run| run.status == "Success") => "PartialFailed",
            () => "Failed",
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.runs.iter().filter_map(|run| run.until_ms).min()
    }

    fn step(world: &mut World, id: &str) {
        let now = world.now_ms();
        let Some(invocation) = world.tables.invocations.get_mut(id) else {
            return;
        };
        for run in &mut invocation.runs {
            if let Some(until) = run.until_ms.take_if(|until| *until <= now) {
                run.finished_ms = Some(until);
                run.ends_as.clone_into(&mut run.status);
            }
        }
    }
}

/// The instances of a call, by id or by tag.
fn targets(world: &World, call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let region = call.region_needed()?;
    let ids = call.list("InstanceId");
    let mut tags = BTreeMap::new();
    for row in call.rows("ResourceTag") {
        tags.insert(
            row.need("Key")?.to_owned(),
            row.given("Value").unwrap_or_default().to_owned(),
        );
    }
    if !ids.is_empty() && !tags.is_empty() {
        return Err(Refusal::bad(
            "InvalidParameter.Conflict",
            "InstanceId and ResourceTag exclude each other.",
        ));
    }
    let here = |row: &&Instance| row.base.region == region && !row.base.released;
    if !tags.is_empty() {
        let fits = |row: &&Instance| {
            tags.iter()
                .all(|(key, value)| row.base.tags.get(key) == Some(value))
        };
        let found: Vec<String> = world
            .tables
            .instances
            .values()
            .filter(here)
            .filter(fits)
            .map(|row| row.base.id.clone())
            .collect();
        return if found.is_empty() {
            Err(not_found())
        } else {
            Ok(found)
        };
    }
    if ids.is_empty() {
        return Err(Refusal::missing("InstanceId"));
    }
    if ids.len() > 100 {
        return Err(Refusal::denied(
            "InstanceIds.ExceedLimit",
            "The number of instance IDs exceeds the upper limit.",
        ));
    }
    for id in &ids {
        world
            .tables
            .instances
            .get(id)
            .filter(here)
            .ok_or_else(not_found)?;
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

fn not_found() -> Refusal {
    Refusal::absent(
        "InvalidInstance.NotFound",
        "The specified instances do not exist.",
    )
}

/// Accepts the parameters of time and repetition only with the values for once and at once.
fn only_once(call: &Call<'_>) -> Result<(), Refusal> {
    call.only("RepeatMode", "Once")?;
    call.only("Timed", "false")?;
    call.harmless(&["TerminationMode", "WindowsPasswordName"]);
    Ok(())
}

/// The script with the values of its parameters.
fn filled(call: &Call<'_>, draft: &Draft) -> Result<(String, String), Refusal> {
    let Some(text) = call.given("Parameters") else {
        return Ok((draft.content.clone(), String::new()));
    };
    if !draft.has_parameters {
        return Err(Refusal::absent(
            "Parameter.Disabled",
            "The command has no parameters.",
        ));
    }
    let given: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|_| Refusal::invalid("Parameters"))?;
    let mut script = draft.content.clone();
    for name in command::parameters(&draft.content) {
        let value = given.get(name).ok_or_else(|| {
            Refusal::denied(
                "InvalidParam.Parameter",
                format!("The parameter {name} is missing."),
            )
        })?;
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        script = script.replace(&format!("{{{{{name}}}}}"), &value);
    }
    Ok((script, text.to_owned()))
}

fn run(world: &mut World, call: &Call<'_>) -> Answer {
    only_once(call)?;
    let draft = command::draft(call, "PlainText")?;
    let targets = targets(world, call)?;
    let name = call
        .given("Name")
        .map_or_else(|| format!("cmd-{}", world.now_ms()), str::to_owned);
    let command = if call.flag("KeepCommand")?.unwrap_or(false) {
        command::keep(world, call, draft.clone(), &name)?
    } else {
        call.harmless(&["Description"]);
        world.next_id("c", call.region_needed()?)
    };
    let invocation = begin(world, call, (&command, &name), draft, &targets)?;
    Ok(json!({"CommandId": command, "InvokeId": invocation}))
}

fn invoke(world: &mut World, call: &Call<'_>) -> Answer {
    only_once(call)?;
    let id = call.need("CommandId")?;
    let known = command::find(world, call, id)?.clone();
    let mut draft = known.draft;
    if let Some(dir) = call.given("WorkingDir") {
        dir.clone_into(&mut draft.working_dir);
    }
    draft.timeout_s = call.int("Timeout")?.unwrap_or(draft.timeout_s);
    let targets = targets(world, call)?;
    let invocation = begin(world, call, (id, &known.base.name), draft, &targets)?;
    if let Some(command) = world.tables.commands.get_mut(id) {
        command.invoked += 1;
    }
    Ok(json!({ "InvokeId": invocation }))
}

fn begin(
    world: &mut World,
    call: &Call<'_>,
    command: (&str, &str),
    draft: Draft,
    targets: &[String],
) -> Result<String, Refusal> {
    let (script, parameters) = filled(call, &draft)?;
    let windows = draft.kind != "RunShellScript";
    for id in targets {
        let os = world
            .tables
            .instances
            .get(id)
            .map(|row| row.os_type.as_str());
        if os.is_some_and(|os| (os == "windows") != windows) {
            return Err(Refusal::denied(
                "InvalidInstance.NotMatch",
                format!("The command cannot be executed on the instance {id}."),
            ));
        }
    }
    let mut base = world.new_base("t", call.region_needed()?);
    base.tags = tags::of_create(call)?;
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let mut runs = Vec::new();
    for id in targets {
        runs.push(run_on(world, id, &script, draft.timeout_s * 1000));
    }
    let id = base.id.clone();
    let user = call
        .given("Username")
        .unwrap_or(if windows { "System" } else { "root" })
        .to_owned();
    let (command, command_name) = (command.0.to_owned(), command.1.to_owned());
    world.tables.invocations.insert(
        &id,
        Invocation {
            base,
            command,
            command_name,
            draft,
            parameters,
            user,
            runs,
        },
    );
    Ok(id)
}

/// Starts the run on one instance.
fn run_on(world: &mut World, id: &str, script: &str, timeout_ms: i64) -> Run {
    let now = world.now_ms();
    let blank = Run {
        instance: id.to_owned(),
        status: "Aborted".to_owned(),
        until_ms: None,
        ends_as: String::new(),
        exit_code: 0,
        output: String::new(),
        error_code: String::new(),
        finished_ms: None,
    };
    let row = world.tables.instances.get(id);
    let problem = match row {
        Some(row) if row.state != State::Running || row.is_going() => "InstanceNotRunning",
        Some(row) if !guest::agent_ready(world, row) => "ClientNotRunning",
        Some(_) => "",
        None => "InstanceNotExists",
    };
    if !problem.is_empty() {
        return Run {
            error_code: problem.to_owned(),
            finished_ms: Some(now),
            ..blank
        };
    }
    let outcome = guest::run(world, id, script, timeout_ms);
    let (ends_as, error_code, exit_code) = match () {
        () if outcome.lasts_ms > timeout_ms => ("Timeout", "ExecutionTimeout", 0),
        () if outcome.exit_code != 0 => ("Failed", "ExitCodeNonzero", outcome.exit_code),
        () => ("Success", "", 0),
    };
    let until_ms = Some(now + outcome.lasts_ms.min(timeout_ms));
    let (ends_as, error_code) = (ends_as.to_owned(), error_code.to_owned());
    Run {
        status: "Running".to_owned(),
        until_ms,
        ends_as,
        exit_code,
        output: outcome.output,
        error_code,
        ..blank
    }
}

/// Runs in progress continue, and none is waiting: there is nothing to stop.
fn stop(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InvokeId")?;
    let invocation = world
        .tables
        .invocations
        .get(id)
        .filter(|row| call.in_region(&row.base.region));
    let invocation = invocation.ok_or_else(|| {
        Refusal::absent(
            "InvalidInvokeId.NotFound",
            "The specified invocation ID does not exist.",
        )
    })?;
    if call
        .list("InstanceId")
        .iter()
        .any(|id| !invocation.runs.iter().any(|run| run.instance == *id))
    {
        return Err(not_found());
    }
    done()
}

#[cfg(test)]
mod tests {
    use crate::product::ecs::guest::GuestRule;
    use crate::testing::{Bench, text};

    /// Runs a script to its end; returns status, exit code and output.
    fn run(bench: &mut Bench, machine: &str, script: &str) -> (String, i64, String) {
        let pairs = [
            ("InstanceId.1", machine),
            ("Type", "RunShellScript"),
            ("CommandContent", script),
        ];
        let id = text(&bench.ok("ecs.RunCommand", &pairs), "InvokeId");
        bench.wait(1_000);
        let seen = bench.ok(
            "ecs.DescribeInvocationResults",
            &[("InvokeId", &id), ("ContentEncoding", "PlainText")],
        );
        let row = seen["Invocation"]["InvocationResults"]["InvocationResult"][0].clone();
        (
            text(&row, "InvocationStatus"),
            row["ExitCode"].as_i64().unwrap_or(-1),
            text(&row, "Output"),
        )
    }

    #[test]
    fn a_run_has_its_states() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        let status = |bench: &mut Bench, id: &str| {
            let seen = bench.ok(
                "ecs.DescribeInvocations",
                &[("InvokeId", id), ("IncludeOutput", "true")],
            );
            let row = seen["Invocations"]["Invocation"][0].clone();
            let inner = row["InvokeInstances"]["InvokeInstance"][0].clone();
            (
                text(&row, "InvocationStatus"),
                text(&inner, "InvocationStatus"),
                text(&inner, "ErrorCode"),
            )
        };
        let pairs = [
            ("InstanceId.1", machine.as_str()),
            ("Type", "RunShellScript"),
            ("CommandContent", "echo hello"),
        ];
        for (wait, outer, inner, error) in [
            (0, "Failed", "Aborted", "InstanceNotRunning"),
            (18_500, "Failed", "Aborted", "ClientNotRunning"),
            (2_000, "Running", "Running", ""),
        ] {
            bench.wait(wait);
            let id = text(&bench.ok("ecs.RunCommand", &pairs), "InvokeId");
            assert_eq!(
                status(&mut bench, &id),
                (outer.to_owned(), inner.to_owned(), error.to_owned()),
                "after {wait}"
            );
        }
        let id = text(&bench.ok("ecs.RunCommand", &pairs), "InvokeId");
        bench.wait(1_000);
        assert_eq!(status(&mut bench, &id).0, "Success");
        bench.ok("ecs.StopInvocation", &[("InvokeId", &id)]);
        bench.refused(
            "ecs.StopInvocation",
            &[("InvokeId", "t-none")],
            "404 InvalidInvokeId.NotFound",
        );
        bench.refused(
            "ecs.RunCommand",
            &[("InstanceId.1", "i-none"), pairs[1], pairs[2]],
            "404 InvalidInstance.NotFound",
        );
        let bat = [pairs[0], ("Type", "RunBatScript"), pairs[2]];
        bench.refused("ecs.RunCommand", &bat, "403 InvalidInstance.NotMatch");
        bench.refused(
            "ecs.RunCommand",
            &[pairs[0], pairs[1], pairs[2], ("RepeatMode", "EveryReboot")],
            "400 Simulator.NotModelled",
        );
        let agent = bench.ok(
            "ecs.DescribeCloudAssistantStatus",
            &[("InstanceId.1", &machine)],
        );
        assert_eq!(
            agent["InstanceCloudAssistantStatusSet"]["InstanceCloudAssistantStatus"][0]["CloudAssistantStatus"],
            "true"
        );
    }

    #[test]
    fn the_guest_answers() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[(
            "UserData",
            "IyEvYmluL3NoCnN5c3RlbWN0bCBlbmFibGUgLS1ub3cgbmdpbngK",
        )]);
        bench.wait(21_000);
        let ok = |output: &str| ("Success".to_owned(), 0, output.to_owned());
        assert_eq!(
            run(&mut bench, &machine, "cloud-init status"),
            ok("status: running\n")
        );
        assert_eq!(
            run(&mut bench, &machine, "systemctl is-active nginx"),
            ("Failed".to_owned(), 3, "inactive\n".to_owned())
        );
        bench.wait(5_000);
        assert_eq!(
            run(
                &mut bench,
                &machine,
                "cloud-init status && systemctl is-active nginx"
            ),
            ok("status: done\nactive\n")
        );
        assert_eq!(
            run(&mut bench, &machine, "set -e\nfalse\necho no"),
            ("Failed".to_owned(), 1, String::new())
        );
        assert_eq!(
            run(&mut bench, &machine, "false || echo yes; exit 0"),
            ok("yes\n")
        );
        assert_eq!(
            run(
                &mut bench,
                &machine,
                "systemctl stop nginx\nsystemctl is-active nginx"
            )
            .1,
            3
        );
        bench.world.add_guest_rule(GuestRule {
            contains: "curl".to_owned(),
            instance: String::new(),
            output: "200".to_owned(),
            exit_code: 0,
            lasts_ms: None,
        });
        assert_eq!(run(&mut bench, &machine, "curl -s localhost"), ok("200"));
    }

    #[test]
    fn a_disk_grows_step_by_step() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(21_000);
        let disk = text(
            &bench.ok("ecs.DescribeDisks", &[("InstanceId", &machine)])["Disks"]["Disk"][0],
            "DiskId",
        );
        bench.ok(
            "ecs.ResizeDisk",
            &[("DiskId", &disk), ("NewSize", "60"), ("Type", "online")],
        );
        let listed = run(&mut bench, &machine, "lsblk").2;
        assert!(listed.contains("60G") && listed.contains("40G"), "{listed}");
        assert_eq!(run(&mut bench, &machine, "growpart /dev/vda 1").1, 0);
        assert_eq!(run(&mut bench, &machine, "growpart /dev/vda 1").1, 1);
        assert!(run(&mut bench, &machine, "df -h /").2.contains("40G"));
        assert_eq!(run(&mut bench, &machine, "resize2fs /dev/vda1").1, 0);
        assert!(run(&mut bench, &machine, "df -h /").2.contains("60G"));
        bench.ok("ecs.ResizeDisk", &[("DiskId", &disk), ("NewSize", "80")]);
        assert_eq!(
            run(&mut bench, &machine, "growpart /dev/vda 1").1,
            1,
            "offline: not seen before the next start"
        );
        bench.ok("ecs.RebootInstance", &[("InstanceId", &machine)]);
        bench.wait(20_000);
        assert_eq!(run(&mut bench, &machine, "growpart /dev/vda 1").1, 0);
    }

    #[test]
    fn a_kept_command_is_invoked_with_parameters() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[("Tag.1.Key", "role"), ("Tag.1.Value", "web")]);
        bench.wait(21_000);
        let make = [
            ("Name", "hello"),
            ("Type", "RunShellScript"),
            ("CommandContent", "ZWNobyB7e3dob319"),
            ("EnableParameter", "true"),
        ];
        let command = text(&bench.ok("ecs.CreateCommand", &make), "CommandId");
        let by_tag = [
            ("CommandId", command.as_str()),
            ("ResourceTag.1.Key", "role"),
            ("ResourceTag.1.Value", "web"),
        ];
        bench.refused(
            "ecs.InvokeCommand",
            &[by_tag[0], by_tag[1], by_tag[2], ("Parameters", "{}")],
            "403 InvalidParam.Parameter",
        );
        let id = text(
            &bench.ok(
                "ecs.InvokeCommand",
                &[
                    by_tag[0],
                    by_tag[1],
                    by_tag[2],
                    ("Parameters", "{\"who\":\"you\"}"),
                ],
            ),
            "InvokeId",
        );
        bench.wait(1_000);
        let seen = bench.ok(
            "ecs.DescribeInvocationResults",
            &[("InvokeId", &id), ("InstanceId", &machine)],
        );
        assert_eq!(
            seen["Invocation"]["InvocationResults"]["InvocationResult"][0]["Output"],
            "eW91Cg=="
        );
        assert_eq!(
            bench.ok("ecs.DescribeCommands", &[])["Commands"]["Command"][0]["InvokeTimes"],
            1
        );
    }
}

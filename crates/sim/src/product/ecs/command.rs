//! `command`: a script that Cloud Assistant stores under an id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateCommand", create),
    ("ModifyCommand", modify),
    ("DeleteCommand", delete),
    ("DescribeCommands", describe),
];

/// The largest content, in bytes of base64.
const CONTENT: usize = 24 << 10;

/// A command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Command {
    pub(crate) base: Base,
    pub(crate) draft: Draft,
    pub(crate) invoked: i64,
}

/// The content of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// `RunShellScript`, `RunBatScript` or `RunPowerShellScript`.
    pub(crate) kind: String,
    /// The script itself, decoded.
    pub(crate) content: String,
    pub(crate) working_dir: String,
    pub(crate) timeout_s: i64,
    pub(crate) has_parameters: bool,
    pub(crate) launcher: String,
}

impl Row for Command {
    const KIND: &'static str = "command";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

/// Reads a command from the parameters of a call. The default encoding of the content differs by
/// action.
pub(crate) fn draft(call: &Call<'_>, usual_encoding: &str) -> Result<Draft, Refusal> {
    let kind = call.need("Type")?;
    if !matches!(
        kind,
        "RunShellScript" | "RunBatScript" | "RunPowerShellScript"
    ) {
        return Err(Refusal::absent(
            "InvalidCmdType.NotFound",
            "The specified command type does not exist.",
        ));
    }
    let given = call.need("CommandContent")?;
    let content = match call.given("ContentEncoding").unwrap_or(usual_encoding) {
        "PlainText" => given.to_owned(),
        "Base64" => {
            let bytes = STANDARD
                .decode(given.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            bytes.ok_or_else(|| {
                Refusal::denied(
                    "CmdContent.DecodeError",
                    "The CommandContent cannot be decoded by base64.",
                )
            })?
        }
        _ => return Err(Refusal::invalid("ContentEncoding")),
    };
    if STANDARD.encode(&content).len() > CONTENT {
        return Err(Refusal::denied(
            "CmdContent.ExceedLimit",
            "The length of the command content exceeds the limit.",
        ));
    }
    Ok(Draft {
        kind: kind.to_owned(),
        content,
        working_dir: call.given("WorkingDir").unwrap_or_default().to_owned(),
        timeout_s: timeout(call)?.unwrap_or(60),
        has_parameters: call.flag("EnableParameter")?.unwrap_or(false),
        launcher: call.given("Launcher").unwrap_or_default().to_owned(),
    })
}

fn timeout(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    let seconds = call.int("Timeout")?;
    if seconds.is_some_and(|seconds| !(10..=86_400).contains(&seconds)) {
        return Err(Refusal::invalid("Timeout"));
    }
    Ok(seconds)
}

/// The names of parameters, in double braces.
pub(crate) fn parameters(content: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in content.split("{{").skip(1) {
        if let Some((name, _)) = piece.split_once("}}") {
            names.push(name.trim());
        }
    }
    names.dedup();
    names
}

/// The command that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a Command, Refusal> {
    let command = world
        .tables
        .commands
        .get(id)
        .filter(|command| call.in_region(&command.base.region));
    command.ok_or_else(|| {
        Refusal::absent(
            "InvalidCmdId.NotFound",
            "The specified command ID does not exist.",
        )
    })
}

fn check_texts(name: Option<&str>, description: Option<&str>) -> Result<(), Refusal> {
    if name.is_some_and(|name| !names::is_text(name, 1, 128)) {
        return Err(Refusal::bad(
            "CmdName.ExceedLimit",
            "The length of the command name exceeds the limit.",
        ));
    }
    if description.is_some_and(|text| text.chars().count() > 512) {
        return Err(Refusal::bad(
            "CmdDesc.ExceedLimit",
            "The length of the command description exceeds the limit.",
        ));
    }
    Ok(())
}

/// Stores a command; returns its id.
pub(crate) fn keep(
    world: &mut World,
    call: &Call<'_>,
    draft: Draft,
    name: &str,
) -> Result<String, Refusal> {
    let region = call.region_needed()?;
    let description = call.given("Description");
    check_texts(Some(name), description)?;
    if world
        .tables
        .commands
        .values()
        .filter(|command| command.base.region == region)
        .count()
        >= world.options.quotas.commands
    {
        return Err(Refusal::denied(
            "CmdCount.ExceedQuota",
            "The total number of commands in the region exceeds the quota.",
        ));
    }
    let mut base = world.new_base("c", region);
    (base.name, base.description, base.tags) = (
        name.to_owned(),
        description.unwrap_or_default().to_owned(),
        tags::of_create(call)?,
    );
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let id = base.id.clone();
    world.tables.commands.insert(
        &id,
        Command {
            base,
            draft,
            invoked: 0,
        },
    );
    Ok(id)
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let draft = draft(call, "Base64")?;
    let id = keep(world, call, draft, call.need("Name")?)?;
    Ok(json!({ "CommandId": id }))
}

/// The content cannot be changed: the cloud accepts the parameter and ignores it.
fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["CommandContent"]);
    let id = call.need("CommandId")?;
    let (name, description, seconds) =
        (call.given("Name"), call.text("Description"), timeout(call)?);
    check_texts(name, description)?;
    find(world, call, id)?;
    let Some(command) = world.tables.commands.get_mut(id) else {
        return done();
    };
    if let Some(name) = name {
        name.clone_into(&mut command.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut command.base.description);
    }
    if let Some(dir) = call.given("WorkingDir") {
        dir.clone_into(&mut command.draft.working_dir);
    }
    if let Some(launcher) = call.given("Launcher") {
        launcher.clone_into(&mut command.draft.launcher);
    }
    command.draft.timeout_s = seconds.unwrap_or(command.draft.timeout_s);
    done()
}

/// Runs in progress continue.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("CommandId")?;
    find(world, call, id)?;
    world.tables.commands.remove(id);
    done()
}

/// A text in the encoding that a read asks for, base64 by default.
pub(crate) fn encoded(call: &Call<'_>, text: &str) -> String {
    if call.given("ContentEncoding") == Some("PlainText") {
        text.to_owned()
    } else {
        STANDARD.encode(text)
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.only("Provider", "User")?;
    call.harmless(&["Latest"]);
    let (id, name, kind) = (
        call.given("CommandId"),
        call.given("Name"),
        call.given("Type"),
    );
    let (description, group) = (call.given("Description"), call.given("ResourceGroupId"));
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.commands, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && name.is_none_or(|name| row.base.name.contains(name))
                && kind.is_none_or(|kind| kind == row.draft.kind)
                && description.is_none_or(|text| row.base.description.contains(text))
                && group.is_none_or(|group| group == row.base.resource_group)
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let list = |items: Vec<&Command>| -> Vec<Value> {
        items.into_iter().map(|row| listed(call, row)).collect()
    };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |row| &row.base, (10, 1, 50))?;
        return Ok(json!({"NextToken": page.next, "Commands": {"Command": list(page.items)}}));
    }
    let page = page::numbered(call, rows, 50)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "Commands": {"Command": list(page.items)},
    }))
}

fn listed(call: &Call<'_>, row: &Command) -> Value {
    let names = if row.draft.has_parameters {
        parameters(&row.draft.content)
    } else {
        Vec::new()
    };
    json!({
        "CommandId": row.base.id, "Name": row.base.name, "Description": row.base.description,
        "Type": row.draft.kind,
        "CommandContent": encoded(call, &row.draft.content), "WorkingDir": row.draft.working_dir,
        "Timeout": row.draft.timeout_s,
        "EnableParameter": row.draft.has_parameters, "ParameterNames": {"ParameterName": names},
        "Launcher": row.draft.launcher,
        "ParameterDefinitions": {"ParameterDefinition": []}, "Provider": "User", "Category": "",
        "Version": 1, "Latest": true,
        "InvokeTimes": row.invoked, "CreationTime": Timestamp(row.base.created_ms).seconds(),
        "ResourceGroupId": row.base.resource_group, "Tags": tags::tag_key_list(&row.base.tags),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_command_lives() {
        let mut bench = Bench::new();
        let plain = [
            ("Name", "hello"),
            ("Type", "RunShellScript"),
            ("CommandContent", "echo {{who}}"),
            ("EnableParameter", "true"),
        ];
        bench.refused("ecs.CreateCommand", &plain, "403 CmdContent.DecodeError");
        let pairs = [
            plain[0],
            plain[1],
            plain[2],
            plain[3],
            ("ContentEncoding", "PlainText"),
        ];
        let id = text(&bench.ok("ecs.CreateCommand", &pairs), "CommandId");
        let row = bench.ok(
            "ecs.DescribeCommands",
            &[("CommandId", &id), ("ContentEncoding", "PlainText")],
        )["Commands"]["Command"][0]
            .clone();
        assert_eq!(
            (
                &row["CommandContent"],
                &row["ParameterNames"]["ParameterName"][0]
            ),
            (&"echo {{who}}".into(), &"who".into())
        );
        bench.ok(
            "ecs.ModifyCommand",
            &[
                ("CommandId", &id),
                ("Name", "greeting"),
                ("CommandContent", "eA=="),
            ],
        );
        let row = bench.ok("ecs.DescribeCommands", &[("Name", "greet")])["Commands"]["Command"][0]
            .clone();
        assert_eq!(
            row["CommandContent"], "ZWNobyB7e3dob319",
            "the content stays"
        );
        bench.ok("ecs.DeleteCommand", &[("CommandId", &id)]);
        bench.refused(
            "ecs.DeleteCommand",
            &[("CommandId", &id)],
            "404 InvalidCmdId.NotFound",
        );
    }
}

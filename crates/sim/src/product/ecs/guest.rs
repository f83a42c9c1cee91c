//! What runs inside a machine, as far as Cloud Assistant and the console show it: a script, not a system.
//!
//! Known commands (`guest/command.rs`, put together by `guest/shell.rs`) answer from the machine's own state: cloud-init goes
//! through its stages, a grown disk is seen, partitioned and filled step by step, services are active once started. All
//! others succeed and say nothing. Rules that a test adds come first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::product::ecs::disk;
use crate::product::ecs::instance::{Instance, State};
use crate::table::Row;
use crate::world::World;

mod command;
mod shell;

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    pub(crate) exit_code: i64,
    pub(crate) output: String,
    pub(crate) lasts_ms: i64,
}

/// A rule for scripts: what comes of every one that contains a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRule {
    /// The text that the script contains.
    pub contains: String,
    /// The machine it is for; empty: any.
    #[serde(default)]
    pub instance: String,
    /// What it writes.
    #[serde(default)]
    pub output: String,
    /// Its exit code, 0 to 255.
    #[serde(default)]
    pub exit_code: i64,
    /// How long it runs, in milliseconds. None: as long as any command.
    #[serde(default)]
    pub lasts_ms: Option<i64>,
}

impl Row for GuestRule {
    const KIND: &'static str = "guest_rule";

    fn base(&self) -> Option<&Base> {
        None
    }
}

/// What a guest has made of one disk, in GiB. A disk without it is filled as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// What the kernel takes the disk for.
    pub(crate) seen_gib: i64,
    pub(crate) partition_gib: i64,
    pub(crate) filesystem_gib: i64,
}

impl World {
    /// Adds a rule for what runs inside machines; the newest that fits decides.
    pub fn add_guest_rule(&mut self, rule: GuestRule) {
        let number = self.next_number("guest_rule");
        self.tables
            .guest_rules
            .insert(&format!("{number:08}"), rule);
        self.commit();
    }
}

/// Whether Cloud Assistant answers on a machine.
pub(crate) fn agent_ready(world: &World, row: &Instance) -> bool {
    let since = row
        .started_ms
        .map(|at| at + world.options.profile.agent_ready_ms);
    row.state == State::Running && since.is_some_and(|at| at <= world.now_ms())
}

/// Whether cloud-init has done its work at a moment.
fn is_prepared(world: &World, row: &Instance, at_ms: i64) -> bool {
    cloud_init_done_ms(world, row).is_some_and(|done| done <= at_ms)
}

/// When cloud-init is done; only the first start has work for it.
fn cloud_init_done_ms(world: &World, row: &Instance) -> Option<i64> {
    let lasts = if row.extras.boots <= 1 {
        world.options.profile.cloud_init_ms
    } else {
        0
    };
    row.started_ms.map(|at| at + lasts)
}

/// The user data as text.
fn user_data(row: &Instance) -> String {
    STANDARD
        .decode(&row.user_data)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// Runs a script to its end, at once, or as far as it comes in its time; what it changes in the machine is changed.
pub(crate) fn run(world: &mut World, instance: &str, script: &str, limit_ms: i64) -> Outcome {
    let usual = world.options.profile.invocation_ms;
    let fits = |rule: &&GuestRule| {
        script.contains(&rule.contains) && (rule.instance.is_empty() || rule.instance == instance)
    };
    if let Some(rule) = world.tables.guest_rules.values().filter(fits).last() {
        return Outcome {
            exit_code: rule.exit_code,
            output: rule.output.clone(),
            lasts_ms: rule.lasts_ms.unwrap_or(usual),
        };
    }
    let done = shell::run(world, instance, script, limit_ms);
    Outcome {
        lasts_ms: done.lasts_ms + usual,
        ..done
    }
}

/// What the console of a machine has shown since it came up.
pub(crate) fn console(world: &World, row: &Instance) -> String {
    let Some(started) = row.started_ms.filter(|_| row.state == State::Running) else {
        return String::new();
    };
    let mut text = format!(
        "[    0.000000] Linux version 5.10 ({})\n[    1.204512] systemd[1]: Hostname set to <{}>.\n",
        row.os_name, row.host_name
    );
    if is_prepared(world, row, world.now_ms()) {
        let seconds = (world.now_ms() - started) / 1000;
        text.push_str("[   ");
        text.push_str(&seconds.to_string());
        text.push_str(".000000] cloud-init: finished\n");
    }
    text + "\n" + &row.host_name + " login: "
}

/// A machine has come up: its kernel sees its disks as large as they are.
pub(crate) fn booted(world: &mut World, instance: &str) {
    let ids: Vec<String> = disk::of_instance(world, instance)
        .filter(|disk| disk.layout.is_some())
        .map(|disk| disk.base.id.clone())
        .collect();
    for id in ids {
        if let Some(disk) = world.tables.disks.get_mut(&id) {
            let size = disk.spec.size_gib;
            disk.layout = disk.layout.map(|layout| Layout {
                seen_gib: size,
                ..layout
            });
        }
    }
}

/// A disk grows; a guest that is not told sees it as it was.
pub(crate) fn grown(disk: &mut disk::Disk, size_gib: i64, told: bool) {
    let held = disk.spec.size_gib;
    let layout = disk.layout.unwrap_or(Layout {
        seen_gib: held,
        partition_gib: held,
        filesystem_gib: held,
    });
    disk.layout = Some(Layout {
        seen_gib: if told { size_gib } else { layout.seen_gib },
        ..layout
    });
}

//! The inside of an instance, as far as Cloud Assistant and the console show it: scripts, not an
//! operating system.
//!
//! Known commands (`guest/command.rs`, combined by `guest/shell.rs`) answer from the instance's own
//! state: cloud-init passes through its stages, a resized disk is detected, partitioned and filled
//! step by step, services are active once started. All other commands succeed without output. Rules
//! that a test adds are applied first.

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

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    pub(crate) exit_code: i64,
    pub(crate) output: String,
    pub(crate) lasts_ms: i64,
}

/// A rule for scripts that contain a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRule {
    /// The text that the script contains.
    pub contains: String,
    /// The instance that the rule applies to; empty: all.
    #[serde(default)]
    pub instance: String,
    /// The output.
    #[serde(default)]
    pub output: String,
    /// The exit code, 0 to 255.
    #[serde(default)]
    pub exit_code: i64,
    /// The duration in milliseconds. `None`: that of any command.
    #[serde(default)]
    pub lasts_ms: Option<i64>,
}

impl Row for GuestRule {
    const KIND: &'static str = "guest_rule";

    fn base(&self) -> Option<&Base> {
        None
    }
}

/// The size that a guest uses of one disk, in GiB. Without this entry it uses the size at creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// The size of the disk that the kernel has detected.
    pub(crate) seen_gib: i64,
    pub(crate) partition_gib: i64,
    pub(crate) filesystem_gib: i64,
}

impl World {
    /// Adds a rule for scripts in instances. The newest rule that matches decides.
    pub fn add_guest_rule(&mut self, rule: GuestRule) {
        let number = self.next_number("guest_rule");
        self.tables
            .guest_rules
            .insert(&format!("{number:08}"), rule);
        self.commit();
    }
}

/// Whether Cloud Assistant of an instance answers.
pub(crate) fn agent_ready(world: &World, row: &Instance) -> bool {
    let since = row
        .started_ms
        .map(|at| at + world.options.profile.agent_ready_ms);
    row.state == State::Running && since.is_some_and(|at| at <= world.now_ms())
}

/// Whether cloud-init has finished at a moment.
fn is_prepared(world: &World, row: &Instance, at_ms: i64) -> bool {
    cloud_init_done_ms(world, row).is_some_and(|done| done <= at_ms)
}

/// The time at which cloud-init has finished. Only the first start gives it work.
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

/// Runs a script at once, to its end or to its timeout, and changes the instance accordingly.
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

/// The output of an instance's console since its last start.
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

/// An instance has started: its kernel detects the size of its disks.
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

/// A disk was resized; the guest must be told to detect it.
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

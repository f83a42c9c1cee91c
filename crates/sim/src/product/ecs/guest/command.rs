//! The commands that a guest knows.

use crate::product::ecs::disk::{self, Disk};
use crate::product::ecs::guest::{self, Layout, Outcome, shell};
use crate::world::World;

/// Services that every machine has from the start.
const SERVICES: [&str; 5] = ["sshd", "ssh", "crond", "chronyd", "systemd-journald"];

fn says(output: impl Into<String>) -> Outcome {
    Outcome {
        output: output.into(),
        ..Outcome::default()
    }
}

fn fails(exit_code: i64, output: impl Into<String>) -> Outcome {
    Outcome {
        exit_code,
        output: output.into(),
        lasts_ms: 0,
    }
}

/// Servers that answer on port 80 once they are active.
const WEB_SERVERS: [&str; 4] = ["nginx", "httpd", "apache2", "caddy"];

/// The output of cloud-init, and of scripts after a failure.
const CLOUD_INIT_LOG: &str = "/var/log/cloud-init-output.log";

/// Runs one command at a moment.
pub(super) fn run(world: &mut World, instance: &str, words: &[&str], at_ms: i64) -> Outcome {
    match words {
        ["false", ..] => fails(1, ""),
        ["echo", rest @ ..] => says(format!("{}\n", rest.join(" ").trim_matches(['"', '\'']))),
        ["sleep", seconds] => Outcome {
            lasts_ms: shell::milliseconds(seconds),
            ..Outcome::default()
        },
        ["hostname"] => says(
            world
                .tables
                .instances
                .get(instance)
                .map(|row| format!("{}\n", row.host_name))
                .unwrap_or_default(),
        ),
        ["whoami"] => says("root\n"),
        ["cloud-init", "status", rest @ ..] => {
            cloud_init(world, instance, rest.contains(&"--wait"), at_ms)
        }
        ["curl", rest @ ..] => curl(world, instance, rest, at_ms),
        ["tail" | "cat", rest @ ..] if rest.contains(&CLOUD_INIT_LOG) => {
            says(log(world, instance, at_ms))
        }
        ["df", ..] => says(df(world, instance)),
        ["lsblk", ..] => says(lsblk(world, instance)),
        ["growpart", device, "1"] => growpart(world, instance, device),
        ["resize2fs" | "xfs_growfs", target] => grow_filesystem(world, instance, target),
        ["systemctl", "is-active", rest @ ..] => is_active(world, instance, rest, at_ms),
        [
            "systemctl",
            verb @ ("start" | "restart" | "stop" | "enable" | "disable"),
            rest @ ..,
        ] => service(world, instance, verb, rest),
        [socket] if socket.starts_with("</dev/tcp/") => connect(world, instance, socket, at_ms),
        _ => Outcome::default(),
    }
}

/// `running` until the first start has finished its work, then `done`.
fn cloud_init(world: &World, instance: &str, wait: bool, at_ms: i64) -> Outcome {
    let done_ms = world
        .tables
        .instances
        .get(instance)
        .and_then(|row| guest::cloud_init_done_ms(world, row));
    let left = done_ms.map_or(0, |done| done - at_ms);
    match (left > 0, wait) {
        (false, _) => says("status: done\n"),
        (true, true) => Outcome {
            lasts_ms: left,
            ..says("....\nstatus: done\n")
        },
        (true, false) => says("status: running\n"),
    }
}

fn log(world: &World, instance: &str, at_ms: i64) -> String {
    let Some(row) = world.tables.instances.get(instance) else {
        return String::new();
    };
    let mut text =
        "Cloud-init v. 23.2.2 running 'init'\nCloud-init v. 23.2.2 running 'modules:config'\n"
            .to_owned();
    text.push_str("Cloud-init v. 23.2.2 running 'modules:final'\n");
    if guest::is_prepared(world, row, at_ms) {
        text.push_str("Cloud-init v. 23.2.2 finished. Datasource DataSourceAliYun.\n");
    }
    text
}

/// Whether a port is open: SSH, an active web server, and any port that the user data names, after
/// it has run.
fn listens(world: &World, instance: &str, port: u16, at_ms: i64) -> bool {
    let Some(row) = world.tables.instances.get(instance) else {
        return false;
    };
    let serves = port == 80
        && WEB_SERVERS
            .iter()
            .any(|name| active(world, instance, name, at_ms));
    let port_text = port.to_string();
    let named = || {
        guest::user_data(row)
            .split(|letter: char| !letter.is_ascii_digit())
            .any(|number| number == port_text)
    };
    port == 22 || serves || (guest::is_prepared(world, row, at_ms) && named())
}

/// Port of `127.0.0.1:8080/health` and the like; none if it is another host.
fn local_port(place: &str, usual: u16) -> Option<u16> {
    let host = place.split('/').next().unwrap_or_default();
    let (name, port) = host
        .rsplit_once(':')
        .map_or((host, Some(usual)), |(name, port)| {
            (name, port.parse().ok())
        });
    ["localhost", "127.0.0.1", "[::1]"]
        .contains(&name)
        .then_some(port)
        .flatten()
}

/// A server answers 200 to every request.
fn curl(world: &World, instance: &str, words: &[&str], at_ms: i64) -> Outcome {
    let url = words.iter().find_map(|word| {
        word.strip_prefix("http://")
            .map(|rest| (rest, 80))
            .or_else(|| word.strip_prefix("https://").map(|rest| (rest, 443)))
    });
    let port = url.and_then(|(place, usual)| local_port(place, usual));
    let answers = port.is_some_and(|port| listens(world, instance, port, at_ms));
    let format = words
        .iter()
        .position(|word| matches!(*word, "-w" | "--write-out"))
        .and_then(|at| words.get(at + 1));
    let told = format
        .map(|format| {
            format
                .replace("%{http_code}", if answers { "200" } else { "000" })
                .replace("\\n", "\n")
        })
        .unwrap_or_default();
    if answers { says(told) } else { fails(7, told) }
}

/// `</dev/tcp/HOST/PORT`, as bash opens a connection.
fn connect(world: &World, instance: &str, socket: &str, at_ms: i64) -> Outcome {
    let place = socket
        .trim_start_matches("</dev/tcp/")
        .replacen('/', ":", 1);
    let answers = local_port(&place, 0).is_some_and(|port| listens(world, instance, port, at_ms));
    if answers {
        Outcome::default()
    } else {
        fails(1, "")
    }
}

fn sorted<'a>(world: &'a World, instance: &'a str) -> Vec<&'a Disk> {
    let mut disks: Vec<&Disk> = disk::of_instance(world, instance).collect();
    disks.sort_by(|a, b| a.spec.device.cmp(&b.spec.device));
    disks
}

/// `/dev/xvda` is `vda` inside.
fn inside(disk: &Disk) -> String {
    disk.spec.device.replace("/dev/xvd", "vd")
}

fn layout(disk: &Disk) -> Layout {
    let size = disk.spec.size_gib;
    disk.layout.unwrap_or(Layout {
        seen_gib: size,
        partition_gib: size,
        filesystem_gib: size,
    })
}

fn df(world: &World, instance: &str) -> String {
    let rows = sorted(world, instance)
        .into_iter()
        .filter(|disk| disk.system)
        .map(|disk| {
            let size = layout(disk).filesystem_gib;
            format!(
                "/dev/{}1       {size}G  3.0G  {}G  {}% /\n",
                inside(disk),
                size - 3,
                300 / size.max(3)
            )
        });
    std::iter::once("Filesystem      Size  Used Avail Use% Mounted on\n".to_owned())
        .chain(rows)
        .collect()
}

fn lsblk(world: &World, instance: &str) -> String {
    let rows = sorted(world, instance)
        .into_iter()
        .enumerate()
        .map(|(number, disk)| {
            let (name, layout, minor) = (inside(disk), layout(disk), number * 16);
            let whole = format!(
                "{name}    253:{minor}    0  {}G  0 disk \n",
                layout.seen_gib
            );
            if !disk.system {
                return whole;
            }
            format!(
                "{whole}└─{name}1 253:{}    0  {}G  0 part /\n",
                minor + 1,
                layout.partition_gib
            )
        });
    std::iter::once("NAME   MAJ:MIN RM SIZE RO TYPE MOUNTPOINT\n".to_owned())
        .chain(rows)
        .collect()
}

/// The disk of a name inside: `/dev/vda`, `/dev/vda1`, or `/` for the system disk.
fn named<'a>(world: &'a mut World, instance: &str, name: &str) -> Option<&'a mut Disk> {
    let bare = name
        .trim_start_matches("/dev/")
        .trim_end_matches(|letter: char| letter.is_ascii_digit());
    let found = sorted(world, instance).into_iter().find(|disk| {
        if name == "/" {
            disk.system
        } else {
            inside(disk) == bare
        }
    });
    let id = found.map(|disk| disk.base.id.clone())?;
    world.tables.disks.get_mut(&id)
}

/// Resizes a partition to the disk that the kernel has detected; reports it, or that nothing is to
/// be changed.
fn growpart(world: &mut World, instance: &str, device: &str) -> Outcome {
    let Some(disk) = named(world, instance, device) else {
        return fails(2, format!("FAILED: {device}: does not exist\n"));
    };
    let held = layout(disk);
    if held.partition_gib >= held.seen_gib {
        return fails(1, "NOCHANGE: partition 1 cannot be grown\n");
    }
    disk.layout = Some(Layout {
        partition_gib: held.seen_gib,
        ..held
    });
    says(format!(
        "CHANGED: partition=1 old: size={}G new: size={}G\n",
        held.partition_gib, held.seen_gib
    ))
}

fn grow_filesystem(world: &mut World, instance: &str, target: &str) -> Outcome {
    let Some(disk) = named(world, instance, target) else {
        return fails(1, format!("{target}: no such device\n"));
    };
    let held = layout(disk);
    if held.filesystem_gib >= held.partition_gib {
        return says(format!(
            "The filesystem on {target} is already as large as its partition. Nothing to do!\n"
        ));
    }
    disk.layout = Some(Layout {
        filesystem_gib: held.partition_gib,
        ..held
    });
    says(format!(
        "The filesystem on {target} is now {}G long.\n",
        held.partition_gib
    ))
}

/// Whether a service runs: from the start, by an earlier command, or by the user data after it has
/// run.
fn active(world: &World, instance: &str, name: &str, at_ms: i64) -> bool {
    let Some(row) = world.tables.instances.get(instance) else {
        return false;
    };
    if row.extras.stopped_services.contains(name) {
        return false;
    }
    let prepared = guest::is_prepared(world, row, at_ms);
    let started = |line: &str| {
        line.contains("systemctl")
            && (line.contains("start") || line.contains("--now"))
            && line.contains(name)
    };
    SERVICES.contains(&name)
        || row.extras.services.contains(name)
        || (prepared && guest::user_data(row).lines().any(started))
}

fn bare(name: &str) -> &str {
    name.trim_end_matches(".service")
}

fn is_active(world: &World, instance: &str, words: &[&str], at_ms: i64) -> Outcome {
    let quiet = words.contains(&"--quiet") || words.contains(&"-q");
    let mut outcome = Outcome::default();
    for name in words.iter().filter(|word| !word.starts_with('-')) {
        let on = active(world, instance, bare(name), at_ms);
        if !on {
            outcome.exit_code = 3;
        }
        if !quiet {
            outcome
                .output
                .push_str(if on { "active\n" } else { "inactive\n" });
        }
    }
    outcome
}

fn service(world: &mut World, instance: &str, verb: &str, words: &[&str]) -> Outcome {
    let now = !matches!(verb, "enable" | "disable") || words.contains(&"--now");
    let Some(row) = world.tables.instances.get_mut(instance).filter(|_| now) else {
        return Outcome::default();
    };
    for name in words
        .iter()
        .filter(|word| !word.starts_with('-'))
        .map(|name| bare(name))
    {
        if matches!(verb, "stop" | "disable") {
            row.extras.services.remove(name);
            row.extras.stopped_services.insert(name.to_owned());
        } else {
            row.extras.stopped_services.remove(name);
            row.extras.services.insert(name.to_owned());
        }
    }
    Outcome::default()
}

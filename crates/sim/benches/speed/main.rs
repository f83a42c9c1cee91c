//! Measures how fast the simulated cloud answers, and how much memory a large one takes.
//!
//! `cargo bench -p setpoint-sim` measures and fails if a target is missed. Without `--bench` the
//! same code runs with a small world and without targets, so that it cannot break unnoticed. The
//! numbers of calls and instances are fixed.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "measures a clock, a socket and its own memory"
)]

mod client;
mod pages;
mod served;
mod world;

/// The measurements and their sizes.
struct Load {
    machines: usize,
    reads: usize,
    calls: usize,
    writes: usize,
}

fn main() {
    let full = std::env::args().any(|arg| arg == "--bench");
    let large = Load {
        machines: 100_000,
        reads: 200,
        calls: 60_000,
        writes: 4_000,
    };
    let load = if full {
        large
    } else {
        Load {
            machines: 400,
            reads: 5,
            calls: 128,
            writes: 64,
        }
    };
    let mut report = Report {
        full,
        missed: false,
    };
    pages::measure(&load, &mut report);
    served::reads(&load, &mut report);
    served::writes(&load);
    if report.missed {
        panic!("a target is missed");
    }
}

/// Prints results and compares them with targets.
struct Report {
    full: bool,
    missed: bool,
}

impl Report {
    fn say(&mut self, what: &str, figure: f64, unit: &str, most: f64) {
        let missed = self.full && figure > most;
        self.missed |= missed;
        let verdict = if missed { "MISSED" } else { "ok" };
        say(&format!(
            "{what:<70} {figure:>9.2} {unit:<4} (at most {most} {unit}) {verdict}"
        ));
    }
}

#[expect(clippy::print_stdout, reason = "the figures are the output")]
fn say(line: &str) {
    println!("{line}");
}

//! A real process killed at every line of its progress: the next run reaches the same state and
//! leaves nothing over.

use std::io::{BufRead as _, BufReader};

use crate::sandbox::{SERVER, Sandbox};

/// Starts an apply and kills it once it has told so many lines; false if it ended before.
fn killed_after(sandbox: &Sandbox, n_lines: usize) -> bool {
    let mut child = sandbox.start("apply --sim --yes --sim-speed 40");
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let told = stderr.lines().map_while(Result::ok).take(n_lines).count();
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    told == n_lines
}

#[test]
fn a_killed_apply_is_finished_by_the_next() {
    for n_lines in 1.. {
        let sandbox = Sandbox::with(SERVER);
        if !killed_after(&sandbox, n_lines) {
            assert!(
                n_lines > 6,
                "a server's progress has more than {n_lines} lines"
            );
            break;
        }
        sandbox.done("apply --sim --yes");
        assert_eq!(
            sandbox.run("plan --sim --detailed-exitcode").code,
            Some(0),
            "killed after line {n_lines}"
        );
        sandbox.done("destroy --sim --yes");
        let left = sandbox.run("plan --destroy --sim --detailed-exitcode");
        assert_eq!(
            left.code,
            Some(0),
            "killed after line {n_lines}: {}",
            left.transcript()
        );
    }
}

//! `setpoint completions`

use crate::sandbox::Sandbox;

#[test]
fn every_shell_gets_a_script_with_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = sandbox.run(&format!("completions {shell}"));
        assert_eq!(run.code, Some(0), "{shell}");
        for command in ["plan", "apply", "destroy", "explain", "sim"] {
            assert!(run.stdout.contains(command), "{shell} knows {command}");
        }
        // The other scripts have no values for arguments without a flag.
        let has_values = matches!(shell, "bash" | "zsh");
        let has_words = run.stdout.contains("lifecycle.protect");
        assert_eq!(has_words, has_values, "{shell} knows the words of explain");
    }
    assert_eq!(sandbox.run("completions tcsh").code, Some(64));
}

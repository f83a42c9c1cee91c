//! What every command says when it is called in a wrong way.

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

#[test]
fn an_empty_folder_says_how_to_start() {
    expect![[r#"
        $ setpoint plan
        2| Error: no stack file in this folder (looked for stack.yaml, stack.yml)
        2|   To write a new one:  setpoint init
        2|   To use another file:  setpoint plan PATH
        exit 64
        $ setpoint plan nowhere
        2| Error: `nowhere` does not exist
        exit 64
    "#]]
    .assert_eq(&Sandbox::new().script(&["plan", "plan nowhere"]));
}

#[test]
fn a_folder_without_stack_yaml_names_what_is_there() {
    let sandbox = Sandbox::new();
    sandbox.write("shop.stack.yaml", NETWORK);
    sandbox.write("stacks/net/stack.yaml", NETWORK);
    expect![[r#"
        $ setpoint validate
        2| Error: no stack file in this folder (looked for stack.yaml, stack.yml)
        2|   Stack files found:
        2|     shop.stack.yaml
        2|     stacks/net/stack.yaml
        exit 64
        $ setpoint validate stacks/net
        Success! stacks/net/stack.yaml is valid: demo · cn-beijing · 3 resources
    "#]]
    .assert_eq(&sandbox.script(&["validate", "validate stacks/net"]));
}

#[test]
fn wrong_command_lines_exit_with_64() {
    let sandbox = Sandbox::with(NETWORK);
    let lines = [
        "pln",
        "plan --nothing",
        "plan --var broken",
        "plan --sim --region cn-hangzhou",
        "plan --sim --target gone",
        "plan --env prod --sim",
        "destroy --sim",
        "plan --sim --sim-speed 0",
        "plan --endpoint ftp://x",
        "version --log loud",
    ];
    expect![[r#"
        $ setpoint pln
        2| error: unrecognized subcommand 'pln'
        2|
        2|   tip: a similar subcommand exists: 'plan'
        2|
        2| Usage: setpoint [OPTIONS] <COMMAND>
        2|
        2| For more information, try '--help'.
        exit 64
        $ setpoint plan --nothing
        2| error: unexpected argument '--nothing' found
        2|
        2| Usage: setpoint plan [OPTIONS] [STACK]
        2|
        2| For more information, try '--help'.
        exit 64
        $ setpoint plan --var broken
        2| Error: `--var broken` must be NAME=VALUE
        2|   For example:  --var size=large
        exit 64
        $ setpoint plan --sim --region cn-hangzhou
        2| Error: --region cn-hangzhou is not the stack's region, cn-beijing
        2|   The region is set by the stack's file or its environment: leave --region out, or change the file.
        exit 64
        $ setpoint plan --sim --target gone
        2| Simulated cloud in .setpoint/sim (new): no account needed, no cost
        2| Error: `--target gone` matches no resource of this stack
        2|   Resources: net, subnet, web
        exit 64
        $ setpoint plan --env prod --sim
        2| Error: the stack `demo` has no environments, so `prod` is not valid
        exit 64
        $ setpoint destroy --sim
        2| Error: destroy needs confirmation, but there is no terminal
        2|   To run without confirmation, pass --yes. Nothing was read or changed.
        exit 64
        $ setpoint plan --sim --sim-speed 0
        2| Error: `--sim-speed 0`: the speed must be above 0 and at most 100000
        exit 64
        $ setpoint plan --endpoint ftp://x
        2| Error: endpoint `ftp://x` is not of the form `http://HOST[:PORT]` or `https://HOST[:PORT]`
        exit 64
        $ setpoint version --log loud
        2| Error: `--log loud`: `loud` is not a valid level
        2|   Levels: off, error, warn, info, debug, trace; or target=level, separated by commas
        exit 64
    "#]]
    .assert_eq(&sandbox.script(&lines));
}

/// A tip leads to an option of this command or to the commands that have it, and to nothing else.
#[test]
fn tips_for_unknown_options_are_true() {
    let sandbox = Sandbox::with(NETWORK);
    let tip = |line: &str| -> String {
        let run = sandbox.run(line);
        assert_eq!(run.code, Some(64), "{}", run.transcript());
        let tips = run.stderr.lines().filter(|text| text.contains("tip: "));
        tips.map(|text| format!("{line}: {}\n", text.trim()))
            .collect()
    };
    let lines = [
        "plan --evn prod",
        "plan --evn=prod",
        "plan -evn prod",
        "validate --sim",
        "validate --simm",
        "validate -sim",
        "plan --parallelism 3",
        "sim serve --sim",
        "show --all",
        "fmt --env prod",
        "plan -q",
        "--sim plan",
    ];
    expect![[r#"
        plan --evn prod: tip: a similar argument exists: '--env'
        plan --evn=prod: tip: a similar argument exists: '--env'
        plan -evn prod: tip: a similar argument exists: '--env'
        validate --sim: tip: validate has no '--sim'; these commands have it: plan, apply, destroy, output, show
        validate -sim: tip: validate has no '--sim'; these commands have it: plan, apply, destroy, output, show
        plan --parallelism 3: tip: plan has no '--parallelism'; these commands have it: apply, destroy
        sim serve --sim: tip: sim serve has no '--sim'; these commands have it: plan, apply, destroy, output, show
        show --all: tip: show has no '--all'; these commands have it: validate, fmt, plan
        fmt --env prod: tip: fmt has no '--env'; these commands have it: validate, plan, apply, destroy, output, show, graph
        --sim plan: tip: 'plan --sim' exists
    "#]]
    .assert_eq(&lines.map(tip).concat());
}

#[test]
fn an_environment_must_be_chosen() {
    let sandbox = Sandbox::with(
        "stack: shop\nregion: cn-beijing\nenvironments: {dev: {}, prod: {}}\nresources: {}\n",
    );
    expect![[r#"
        $ setpoint plan --sim
        2| Error: the stack `shop` has environments; choose one: dev, prod
        2|   use `--env NAME` or SETPOINT_ENV; there is no default
        exit 64
        $ setpoint plan --sim --env prd
        2| Error: the stack `shop` has no environment `prd`; it has dev, prod
        2|   did you mean `prod`?
        exit 64
        $ setpoint plan --sim --env dev
        shop/dev · cn-beijing · account 1426…8342 · 0 live resources, <cost>
        No changes. Your infrastructure matches the configuration.
        Read with <cost>
        2| Simulated cloud in .setpoint/sim (new): no account needed, no cost
    "#]]
    .assert_eq(&sandbox.script(&["plan --sim", "plan --sim --env prd", "plan --sim --env dev"]));
}

#[test]
fn without_credentials_the_places_are_listed() {
    expect![[r#"
        $ setpoint plan
        2| Error: no credentials found: set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, or run `aliyun configure`
        2|   Searched:
        2|     environment (ALIBABA_CLOUD_ACCESS_KEY_ID, ALICLOUD_ACCESS_KEY and similar): not set
        2|     $DIR/home/.aliyun/config.json: does not exist
        2|   To work without an account, use the simulated cloud:  --sim
        exit 1
        $ setpoint plan --profile ops
        2| Error: profile `ops` is not in config.json; it has: no profiles
        2|   To work without an account, use the simulated cloud:  --sim
        exit 1
    "#]]
    .assert_eq(&Sandbox::with(NETWORK).script(&["plan", "plan --profile ops"]));
}

#[test]
fn no_command_is_help_and_help_is_no_error() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run("").code, Some(64));
    for line in ["--help", "help plan", "plan --help", "-h"] {
        let run = sandbox.run(line);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{line}");
        assert!(run.stdout.contains("Usage:"), "{line}");
    }
}

#[test]
fn json_commands_say_errors_in_json_too() {
    let run = Sandbox::new().run("plan --json");
    let error: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON on stdout");
    assert_eq!(error["error"]["exit_code"], 64);
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("no stack file"))
    );
}

/// Errors of the API name call, code, status and RequestId.
#[test]
fn an_unreachable_endpoint_is_told_in_words() {
    let sandbox = Sandbox::with(NETWORK)
        .var("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
        .var("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "topsecret");
    // Nobody listens on port 9 of the loopback.
    let run = sandbox.run("plan --endpoint http://127.0.0.1:9 --sim-speed 1000");
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("GetCallerIdentity") && !run.stderr.contains("topsecret"),
        "{}",
        run.stderr
    );
}

/// `setpoint schema | head -1`: the reader is gone long before the end.
#[test]
fn a_closed_pipe_is_no_panic() {
    let mut child = Sandbox::new().start("schema");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).as_ref()
        ),
        (Some(0), "")
    );
}

#[test]
fn the_endpoint_may_come_from_the_environment() {
    let sandbox = Sandbox::with(NETWORK)
        .var("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
        .var("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
        .var("SETPOINT_ENDPOINT", "http://127.0.0.1:9/path");
    assert_eq!(
        sandbox.run("plan").code,
        Some(64),
        "it is looked at, and no address"
    );
}

//! `setpoint output`

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

#[test]
fn outputs_are_read_live() {
    let sandbox = Sandbox::with(NETWORK);
    sandbox.done("apply --sim --yes");
    let lines = [
        "output --sim",
        "output block --sim",
        "output block --json --sim",
        "output block --raw --sim",
        "output --json --sim",
        "output gone --sim",
        "output --sim block",
    ];
    expect![[r#"
        $ setpoint output --sim
        block = "10.0.0.0/16"
        vpc = "vpc-2zefyx4fjp3elo09a3rr"
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        $ setpoint output block --sim
        10.0.0.0/16
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        $ setpoint output block --json --sim
        "10.0.0.0/16"
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        $ setpoint output block --raw --sim
        10.0.0.0/16
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        $ setpoint output --json --sim
        {
          "block": {
            "sensitive": false,
            "type": "string",
            "value": "10.0.0.0/16"
          },
          "vpc": {
            "sensitive": false,
            "type": "string",
            "value": "vpc-2zefyx4fjp3elo09a3rr"
          }
        }
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
        $ setpoint output gone --sim
        2| Error: stack.yaml has no output `gone`
        2|   Outputs: block, vpc
        exit 64
        $ setpoint output --sim block
        10.0.0.0/16
        2| Simulated cloud in .setpoint/sim (existing): no account needed, no cost
    "#]]
    .assert_eq(&sandbox.script(&lines));
}

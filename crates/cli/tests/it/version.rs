//! `setpoint version`

use expect_test::expect;

use crate::sandbox::Sandbox;

#[test]
fn prints_the_version() {
    let sandbox = Sandbox::new();
    let ours = env!("CARGO_PKG_VERSION");
    assert_eq!(sandbox.run("version").stdout, format!("setpoint {ours}\n"));
    let json: serde_json::Value =
        serde_json::from_str(&sandbox.run("version --json").stdout).expect("JSON");
    assert_eq!(json["version"], ours);
    expect![[r#"
        $ setpoint version --yaml
        2| error: unexpected argument '--yaml' found
        2|
        2| Usage: setpoint version [OPTIONS]
        2|
        2| For more information, try '--help'.
        exit 64
    "#]]
    .assert_eq(&sandbox.run("version --yaml").transcript());
}

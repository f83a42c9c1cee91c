//! `setpoint graph`

use expect_test::expect;

use crate::sandbox::{NETWORK, Sandbox};

#[test]
fn prints_the_graph_without_credentials() {
    expect![[r#"
        $ setpoint graph
        digraph "demo" {
          rankdir = LR;
          node [shape = box, style = rounded, fontname = "sans-serif"];
          "net" [label = "net\nvpc"];
          "subnet" [label = "subnet\nvswitch"];
          "web" [label = "web\nsecurity_group"];
          "net" -> "subnet";
          "net" -> "web";
        }
        $ setpoint graph --format mermaid
        flowchart LR
          n0["net<br/>vpc"]
          n1["subnet<br/>vswitch"]
          n2["web<br/>security_group"]
          n0 --> n1
          n0 --> n2
    "#]]
    .assert_eq(&Sandbox::with(NETWORK).script(&["graph", "graph --format mermaid"]));
    assert!(
        Sandbox::with(NETWORK)
            .run("graph --format svg")
            .stdout
            .starts_with("<svg")
    );
}

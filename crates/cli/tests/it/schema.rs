//! `setpoint schema`

use crate::sandbox::Sandbox;

#[test]
fn prints_a_schema_with_every_kind() {
    let schema: serde_json::Value =
        serde_json::from_str(&Sandbox::new().run("schema").stdout).expect("JSON");
    let text = schema.to_string();
    for kind in [
        "vpc",
        "vswitch",
        "security_group",
        "key_pair",
        "instance",
        "metric_alarm",
    ] {
        assert!(text.contains(&format!("\"{kind}\"")), "{kind}");
    }
    assert!(
        schema["$schema"]
            .as_str()
            .is_some_and(|dialect| dialect.contains("json-schema.org"))
    );
}

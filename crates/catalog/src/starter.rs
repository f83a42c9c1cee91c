//! The starter stack that `setpoint init` writes: a network and one server, with comments.
//!
//! It is in this crate because it uses the fields of kinds. Invariant: it is valid, and
//! `setpoint fmt` does not change it.

/// The path of the JSON Schema that `init` writes, relative to the stack file.
pub const SCHEMA_PATH: &str = ".setpoint/stack.schema.json";

/// Returns the first line of a stack file, by which editors find the schema.
fn schema_line() -> String {
    format!("# yaml-language-server: $schema={SCHEMA_PATH}")
}

/// Returns the text of the starter stack.
#[must_use]
pub fn text() -> String {
    format!("{}\n{STARTER}", schema_line())
}

/// The stack below the line about the schema.
const STARTER: &str = r#"
# A stack has one account, one region and one owner. `setpoint plan` shows the
# changes and `setpoint apply` makes them; with --sim, both use a simulated
# cloud and need no account.
stack: my-first-stack
region: cn-beijing

tags:
  Environment: test

vars:
  # The addresses that may use SSH. Set your own: --var office=203.0.113.50/32
  office:
    type: cidr
    default: 203.0.113.50/32
    description: Source of SSH connections

resources:
  # The network, and one subnet in one zone of the region.
  net:
    type: vpc
    cidr_block: 172.16.0.0/12

  subnet:
    type: vswitch
    vpc: net
    zone: cn-beijing-h
    cidr_block: 172.16.1.0/24

  # The firewall. Inbound flows without a rule are dropped.
  web:
    type: security_group
    vpc: net
    ingress:
      - port: [80, 443]
        source: 0.0.0.0/0
        description: Web
      - port: 22
        source: ${vars.office}
        description: SSH from office

  # The private key is generated on this machine if the file does not exist.
  key:
    type: key_pair
    private_key_file: ~/.ssh/my-first-stack.pem

  # One server with a public address.
  app:
    type: instance
    instance_type: ecs.c7.large
    image:
      family: acs:alibaba_cloud_linux_3_2104_lts_x64
    vswitch: subnet
    security_groups: [web]
    key_pair: key
    system_disk:
      size: 40
    internet:
      charge_type: PayByTraffic
      max_bandwidth_out: 10
    user_data: |
      #cloud-config
      packages: [nginx]
      runcmd:
        - systemctl enable --now nginx

outputs:
  public_ip: ${app.public_ip}
"#;

#[cfg(test)]
mod tests {
    use setpoint_spec::loader::MemoryLoader;
    use setpoint_spec::{Input, fmt, load};

    use super::*;
    use crate::REGISTRY;

    #[test]
    fn it_is_valid_and_formatted() {
        let schema = REGISTRY.schema();
        let text = text();
        let loader = MemoryLoader::new("/w").file("stack.yaml", &text);
        let input = Input {
            path: "stack.yaml",
            environment: None,
            var_files: Vec::new(),
            vars: Vec::new(),
            env: &|_| None,
            today: "2026-11-25".to_owned(),
            home: Some("/home/ops".to_owned()),
        };
        if let Err(failure) = load(&schema, &loader, &input) {
            panic!("{:#?}", failure.diagnostics);
        }
        assert_eq!(fmt::format(&text, &schema).as_deref(), Ok(text.as_str()));
    }
}

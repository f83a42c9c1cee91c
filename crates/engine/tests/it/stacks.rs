//! Stacks that several tests use.

/// A server with all resources that it needs.
pub(crate) const APP: &str = "
stack: app
region: cn-beijing
tags: {Environment: production}
resources:
  net: {type: vpc, cidr_block: 172.16.0.0/12}
  subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 172.16.1.0/24}
  web:
    type: security_group
    vpc: net
    ingress:
      - {port: [80, 443], source: 0.0.0.0/0, description: Web}
      - {port: 22, source: 203.0.113.50/32, description: SSH from office}
  key: {type: key_pair, private_key_file: keys/app.pem}
  server:
    type: instance
    instance_type: ecs.c7.large
    image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}
    vswitch: subnet
    security_groups: [web]
    key_pair: key
    host_name: app-01
    system_disk: {category: cloud_essd, size: 40, performance_level: PL0}
    internet: {charge_type: PayByTraffic, max_bandwidth_out: 10}
    user_data: \"#!/bin/sh\\necho hello\\n\"
  cpu-high:
    type: metric_alarm
    metric: CPUUtilization
    instances: [server]
    contact_groups: [{name: ops-team}]
    period: 60s
    critical: {statistics: Average, threshold: 90, times: 3}
outputs: {public_ip: \"${server.public_ip}\"}
";

/// Returns the same stack with one text replaced by another. Panics if the text is not in it.
pub(crate) fn changed(from: &str, to: &str) -> String {
    assert!(APP.contains(from), "{from} is not in the stack");
    APP.replace(from, to)
}

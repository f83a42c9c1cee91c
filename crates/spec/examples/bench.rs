use std::fmt::Write as _;
#[path = "../tests/it/stub.rs"]
mod stub;
fn main() {
    let mut s = String::from("stack: demo\nregion: cn-beijing\nresources:\n  net: {type: vpc, cidr_block: 10.0.0.0/8}\n  a: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.0.0/24}\n  sg: {type: security_group, vpc: net}\n");
    for n in 0..10_000 {
        let _ = write!(s, "  app{n}:\n    type: instance\n    name: app-{n}\n    description: one of ten thousand servers of the benchmark\n    instance_type: ecs.c7.large\n    image:\n      family: acs:alibaba_cloud_linux_3_2104_lts_x64\n    vswitch: a\n    security_groups: [sg]\n    system_disk:\n      category: cloud_essd\n      size: 40\n      performance_level: PL0\n    internet: {{charge_type: PayByTraffic, max_bandwidth_out: 10}}\n    tags:\n      App: web-server\n      Host: \"app-{n}.${{region}}.example\"\n    ready: {{cloud_init: true, timeout: 10m}}\n");
    }
    let loader = setpoint_spec::loader::MemoryLoader::new("/w").file("stack.yaml", &s);
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let mut sources = setpoint_spec::source::Sources::default();
        let f = sources.add("x", s.clone(), setpoint_spec::source::Role::Spec);
        let r = setpoint_spec::tree::read(f, &sources);
        let tree = t.elapsed();
        drop(r);
        let t = std::time::Instant::now();
        let input = setpoint_spec::Input { path: "stack.yaml", environment: None, var_files: vec![], vars: vec![], env: &|_| None, today: "2026-11-25".into(), home: None };
        let l = setpoint_spec::load(&stub::SCHEMA, &loader, &input).map_err(|f| f.diagnostics).unwrap();
        println!("{} bytes tree {:?} load {:?} {} MB/s n={}", s.len(), tree, t.elapsed(), s.len() as f64 / 1e6 / t.elapsed().as_secs_f64(), l.stack.resources.len());
    }
}

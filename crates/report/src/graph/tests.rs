//! Graphs of small stacks and plans.

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::expect;
use setpoint_spec::schema::{FieldDef, KindDef, Type};
use setpoint_spec::stack::{Existing, Location, Resource, Stack};
use setpoint_spec::value::{Map, Value};

use super::*;
use crate::fixture::{address, fresh, id_of, map, shop};

const FIELD: FieldDef = FieldDef {
    late: true,
    ..FieldDef::new("source", Type::Bool, "Late.")
};

static GROUP: KindDef = KindDef::new("security_group", "A group.", &[FIELD]);

fn place() -> Location {
    Location {
        file: "stack.yaml".into(),
        line: 1,
        column: 1,
    }
}

fn resource(name: &str, fields: Map) -> (Address, Resource) {
    let resource = Resource {
        address: address(name),
        kind: &GROUP,
        fields,
        tags: None,
        terms: Arc::default(),
        number: None,
        at: place(),
        field_at: Arc::default(),
    };
    (address(name), resource)
}

/// Two groups that allow each other, in a network outside the stack.
fn stack() -> Stack {
    let group = |name, other| {
        resource(
            name,
            map(&[("vpc", id_of("net")), ("source", id_of(other))]),
        )
    };
    let by = map(&[("id", Value::text("vpc-1"))]);
    Stack {
        name: "shop".to_owned(),
        environment: None,
        region: "cn-beijing".to_owned(),
        region_at: None,
        account: None,
        description: None,
        ignore_tags: Vec::new(),
        resources: [group("app", "db"), group("db", "app")].into(),
        existing: [(
            "net".to_owned(),
            Existing {
                kind: &GROUP,
                by,
                at: place(),
            },
        )]
        .into(),
        stacks: BTreeMap::new(),
        moved: Vec::new(),
        forget: Vec::new(),
        allow: Vec::new(),
        outputs: BTreeMap::new(),
        notes: Vec::new(),
    }
}

#[test]
fn a_stack_in_dot() {
    expect![[r#"
        digraph "shop" {
          rankdir = LR;
          node [shape = box, style = rounded, fontname = "sans-serif"];
          "app" [label = "app\nsecurity_group"];
          "db" [label = "db\nsecurity_group"];
          "net" [label = "net\nsecurity_group", style = dashed];
          "app" -> "db" [style = dashed];
          "db" -> "app" [style = dashed];
          "net" -> "app";
          "net" -> "db";
        }
    "#]]
    .assert_eq(&dot(&of_stack(&stack())));
}

#[test]
fn a_stack_in_mermaid() {
    expect![[r#"
        flowchart LR
          n0["app<br/>security_group"]
          n1["db<br/>security_group"]
          n2["net<br/>security_group"]:::outside
          n0 -.-> n1
          n1 -.-> n0
          n2 --> n0
          n2 --> n1
          classDef outside stroke-dasharray: 4
    "#]]
    .assert_eq(&mermaid(&of_stack(&stack())));
}

#[test]
fn a_plan_in_mermaid() {
    expect![[r#"
        flowchart LR
          n0["net<br/>CreateVpc"]:::create
          n1["net<br/>until status is Available"]:::wait
          n2["subnet<br/>CreateVSwitch"]:::create
          n3["web-sg<br/>CreateSecurityGroup"]:::create
          n4["app[0]<br/>RunInstances"]:::create
          n5["app[0]<br/>until status is Running"]:::wait
          n6["app[1]<br/>RunInstances"]:::create
          n7["app[1]<br/>until status is Running"]:::wait
          n0 --> n1
          n1 --> n2
          n1 --> n3
          n2 --> n4
          n2 --> n6
          n3 --> n4
          n3 --> n6
          n4 --> n5
          n6 --> n7
          classDef create stroke: #1a7f37
          classDef wait stroke: #8d96a0
    "#]]
    .assert_eq(&mermaid(&of_plan(&fresh().0)));
}

#[test]
fn edges_that_others_imply_are_left_out() {
    let node = |id: usize| Node {
        id: id.to_string(),
        lines: Vec::new(),
        look: Look::Wait,
    };
    let edge = |(from, to)| Edge {
        from,
        to,
        late: false,
    };
    let mut graph = Graph {
        title: String::new(),
        nodes: (0..4).map(node).collect(),
        edges: [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)].map(edge).into(),
    };
    reduce(&mut graph);
    assert_eq!(graph.edges, [(0, 1), (1, 2), (2, 3)].map(edge));
}

#[test]
fn dependents_are_to_the_right_of_their_dependencies() {
    for graph in [of_plan(&fresh().0), of_plan(&shop().0), of_stack(&stack())] {
        let layers = layers::layers(&graph);
        let layer_of = |node| {
            layers
                .iter()
                .position(|layer| layer.contains(&layers::Slot::Node(node)))
        };
        assert!(
            graph
                .edges
                .iter()
                .filter(|edge| !edge.late)
                .all(|edge| layer_of(edge.from) < layer_of(edge.to))
        );
        let placed: usize = layers
            .iter()
            .flatten()
            .filter(|slot| matches!(slot, layers::Slot::Node(_)))
            .count();
        assert_eq!(placed, graph.nodes.len());
    }
}

#[test]
fn boxes_do_not_overlap() {
    let picture = svg(&of_plan(&shop().0));
    let number = |line: &str, name: &str| -> i64 {
        let rest = line
            .split_once(&format!(" {name}=\""))
            .expect("the attribute")
            .1;
        rest.split('"')
            .next()
            .and_then(|text| text.parse().ok())
            .expect("a number")
    };
    let boxes: Vec<[i64; 4]> = picture
        .lines()
        .filter(|line| line.starts_with("<rect"))
        .map(|line| ["x", "y", "width", "height"].map(|name| number(line, name)))
        .collect();
    assert_eq!(boxes.len(), shop().0.steps.len());
    for (at, [x, y, w, h]) in boxes.iter().enumerate() {
        let apart = |[ox, oy, ow, oh]: &[i64; 4]| {
            x + w <= *ox || ox + ow <= *x || y + h <= *oy || oy + oh <= *y
        };
        assert!(boxes[at + 1..].iter().all(apart), "box {at} overlaps");
    }
}

#[test]
fn texts_are_escaped_and_an_empty_graph_is_valid() {
    let node = Node {
        id: "a\"b".to_owned(),
        lines: vec!["<a & \"b\">".to_owned()],
        look: Look::Resource,
    };
    let graph = Graph {
        title: "x\"y".to_owned(),
        nodes: vec![node],
        edges: Vec::new(),
    };
    assert!(svg(&graph).contains("&lt;a &amp; &quot;b&quot;&gt;"));
    assert!(dot(&graph).contains("\"a\\\"b\" [label = \"<a & \\\"b\\\">\"]"));
    assert!(mermaid(&graph).contains("n0[\"#lt;a & #quot;b#quot;#gt;\"]"));
    assert!(svg(&Graph::default()).ends_with("</svg>\n"));
}

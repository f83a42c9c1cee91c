//! Rendered errors.

use expect_test::{Expect, expect};

use super::*;
use crate::fixture::address;

fn no_stock() -> FailureView {
    FailureView {
        message: "ecs.c7.large is out of stock in cn-beijing-h".to_owned(),
        address: Some(address("web[1]")),
        action: Some("RunInstances".to_owned()),
        code: Some("OperationDenied.NoStock".to_owned()),
        http_status: Some(403),
        request_id: Some("4A1C0DE5-77A1-5F2B-9C3D-0A1B2C3D4E77".to_owned()),
        attempt: 1,
        at: Some(Excerpt {
            location: Location {
                file: "stack.yaml".into(),
                line: 38,
                column: 20,
            },
            text: "    instance_type: ecs.c7.large  # small".to_owned(),
        }),
        remarks: vec!["Nothing was created.".to_owned()],
        hint: None,
    }
}

#[track_caller]
fn check(failure: &FailureView, columns: usize, expected: &Expect) {
    expected.assert_eq(&render(failure, &Style::plain(columns)));
}

#[test]
fn no_stock_in_its_frame() {
    check(
        &no_stock(),
        80,
        &expect![[r#"
        ╷
        │ Error: ecs.c7.large is out of stock in cn-beijing-h
        │   on stack.yaml line 38, in web[1]:
        │   38 │     instance_type: ecs.c7.large  # small
        │      │                    ^^^^^^^^^^^^
        │ RunInstances: OperationDenied.NoStock (403), RequestId
        │ 4A1C0DE5-77A1-5F2B-9C3D-0A1B2C3D4E77. Nothing was created.
        │ Run again later, or accept others: list several `instance_types` or
        │ `vswitches`; they are tried in order.
        ╵
    "#]],
    );
    check(
        &no_stock(),
        40,
        &expect![[r#"
        ╷
        │ Error: ecs.c7.large is out of stock in
        │ cn-beijing-h
        │   on stack.yaml line 38, in web[1]:
        │   38 │     instance_type: ecs.c7.larg…
        │      │                    ^^^^^^^^^^^^
        │ RunInstances: OperationDenied.NoStock
        │ (403), RequestId
        │ 4A1C0DE5-77A1-5F2B-9C3D-0A1B2C3D4E77.
        │ Nothing was created.
        │ Run again later, or accept others:
        │ list several `instance_types` or
        │ `vswitches`; they are tried in order.
        ╵
    "#]],
    );
}

#[test]
fn without_a_place_or_a_code() {
    let mut failure = FailureView {
        at: None,
        code: None,
        attempt: 5,
        action: Some("DescribeVpcs".to_owned()),
        ..no_stock()
    };
    failure.message = "no answer from vpc.aliyuncs.com".to_owned();
    failure.remarks.clear();
    check(
        &failure,
        80,
        &expect![[r#"
        ╷
        │ Error: no answer from vpc.aliyuncs.com
        │   in web[1]
        │ DescribeVpcs (403), RequestId 4A1C0DE5-77A1-5F2B-9C3D-0A1B2C3D4E77, after 5
        │ tries.
        ╵
    "#]],
    );
    check(
        &FailureView {
            message: "something went wrong".to_owned(),
            ..FailureView::default()
        },
        80,
        &expect![[r#"
        ╷
        │ Error: something went wrong
        ╵
    "#]],
    );
}

#[test]
fn a_message_of_several_lines() {
    let message = "it is not ready: a check failed\nwaiting for cloud-init\n  status: \
                   \u{1b}[31merror\n\nthe end"
        .to_owned();
    check(
        &FailureView {
            message,
            ..FailureView::default()
        },
        40,
        &expect![[r#"
        ╷
        │ Error: it is not ready: a check failed
        │     waiting for cloud-init
        │     status: \u{1b}[31merror
        │
        │     the end
        ╵
    "#]],
    );
}

#[test]
fn values_are_underlined_to_their_end() {
    for (text, marked) in [
        ("ecs.c7.large  # small", "ecs.c7.large"),
        ("ecs.c7.large, vswitch: a}", "ecs.c7.large"),
        ("\"a, b\", x", "\"a, b\""),
        ("[a, b]  # both", "[a, b]"),
        ("\"open", "\"open"),
        ("", ""),
    ] {
        assert_eq!(value_at(text), marked);
    }
}

#[test]
fn every_width_works() {
    for columns in 0..60 {
        let _text = render(
            &no_stock(),
            &Style {
                color: true,
                width: columns,
            },
        );
    }
}

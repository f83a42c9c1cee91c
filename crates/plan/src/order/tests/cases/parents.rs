//! Cases of parents that change, locks, and cycles.

use expect_test::expect;

use crate::order::tests::Case;

pub(super) static CASES: &[Case] = &[
    Case {
        rows: &["moves-to-a-restart"],
        before: &["m machine", "n machine size=1", "ip eip on=@m"],
        after: &["m machine", "n machine size=2", "ip eip on=@n"],
        plan: expect![[r#"
            ~ ip Differs
            = m Matches
            ~ n Differs
            ~ n: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ ip: bind ▮
            ~ n unmark → ~ ip bind
        "#]],
    },
    Case {
        rows: &["parents", "parent-grows"],
        before: &["vpc network block=10.0.0.0/16"],
        after: &[
            "vpc network block=10.0.0.0/15",
            "vsw subnet network=@vpc block=10.1.0.0/24",
        ],
        plan: expect![[r#"
            ~ vpc Differs
            + vsw NotThere
            ~ vpc: modify ▮
            + vsw: create ▸ Available ▮ (locks id-vpc)
            ~ vpc modify → + vsw create
        "#]],
    },
    Case {
        rows: &["parent-shrinks"],
        before: &[
            "vpc network block=10.0.0.0/15",
            "vsw subnet network=@vpc block=10.1.0.0/24",
        ],
        after: &["vpc network block=10.0.0.0/16"],
        plan: expect![[r#"
            ~ vpc Differs
            - vsw NotInSpec
            - vsw: delete ▸ gone ▮ (locks id-vpc)
            ~ vpc: modify ▮
            - vsw gone → ~ vpc modify
        "#]],
    },
    Case {
        rows: &["parent-rules"],
        before: &["web group open=a"],
        after: &["web group open=b", "app machine groups=@web"],
        plan: expect![[r#"
            + app NotThere
            ~ web Differs
            ~ web: authorize ▮
            + app: create ▸ Running ▮
            ~ web authorize → + app create
        "#]],
    },
    Case {
        rows: &["locks"],
        before: &["vpc network block=10.0.0.0/16"],
        after: &[
            "vpc network block=10.0.0.0/16",
            "a subnet network=@vpc block=10.0.1.0/24",
            "b subnet network=@vpc block=10.0.2.0/24",
        ],
        plan: expect![[r#"
            + a NotThere
            + b NotThere
            = vpc Matches
            + b: create ▸ Available ▮ (locks id-vpc)
            + a: create ▸ Available ▮ (locks id-vpc)
        "#]],
    },
    Case {
        rows: &["waits-for-each-other"],
        before: &["a key name=x number=1", "b key name=y number=2"],
        after: &["a key name=x number=2", "b key name=y number=1"],
        plan: expect![[r#"
            Cycle: `a` needs the number 2 before `b` (id-b) can give it up; make the change in two applies: first give one of them a value that is free
        "#]],
    },
];

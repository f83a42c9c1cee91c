//! States in which a step has ended: no event changes them.

use expect_test::expect;

use crate::machine::tests::{Case, plans};

pub(super) static CASES: &[Case] = &[
    Case {
        state: "Done",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["ok"],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Done
            tick → - → Done
            interrupt → stopping → Done
        "#]],
    },
    // The window was closed although its work was not done, so no other step starts because of it.
    Case {
        state: "Closed",
        plan: plans::window,
        step: 4,
        observed_before: 0,
        path: &[
            "ok",
            "+7",
            "row status=Stopped",
            "!InvalidStatus",
            "ok",
            "+7",
            "row status=Running",
        ],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Closed
            tick → - → Closed
            interrupt → stopping → Closed
        "#]],
    },
    Case {
        state: "Failed",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["!InvalidStatus"],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Failed
            tick → - → Failed
            interrupt → stopping → Failed
        "#]],
    },
    // Skipped after a failure.
    Case {
        state: "Skipped",
        plan: plans::update,
        step: 1,
        observed_before: 0,
        path: &["!InvalidStatus"],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Skipped
            tick → - → Skipped
            interrupt → stopping → Skipped
        "#]],
    },
    // Skipped after an interruption.
    Case {
        state: "Skipped",
        plan: plans::update,
        step: 1,
        observed_before: 0,
        path: &["interrupt"],
        events: &["ok", "tick", "interrupt"],
        follows: expect![[r#"
            ok → 0: done → Skipped
            tick → - → Skipped
            interrupt → - → Skipped
        "#]],
    },
];

//! States before a call is sent.

use expect_test::expect;

use crate::machine::tests::{Case, plans};

pub(super) static CASES: &[Case] = &[
    // The second call of a change waits for the first.
    Case {
        state: "Blocked",
        plan: plans::update,
        step: 1,
        observed_before: 0,
        path: &[],
        events: &[
            "ok",
            "!Forbidden.RAM",
            "!InvalidStatus",
            "!Throttling",
            "lost",
            "tick",
            "interrupt",
            "interrupt, ok",
        ],
        follows: expect![[r#"
            ok → 0: done, started, send AssociateEipAddress with token 2 → Sent
            !Forbidden.RAM → 0: failed (Credentials), skipped → Skipped
            !InvalidStatus → 0: failed (Refused), skipped → Skipped
            !Throttling → 0: again in 1.5s: Throttling → Blocked
            lost → 0: again in 250ms: no answer → Blocked
            tick → - → Blocked
            interrupt → stopping, skipped → Skipped
            interrupt, ok → stopping, skipped; 0: done → Skipped
        "#]],
    },
    // A closing step runs after a failure.
    Case {
        state: "Blocked",
        plan: plans::window,
        step: 3,
        observed_before: 0,
        path: &["ok", "+7", "row status=Stopped"],
        events: &[
            "ok",
            "!InvalidStatus",
            "!InvalidStatus, ok",
            "lost",
            "tick",
            "interrupt",
            "interrupt, ok",
        ],
        follows: expect![[r#"
            ok → 2: done, started, send AssociateEipAddress with token 3 → Sent
            !InvalidStatus → 2: failed (Refused), started, send AssociateEipAddress with token 3 → Sent
            !InvalidStatus, ok → 2: failed (Refused), started, send AssociateEipAddress with token 3; done, 4: started → Closed
            lost → 2: again in 250ms: no answer → Blocked
            tick → - → Blocked
            interrupt → stopping, 5: skipped → Blocked
            interrupt, ok → stopping, 5: skipped; 2: done, started, send AssociateEipAddress with token 3 → Sent
        "#]],
    },
    // Another change holds the lock.
    Case {
        state: "Ready",
        plan: plans::locked,
        step: 1,
        observed_before: 0,
        path: &[],
        events: &["ok", "!InvalidStatus", "!Busy", "tick", "interrupt"],
        follows: expect![[r#"
            ok → 0: done, started, send AssociateEipAddress with token 2 → Sent
            !InvalidStatus → 0: failed (Refused), started, send AssociateEipAddress with token 2 → Sent
            !Busy → 0: again in 1s: Busy, started, send AssociateEipAddress with token 2 → Sent
            tick → - → Ready
            interrupt → stopping, skipped → Skipped
        "#]],
    },
    // An old observation is renewed before an update.
    Case {
        state: "Rechecking",
        plan: plans::update,
        step: 0,
        observed_before: 60,
        path: &[],
        events: &[
            "row label=old",
            "row label=other",
            "row label=other, +0.5, row label=other",
            "row label=other, +0.5, row label=old",
            "row other label=old, +0.5, row other label=old",
            "row nobody label=old, +0.5, row nobody label=old",
            "no row",
            "no row, +0.5, no row",
            "blind",
            "blind !Forbidden.RAM",
            "tick",
            "+60",
            "interrupt",
            "interrupt, row label=old",
        ],
        follows: expect![[r#"
            row label=old → started, send AssociateEipAddress with token 1 → Sent
            row label=other → - → Rechecking until 200ms
            row label=other, +0.5, row label=other → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            row label=other, +0.5, row label=old → -; look by id, proven; started, send AssociateEipAddress with token 1 → Sent
            row other label=old, +0.5, row other label=old → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            row nobody label=old, +0.5, row nobody label=old → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            no row → - → Rechecking until 200ms
            no row, +0.5, no row → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            blind → - → Rechecking until 3s
            blind !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            tick → - → Rechecking
            +60 → - → Rechecking
            interrupt → stopping, 1: skipped → Rechecking
            interrupt, row label=old → stopping, 1: skipped; skipped → Skipped
        "#]],
    },
    // An old observation is renewed before a deletion.
    Case {
        state: "Rechecking",
        plan: plans::delete,
        step: 0,
        observed_before: 60,
        path: &[],
        events: &["row label=new", "no row", "row other, +0.5, row other"],
        follows: expect![[r#"
            row label=new → started, send DeleteVpc with token 1 → Sent
            no row → started, send DeleteVpc with token 1 → Sent
            row other, +0.5, row other → -; look by id, proven; 1: skipped, failed (Moved) → Failed
        "#]],
    },
];

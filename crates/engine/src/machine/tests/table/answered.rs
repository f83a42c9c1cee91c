//! States in which a call or a local act is in flight or is repeated.

use expect_test::expect;

use crate::machine::tests::{Case, plans};

pub(super) static CASES: &[Case] = &[
    // The call of an update is in flight.
    Case {
        state: "Sent",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &[
            "ok",
            "!AlreadySo",
            "!Throttling",
            "!TaskConflict",
            "!Busy",
            "!InvalidStatus",
            "!Forbidden.RAM",
            "!InternalError",
            "lost",
            "unsent",
            "damaged",
            "tick",
            "+600",
            "interrupt",
            "interrupt, ok",
            "interrupt, !Busy",
        ],
        follows: expect![[r#"
            ok → done, 1: started, send AssociateEipAddress with token 2 → Done
            !AlreadySo → done, 1: started, send AssociateEipAddress with token 2 → Done
            !Throttling → again in 1.5s: Throttling → Pausing until 1.5s
            !TaskConflict → again in 1s: TaskConflict → Pausing until 1s
            !Busy → again in 1s: Busy → Pausing until 1s
            !InvalidStatus → failed (Refused), 1: skipped → Failed
            !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            !InternalError → again in 250ms: InternalError → Pausing until 250ms
            lost → again in 250ms: no answer → Pausing until 250ms
            unsent → again in 250ms: no answer → Pausing until 250ms
            damaged → again in 250ms: no answer → Pausing until 250ms
            tick → - → Sent
            +600 → - → Sent
            interrupt → stopping, 1: skipped → Sent
            interrupt, ok → stopping, 1: skipped; done → Done
            interrupt, !Busy → stopping, 1: skipped; again in 1s: Busy, skipped → Skipped
        "#]],
    },
    // The call of a create is in flight.
    Case {
        state: "Sent",
        plan: plans::create,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &[
            "ok VpcId=vpc-a",
            "ok",
            "!NoStock",
            "!Busy",
            "!IdempotentParameterMismatch",
            "!InvalidParameter",
            "!QuotaExceeded",
            "!QuotaExceeded, !QuotaExceeded, !QuotaExceeded",
            "!Forbidden.RAM",
            "!Throttling",
            "lost",
            "lost, +2, !QuotaExceeded",
            "unsent",
            "damaged",
            "interrupt",
            "interrupt, ok VpcId=vpc-a",
        ],
        follows: expect![[r#"
            ok VpcId=vpc-a → - → Verifying until 500ms
            ok → again in 250ms: no answer → Pausing until 250ms
            !NoStock → fell to 1: NoStock, send CreateVpc with token 2 → Sent
            !Busy → again in 1s: Busy → Pausing until 1s
            !IdempotentParameterMismatch → - → Searching until 10s
            !InvalidParameter → failed (Refused), 1: skipped → Failed
            !QuotaExceeded → send CreateVpc with token 2 → Sent
            !QuotaExceeded, !QuotaExceeded, !QuotaExceeded → send CreateVpc with token 2; send CreateVpc with token 3; failed (Refused), 1: skipped → Failed
            !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            !Throttling → again in 1.5s: Throttling → Pausing until 1.5s
            lost → again in 250ms: no answer → Pausing until 250ms
            lost, +2, !QuotaExceeded → again in 250ms: no answer; send CreateVpc with token 1; - → Searching until 12s
            unsent → again in 250ms: no answer → Pausing until 250ms
            damaged → again in 250ms: no answer → Pausing until 250ms
            interrupt → stopping, 1: skipped → Sent
            interrupt, ok VpcId=vpc-a → stopping, 1: skipped; - → Verifying until 500ms
        "#]],
    },
    // A call with a goal is in flight.
    Case {
        state: "Sent",
        plan: plans::with_goal,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &["ok", "lost", "damaged", "!Ambiguous", "!InvalidStatus"],
        follows: expect![[r#"
            ok → done → Done
            lost → look by id → Judging
            damaged → look by id → Judging
            !Ambiguous → look by id → Judging
            !InvalidStatus → failed (Refused) → Failed
        "#]],
    },
    // A batch for two resources is in flight.
    Case {
        state: "Sent",
        plan: plans::batch,
        step: 1,
        observed_before: 0,
        path: &[],
        events: &[
            "ok",
            "!AlreadySo",
            "!InvalidStatus",
            "!InvalidStatus, ok, !InvalidStatus",
            "!Forbidden.RAM",
            "!InvalidAccessKeyId.NotFound",
            "!Throttling",
            "lost",
            "interrupt, !InvalidStatus",
        ],
        follows: expect![[r#"
            ok → remember vpc-a deleted, 0: done, remember vpc-b deleted, done → Done
            !AlreadySo → send DeleteInstances with token 2, send DeleteInstances with token 3 → Sent
            !InvalidStatus → send DeleteInstances with token 2, send DeleteInstances with token 3 → Sent
            !InvalidStatus, ok, !InvalidStatus → send DeleteInstances with token 2, send DeleteInstances with token 3; remember vpc-a deleted, 0: done; failed (Refused) → Failed
            !Forbidden.RAM → send DeleteInstances with token 2, send DeleteInstances with token 3 → Sent
            !InvalidAccessKeyId.NotFound → 0: failed (Credentials), failed (Credentials) → Failed
            !Throttling → 0: again in 1.5s: Throttling, again in 1.5s: Throttling → Pausing until 1.5s
            lost → 0: again in 250ms: no answer, again in 250ms: no answer → Pausing until 250ms
            interrupt, !InvalidStatus → stopping; 0: skipped, skipped → Skipped
        "#]],
    },
    // A call that was refused for a transient reason is sent again, with a new token.
    Case {
        state: "Pausing",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["!Busy"],
        events: &[
            "late",
            "tick",
            "+2",
            "+3",
            "+3, ok",
            "+3, !Busy, +60, !Busy",
            "interrupt",
        ],
        follows: expect![[r#"
            late → - → Pausing until 1s
            tick → - → Pausing until 1s
            +2 → send AssociateEipAddress with token 2 → Sent
            +3 → send AssociateEipAddress with token 2 → Sent
            +3, ok → send AssociateEipAddress with token 2; done, 1: started, send AssociateEipAddress with token 3 → Done
            +3, !Busy, +60, !Busy → send AssociateEipAddress with token 2; again in 1s: Busy; send AssociateEipAddress with token 3; failed (Refused), 1: skipped → Failed
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // A lost call is sent again, with the same token.
    Case {
        state: "Pausing",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["lost"],
        events: &["tick", "+60", "interrupt"],
        follows: expect![[r#"
            tick → - → Pausing until 250ms
            +60 → send AssociateEipAddress with token 1 → Sent
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // A key is created on this machine.
    Case {
        state: "Acting",
        plan: plans::local,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &[
            "acted",
            "not acted",
            "tick",
            "interrupt",
            "interrupt, acted",
        ],
        follows: expect![[r#"
            acted → done, 1: started, send AssociateEipAddress with token 1 → Done
            not acted → failed (Local), 1: skipped → Failed
            tick → - → Acting
            interrupt → stopping, 1: skipped → Acting
            interrupt, acted → stopping, 1: skipped; done → Done
        "#]],
    },
];

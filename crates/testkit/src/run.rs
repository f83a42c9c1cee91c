//! The whole way of a run: text → stack → intent → snapshot → plan → outcome.

use setpoint_engine::apply::{self, Options as ApplyOptions};
use setpoint_engine::observe;
use setpoint_engine::outcome::Outcome;
use setpoint_plan::check;
use setpoint_plan::plan::Plan;
use setpoint_plan::planner::{self, Intent, Options, PlanError};
use setpoint_plan::report::Report;
use setpoint_spec::loader::MemoryLoader;
use setpoint_spec::stack::Stack;
use setpoint_spec::{Input, load};
use tokio::sync::watch;

use setpoint_sim::fault::{CallInfo, Fate};

use crate::cloud::Cloud;
use crate::faults::{self, Death};

/// Loads a valid stack with `files` beside it.
///
/// # Panics
/// If the stack is not valid. The message contains the rendered errors.
#[must_use]
pub fn stack(text: &str, files: &[(&str, &str)]) -> Stack {
    let mut loader = MemoryLoader::new("/spec").file("stack.yaml", text);
    for (path, content) in files {
        loader = loader.file(path, content);
    }
    let input = Input {
        path: "stack.yaml",
        environment: None,
        var_files: Vec::new(),
        vars: Vec::new(),
        env: &|_| None,
        today: "2026-01-01".to_owned(),
        home: None,
    };
    match load(&setpoint_catalog::REGISTRY.schema(), &loader, &input) {
        Ok(loaded) => loaded.stack,
        Err(failure) => panic!("the spec is wrong: {:#?}", failure.diagnostics),
    }
}

impl Cloud {
    /// The desired state of a stack in this cloud's account.
    #[must_use]
    pub fn intent(&self, stack: &Stack) -> Intent {
        Intent::of_stack(&mut stack.clone(), &self.account().id)
    }

    /// Observes the cloud and plans.
    ///
    /// # Errors
    /// The reasons why no plan is possible.
    ///
    /// # Panics
    /// If the cloud cannot be observed, or the plan violates an invariant.
    pub async fn plan_intent(
        &self,
        intent: &Intent,
        options: &Options,
    ) -> Result<(Plan, Report), Vec<PlanError>> {
        let snapshot = match observe::observe_for(&self.session, intent, options).await {
            Ok(snapshot) => snapshot,
            Err(error) => panic!("the cloud cannot be observed: {error:?}"),
        };
        let planned = planner::plan(&self.session.registry, intent, &snapshot, options)?;
        assert_eq!(check::check(&planned.0), Vec::new(), "the plan is sound");
        Ok(planned)
    }

    /// Plans a stack that must be plannable.
    ///
    /// # Panics
    /// If no plan is possible.
    pub async fn plan(&self, text: &str) -> Plan {
        let intent = self.intent(&stack(text, &[]));
        match self.plan_intent(&intent, &Options::default()).await {
            Ok((plan, _)) => plan,
            Err(errors) => panic!("no plan: {errors:?}"),
        }
    }

    /// Applies a plan completely.
    pub async fn apply_plan(&self, plan: &Plan) -> Outcome {
        let (_keep, cancel) = watch::channel(false);
        apply::apply(
            &self.session,
            plan,
            ApplyOptions::default(),
            cancel,
            &mut |_, _| {},
        )
        .await
    }

    /// Applies a plan until the run ends at its nth write call; returns whether it has ended so.
    pub async fn apply_dying(&self, plan: &Plan, n: usize, death: Death) -> bool {
        let (hook, notice, died) = faults::dying_at(n, death);
        self.sim.set_hook(Some(hook));
        tokio::select! {
            biased;
            () = notice.notified() => {}
            _ = self.apply_plan(plan) => {}
        }
        self.sim.set_hook(None);
        died.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Applies a plan and interrupts it, as Ctrl-C does, when its nth write call is sent.
    pub async fn apply_interrupted(&self, plan: &Plan, n: usize) -> Outcome {
        let (tell, cancel) = watch::channel(false);
        let mut writes = 0;
        self.sim.set_hook(Some(Box::new(move |call: &CallInfo| {
            writes += usize::from(!call.is_read);
            if !call.is_read && writes == n {
                tell.send_replace(true);
            }
            Fate::Normal
        })));
        let outcome = apply::apply(
            &self.session,
            plan,
            ApplyOptions::default(),
            cancel,
            &mut |_, _| {},
        )
        .await;
        self.sim.set_hook(None);
        outcome
    }

    /// All resources with an ownership tag, as `kind address id state`.
    #[must_use]
    pub fn owned(&self) -> Vec<String> {
        let owned = self.resources().into_iter().filter_map(|one| {
            let address = one.tags.get("setpoint:address")?.clone();
            Some(format!("{} {address} {} {}", one.kind, one.id, one.state))
        });
        owned.collect()
    }

    /// Plans and applies a stack.
    pub async fn apply(&self, text: &str) -> Outcome {
        let plan = self.plan(text).await;
        self.apply_plan(&plan).await
    }

    /// Destroys all resources of the stack.
    ///
    /// # Panics
    /// If no plan is possible.
    pub async fn destroy(&self, text: &str) -> Outcome {
        let intent = self.intent(&stack(text, &[]));
        let allowed = setpoint_plan::held::Allowed {
            destroy: true,
            ..Default::default()
        };
        match self
            .plan_intent(
                &intent,
                &Options {
                    destroy: true,
                    allowed,
                    ..Options::default()
                },
            )
            .await
        {
            Ok((plan, _)) => self.apply_plan(&plan).await,
            Err(errors) => panic!("no plan: {errors:?}"),
        }
    }
}

/// Tests a change from end to end: applies the first stack and expects an empty second plan; plans
/// the other stack, compares the lines of the plan, applies it and expects an empty plan again;
/// destroys the stack and expects that nothing is left.
///
/// # Panics
/// If one of these fails.
pub async fn lives(before: &str, after: &str, expected: &[&str]) {
    let cloud = Cloud::new();
    let made = cloud.apply(before).await;
    assert!(made.is_complete(), "{made:#?}");
    let second = cloud.plan(before).await;
    assert_eq!(
        lines(&second),
        Vec::<String>::new(),
        "the second plan: {:#?}",
        second.changes
    );
    let plan = cloud.plan(after).await;
    assert_eq!(lines(&plan), expected);
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    let third = cloud.plan(after).await;
    assert_eq!(
        lines(&third),
        Vec::<String>::new(),
        "the plan after the change: {:#?}",
        third.changes
    );
    let gone = cloud.destroy(after).await;
    assert!(gone.is_complete(), "{gone:#?}");
    assert_eq!(cloud.owned(), Vec::<String>::new());
}

/// Each change as one line: symbol, address, action, changed fields.
#[must_use]
pub fn lines(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .filter(|change| change.is_change())
        .map(|change| {
            let fields: Vec<&str> = change
                .fields
                .iter()
                .map(|field| field.attr.as_str())
                .collect();
            let fields = if fields.is_empty() {
                String::new()
            } else {
                format!(" ({})", fields.join(", "))
            };
            format!(
                "{} {}{fields} {}",
                change.action.mark(change.order),
                change.address,
                change.effect.word()
            )
        })
        .collect()
}

//! `setpoint apply`: plans, asks for confirmation and applies the plan, or applies a saved one.

use clap::Args;
use setpoint_engine::apply::Options;
use setpoint_engine::outcome::Outcome;
use setpoint_plan::held::{Held, HeldWhy};
use setpoint_plan::plan::Plan;
use setpoint_report::outcome::{self as view, Verb};
use setpoint_report::{failure, text};

use crate::args::{AllowArgs, CloudArgs, Format, FormatArgs, StackArgs};
use crate::command::Cx;
use crate::command::plan::ScopeArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::operate::{self, Asked, Planned, Subject};
use crate::saved::SavedPlan;
use crate::ui::Terminal;
use crate::wiring::Cloud;
use crate::{disk, files, saved, screen, spec, ui, wiring};

/// Make the cloud match the stack
///
/// Shows the plan, asks for confirmation and applies it. STACK may also be a plan that `setpoint
/// plan --out` saved.
///
/// Steps that lose data or a resource's identity are held: --yes does not cover them; an `allow:`
/// entry in the stack's file or --allow-data-loss does.
///
/// On a first Ctrl-C, SIGTERM, SIGQUIT or closed terminal, apply starts no new steps, finishes the
/// API calls that are running, and starts the instances again that it has stopped; the same command
/// continues later.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The stack, or a plan saved with `plan --out`.
    #[command(flatten)]
    pub stack: StackArgs,
    /// Skip the confirmation
    #[arg(long, visible_alias = "auto-approve")]
    pub yes: bool,
    /// Options of the run.
    #[command(flatten)]
    pub perform: PerformArgs,
    /// Limits to some resources.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Allowances for held steps.
    #[command(flatten)]
    pub allow: AllowArgs,
    /// Text or JSON.
    #[command(flatten)]
    pub format: FormatArgs,
    /// The cloud.
    #[command(flatten)]
    pub cloud: CloudArgs,
}

/// Options of applying a plan.
#[derive(Debug, Clone, Args)]
pub struct PerformArgs {
    /// The number of API calls that may run at the same time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub parallelism: usize,
    /// Write the result to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<String>,
}

/// The part that apply and destroy share once there is a plan.
pub(crate) struct Run<'a> {
    pub(crate) verb: Verb,
    pub(crate) subject: &'a Subject,
    pub(crate) planned: &'a Planned,
    pub(crate) perform: &'a PerformArgs,
    pub(crate) format: Format,
}

/// Runs the command.
///
/// # Errors
/// Nothing was applied.
pub fn run(args: ApplyArgs, cx: &Cx) -> Result<Exit, Error> {
    args.perform.check()?;
    if let Some(plan) = args
        .stack
        .named()
        .map(SavedPlan::read_if_one)
        .transpose()?
        .flatten()
    {
        return perform_saved(&args, &plan, cx);
    }
    if !args.yes && !cx.terminal.interactive {
        return Err(Error::NoTerminal { verb: "apply" });
    }
    let file = files::choose(&spec::loader(), args.stack.named())?;
    let spec = spec::load(&file, &args.stack.values, cx)?;
    spec.check_region(args.cloud.region.as_deref())?;
    spec.warn(cx);
    let cloud = wiring::connect(&args.cloud, cx)?;
    let subject = Subject::of(spec);
    let asked = Asked {
        destroy: false,
        targets: args.scope.target.clone(),
        replace: args.scope.replace.clone(),
        allow: args.allow.clone(),
    };
    wiring::runtime()?.block_on(async {
        let seen = operate::see(&cloud, &subject).await?;
        let planned = operate::plan(&subject, seen, &asked)?;
        let run = Run {
            verb: Verb::Apply,
            subject: &subject,
            planned: &planned,
            perform: &args.perform,
            format: args.format.chosen(),
        };
        run.show(cx);
        consent(&planned.plan, args.yes, cx.terminal)?;
        run.perform(&cloud, cx).await
    })
}

fn perform_saved(args: &ApplyArgs, plan: &SavedPlan, cx: &Cx) -> Result<Exit, Error> {
    let values = &args.stack.values;
    let narrowed = !args.scope.target.is_empty()
        || !args.scope.replace.is_empty()
        || args.allow.allow_bulk
        || !args.allow.allow_data_loss.is_empty();
    if values.env.is_some() || !values.vars.is_empty() || !values.var_files.is_empty() || narrowed {
        return Err(Error::usage_hint(
            "a saved plan already holds its environment, variables, targets and allowances; they \
             cannot be given again",
            "To change them, make a new plan:  setpoint plan --out FILE",
        ));
    }
    let spec = saved::spec_of(plan, cx)?;
    spec.check_region(args.cloud.region.as_deref())?;
    let cloud = wiring::connect(&args.cloud, cx)?;
    let subject = Subject::of(spec);
    wiring::runtime()?.block_on(async {
        let seen = operate::see_for(&cloud, &subject, plan.asked().destroy).await?;
        plan.check_live(&seen)?;
        let planned = operate::plan(&subject, seen, &plan.asked())?;
        plan.check_answer(&planned)?;
        let verb = if plan.asked().destroy {
            Verb::Destroy
        } else {
            Verb::Apply
        };
        let run = Run {
            verb,
            subject: &subject,
            planned: &planned,
            perform: &args.perform,
            format: args.format.chosen(),
        };
        run.show(cx);
        // The plan was reviewed. Only held steps without an allowance still need an answer.
        consent(&planned.plan, true, cx.terminal)?;
        run.perform(&cloud, cx).await
    })
}

/// Asks for confirmation where the plan needs it.
fn consent(plan: &Plan, yes: bool, terminal: Terminal) -> Result<(), Error> {
    if plan.is_empty() {
        return Ok(());
    }
    let held: Vec<&Held> = plan
        .held
        .iter()
        .filter(|held| held.allowed_by.is_none())
        .collect();
    if !held.is_empty() {
        if !terminal.interactive {
            return Err(Error::Held(held.into_iter().cloned().collect()));
        }
        return type_name(&plan.stack, &held_question(&held), terminal);
    }
    if yes {
        return Ok(());
    }
    let answer = (terminal.ask)("\nApply these changes? Only `yes` is accepted: ");
    if answer.as_deref() == Some("yes") {
        Ok(())
    } else {
        Err(Error::Declined)
    }
}

fn held_question(held: &[&Held]) -> String {
    let of = |wanted: fn(&HeldWhy) -> bool| -> Vec<String> {
        held.iter()
            .filter(|one| wanted(&one.why))
            .filter_map(|one| one.address.as_ref())
            .map(ToString::to_string)
            .collect()
    };
    let mut parts = Vec::new();
    let lost = of(|why| matches!(why, HeldWhy::DataLoss(_)));
    if !lost.is_empty() {
        parts.push(format!("This loses data on {}.", lost.join(", ")));
    }
    let replaced = of(|why| matches!(why, HeldWhy::Replacement));
    if !replaced.is_empty() {
        parts.push(format!("This replaces {}.", replaced.join(", ")));
    }
    if held
        .iter()
        .any(|one| matches!(one.why, HeldWhy::Bulk { .. }))
    {
        parts.push("This deletes or replaces more than half of the stack's resources.".to_owned());
    }
    parts.join(" ")
}

/// Continues only if the stack's name is typed.
pub(crate) fn type_name(stack: &str, before: &str, terminal: Terminal) -> Result<(), Error> {
    let answer = (terminal.ask)(&format!(
        "\n{before} To continue, type the stack's name: {stack}\n> "
    ));
    if answer.as_deref() == Some(stack) {
        Ok(())
    } else {
        Err(Error::Declined)
    }
}

impl PerformArgs {
    /// Finds errors that need no reading.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.report.as_deref().map_or(Ok(()), disk::check_folder)
    }
}

impl Run<'_> {
    /// Prints the plan if the result is text.
    pub(crate) fn show(&self, cx: &Cx) {
        if self.format == Format::Text {
            let planned = self.planned;
            ui::print(&text::plan(
                &planned.plan,
                &planned.report,
                &planned.header(),
                &cx.terminal.out,
            ));
        }
    }

    /// Applies the plan and prints the result.
    pub(crate) async fn perform(&self, cloud: &Cloud, cx: &Cx) -> Result<Exit, Error> {
        let plan = &self.planned.plan;
        if let (false, Err(error)) = (plan.is_empty(), disk::ignore_cache(".")) {
            tracing::debug!(
                ?error,
                "this run's creations and deletions are not remembered for the next run"
            );
        }
        // The confirmation may have taken long.
        let options = Options {
            parallelism: self.perform.parallelism,
            observed_before: self.planned.seen.at.elapsed(),
        };
        let applied = screen::apply(&cloud.session, plan, options, cx.terminal).await?;
        let outcome = &applied.outcome;
        for one in screen::failures(outcome, plan, self.subject.sources()) {
            ui::say(&failure::render(&one, &cx.terminal.err));
        }
        operate::warn(&cloud.session);
        let mut seen = screen::view_of(&applied, plan, self.verb);
        seen.unlisted = self.planned.unlisted();
        ui::print(&match self.format {
            Format::Text => view::text(&seen, &cx.terminal.out),
            Format::Json => view::json(&seen),
        });
        if let Some(path) = &self.perform.report {
            disk::replace(path, &view::json(&seen))?;
        }
        Ok(exit_of(outcome))
    }
}

/// A failed run that changed something is partial: the same command continues it.
fn exit_of(outcome: &Outcome) -> Exit {
    if outcome.is_complete() {
        Exit::Done
    } else if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.writes.is_empty() {
        Exit::Error
    } else {
        Exit::Partial
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use setpoint_plan::change::{Change, ChangeAction, Reason, ReplaceOrder};
    use setpoint_plan::effect::Effect;
    use setpoint_plan::kind::Site;
    use setpoint_plan::live::Cost;

    use super::*;

    fn plan(held: &[HeldWhy]) -> Plan {
        let address = "app".parse().expect("a valid address");
        let change = Change {
            address,
            kind: "instance",
            action: ChangeAction::Update,
            reason: Reason::Differs,
            fields: Vec::new(),
            effect: Effect::NONE,
            loses: None,
            before: None,
            after: None,
            lifted: Vec::new(),
            order: ReplaceOrder::DeleteFirst,
            is_down: false,
        };
        let hold = |why: &HeldWhy| Held {
            address: Some(change.address.clone()),
            why: why.clone(),
            allowed_by: None,
        };
        Plan {
            stack: "shop/prod".to_owned(),
            site: Site {
                account: "1".repeat(16),
                region: "cn-beijing".to_owned(),
            },
            held: held.iter().map(hold).collect(),
            now: 0,
            changes: vec![change],
            steps: Vec::new(),
            outputs: BTreeMap::new(),
            cost: Cost::default(),
            n_live: 1,
        }
    }

    #[track_caller]
    fn check(held: &[HeldWhy], yes: bool, ask: fn(&str) -> Option<String>, agreed: bool) {
        let terminal = Terminal {
            interactive: true,
            ask,
            ..Terminal::none()
        };
        assert_eq!(consent(&plan(held), yes, terminal).is_ok(), agreed);
    }

    #[test]
    fn a_plain_change_needs_exactly_yes() {
        check(&[], false, |_| Some("yes".to_owned()), true);
        for ask in [
            |_: &str| Some("y".to_owned()),
            |_: &str| Some("Yes".to_owned()),
            |_: &str| None,
        ] {
            check(&[], false, ask, false);
        }
        check(&[], true, |question| panic!("{question}"), true);
    }

    #[test]
    fn a_loss_needs_the_stacks_name_even_with_yes() {
        let lost = [HeldWhy::DataLoss("its disk".to_owned())];
        check(&lost, true, |_| Some("yes".to_owned()), false);
        check(&lost, false, |_| Some("shop/prod".to_owned()), true);
        check(
            &lost,
            true,
            |question| {
                question
                    .contains("loses data on app")
                    .then(|| "shop/prod".to_owned())
            },
            true,
        );
    }

    #[test]
    fn without_a_terminal_a_loss_is_refused() {
        let refused = consent(&plan(&[HeldWhy::Replacement]), true, Terminal::none());
        assert!(matches!(refused, Err(Error::Held(held)) if held.len() == 1));
    }
}

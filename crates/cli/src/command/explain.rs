//! `setpoint explain`: what a kind, a field or a construct of the language means.

use clap::Args;
use serde_json::{Value as Json, json};
use setpoint_catalog::REGISTRY;
use setpoint_spec::explain::{self, Overview};

use super::Cx;
use crate::args::{Format, FormatArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::ui;

/// The width of texts in JSON, where their reader wraps them.
const UNWRAPPED: usize = 10_000;

/// Explain a kind, a field or a construct of the language
///
/// A kind or a field: its values, its default and the effect of a change. A construct: a section, a
/// key or a function of stack files, with an example. Also words of plans and of other tools, such
/// as `held` or `depends_on`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// As in `instance`, `instance.system_disk.size`, `vars`, `lifecycle.protect`, `cidr_subnet`;
    /// without it, the list of all
    #[arg(value_name = "WORD")]
    pub word: Option<String>,
    /// Text or JSON.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Prints the explanation, or the list of kinds and constructs.
///
/// # Errors
/// The word is not a kind, a field or a construct.
pub fn run(args: &ExplainArgs, cx: &Cx) -> Result<Exit, Error> {
    let schema = REGISTRY.schema();
    let width = match args.format.chosen() {
        Format::Text => cx.terminal.out.width,
        Format::Json => UNWRAPPED,
    };
    let (text, json) = match &args.word {
        None => {
            let all = explain::overview(&schema);
            (all.text(width), all_json(&all))
        }
        Some(word) => {
            let text = explain::explain(&schema, word, width).map_err(refusal)?;
            let json = json!({"format_version": "1.0", "word": word, "text": text});
            (text, json)
        }
    };
    ui::print(&match args.format.chosen() {
        Format::Text => text,
        Format::Json => format!("{json:#}\n"),
    });
    Ok(Exit::Done)
}

fn all_json(all: &Overview) -> Json {
    let rows = |rows: &[(String, String)]| -> Json {
        let row = |(name, text): &(String, String)| json!({"word": name, "text": text});
        rows.iter().map(row).collect()
    };
    json!({
        "format_version": "1.0",
        "kinds": rows(&all.kinds),
        "language": rows(&all.constructs),
        "functions": all.functions,
        "terms": all.terms,
    })
}

fn refusal(error: String) -> Error {
    match error.split_once('\n') {
        Some((what, hint)) => Error::usage_hint(what, hint),
        None => Error::usage(error),
    }
}

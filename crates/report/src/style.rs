//! Labels: what a piece of text means to its reader. One table turns them into colours; without it
//! text stays bare.

use anstyle::{AnsiColor, Effects};

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether labels become ANSI colours.
    pub color: bool,
    /// Columns of the terminal; every width from 1 works, from 40 it reads well.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
        }
    }
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Nothing of its own.
    Plain,
    /// Something comes.
    Create,
    /// Something changes.
    Update,
    /// Something goes.
    Delete,
    /// Data or an identity is lost, or something runs no more.
    Danger,
    /// Something to heed.
    Warning,
    /// All is well.
    Good,
    /// What the eye looks for first.
    Strong,
    /// What it may pass over.
    Dim,
    /// The frame of an error.
    Frame,
}

/// The table of colours.
fn ansi(label: Label) -> anstyle::Style {
    let style = anstyle::Style::new();
    let colored = |color: AnsiColor| style.fg_color(Some(color.into()));
    match label {
        Label::Plain => style,
        Label::Create | Label::Good => colored(AnsiColor::Green),
        Label::Update | Label::Warning => colored(AnsiColor::Yellow),
        Label::Delete | Label::Frame => colored(AnsiColor::Red),
        Label::Danger => colored(AnsiColor::Red).effects(Effects::BOLD),
        Label::Strong => style.effects(Effects::BOLD),
        Label::Dim => style.effects(Effects::DIMMED),
    }
}

impl Style {
    /// No colours, so many columns.
    #[must_use]
    pub fn plain(width: usize) -> Self {
        Self {
            color: false,
            width,
        }
    }

    /// The text under its label: in colour, or bare.
    #[must_use]
    pub fn paint(&self, label: Label, text: &str) -> String {
        if !self.color || label == Label::Plain || text.is_empty() {
            return text.to_owned();
        }
        let ansi = ansi(label);
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    }
}

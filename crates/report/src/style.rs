//! Labels for the meaning of a piece of text, and the table that maps them to ANSI colours.
//!
//! Formats choose a label, never a colour, so that all output changes its look in one place.

use anstyle::{AnsiColor, Effects};

/// Colours and width of text output. The default has no colours and 80 columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether labels become ANSI colours.
    pub color: bool,
    /// The width of the terminal in columns. Every width works; text is easy to read from 40
    /// columns on.
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

/// The meaning of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Ordinary text.
    Plain,
    /// A resource or value is created.
    Create,
    /// A resource or value is updated.
    Update,
    /// A resource or value is deleted.
    Delete,
    /// Data or an identity is lost, or a resource stops running.
    Danger,
    /// A warning.
    Warning,
    /// Success.
    Good,
    /// The most important text.
    Strong,
    /// The least important text.
    Dim,
    /// The frame of an error.
    Frame,
}

/// Maps a label to its ANSI style.
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
    /// Returns a style without colours for this width in columns.
    #[must_use]
    pub fn plain(width: usize) -> Self {
        Self {
            color: false,
            width,
        }
    }

    /// Returns the text in the colour of its label, or unchanged if colours are off.
    #[must_use]
    pub fn paint(&self, label: Label, text: &str) -> String {
        if !self.color || label == Label::Plain || text.is_empty() {
            return text.to_owned();
        }
        let ansi = ansi(label);
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    }
}

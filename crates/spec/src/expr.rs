//! Expressions: `${…}` in texts.
//!
//! A text is parsed into a [`Template`] before anything is looked up, so that syntax errors come
//! with the very characters. Bounds: 4 KiB a text with expressions, 32 levels.

mod lex;
mod parse;

pub mod functions;

pub use parse::parse;

/// Most bytes of a text that holds expressions.
pub const MAX_BYTES: usize = 4 << 10;
/// Most levels of expressions in each other.
pub const MAX_DEPTH: usize = 32;

/// A range of bytes within the text that was parsed.
pub type Range = std::ops::Range<usize>;

/// A text with its expressions found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// One part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it is; `$${` has become `${`.
    Literal(String),
    /// An expression.
    Expr(Expr),
}

/// An expression and the range of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub data: ExprData,
    /// Where it stands.
    pub range: Range,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprData {
    /// A text in quotes.
    Text(String),
    /// A whole number.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A function's call.
    Call {
        /// The function.
        name: String,
        /// What it is given.
        args: Vec<Expr>,
    },
    /// A path.
    Path(Path),
}

/// A path: a name, then steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The first name.
    pub root: String,
    /// Where the first name stands.
    pub root_range: Range,
    /// What follows.
    pub steps: Vec<Step>,
}

/// One step of a path and the range of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub data: StepData,
    /// Where it stands.
    pub range: Range,
}

/// What a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepData {
    /// `.name`
    Name(String),
    /// `[key]`, `["key"]`, `[0]`
    Key(String),
    /// `[expression]`
    Computed(Box<Expr>),
    /// `[*]`
    All,
}

/// A mistake in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub range: Range,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub hint: Option<String>,
}

impl Template {
    /// The expression, if the text is nothing but one.
    #[must_use]
    pub fn single(&self) -> Option<&Expr> {
        match self.parts.as_slice() {
            [Part::Expr(expr)] => Some(expr),
            _ => None,
        }
    }
}

/// Whether a text holds anything to parse.
#[must_use]
pub fn has_expression(text: &str) -> bool {
    text.contains("${")
}

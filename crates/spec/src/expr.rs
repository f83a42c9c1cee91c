//! Expressions: `${…}` in texts.
//!
//! A text is parsed into a [`Template`], a list of literals and expressions, before any name is
//! looked up. Every part has the range of its characters, so that errors can underline them. A text
//! with expressions has at most [`MAX_BYTES`] bytes, and expressions are nested at most
//! [`MAX_DEPTH`] deep, so that the recursive parser cannot exhaust the stack.

mod lex;
mod parse;

pub mod functions;

pub use parse::parse;

/// The longest text with expressions, in bytes.
pub const MAX_BYTES: usize = 4 << 10;
/// The deepest nesting of expressions.
pub const MAX_DEPTH: usize = 32;

/// A range of bytes within the text that was parsed.
pub type Range = std::ops::Range<usize>;

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// One part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Literal text, in which `$${` has become `${`.
    Literal(String),
    /// An expression.
    Expr(Expr),
}

/// An expression and the range of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// Its content.
    pub data: ExprData,
    /// Its range in the text.
    pub range: Range,
}

/// The content of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprData {
    /// A text in quotes.
    Text(String),
    /// A whole number.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A call of a function.
    Call {
        /// The name of the function.
        name: String,
        /// The arguments, in order.
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
    /// The range of the first name in the text.
    pub root_range: Range,
    /// The steps after the first name.
    pub steps: Vec<Step>,
}

/// One step of a path and the range of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its content.
    pub data: StepData,
    /// Its range in the text.
    pub range: Range,
}

/// The content of a step.
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

/// A syntax error in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The range of the error in the text.
    pub range: Range,
    /// The problem, without a full stop.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Template {
    /// The expression, if the whole text is one expression.
    #[must_use]
    pub fn single(&self) -> Option<&Expr> {
        match self.parts.as_slice() {
            [Part::Expr(expr)] => Some(expr),
            _ => None,
        }
    }
}

/// Whether a text contains an expression, or an escaped one, and must be parsed.
#[must_use]
pub fn has_expression(text: &str) -> bool {
    text.contains("${")
}

//! The parser of expressions: recursive descent, at most [`MAX_DEPTH`] levels deep.
//!
//! ```text
//! text = { literal | "$${" | "${" expr "}" }
//! expr = call | path | 'text' | "text" | integer | true | false
//! call = name "(" [ expr { "," expr } ] ")"
//! path = root { "." name | "[" ( integer | text | expr | "*" ) "]" }
//! ```

use super::lex::{Token, token};
use super::{
    Expr, ExprData, MAX_BYTES, MAX_DEPTH, Mistake, Part, Path, Range, Step, StepData, Template,
};

/// Parses a text with expressions.
///
/// # Errors
/// The first syntax error, with its range in the text.
pub fn parse(text: &str) -> Result<Template, Mistake> {
    if text.len() > MAX_BYTES {
        let hint = "move long texts to a file: `{file: PATH}`".to_owned();
        return Err(Mistake {
            range: 0..text.len(),
            message: "a text with expressions must be at most 4 KiB long".to_owned(),
            hint: Some(hint),
        });
    }
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(dollar) = text[at..].find('$').map(|found| at + found) {
        literal.push_str(&text[at..dollar]);
        if text[dollar..].starts_with("$${") {
            literal.push_str("${");
            at = dollar + 3;
        } else if text[dollar..].starts_with("${") {
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            let mut parser = Parser {
                text,
                at: dollar + 2,
                depth: 0,
            };
            let expr = parser.whole(dollar)?;
            at = parser.at;
            parts.push(Part::Expr(expr));
        } else {
            literal.push('$');
            at = dollar + 1;
        }
    }
    literal.push_str(&text[at..]);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(Template { parts })
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

/// Names whose value is a text. In brackets they are expressions, while other bare words are keys:
/// `vars.blocks[env]`, `public[h]`.
const TEXT_ROOTS: [&str; 4] = ["env", "stack", "region", "account"];

impl Parser<'_> {
    /// Parses an expression and its closing brace.
    fn whole(&mut self, dollar: usize) -> Result<Expr, Mistake> {
        if let (Token::Mark('}'), range) = self.peek()? {
            return Err(mistake(dollar..range.end, "the expression is empty"));
        }
        let expr = self.expr()?;
        match self.next()? {
            (Token::Mark('}'), _) => Ok(expr),
            (Token::End, _) => Err(mistake(
                dollar..self.text.len(),
                "the closing `}` of this expression is missing",
            )),
            (_, range) => Err(mistake(range, "expected `}` at the end of the expression")),
        }
    }

    fn next(&mut self) -> Result<(Token, Range), Mistake> {
        let found = token(self.text, self.at)?;
        self.at = found.1.end;
        Ok(found)
    }

    fn peek(&self) -> Result<(Token, Range), Mistake> {
        token(self.text, self.at)
    }

    fn expr(&mut self) -> Result<Expr, Mistake> {
        self.depth += 1;
        let (first, range) = self.next()?;
        if self.depth > MAX_DEPTH {
            return Err(mistake(range, "expressions are nested more than 32 deep"));
        }
        let data = match first {
            Token::Text(text) => ExprData::Text(text),
            Token::Int(n) => ExprData::Int(n),
            Token::Name(name) if name == "true" || name == "false" => {
                ExprData::Bool(name == "true")
            }
            Token::Name(name) => match self.peek()? {
                (Token::Mark('('), _) => self.call(name)?,
                _ => self.path(name, range.clone())?,
            },
            Token::End => {
                return Err(mistake(
                    range,
                    "the closing `}` of this expression is missing",
                ));
            }
            Token::Mark(_) => {
                return Err(mistake(
                    range,
                    "expected a name, a call, a number or a text in quotes",
                ));
            }
        };
        self.depth -= 1;
        Ok(Expr {
            data,
            range: range.start..self.at,
        })
    }

    fn call(&mut self, name: String) -> Result<ExprData, Mistake> {
        self.next()?;
        let mut args = Vec::new();
        if let (Token::Mark(')'), _) = self.peek()? {
            self.next()?;
            return Ok(ExprData::Call { name, args });
        }
        loop {
            args.push(self.expr()?);
            match self.next()? {
                (Token::Mark(','), _) => {}
                (Token::Mark(')'), _) => return Ok(ExprData::Call { name, args }),
                (_, range) => return Err(mistake(range, "expected `,` or `)`")),
            }
        }
    }

    fn path(&mut self, root: String, root_range: Range) -> Result<ExprData, Mistake> {
        let mut steps = Vec::new();
        loop {
            match self.peek()? {
                (Token::Mark('.'), dot) => {
                    self.next()?;
                    let (found, range) = self.next()?;
                    let name = match found {
                        Token::Name(name) => name,
                        Token::Int(n) => n.to_string(),
                        Token::Mark('*') => {
                            return Err(mistake(
                                dot.start..range.end,
                                "all members must be written as `[*]`",
                            ));
                        }
                        _ => return Err(mistake(range, "expected a name after the dot")),
                    };
                    steps.push(Step {
                        data: StepData::Name(name),
                        range: dot.start..range.end,
                    });
                }
                (Token::Mark('['), open) => {
                    self.next()?;
                    let data = self.bracket()?;
                    match self.next()? {
                        (Token::Mark(']'), close) => steps.push(Step {
                            data,
                            range: open.start..close.end,
                        }),
                        (_, range) => return Err(mistake(range, "expected `]`")),
                    }
                }
                _ => {
                    return Ok(ExprData::Path(Path {
                        root,
                        root_range,
                        steps,
                    }));
                }
            }
        }
    }

    fn bracket(&mut self) -> Result<StepData, Mistake> {
        let (first, range) = self.peek()?;
        // A key may contain dots and begin with a digit, so it extends to the closing bracket
        // unless the bracket holds an expression.
        let key_end = self.text[range.start..]
            .find(']')
            .map_or(self.text.len(), |len| range.start + len);
        let raw = self.text[range.start..key_end].trim_end();
        match first {
            Token::Mark('*') => {
                self.next()?;
                Ok(StepData::All)
            }
            Token::Text(text) => {
                self.next()?;
                Ok(StepData::Key(text))
            }
            Token::Name(name) if raw == name && !TEXT_ROOTS.contains(&raw) => {
                self.next()?;
                Ok(StepData::Key(name))
            }
            Token::Int(n) if raw == n.to_string() => {
                self.next()?;
                Ok(StepData::Key(raw.to_owned()))
            }
            _ => Ok(StepData::Computed(Box::new(self.expr()?))),
        }
    }
}

fn mistake(range: Range, message: &str) -> Mistake {
    Mistake {
        range,
        message: message.to_owned(),
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn show(expr: &Expr) -> String {
        match &expr.data {
            ExprData::Text(text) => format!("'{text}'"),
            ExprData::Int(n) => n.to_string(),
            ExprData::Bool(b) => b.to_string(),
            ExprData::Call { name, args } => format!(
                "{name}({})",
                args.iter().map(show).collect::<Vec<_>>().join(", ")
            ),
            ExprData::Path(path) => {
                let steps = path.steps.iter().map(|step| match &step.data {
                    StepData::Name(name) => format!(".{name}"),
                    StepData::Key(key) => format!("[{key}]"),
                    StepData::Computed(expr) => format!("[<{}>]", show(expr)),
                    StepData::All => "[*]".to_owned(),
                });
                format!("{}{}", path.root, steps.collect::<String>())
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        let shown = match parse(text) {
            Ok(template) => {
                let parts = template.parts.iter().map(|part| match part {
                    Part::Literal(text) => format!("{text:?}"),
                    Part::Expr(expr) => show(expr),
                });
                parts.collect::<Vec<_>>().join(" ")
            }
            Err(mistake) => format!("{}: {}", &text[mistake.range], mistake.message),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn parses() {
        check(
            "cn-beijing-${each.key}",
            &expect![[r#""cn-beijing-" each.key"#]],
        );
        check("a $1 $${x} $", &expect![[r#""a $1 ${x} $""#]]);
        check(
            "${cidr_subnet(vars.block, 8, each.value)}",
            &expect!["cidr_subnet(vars.block, 8, each.value)"],
        );
        check("${private[each.value]}", &expect!["private[<each.value>]"]);
        check("${web[eu].app[0].id}", &expect!["web[eu].app[0].id"]);
        check("${vars.blocks[env]}", &expect!["vars.blocks[<env>]"]);
        check("${app[*].private_ip}", &expect!["app[*].private_ip"]);
        check(
            "${join(', ', app[*].id)}-${db-sg.id}",
            &expect![[r#"join(', ', app[*].id) "-" db-sg.id"#]],
        );
        check("${at(x, -1)}", &expect!["at(x, -1)"]);
    }

    #[test]
    fn refuses() {
        check(
            "${a + 1}",
            &expect!["+: expressions have no operators and no conditions"],
        );
        check("${}", &expect!["${}: the expression is empty"]);
        check(
            "${a",
            &expect!["${a: the closing `}` of this expression is missing"],
        );
        check("${a.}", &expect!["}: expected a name after the dot"]);
        check(
            "${app.*.id}",
            &expect![".*: all members must be written as `[*]`"],
        );
        check(
            "${'a}",
            &expect!["'a}: the closing ' of this text is missing"],
        );
        check("${${a}}", &expect!["${: `${` inside an expression"]);
        check(
            &format!("${{{}}}", "f(".repeat(40)),
            &expect!["f: expressions are nested more than 32 deep"],
        );
    }
}

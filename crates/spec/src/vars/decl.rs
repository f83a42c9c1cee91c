//! Declarations of variables.

use crate::diagnostic::Diagnostic;
use crate::parse::{Shape, literal, literal_bool, shape_fits};
use crate::schema::{KindDef, Schema};
use crate::span::Span;
use crate::suggest;
use crate::tree::{Data, Node, Pair, Style};
use crate::types;

/// The declaration of one variable.
#[derive(Debug, Clone)]
pub(crate) struct VarDecl {
    pub(crate) name: String,
    /// The span of its name.
    pub(crate) at: Span,
    pub(crate) ty: VarType,
    pub(crate) default: Option<Node>,
    pub(crate) secret: bool,
    pub(crate) one_of: Vec<Node>,
    pub(crate) pattern: Option<(regex_lite::Regex, Span)>,
    pub(crate) min: Option<(i64, Span)>,
    pub(crate) max: Option<(i64, Span)>,
    pub(crate) from_env: Option<String>,
}

/// The type of a variable.
#[derive(Debug, Clone)]
pub(crate) enum VarType {
    Text,
    Int,
    Number,
    Bool,
    Cidr,
    Ip,
    Port,
    Duration,
    Zone,
    Any,
    List(Box<Self>),
    Map(Box<Self>),
    /// A reference to a resource of a kind.
    Ref(&'static KindDef),
}

const SCALARS: &[(&str, VarType)] = &[
    ("string", VarType::Text),
    ("integer", VarType::Int),
    ("number", VarType::Number),
    ("boolean", VarType::Bool),
    ("cidr", VarType::Cidr),
    ("ip", VarType::Ip),
    ("port", VarType::Port),
    ("duration", VarType::Duration),
    ("zone", VarType::Zone),
    ("any", VarType::Any),
];

/// The deepest nesting of `list(…)` and `map(…)`.
const MAX_NESTING: usize = 8;

/// The keys of a declaration.
pub(crate) const KEYS: &[&str] = &[
    "type",
    "default",
    "description",
    "secret",
    "one_of",
    "pattern",
    "min",
    "max",
    "from_env",
];

/// Returns the names of types, without kinds, `list(…)` and `map(…)`.
pub(crate) fn type_names() -> impl Iterator<Item = &'static str> {
    SCALARS.iter().map(|(name, _)| *name)
}

impl VarType {
    /// Its name in a declaration.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::List(of) => format!("list({})", of.name()),
            Self::Map(of) => format!("map({})", of.name()),
            Self::Ref(kind) => kind.name.to_owned(),
            other => {
                let same = |ty: &Self| std::mem::discriminant(ty) == std::mem::discriminant(other);
                SCALARS
                    .iter()
                    .find(|(_, ty)| same(ty))
                    .map_or("any", |(name, _)| name)
                    .to_owned()
            }
        }
    }

    fn parse(text: &str, schema: &Schema, depth: usize) -> Result<Self, types::Wrong> {
        let text = text.trim();
        for (prefix, wrap) in [
            ("list(", Self::List as fn(Box<Self>) -> Self),
            ("map(", Self::Map),
        ] {
            if let Some(inner) = text
                .strip_prefix(prefix)
                .and_then(|rest| rest.strip_suffix(')'))
            {
                if depth == MAX_NESTING {
                    return Err(types::Wrong::new("the type is nested more than 8 deep"));
                }
                return Ok(wrap(Box::new(Self::parse(inner, schema, depth + 1)?)));
            }
        }
        if let Some((_, ty)) = SCALARS.iter().find(|(name, _)| *name == text) {
            return Ok(ty.clone());
        }
        if let Some(kind) = schema.kind(text) {
            return Ok(Self::Ref(kind));
        }
        let wrong = types::Wrong::new(format!("`{text}` is not a type of variables"));
        let known = match text {
            "str" | "text" | "String" => Some("string"),
            "int" | "Integer" => Some("integer"),
            "bool" | "Boolean" => Some("boolean"),
            "float" | "Number" => Some("number"),
            "list" => Some("list(string)"),
            "map" | "object" => Some("map(string)"),
            _ => None,
        };
        let kinds = schema.kinds.iter().map(|kind| kind.name);
        let near = known
            .or_else(|| suggest::nearest(text, SCALARS.iter().map(|(name, _)| *name).chain(kinds)));
        Err(match near {
            Some(near) => wrong.hint(format!("did you mean `{near}`?")),
            None => wrong.hint("string, integer, number, boolean, cidr, ip, port, duration, zone, any, list(T), map(T), or a kind"),
        })
    }

    /// Returns the type of a default, for the short form `name: value`.
    fn of(node: &Node) -> Self {
        match &node.data {
            Data::Scalar(scalar) if scalar.style == Style::Plain => {
                let text = scalar.text.as_str();
                if matches!(text, "true" | "false") {
                    Self::Bool
                } else if types::integer(text, i64::MIN, i64::MAX, "").is_ok() {
                    Self::Int
                } else if types::decimal(text).is_ok() {
                    Self::Number
                } else {
                    Self::Text
                }
            }
            Data::Scalar(_) => Self::Text,
            Data::List(_) => Self::List(Box::new(Self::Any)),
            Data::Map(_) => Self::Map(Box::new(Self::Any)),
            Data::Null | Data::Bad => Self::Any,
        }
    }
}

/// Reads the declarations under `vars`.
pub(crate) fn declarations(
    pairs: &[Pair],
    schema: &Schema,
    found: &mut Vec<Diagnostic>,
) -> Vec<VarDecl> {
    pairs
        .iter()
        .map(|pair| declaration(pair, schema, found))
        .collect()
}

fn declaration(pair: &Pair, schema: &Schema, found: &mut Vec<Diagnostic>) -> VarDecl {
    let fits = pair.key.starts_with(|c: char| c.is_ascii_lowercase())
        && pair
            .key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && pair.key.len() <= 40
        && !pair.key.ends_with('_');
    if !fits {
        let hint = "a name must be a small letter, then small letters, digits and `_`, at most 40, not ending in `_`";
        found.push(
            Diagnostic::error(
                "name",
                pair.at,
                format!("`{}` is not a valid name of a variable", pair.key),
            )
            .hint(hint),
        );
    }
    let blank = |ty| VarDecl {
        name: pair.key.clone(),
        at: pair.at,
        ty,
        default: None,
        secret: false,
        one_of: Vec::new(),
        pattern: None,
        min: None,
        max: None,
        from_env: None,
    };
    let members = pair.value.pairs();
    let is_declaration = pair.value.get("type").is_some()
        || (!members.is_empty()
            && members
                .iter()
                .all(|member| KEYS.contains(&member.key.as_str())));
    if !is_declaration {
        literal_value(&pair.value, found);
        return VarDecl {
            default: Some(pair.value.clone()),
            ..blank(VarType::of(&pair.value))
        };
    }
    let default = pair.value.get("default");
    let mut decl = blank(default.map_or(VarType::Text, VarType::of));
    decl.default = default.cloned();
    for member in members {
        member_of(&mut decl, member, schema, found);
    }
    check_bounds(&decl, found);
    decl
}

fn member_of(decl: &mut VarDecl, member: &Pair, schema: &Schema, found: &mut Vec<Diagnostic>) {
    let value = &member.value;
    match member.key.as_str() {
        "type" => {
            if let Some(text) = literal(value, "type", found) {
                match VarType::parse(text, schema, 0) {
                    Ok(ty) => decl.ty = ty,
                    Err(wrong) => found.push(
                        Diagnostic::error("unknown-type", value.span, wrong.message)
                            .maybe_hint(wrong.hint),
                    ),
                }
            }
        }
        "default" => literal_value(value, found),
        "description" => {
            literal(value, "description", found);
        }
        "secret" => decl.secret = literal_bool(value, "secret", found).unwrap_or(false),
        "one_of" => {
            if shape_fits(value, Shape::List, "one_of", found)
                && let Data::List(items) = &value.data
            {
                decl.one_of.clone_from(items);
            }
        }
        "pattern" => {
            decl.pattern =
                literal(value, "pattern", found).and_then(|text| pattern(text, value.span, found))
        }
        "min" => decl.min = bound(value, "min", found),
        "max" => decl.max = bound(value, "max", found),
        "from_env" => decl.from_env = literal(value, "from_env", found).map(str::to_owned),
        other => {
            let hint = suggest::nearest(other, KEYS.iter().copied())
                .map(|near| format!("did you mean `{near}`?"));
            let hint = hint.or_else(|| (other == "sensitive").then(|| "write `secret`".to_owned()));
            found.push(
                Diagnostic::error(
                    "unknown-field",
                    member.at,
                    format!("`{other}` is not a valid key of a variable"),
                )
                .maybe_hint(hint),
            );
        }
    }
}

fn pattern(
    text: &str,
    span: Span,
    found: &mut Vec<Diagnostic>,
) -> Option<(regex_lite::Regex, Span)> {
    // The pattern is anchored, because it must match the whole value.
    match regex_lite::RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(1 << 20)
        .build()
    {
        Ok(regex) => Some((regex, span)),
        Err(error) => {
            found.push(Diagnostic::error(
                "wrong-type",
                span,
                format!("this is not a valid regular expression: {error}"),
            ));
            None
        }
    }
}

fn bound(node: &Node, key: &str, found: &mut Vec<Diagnostic>) -> Option<(i64, Span)> {
    let text = literal(node, key, found)?;
    match types::integer(text, i64::MIN, i64::MAX, "") {
        Ok(n) => Some((n, node.span)),
        Err(wrong) => {
            found.push(
                Diagnostic::error("wrong-type", node.span, wrong.message).maybe_hint(wrong.hint),
            );
            None
        }
    }
}

fn check_bounds(decl: &VarDecl, found: &mut Vec<Diagnostic>) {
    let bounds = [decl.min, decl.max];
    if let Some((_, span)) = bounds.iter().flatten().next()
        && !matches!(decl.ty, VarType::Int | VarType::Number)
    {
        let message = format!(
            "`min` and `max` are for numbers; `{}` is {}",
            decl.name,
            suggest::a(&decl.ty.name())
        );
        found.push(
            Diagnostic::error("misplaced-key", *span, message)
                .hint("add `type: integer` or `type: number`"),
        );
    }
    if let (Some((min, _)), Some((max, span))) = (decl.min, decl.max)
        && min > max
    {
        found.push(Diagnostic::error(
            "out-of-range",
            span,
            format!("`max` {max} is below `min` {min}"),
        ));
    }
    if let Some((_, span)) = &decl.pattern
        && !matches!(decl.ty, VarType::Text)
    {
        let message = format!(
            "`pattern` is for texts; `{}` is {}",
            decl.name,
            suggest::a(&decl.ty.name())
        );
        found.push(Diagnostic::error("misplaced-key", *span, message));
    }
}

/// Reports expressions in a declaration, at any depth.
fn literal_value(node: &Node, found: &mut Vec<Diagnostic>) {
    match &node.data {
        Data::Scalar(scalar) if crate::expr::has_expression(&scalar.text) => {
            let hint = "write the value itself, or use the expression where the variable is used";
            found.push(
                Diagnostic::error(
                    "not-literal",
                    node.span,
                    "the declaration of a variable must not contain expressions",
                )
                .hint(hint),
            );
        }
        Data::List(items) => items.iter().for_each(|item| literal_value(item, found)),
        Data::Map(pairs) => pairs
            .iter()
            .for_each(|pair| literal_value(&pair.value, found)),
        Data::Scalar(_) | Data::Null | Data::Bad => {}
    }
}

//! Turns a tree into a file with known sections: determines the role of the file, checks which
//! sections it has and their shapes, and splits `resources` into entries.
//!
//! Names, types and `use` must be literals and are checked here. Nothing is evaluated or looked up
//! yet.

mod entry;

pub(crate) use entry::{Entry, Layers, What, check_defaults, entries};

use crate::diagnostic::Diagnostic;
use crate::schema::Schema;
use crate::span::{Span, Spanned};
use crate::suggest;
use crate::tree::{Data, Node, Pair, Style, refuse_nulls};
use crate::types;
use crate::vars::VarDecl;

/// The role of a file, by its first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileRole {
    Stack,
    Module,
    Environment,
}

/// A file with its sections, before the environment and `defaults` are applied.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    /// Its path, relative to the working folder.
    pub(crate) path: String,
    pub(crate) role: FileRole,
    pub(crate) name: Spanned<String>,
    /// The sections, all known and of the right shape.
    pub(crate) top: Vec<Pair>,
}

/// A file with its environment and `defaults` applied, ready to be resolved.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path, relative to the working folder.
    pub(crate) path: String,
    pub(crate) name: Spanned<String>,
    /// The environment merged into it.
    pub(crate) environment: Option<String>,
    /// The sections besides `vars`, `defaults` and `resources`.
    pub(crate) top: Vec<Pair>,
    pub(crate) vars: Vec<VarDecl>,
    pub(crate) resources: Vec<Entry>,
}

impl Raw {
    /// A section.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.top
            .iter()
            .find(|pair| pair.key == key)
            .map(|pair| &pair.value)
    }
}

impl File {
    /// A section.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.top
            .iter()
            .find(|pair| pair.key == key)
            .map(|pair| &pair.value)
    }

    /// The entries of a section that is a map.
    pub(crate) fn pairs(&self, key: &str) -> &[Pair] {
        self.get(key).map_or(&[], Node::pairs)
    }

    /// The items of a section that is a list.
    pub(crate) fn items(&self, key: &str) -> &[Node] {
        match self.get(key).map(|node| &node.data) {
            Some(Data::List(items)) => items,
            _ => &[],
        }
    }
}

/// The shape of a section.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    One,
    Map,
    List,
}

use FileRole::{Environment, Module, Stack};

/// Every section: its key, its shape, and the files that may have it.
pub(crate) const SECTIONS: &[(&str, Shape, &[FileRole])] = &[
    ("stack", Shape::One, &[Stack]),
    ("module", Shape::One, &[Module]),
    ("environment", Shape::One, &[Environment]),
    ("region", Shape::One, &[Stack, Environment]),
    ("account", Shape::One, &[Stack, Environment]),
    ("requires", Shape::One, &[Stack, Module, Environment]),
    ("description", Shape::One, &[Stack, Module, Environment]),
    ("tags", Shape::Map, &[Stack, Environment]),
    ("ignore_tags", Shape::List, &[Stack]),
    ("vars", Shape::Map, &[Stack, Module, Environment]),
    ("defaults", Shape::Map, &[Stack, Module, Environment]),
    ("resources", Shape::Map, &[Stack, Module, Environment]),
    ("existing", Shape::Map, &[Stack]),
    ("stacks", Shape::Map, &[Stack]),
    ("environments", Shape::Map, &[Stack]),
    ("protect", Shape::One, &[Stack, Environment]),
    ("moved", Shape::List, &[Stack, Environment]),
    ("forget", Shape::List, &[Stack]),
    ("allow", Shape::List, &[Stack, Environment]),
    ("outputs", Shape::Map, &[Stack, Module, Environment]),
];

/// The names of all sections.
pub fn sections() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(name, ..)| *name)
}

/// Top-level keys of other tools, each with the hint that replaces it.
const TOP_HINTS: &[(&str, &str)] = &[
    (
        "format",
        "a plan that `setpoint plan --out` saved is applied with `setpoint apply FILE`",
    ),
    ("name", "write the stack's name as the value of `stack`"),
    ("variables", "write `vars`"),
    ("variable", "write `vars`"),
    ("Parameters", "write `vars`"),
    ("Resources", "write `resources`"),
    ("Outputs", "write `outputs`"),
    ("output", "write `outputs`"),
    ("resource", "write `resources`, each entry with its `type`"),
    ("data", "write `existing`"),
    (
        "provider",
        "write `region`; credentials come from the environment or a profile",
    ),
    ("locals", "write `vars` with a value: `name: value`"),
    ("include", "`include` is reserved; use modules"),
    (
        "ROSTemplateFormatVersion",
        "this is a ROS template; a stack begins with `stack: NAME`",
    ),
    (
        "apiVersion",
        "this is a Kubernetes object; a stack begins with `stack: NAME`",
    ),
];

impl FileRole {
    fn key(self) -> &'static str {
        match self {
            Stack => "stack",
            Module => "module",
            Environment => "environment",
        }
    }

    /// The role with its article: `a stack`, `an environment`.
    fn noun(self) -> String {
        suggest::a(self.key())
    }
}

/// Splits a file into its sections; `None` if it is not a spec file.
pub(crate) fn raw(
    schema: &Schema,
    mut tree: Node,
    path: &str,
    found: &mut Vec<Diagnostic>,
) -> Option<Raw> {
    let start = Span {
        end: tree.span.start,
        ..tree.span
    };
    if tree.pairs().is_empty() {
        let message = format!("a spec file must be a map, not {}", tree.noun());
        found.push(
            Diagnostic::error("not-a-spec", start, message)
                .hint("begin the file with `stack: NAME`, `module: NAME` or `environment: NAME`"),
        );
        return None;
    }
    let role = [Stack, Module, Environment]
        .into_iter()
        .find(|role| tree.pair(role.key()).is_some());
    let Some(role) = role else {
        let first = &tree.pairs()[0];
        let known = TOP_HINTS
            .iter()
            .find(|(key, _)| *key == first.key)
            .map(|(_, hint)| (*hint).to_owned());
        let hint = known.unwrap_or_else(|| {
            "begin the file with `stack: NAME`, `module: NAME` or `environment: NAME`".to_owned()
        });
        found.push(Diagnostic::error("not-a-spec", first.at, "this is not a spec file").hint(hint));
        return None;
    };
    refuse_top_nulls(schema, &mut tree, role, found);
    let Data::Map(pairs) = tree.data else {
        return None;
    };
    let mut top = Vec::new();
    let mut name = None;
    for pair in pairs {
        if pair.key == role.key() {
            name = Some(file_name(schema, &pair, role, found));
        } else if section_fits(&pair, role, found) {
            top.push(pair);
        }
    }
    Some(Raw {
        path: path.to_owned(),
        role,
        name: name?,
        top,
    })
}

/// Refuses nulls outside overlays. Overlays are under `environments` and in an environment file.
fn refuse_top_nulls(schema: &Schema, tree: &mut Node, role: FileRole, found: &mut Vec<Diagnostic>) {
    let Data::Map(pairs) = &mut tree.data else {
        return;
    };
    for pair in pairs {
        match (role, pair.key.as_str()) {
            (Stack, "environments") => {
                for environment in pair.value_pairs_mut() {
                    match &mut environment.value.data {
                        Data::Map(sections) => sections
                            .iter_mut()
                            .for_each(|section| refuse_overlay_nulls(schema, section, found)),
                        Data::Null => {
                            let message =
                                format!("the environment `{}` has no value", environment.key);
                            let hint =
                                format!("write `{}: {{}}` if it changes nothing", environment.key);
                            found.push(
                                Diagnostic::error("empty-value", environment.at, message)
                                    .hint(hint),
                            );
                            environment.value.data = Data::Bad;
                        }
                        _ => refuse_nulls(schema, &mut environment.value, None, found),
                    }
                }
            }
            (Environment, _) => refuse_overlay_nulls(schema, pair, found),
            _ => refuse_nulls(schema, &mut pair.value, Some((&pair.key, pair.at)), found),
        }
    }
}

/// Refuses nulls in a section of an environment unless it is an overlay, where a null removes a
/// value.
fn refuse_overlay_nulls(schema: &Schema, section: &mut Pair, found: &mut Vec<Diagnostic>) {
    let overlay = matches!(
        section.key.as_str(),
        "resources" | "tags" | "defaults" | "outputs"
    ) && section.value.data != Data::Null;
    if !overlay {
        let key = Some((section.key.as_str(), section.at));
        refuse_nulls(schema, &mut section.value, key, found);
    }
}

fn file_name(
    schema: &Schema,
    pair: &Pair,
    role: FileRole,
    found: &mut Vec<Diagnostic>,
) -> Spanned<String> {
    let span = pair.value.span;
    let text = literal(&pair.value, &pair.key, found).unwrap_or_default();
    let wrong = match role {
        Stack if !is_stack_name(text) => {
            let rule = "a name must be a small letter, then small letters, digits and `-`, 2 to 40 in total, not ending in `-`";
            Some(types::Wrong::new(format!("`{text}` is not valid as a stack's name")).hint(rule))
        }
        Stack => None,
        Module => schema.check_name(text, "a module's name").err(),
        Environment => schema.check_name(text, "an environment's name").err(),
    };
    if let Some(wrong) = wrong.filter(|_| !text.is_empty()) {
        found.push(Diagnostic::error("name", span, wrong.message).maybe_hint(wrong.hint));
    }
    Spanned {
        value: text.to_owned(),
        span,
    }
}

fn is_stack_name(text: &str) -> bool {
    (2..=40).contains(&text.len()) && !text.contains('_') && crate::address::is_name(text)
}

fn section_fits(pair: &Pair, role: FileRole, found: &mut Vec<Diagnostic>) -> bool {
    let Some((_, shape, roles)) = SECTIONS.iter().find(|(key, ..)| *key == pair.key) else {
        let known = TOP_HINTS
            .iter()
            .find(|(key, _)| *key == pair.key)
            .map(|(_, hint)| (*hint).to_owned());
        let names = SECTIONS
            .iter()
            .filter(|(_, _, roles)| roles.contains(&role))
            .map(|(key, ..)| *key);
        let hint = known.or_else(|| {
            suggest::nearest(&pair.key, names).map(|name| format!("did you mean `{name}`?"))
        });
        let hint = hint.or_else(|| {
            let sets = || format!("to set a variable, write `vars: {{{}: VALUE}}`", pair.key);
            (role == Environment).then(sets)
        });
        let message = format!("`{}` is not a valid key of {} file", pair.key, role.noun());
        found.push(Diagnostic::error("unknown-key", pair.at, message).maybe_hint(hint));
        return false;
    };
    if !roles.contains(&role) {
        let message = format!("`{}` is not valid in {} file", pair.key, role.noun());
        let hint = match role {
            Stack if pair.key == "environment" => "did you mean `environments`?",
            Stack => "this key begins a file of its own",
            Module => "pass values to a module with its `vars` and the entry's `with`",
            Environment => "move it to the stack file",
        };
        found.push(Diagnostic::error("misplaced-key", pair.at, message).hint(hint));
        return false;
    }
    shape_fits(&pair.value, *shape, &pair.key, found)
}

/// Checks the shape of a node and reports a wrong one.
pub(crate) fn shape_fits(
    node: &Node,
    shape: Shape,
    key: &str,
    found: &mut Vec<Diagnostic>,
) -> bool {
    let (wanted, fits) = match (&node.data, shape) {
        (Data::Bad, _) => return false,
        (data, Shape::Map) => ("a map", matches!(data, Data::Map(_))),
        (data, Shape::List) => ("a list", matches!(data, Data::List(_))),
        (data, Shape::One) => ("a single value", matches!(data, Data::Scalar(_))),
    };
    if !fits {
        let key = if key.contains(' ') {
            key.to_owned()
        } else {
            format!("`{key}`")
        };
        found.push(Diagnostic::error(
            "wrong-type",
            node.span,
            format!("{key} must be {wanted}, not {}", node.noun()),
        ));
    }
    fits
}

/// Reads a text that must not contain expressions.
pub(crate) fn literal<'n>(
    node: &'n Node,
    key: &str,
    found: &mut Vec<Diagnostic>,
) -> Option<&'n str> {
    if !shape_fits(node, Shape::One, key, found) {
        return None;
    }
    let scalar = node.scalar()?;
    if crate::expr::has_expression(&scalar.text) {
        let key = if key.contains(' ') {
            key.to_owned()
        } else {
            format!("`{key}`")
        };
        found.push(
            Diagnostic::error(
                "not-literal",
                node.span,
                format!("{key} must not contain expressions"),
            )
            .hint("write the value itself"),
        );
        return None;
    }
    if scalar.style == Style::Plain
        && let Some(read) = crate::tree::reading(&scalar.text)
    {
        found.push(unquoted(node.span, &scalar.text, &read));
        return None;
    }
    Some(&scalar.text)
}

/// Reads a boolean that must not be an expression.
pub(crate) fn literal_bool(node: &Node, key: &str, found: &mut Vec<Diagnostic>) -> Option<bool> {
    let wrong = match node.scalar() {
        Some(scalar) if scalar.style == Style::Plain => match types::boolean(&scalar.text) {
            Ok(value) => return Some(value),
            Err(wrong) => wrong,
        },
        _ if node.data == Data::Bad => return None,
        _ => types::Wrong::new(format!("`{key}` must be `true` or `false`, without quotes")),
    };
    found.push(Diagnostic::error("wrong-value", node.span, wrong.message).maybe_hint(wrong.hint));
    None
}

/// The diagnostic for a plain text that YAML tools read as another type.
pub(crate) fn unquoted(span: Span, text: &str, read: &str) -> Diagnostic {
    Diagnostic::error(
        "must-quote",
        span,
        format!("the text `{text}` must be quoted"),
    )
    .hint(format!(
        "write \"{text}\": other YAML tools read {read} here"
    ))
}

/// Reports names in `resources`, `existing` and `stacks` that are not valid or defined twice.
pub(crate) fn check_names<'n>(
    schema: &Schema,
    raw: &'n Raw,
    resources: impl Iterator<Item = &'n Pair>,
    found: &mut Vec<Diagnostic>,
) {
    let mut seen: std::collections::BTreeMap<&str, (Span, &str)> =
        std::collections::BTreeMap::new();
    let section = |key: &'static str| {
        raw.get(key)
            .map_or(&[][..], Node::pairs)
            .iter()
            .map(move |pair| (key, pair))
    };
    let all = resources
        .map(|pair| ("resources", pair))
        .chain(section("existing"))
        .chain(section("stacks"));
    for (section, pair) in all {
        if let Err(wrong) = schema.check_name(&pair.key, "a name") {
            found.push(Diagnostic::error("name", pair.at, wrong.message).maybe_hint(wrong.hint));
        }
        if let Some((at, other)) = seen.insert(&pair.key, (pair.at, section)) {
            let message = format!(
                "`{}` is defined in `{other}` and in `{section}`, which share one namespace",
                pair.key
            );
            found.push(
                Diagnostic::error("duplicate-name", pair.at, message)
                    .label(at, "first defined here"),
            );
        }
    }
}

/// Checks a section of an environment that is written in place.
pub(crate) fn environment_section_fits(pair: &Pair, found: &mut Vec<Diagnostic>) -> bool {
    section_fits(pair, Environment, found)
}

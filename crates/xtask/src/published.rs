//! `cargo xtask published FILE`: writes `crates/sim/data/published.txt`, the names of all real
//! products and actions, from a list of them in Markdown.
//!
//! The simulator refuses what it does not model by these names, and tells it from what does not
//! exist. The list has the products in one paragraph (`Ecs 2014-05-26, …`), and a section for each
//! product of which it has the actions (`## Ecs 2014-05-26: 366`). Invariant: the same list gives
//! the same bytes, with products and actions in byte order of their names.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

/// Reads the list and rewrites the data.
///
/// # Errors
///
/// The list cannot be read or has another form, or the data cannot be written.
pub(crate) fn run(list: &Path) -> Result<(), Box<dyn Error>> {
    let text =
        std::fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?;
    let data = render(&text).ok_or("the list names no products")?;
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/data/published.txt");
    std::fs::write(target, data)?;
    Ok(())
}

/// Returns a line for each product: its code, its version, and its actions if the list has them.
fn render(list: &str) -> Option<String> {
    let mut products: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let paragraphs: Vec<&str> = list.split("\n\n").map(str::trim).collect();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let body = paragraphs.get(at + 1).copied().unwrap_or_default();
        let Some(heading) = paragraph.strip_prefix("## ") else {
            continue;
        };
        if heading.starts_with("Products:") {
            let pairs = body
                .split(", ")
                .filter_map(|one| one.trim().split_once(' '));
            products.extend(pairs.map(|pair| (pair, Vec::new())));
        } else if let Some(product) = heading
            .split_once(": ")
            .and_then(|(one, _)| one.split_once(' '))
        {
            let mut actions: Vec<&str> = body.split_whitespace().collect();
            actions.sort_unstable();
            products.insert(product, actions);
        }
    }
    let line = |((code, version), actions): (&(&str, &str), &Vec<&str>)| {
        let words = [*code, *version].into_iter().chain(actions.iter().copied());
        words.collect::<Vec<_>>().join(" ") + "\n"
    };
    (!products.is_empty()).then(|| products.iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn products_have_a_line_each_with_the_actions_that_are_known() {
        let list = "# T\n\nWords.\n\n## Products: code\n\nSlb 2014-05-15, Ecs 2014-05-26\n\n\
                    ## Ecs 2014-05-26: 2\n\nRunInstances DeleteDisk\n";
        let expected = "Ecs 2014-05-26 DeleteDisk RunInstances\nSlb 2014-05-15\n";
        assert_eq!(render(list).as_deref(), Some(expected));
        assert_eq!(render("nothing"), None);
    }
}

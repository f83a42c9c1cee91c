//! Paths as text: joining and normalising, without looking at any disk.

/// The folder of a file: `.` for a bare name, `/` for what stands at the top.
#[must_use]
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None => ".",
        Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// A path below a folder, normalised; an absolute path stands for itself.
#[must_use]
pub fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return normal(path);
    }
    match folder {
        "" | "." => normal(path),
        folder => normal(&format!("{folder}/{path}")),
    }
}

/// The same path without `.`, empty parts, and `..` where a folder stands before it.
#[must_use]
pub fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// Whether a normalised absolute path stands at or below a folder.
#[must_use]
pub fn is_below(path: &str, folder: &str) -> bool {
    folder == "/"
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises() {
        let cases = [
            ("a/./b//c", "a/b/c"),
            ("a/../b", "b"),
            ("../a/..", ".."),
            ("/..", "/"),
            ("./", "."),
            ("../../x", "../../x"),
        ];
        for (path, expected) in cases {
            assert_eq!(normal(path), expected, "{path}");
        }
        assert!(is_below("/a/b", "/a") && !is_below("/ab", "/a") && is_below("/x", "/"));
        assert_eq!([parent("a/b"), parent("a"), parent("/a")], ["a", ".", "/"]);
    }
}

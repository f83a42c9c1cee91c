//! Paths as text: joining and normalising, without any access to a disk.

/// Returns the folder of a file: `.` for a bare name, `/` for a file at the top.
#[must_use]
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None => ".",
        Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// Joins a path to a folder and normalises the result; an absolute path replaces the folder.
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

/// Removes `.`, empty parts, and each `..` together with the folder before it.
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

/// Whether a normalised absolute path is a folder or below it.
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

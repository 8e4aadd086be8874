//! What texts mean as paths, and which mean nothing here.

use proptest::prelude::*;

use super::*;

const ROOT: &str = "/data/files/home/w";

fn meant(text: &str) -> Option<String> {
    WorkspacePath::parse(text, Path::new(ROOT)).ok().map(|path| path.to_string())
}

#[test]
fn paths_are_relative_to_the_workspace_or_lead_into_it() {
    for (text, wanted) in [
        (".", "."),
        ("./", "."),
        ("a", "a"),
        ("./a//b/./c", "a/b/c"),
        ("a/../b", "b"),
        ("a/..", "."),
        ("a b/ü/…", "a b/ü/…"),
        ("/data/files/home/w", "."),
        ("/data/files/home/w/", "."),
        ("/data/files/home/w/a/b", "a/b"),
        ("...", "..."),
        ("a\\..\\b", "a\\..\\b"),
        (".git/config", ".git/config"),
    ] {
        assert_eq!(meant(text).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn paths_that_lead_out_or_mean_nothing_are_refused() {
    for text in [
        "",
        "..",
        "../",
        "../x",
        "a/../..",
        "a/../../b",
        "./../x",
        "//..",
        "/",
        "/etc/passwd",
        "//etc/passwd",
        "/data/files/home/w2",
        "/data/files/home/w2/x",
        "/data/files/home",
        "/data/files/home/w/..",
        "/data/files/home/w/../w2/x",
        "/data/files/home/./w/x",
        "/DATA/files/home/w/x",
        "/proc/self/root/etc/passwd",
        "/proc/self/cwd/x",
        "~",
        "~/x",
        "~root/x",
        "a\0b",
        "a\nb",
        "a\u{1b}[2K",
        "a\u{7f}",
    ] {
        assert_eq!(meant(text), None, "{text:?}");
    }
    assert_eq!(meant(&"a/".repeat(2_049)), None);
    assert_eq!(meant(&"a".repeat(256)), None);
    assert_eq!(meant(&"a".repeat(255)).unwrap().len(), 255);
}

proptest! {
    #[test]
    fn whatever_is_written_no_name_leads_up(text in "[a-z./~\\\\ü]{0,40}") {
        if let Ok(path) = WorkspacePath::parse(&text, Path::new(ROOT)) {
            let plain = |name: &String| !name.is_empty() && name != "." && name != ".." && !name.contains('/');
            prop_assert!(path.names().iter().all(plain));
            let again = WorkspacePath::parse(&path.to_string(), Path::new(ROOT));
            prop_assert!(again.is_err() || again.unwrap() == path);
        }
    }
}

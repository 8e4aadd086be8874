//! Paths that try to leave the workspace, and a folder that is swapped while it is read.

use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Links of every kind inside the workspace, all of which lead out of it.
fn trap() -> World {
    let world = World::new();
    let (root, home) = (world.root().to_owned(), world.home.path().to_owned());
    world.file("a/plain", "plain").file("d/e/f", "f");
    for (name, target) in [
        ("abs", home.join("secret").display().to_string()),
        ("rel", "../secret".to_owned()),
        ("a/up", "../../secret".to_owned()),
        ("out", home.display().to_string()),
        ("outrel", "..".to_owned()),
        ("a/outrel", "../..".to_owned()),
        ("slash", "/".to_owned()),
        ("chain", "chain2".to_owned()),
        ("chain2", "out/secret".to_owned()),
        ("loop", "loop".to_owned()),
        ("selfroot", "/proc/self/root".to_owned()),
        ("cwd", "/proc/self/cwd".to_owned()),
        ("fd", "/proc/self/fd".to_owned()),
        ("null", "/dev/null".to_owned()),
        ("inside", "a".to_owned()),
        ("insidefile", "a/plain".to_owned()),
        ("dangling", "../new".to_owned()),
        ("dot", ".".to_owned()),
        ("d/e/back", "../../../secret".to_owned()),
    ] {
        symlink(target, root.join(name)).unwrap();
    }
    world
}

#[allow(clippy::too_many_lines, reason = "it is a table")]
fn hostile(world: &World) -> Vec<String> {
    let home = world.home.path().display().to_string();
    let mut paths: Vec<String> = [
        "../secret",
        "a/../../secret",
        "./../secret",
        "a/./../../secret",
        "..//secret",
        "a/b/c/../../../../secret",
        "../w/../secret",
        "abs",
        "./abs",
        "rel",
        "a/up",
        "out/secret",
        "out/w/a/plain",
        "outrel/secret",
        "a/outrel/secret",
        "out/out/secret",
        "chain",
        "chain2",
        "loop",
        "loop/x",
        "slash/etc/passwd",
        "selfroot/etc/passwd",
        "cwd/Cargo.toml",
        "fd/0",
        "null",
        "dangling",
        "inside/plain",
        "insidefile",
        "dot/a/plain",
        "dot/out/secret",
        "d/e/back",
        "inside/up",
        "/etc/passwd",
        "/proc/self/root/etc/passwd",
        "/proc/self/environ",
        "/proc/self/mem",
        "/proc/thread-self/cwd/Cargo.toml",
        "/dev/stdin",
        "/dev/zero",
        "~/.ssh/id_ed25519",
        "~root/x",
        "a/plain/..//../../secret",
        "a/plain/x",
        "socket",
        "pipe",
        "secret\0",
        "a\0/../secret",
        "a/plain\n",
        "\u{1b}]0;x",
        "%2e%2e/secret",
        "..%2fsecret",
        "．．/secret",
        "..\\secret",
        ".. /secret",
        "file:///etc/passwd",
        "\\\\server\\share",
        "C:\\secret",
        "A/PLAIN",
    ]
    .map(str::to_owned)
    .into();
    paths.push(format!("{home}/secret"));
    paths.push(format!("{home}/w/../secret"));
    paths.push(format!("{home}/w/out/secret"));
    paths.push(format!("{home}/w2/secret"));
    paths.push(format!("/proc/self/root{home}/secret"));
    paths.push("a/".repeat(3_000));
    paths.push("x".repeat(300));
    paths
}

#[tokio::test]
async fn no_path_leads_out_of_the_workspace_for_reading() {
    let world = trap();
    let _socket = UnixListener::bind(world.root().join("socket")).unwrap();
    let pipe = world.root().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let paths = hostile(&world);
    assert!(paths.len() >= 60);
    for path in paths {
        for (name, arguments) in [
            ("read_file", json!({"path": path})),
            ("edit", json!({"path": path, "old": "secret", "new": "x"})),
            ("search_files", json!({"path": path, "pattern": "."})),
        ] {
            let answer = world.run(name, arguments).await;
            assert!(answer.is_err(), "{name} {path:?}: {answer:?}");
        }
    }
    let all = world.text("search_files", json!({"pattern": "."})).await;
    assert!(!all.contains(SECRET) && all.contains("a/plain:1: plain"), "{all}");
}

#[tokio::test]
async fn no_path_leads_out_of_the_workspace_for_writing() {
    let world = trap();
    for path in hostile(&world) {
        // silent-ok: some of them are plain names inside
        let _ = world.run("write_file", json!({"path": path, "content": "x"})).await;
    }
    let beside: Vec<_> = fs::read_dir(world.home.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 2, "{beside:?}");
    assert_eq!(fs::read_to_string(world.home.path().join("secret")).unwrap(), SECRET);
    assert_eq!(world.content("a/plain"), "plain", "a link inside is not written through either");
    for (path, what) in [("abs", "symbolic link"), ("out/x", "symbolic link"), ("a", "folder")] {
        let refusal = world.refusal("write_file", json!({"path": path, "content": "x"})).await;
        assert!(refusal.contains(what), "{path}: {refusal}");
        assert!(world.plan("write_file", json!({"path": path, "content": "x"})).is_err(), "{path}");
    }
}

#[tokio::test]
async fn a_folder_that_is_swapped_for_a_link_while_it_is_used_leads_nowhere() {
    let world = World::new();
    world.file("d/secret", "inside");
    let (folder, link) = (world.root().join("d"), world.root().join("link"));
    symlink(world.home.path(), &link).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // The folder and the link change places in one step.
                rustix::fs::renameat_with(
                    rustix::fs::CWD,
                    &folder,
                    rustix::fs::CWD,
                    &link,
                    rustix::fs::RenameFlags::EXCHANGE,
                )
                .unwrap();
            }
        });
        let handle = Folder::open(world.root()).unwrap();
        let path = WorkspacePath::parse("d/secret", world.root()).unwrap();
        let new = WorkspacePath::parse("d/new", world.root()).unwrap();
        let (mut read, mut refused) = (0, 0);
        // Until both were seen often; how soon that is depends on the scheduler.
        for _ in 0..5_000_000 {
            if read >= 500 && refused >= 500 {
                break;
            }
            match handle.content(&path, 1_000) {
                Ok((content, _)) => {
                    assert_eq!(content, b"inside");
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
        for _ in 0..200 {
            // silent-ok: it is written inside or not at all
            let _ = handle.replace(&new, b"new");
        }
        done.store(true, Ordering::Relaxed);
        assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
    });
    assert!(!world.home.path().join("new").exists());
}

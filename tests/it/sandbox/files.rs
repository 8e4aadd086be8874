//! What is read and written outside of the workspace: nothing.

use std::fs;
use std::os::unix::fs::symlink;

use capuchin::sandbox::{Profile, SandboxError};

use super::{Range, SECRET};

#[tokio::test]
async fn the_workspace_is_read_and_written_at_its_own_path() {
    let Some(range) = Range::new().await else { return };
    fs::write(range.workspace.join("in"), "hello").unwrap();
    let script = "pwd; cat in; echo there > out; mkdir -p a/b && mv out a/b/out && ls a/b";
    let finished = range.attack("work", range.bash(script), &range.profile()).await;
    assert_eq!(finished.text(), format!("{}\nhelloout\n", range.workspace.display()));
    assert_eq!(fs::read_to_string(range.workspace.join("a/b/out")).unwrap(), "there\n");
}

#[tokio::test]
async fn homes_keys_and_settings_with_secrets_are_not_in_sight() {
    let Some(range) = Range::new().await else { return };
    let script = format!(
        "cat {secret}; cat ../../vault.key; ls /root /home; cat /etc/shadow /etc/sudoers; ls {cages}; \
         cat $HOME/.ssh/id_rsa; ls /var/lib /sys /mnt /boot; ls -A /tmp | grep -v cage",
        secret = range.secret.display(),
        cages = range.folder.join("cages").display(),
    );
    let finished = range.attack("read", range.bash(&script), &range.profile()).await;
    assert!(!finished.text().contains(SECRET));
    let refusals = finished.text().lines().filter(|line| !line.contains("No such file or directory")).count();
    assert_eq!(refusals, 0, "only what is not there was asked for: {}", finished.text());
    let environment = range.attack("environment", range.bash("env | cut -d= -f1"), &range.profile()).await;
    let names: Vec<_> = environment.stdout.text().lines().map(str::to_owned).collect();
    let own = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.iter().all(|name| own.contains(&name.as_str())), "{names:?}");
}

#[tokio::test]
async fn nothing_is_written_outside_of_the_workspace() {
    let Some(range) = Range::new().await else { return };
    let beside = range.folder.join("data/files/other");
    fs::create_dir(&beside).unwrap();
    let places = [
        range.folder.join("x"),
        range.folder.join("data/x"),
        beside.join("x"),
        range.workspace.join("../x"),
        "/usr/x".into(),
        "/etc/x".into(),
        "/x".into(),
        "/proc/sys/kernel/core_pattern".into(),
        "/dev/x".into(),
    ];
    for place in places {
        let script = format!("echo x > {}", place.display());
        let finished = range.attack("write", range.bash(&script), &range.profile()).await;
        // The folder for temporary files, where this test has its own, is another one inside.
        assert!(!finished.ended.success() || place.starts_with("/tmp"), "{}", place.display());
        assert!(!place.ends_with("x") || !place.exists(), "{}", place.display());
    }
}

#[tokio::test]
async fn links_lead_nowhere() {
    let Some(range) = Range::new().await else { return };
    symlink(&range.secret, range.workspace.join("planted")).unwrap();
    symlink("/", range.workspace.join("root")).unwrap();
    let script = format!(
        "cat planted; cat root{secret}; ln -s {secret} own; cat own; echo x > own; ln {secret} hard; \
         cat /proc/1/root{secret} /proc/self/root{secret} /proc/1/cwd/vault.key; ls /proc/1/fd; \
         cat /proc/1/environ; cat /proc/{pid}/environ; true",
        secret = range.secret.display(),
        pid = std::process::id(),
    );
    let finished = range.attack("links", range.bash(&script), &range.profile()).await;
    assert!(!finished.text().contains(SECRET), "{}", finished.text());
    assert_eq!(fs::read_to_string(&range.secret).unwrap(), SECRET);
}

#[tokio::test]
async fn the_daemons_own_folders_are_never_given() {
    let Some(range) = Range::new().await else { return };
    let data = range.folder.join("data");
    for path in [data.clone(), data.join("files"), range.secret.clone(), "/proc".into(), "/".into()] {
        for profile in [
            Profile { read: vec![path.clone()], ..range.profile() },
            Profile { write: vec![path.clone()], ..range.profile() },
        ] {
            let refused = range.sandbox.spawn(range.bash("true"), &profile).await.err();
            assert!(matches!(refused, Some(SandboxError::Path { .. })), "{}: {refused:?}", path.display());
        }
    }
    let link = range.folder.join("link");
    symlink(&range.workspace, &link).unwrap();
    let profile = Profile { write: vec![link], ..range.profile() };
    assert!(matches!(
        range.sandbox.spawn(range.bash("true"), &profile).await,
        Err(SandboxError::Path { .. })
    ));
}

#[tokio::test]
async fn what_is_above_the_daemons_folders_is_given_without_them() {
    let Some(range) = Range::new().await else { return };
    fs::write(range.folder.join("seen"), "seen").unwrap();
    let profile = Profile { write: vec![range.folder.clone(), range.workspace.clone()], ..range.profile() };
    let script = format!("cat {0}/seen; ls {0}/data; ls {0}/cages; echo kept > kept", range.folder.display());
    let finished = range.attack("above", range.bash(&script), &profile).await;
    assert_eq!(finished.text(), "seenfiles\n", "of the data folder only the way to the workspace is there");
    assert_eq!(fs::read_to_string(range.workspace.join("kept")).unwrap(), "kept\n");
}

#[tokio::test]
async fn what_is_given_to_read_is_not_written() {
    let Some(range) = Range::new().await else { return };
    let given = range.folder.join("given");
    fs::create_dir(&given).unwrap();
    fs::write(given.join("text"), "text").unwrap();
    let profile = Profile { read: vec![given.clone()], ..range.profile() };
    let script = format!("cat {0}/text; echo x > {0}/text; rm -f {0}/text; touch {0}/new", given.display());
    let finished = range.attack("read-only", range.bash(&script), &profile).await;
    assert!(finished.text().starts_with("text"), "{}", finished.text());
    assert_eq!(fs::read_to_string(given.join("text")).unwrap(), "text");
    assert!(!given.join("new").exists());
}

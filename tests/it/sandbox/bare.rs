//! The same attacks where the system gives no namespaces and the person allowed to do without: what Landlock,
//! seccomp and limits stop by themselves.

use std::fs;

use capuchin::sandbox::{EndedBy, Layer};

use super::network::Listeners;
use super::{Range, SECRET, open};

async fn bare() -> Option<Range> {
    Range::without(&[Layer::Namespaces]).await
}

#[tokio::test]
async fn files_outside_are_neither_read_nor_written() {
    let Some(range) = bare().await else { return };
    let script = format!(
        "cat {secret}; cat ../../vault.key; ls /root; cat /etc/shadow; echo x > {secret}; ls {folder}; \
         ln -s {secret} own; cat own; cat /proc/1/root{secret}; cat /proc/{pid}/environ; \
         echo works > kept; cat kept; echo tmp > $TMPDIR/x && cat $TMPDIR/x",
        secret = range.secret.display(),
        folder = range.folder.display(),
        pid = std::process::id(),
    );
    let finished = range.attack("bare files", range.bash(&script), &range.profile()).await;
    assert!(!finished.text().contains(SECRET), "{}", finished.text());
    assert_eq!(finished.text().matches("Permission denied").count(), 9, "{}", finished.text());
    assert!(finished.text().ends_with("works\ntmp\n"), "{}", finished.text());
    assert_eq!(fs::read_to_string(&range.secret).unwrap(), SECRET);
}

#[tokio::test]
async fn nobody_is_reached() {
    let Some(range) = bare().await else { return };
    let listeners = Listeners::new(&range);
    let finished = range.attack("bare network", listeners.command(&range), &range.profile()).await;
    assert_eq!(listeners.reached(), [false; 4], "{}", finished.text());
    let finished = range.attack("bare open network", listeners.command(&range), &open(range.profile())).await;
    assert_eq!(listeners.reached(), [true, true, false, false], "{}", finished.text());
}

#[tokio::test]
async fn other_processes_are_not_signalled() {
    let Some(range) = bare().await else { return };
    let script = format!("kill -0 {pid}; kill -CONT {pid}", pid = std::process::id());
    let finished = range.attack("bare kill", range.bash(&script), &range.profile()).await;
    assert_eq!(finished.text().matches("Operation not permitted").count(), 2, "{}", finished.text());
}

#[tokio::test]
async fn stop_the_deadline_and_the_end_take_everybody_along() {
    let Some(range) = bare().await else { return };
    let daemon = "setsid --fork bash -c \"trap '' TERM; for n in \\$(seq 600); do sleep 0.1; done\" $0 \
                  </dev/null >/dev/null 2>&1; echo up";
    let finished = range.attack("bare grandchild", range.bash(daemon), &range.profile()).await;
    assert!(finished.ended.success());
    let mut profile = range.profile();
    profile.limits.wall_ms = Some(300);
    let script = format!("trap '' TERM; {daemon}; for n in $(seq 600); do sleep 0.1; done");
    let finished = range.attack("bare deadline", range.bash(&script), &profile).await;
    assert_eq!(finished.ended.by, EndedBy::Deadline);
    let child = range.sandbox.spawn(range.bash(&script), &range.profile()).await.unwrap();
    drop(child);
    range.all_gone().await;
}

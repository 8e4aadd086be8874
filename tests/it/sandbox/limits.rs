//! Too many processes, too much memory, too full disks.

use capuchin::sandbox::{Command, EndedBy, Profile};

use super::Range;

/// Starts two processes that start two processes, and so on, 4,096 at the most, each for 20 seconds at the most.
const FORK_BOMB: &str = r#"
    $| = 1;
    sub bomb {
        my $depth = shift;
        for (1, 2) {
            my $pid = fork;
            if (!defined $pid) { print "fork: $!\n"; sleep 1; next }
            if ($pid == 0) { alarm 20; bomb($depth - 1) if $depth > 1; sleep 30; exit }
        }
    }
    bomb(11);
    1 while wait > 0;
"#;

#[tokio::test]
async fn a_fork_bomb_is_stopped_by_the_limit_on_processes() {
    let Some(range) = Range::new().await else { return };
    let mut profile = range.profile();
    profile.limits.wall_ms = Some(4_000);
    let finished = range.attack("fork bomb", range.perl(FORK_BOMB, &[]), &profile).await;
    let refused = finished.text().contains("fork: Resource temporarily unavailable");
    assert!(finished.ended.by == EndedBy::Processes || refused, "{}", finished.text());
}

/// Takes a number of MiB, 1,024 at the most.
const HOG: &str = r#"
    $| = 1;
    alarm 20;
    my @held;
    for my $mib (1 .. ($ARGV[0] > 1024 ? 1024 : $ARGV[0])) {
        push @held, "x" x (1 << 20);
        print "$mib MiB\n" if $mib % 16 == 0;
    }
    print "has it all\n";
    sleep 15;
"#;

#[tokio::test]
async fn a_memory_hog_is_stopped_at_its_limit() {
    let Some(range) = Range::new().await else { return };
    let finished = range.attack("memory hog", range.perl(HOG, &["1024"]), &range.profile()).await;
    assert!(!finished.text().contains("has it all"));
    assert!(!finished.ended.success());
    assert!(finished.text().contains("16 MiB"), "it was let begin: {}", finished.text());
}

#[tokio::test]
async fn many_small_memory_hogs_are_weighed_together() {
    let Some(range) = Range::new().await else { return };
    let program = format!("for (1..8) {{ if (fork == 0) {{ {HOG} exit }} }} 1 while wait > 0;");
    let finished = range.attack("eight hogs", range.perl(&program, &["48"]), &range.profile()).await;
    assert_eq!(finished.ended.by, EndedBy::Memory, "{}", finished.text());
}

#[tokio::test]
async fn memory_that_belongs_to_no_process_cannot_be_had() {
    let Some(range) = Range::new().await else { return };
    let (memfd, shmget) = if cfg!(target_arch = "x86_64") { (319, 29) } else { (279, 194) };
    let program = format!(
        r#"my $name = "hoard";
        print "memfd: $!\n" if syscall({memfd}, $name, 0) < 0;
        print "shm: $!\n" if syscall({shmget}, 0, 1 << 20, 01666) < 0;"#
    );
    let finished = range.attack("hidden memory", range.perl(&program, &[]), &range.profile()).await;
    assert_eq!(finished.text(), "memfd: Function not implemented\nshm: Function not implemented\n");
}

/// Fills the folders for temporary files, with 32 MiB each at the most.
const FILL_TMP: &str = r#"
    for folder in /tmp /dev/shm; do
        for n in $(seq 8); do head -c 4M /dev/zero > $folder/$n || echo "$folder is full"; done
    done"#;

#[tokio::test]
async fn a_filler_of_temporary_folders_meets_their_size() {
    let Some(range) = Range::new().await else { return };
    let finished = range.attack("tmp filler", range.bash(FILL_TMP), &range.profile()).await;
    for full in ["/tmp is full", "/dev/shm is full", "No space left on device"] {
        assert!(finished.text().contains(full), "{}", finished.text());
    }
}

#[tokio::test]
async fn a_file_ends_at_the_largest_size() {
    let Some(range) = Range::new().await else { return };
    let mut profile = range.profile();
    profile.limits.file_bytes = 1 << 20;
    let script = "exec head -c 8M /dev/zero > large";
    let finished = range.attack("large file", range.bash(script), &profile).await;
    assert_eq!(finished.ended.by, EndedBy::FileSize, "{}", finished.text());
    assert_eq!(std::fs::metadata(range.workspace.join("large")).unwrap().len(), 1 << 20);
}

/// Writes 400 MiB at the most, until somebody stops it.
const FILL_DISK: &str = "for n in $(seq 100); do head -c 4M /dev/zero > $n; done; sleep 15";

#[tokio::test]
async fn a_filler_of_the_disk_is_stopped_while_there_is_space() {
    let Some(range) = Range::new().await else { return };
    let mut profile = range.profile();
    let found = rustix::fs::statvfs(&range.workspace).unwrap();
    let free = found.f_bavail * found.f_frsize;
    profile.limits.disk_free_bytes = free.saturating_sub(64 << 20).max(1);
    let finished = range.attack("disk filler", range.bash(FILL_DISK), &profile).await;
    assert_eq!(finished.ended.by, EndedBy::Disk, "{}", finished.text());
}

#[tokio::test]
async fn who_computes_for_ever_runs_out_of_processor_time() {
    let Some(range) = Range::new().await else { return };
    let mut profile = range.profile();
    profile.limits.cpu_s = 1;
    let finished = range.attack("loop", range.perl("alarm 15; 1 while 1", &[]), &profile).await;
    assert_eq!(finished.ended.by, EndedBy::Cpu);
}

#[tokio::test]
async fn an_output_without_end_is_cut_and_ends_with_its_time() {
    let Some(range) = Range::new().await else { return };
    let mut profile = range.profile();
    profile.limits.wall_ms = Some(500);
    let command = Command::new("/usr/bin/yes", [range.marker.as_str()]);
    let finished = range.sandbox.run(command, &profile, 1_000).await.unwrap();
    assert_eq!(finished.ended.by, EndedBy::Deadline);
    assert!(finished.stdout.cut_bytes() > 0 && finished.text().len() < 1_100);
    assert!(finished.text().contains(" bytes are cut here …]"));
    range.all_gone().await;
}

#[tokio::test]
async fn open_files_end_at_their_limit() {
    let Some(range) = Range::new().await else { return };
    let program = r#"my @open; for (1..1000) { open(my $f, "<", "/dev/null") or do { print "$!\n"; last }; push @open, $f }
        print scalar @open;"#;
    let profile = Profile { limits: super::limits(), ..Profile::default() };
    let command = Command::new("/usr/bin/perl", ["-e", program]);
    let finished = range.attack("open files", command, &profile).await;
    assert!(finished.text().starts_with("Too many open files\n"), "{}", finished.text());
}

//! Other processes, the kernel, and rights: out of reach.

use super::Range;

struct Calls {
    ptrace: u32,
    process_vm_readv: u32,
    unshare: u32,
    mount: u32,
    bpf: u32,
    keyctl: u32,
    mknod: u32,
    io_uring_setup: u32,
}

const CALLS: Calls = if cfg!(target_arch = "x86_64") {
    Calls {
        ptrace: 101,
        process_vm_readv: 310,
        unshare: 272,
        mount: 165,
        bpf: 321,
        keyctl: 250,
        mknod: 259,
        io_uring_setup: 425,
    }
} else {
    Calls {
        ptrace: 117,
        process_vm_readv: 270,
        unshare: 97,
        mount: 40,
        bpf: 280,
        keyctl: 219,
        mknod: 33,
        io_uring_setup: 425,
    }
};

#[tokio::test]
async fn calls_into_the_kernel_and_into_other_processes_are_refused() {
    let Some(range) = Range::new().await else { return };
    let Calls { ptrace, process_vm_readv, unshare, mount, bpf, keyctl, mknod, io_uring_setup } = CALLS;
    let program = format!(
        r#"my $child = fork; if ($child == 0) {{ sleep 5; exit }}
        sub try {{ my ($name, $number, @rest) = @_; print "$name: ", syscall($number, @rest) < 0 ? "$!" : "done", "\n" }}
        my ($a, $b, $c, $path) = ("tmpfs", "tmp", "x", "device");
        try("ptrace", {ptrace}, 16, $child, 0, 0);
        try("process_vm_readv", {process_vm_readv}, $child, 0, 0, 0, 0, 0);
        try("unshare", {unshare}, 0x10000000);
        try("mount", {mount}, $a, $b, $a, 0, 0);
        try("bpf", {bpf}, 0, 0, 0);
        try("keyctl", {keyctl}, 0, -3, 1);
        try("io_uring_setup", {io_uring_setup}, 1, 0);
        try("device", {mknod}, -100, $path, 020666, 0x101);
        kill 9, $child;"#
    );
    let finished = range.attack("system calls", range.perl(&program, &[]), &range.profile()).await;
    assert_eq!(finished.text().matches(": Operation not permitted\n").count(), 8, "{}", finished.text());
}

#[tokio::test]
async fn processes_outside_are_neither_seen_nor_signalled_nor_traced() {
    let Some(range) = Range::new().await else { return };
    // Harmless signals only: none, and one that tells a process to go on.
    let script = format!(
        "kill -0 {pid}; kill -CONT {pid}; ls /proc/{pid}; cat /proc/{pid}/mem; ls /proc | grep -c '^[0-9]'",
        pid = std::process::id()
    );
    let finished = range.attack("kill", range.bash(&script), &range.profile()).await;
    assert_eq!(finished.text().matches("No such process").count(), 2, "{}", finished.text());
    assert_eq!(finished.text().matches("No such file or directory").count(), 2, "{}", finished.text());
    let seen: u32 = finished.text().lines().last().unwrap().parse().unwrap();
    assert!(seen <= 6, "only its own processes are in sight: {seen}");
}

#[tokio::test]
async fn nobody_gets_rights_not_even_by_a_program_that_gives_them() {
    let Some(range) = Range::new().await else { return };
    let script = "id -u; grep -E 'CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; \
                  cp /bin/bash own && chmod u+s own && ./own -p -c 'id -u'; chown 0:0 own; echo end";
    let finished = range.attack("rights", range.bash(script), &range.profile()).await;
    let text = finished.text();
    assert!(!text.lines().any(|line| line == "0"), "nobody is called root: {text}");
    for line in ["CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("end\n"));
}

#[tokio::test]
async fn open_files_of_the_daemon_are_not_inherited() {
    let Some(range) = Range::new().await else { return };
    let held = std::fs::File::open(&range.secret).unwrap();
    let other = rustix::io::dup(&held).unwrap();
    let finished = range.attack("open files", range.bash("ls -l /proc/self/fd"), &range.profile()).await;
    assert!(!finished.text().contains("vault.key"), "{}", finished.text());
    let files = finished.text().lines().filter(|line| line.contains(" -> ")).count();
    assert_eq!(files, 4, "input, output, errors and the listing: {}", finished.text());
    drop(other);
}

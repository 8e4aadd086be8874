//! A program on a terminal of its own.

use capuchin::sandbox::{EndedBy, Terminal};

use super::Range;

/// Reads until this is there.
async fn until(terminal: &Terminal, text: &str) -> String {
    let (mut seen, mut buffer) = (String::new(), [0; 1_024]);
    while !seen.contains(text) {
        let read = terminal.read(&mut buffer).await.unwrap();
        assert!(read > 0, "it ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    seen
}

#[tokio::test]
async fn a_program_has_a_terminal_with_keys_and_a_size() {
    let Some(range) = Range::new().await else { return };
    let (terminal, other) = Terminal::open(30, 100).unwrap();
    let script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo on a terminal; stty size; echo $TERM; \
                  read line; stty size; echo \"got $line\"; \
                  (exec 3<>/dev/tty && echo its own); echo ready; exec sleep 60";
    let child = range.sandbox.spawn_on_terminal(range.bash(script), &range.profile(), other).await;
    let mut child = child.unwrap();
    let seen = until(&terminal, "xterm-256color").await;
    assert!(seen.contains("on a terminal\r\n30 100\r\n"), "{seen}");
    terminal.resize(40, 120).unwrap();
    terminal.write_all(b"hello\r").await.unwrap();
    until(&terminal, "40 120\r\ngot hello\r\nits own\r\nready\r\n").await;
    terminal.write_all(b"\x03").await.unwrap();
    let ended = child.wait().await;
    assert_eq!((ended.by, ended.signal), (EndedBy::Itself, Some(2)), "its key interrupts it");
    assert_eq!(terminal.read(&mut [0; 64]).await.unwrap_or(0).min(2), 2, "the key is seen");
    range.all_gone().await;
}

#[tokio::test]
async fn who_hangs_up_ends_the_program() {
    let Some(range) = Range::new().await else { return };
    let (terminal, other) = Terminal::open(24, 80).unwrap();
    let command = range.bash("echo up; exec sleep 60");
    let mut child = range.sandbox.spawn_on_terminal(command, &range.profile(), other).await.unwrap();
    until(&terminal, "up").await;
    drop(terminal);
    let ended = child.wait().await;
    assert_eq!((ended.by, ended.signal), (EndedBy::Stopped, Some(1)));
    range.all_gone().await;
}

#[tokio::test]
async fn nobody_types_into_a_terminal_but_who_holds_it() {
    let Some(range) = Range::new().await else { return };
    let (terminal, other) = Terminal::open(24, 80).unwrap();
    let program = r#"my $key = "x"; ioctl(STDIN, 0x5412, $key) or print "typed: $!\n"; sleep 60"#;
    let command = range.perl(program, &[]);
    let mut child = range.sandbox.spawn_on_terminal(command, &range.profile(), other).await.unwrap();
    assert!(until(&terminal, "\n").await.contains("typed: Operation not permitted"));
    child.stop().await;
}

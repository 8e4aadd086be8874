//! The conversation with servers of different kinds, line by line, over a stream in memory.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::task::JoinHandle;

use super::*;

/// What a server waits for, and what it says then.
type Script = &'static [(&'static str, &'static str)];

const DOVECOT: (&str, &str) =
    ("c1 CAPABILITY", "* CAPABILITY IMAP4rev1 SASL-IR IDLE AUTH=PLAIN\r\nc1 OK done\r\n");

async fn serve(stream: DuplexStream, greeting: &str, script: Script) -> DuplexStream {
    let mut stream = BufReader::new(stream);
    stream.write_all(greeting.as_bytes()).await.unwrap();
    for (expected, answer) in script {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, format!("{expected}\r\n"));
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    stream.into_inner()
}

fn server(greeting: &'static str, script: Script) -> (Stream, JoinHandle<DuplexStream>) {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    (Stream::over(ours, "mail.test"), tokio::spawn(serve(theirs, greeting, script)))
}

async fn session(script: Script) -> (Session, JoinHandle<DuplexStream>) {
    let (stream, server) = server("* OK ready\r\n", script);
    (Session::greeted(stream).await.unwrap(), server)
}

fn password() -> Secret {
    Secret::new("pass".to_owned())
}

#[tokio::test]
async fn who_greets_otherwise_is_left() {
    let table = [
        ("* BYE too many connections\r\n", "the mail server says goodbye: too many connections"),
        ("220 smtp.test ESMTP\r\n", "what answers there does not speak IMAP"),
        ("* PREAUTH you are root\r\n", "what answers there does not speak IMAP"),
    ];
    for (greeting, expected) in table {
        let (stream, server) = server(greeting, &[]);
        let refused = Session::greeted(stream).await.err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some(expected));
        server.await.unwrap();
    }
    let (ours, theirs) = tokio::io::duplex(64);
    drop(theirs);
    let closed = Session::greeted(Stream::over(ours, "mail.test")).await.err().unwrap();
    assert!(matches!(closed, ImapError::Closed), "{closed}");
}

#[tokio::test]
async fn each_server_is_signed_in_to_in_its_own_way() {
    let table: [Script; 3] = [
        &[DOVECOT, ("c2 AUTHENTICATE PLAIN AGFubgBwYXNz", "c2 OK [CAPABILITY IMAP4rev1 IDLE MOVE] in\r\n")],
        &[
            ("c1 CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nc1 OK done\r\n"),
            ("c2 AUTHENTICATE PLAIN", "+ \r\n"),
            ("AGFubgBwYXNz", "c2 OK in\r\n"),
            ("c3 CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE\r\nc3 OK done\r\n"),
        ],
        &[
            ("c1 CAPABILITY", "* CAPABILITY IMAP4rev1\r\nc1 OK done\r\n"),
            ("c2 LOGIN \"ann\" \"pass\"", "* CAPABILITY IMAP4rev1 IDLE\r\nc2 OK in\r\n"),
            ("c3 CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE\r\nc3 OK done\r\n"),
        ],
    ];
    for script in table {
        let (mut session, server) = session(script).await;
        session.sign_in("ann", &password()).await.unwrap();
        assert!(session.can("IDLE"));
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_password_is_told_from_a_server_that_is_busy() {
    const IN: &str = "c2 AUTHENTICATE PLAIN AGFubgBwYXNz";
    let table: [(Script, bool); 3] = [
        (&[DOVECOT, (IN, "c2 NO [AUTHENTICATIONFAILED] wrong\r\n")], true),
        (&[DOVECOT, (IN, "c2 NO wrong\r\n")], true),
        (&[DOVECOT, (IN, "c2 NO [UNAVAILABLE] later\r\n")], false),
    ];
    for (script, is_wrong) in table {
        let (mut session, _server) = session(script).await;
        let error = session.sign_in("ann", &password()).await.unwrap_err();
        assert_eq!(matches!(error, ImapError::SignIn(_)), is_wrong, "{error}");
        assert!(!error.to_string().contains("pass "), "{error}");
    }
    let (mut closed, _server) =
        session(&[("c1 CAPABILITY", "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nc1 OK x\r\n")]).await;
    assert!(matches!(closed.sign_in("ann", &password()).await, Err(ImapError::NoLogin)));
}

#[tokio::test]
async fn a_folder_is_opened_and_new_mail_listed_in_order_without_the_old() {
    let (mut session, server) = session(&[
        DOVECOT,
        (
            "c2 SELECT \"a \\\"b\"",
            "* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 10] ok\r\nc2 OK [READ-WRITE] x\r\n",
        ),
        (
            "c3 UID FETCH 8:* (UID RFC822.SIZE)",
            "* 3 FETCH (UID 9 RFC822.SIZE 5)\r\n* 2 FETCH (UID 8 RFC822.SIZE 4)\r\n* 1 FETCH (UID 7 RFC822.SIZE 3)\r\n\
             * what is this\r\nc3 OK x\r\n",
        ),
        ("c4 UID FETCH 8 (UID BODY.PEEK[])", "* 2 FETCH (UID 8 BODY[] {4}\r\na\r\nb)\r\n* 4 EXISTS\r\nc4 OK x\r\n"),
        ("c5 UID FETCH 9 (UID BODY.PEEK[]<0.2097152>)", "c5 OK gone\r\n"),
        ("c6 UID STORE 8 +FLAGS.SILENT (\\Seen)", "c6 NO [NOPERM] read-only\r\n"),
    ])
    .await;
    assert_eq!(session.select("a \"b").await.unwrap(), Folder { validity: 7, next: Some(10) });
    let listed = session.after(7).await.unwrap();
    let numbers: Vec<_> = listed.iter().map(|mail| (mail.uid, mail.size)).collect();
    assert_eq!(numbers, [(8, Some(4)), (9, Some(5))]);
    assert!(!session.has_news());
    assert_eq!(session.mail(8, false).await.unwrap().as_deref(), Some(b"a\r\nb".as_slice()));
    assert!(session.has_news(), "mail that came meanwhile is not forgotten");
    assert_eq!(session.mail(9, true).await.unwrap(), None);
    assert!(matches!(session.mark_seen(8).await, Err(ImapError::Refused { .. })));
    server.await.unwrap();
}

#[tokio::test]
async fn a_refused_or_cut_command_is_no_empty_answer() {
    let (mut refused, _server) =
        session(&[DOVECOT, ("c2 UID FETCH 1:* (UID RFC822.SIZE)", "c2 NO x\r\n")]).await;
    assert!(matches!(refused.after(0).await, Err(ImapError::Refused { .. })));
    let (mut cut, server) = session(&[
        DOVECOT,
        ("c2 UID FETCH 1:* (UID RFC822.SIZE)", "* 1 FETCH (UID 1 RFC822.SIZE 4)\r\n* 2 FE"),
    ])
    .await;
    let ends = async { drop(server.await.unwrap()) };
    let (listed, ()) = tokio::join!(cut.after(0), ends);
    assert!(matches!(listed, Err(ImapError::Closed)));
}

#[tokio::test]
async fn news_are_told_while_idling_and_a_goodbye_ends_it() {
    let (mut idling, server) = session(&[
        DOVECOT,
        ("c2 IDLE", "+ idling\r\n* OK Still here\r\n* 1 EXPUNGE\r\n* 5 EXISTS\r\n"),
        ("DONE", "c2 OK done\r\n"),
        ("c3 IDLE", "+ idling\r\n* BYE shutting down\r\n"),
    ])
    .await;
    let tag = idling.idle().await.unwrap().unwrap();
    idling.news().await.unwrap();
    idling.stop_idling(&tag).await.unwrap();
    idling.news = false;
    idling.idle().await.unwrap().unwrap();
    assert!(matches!(idling.news().await, Err(ImapError::Bye(text)) if text == "shutting down"));
    server.await.unwrap();
    let (mut deaf, _server) = session(&[DOVECOT, ("c2 IDLE", "c2 BAD what?\r\n")]).await;
    assert_eq!(deaf.idle().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_half_said_is_not_lost_and_silence_has_an_end() {
    let (ours, mut theirs) = tokio::io::duplex(64 << 10);
    theirs.write_all(b"* OK ready\r\n* CAPABILITY IMAP4rev1\r\nc1 OK x\r\n* 7 EX").await.unwrap();
    let mut session = Session::greeted(Stream::over(ours, "mail.test")).await.unwrap();
    timeout(Duration::from_secs(30), session.news()).await.unwrap_err();
    theirs.write_all(b"ISTS\r\n").await.unwrap();
    session.news().await.unwrap();
    assert!(matches!(session.beat().await, Err(ImapError::Late("answer"))), "nobody answers");
}

#[tokio::test]
async fn a_server_that_says_too_much_is_left() {
    const NOOP: &str = "c2 NOOP";
    let long: &'static str = "x".repeat(70_000).leak();
    let table: [(&'static str, bool); 4] = [
        (long, true),
        ("* 1 FETCH (UID 1 BODY[] {4294967295}\r\n", true),
        ("* 1 FETCH (UID 1 BODY[] {99999999999999999999}\r\nc2 OK x\r\n", false),
        ("* OK the text ends with {5}\r\nc2 OK x\r\n", false),
    ];
    for (answer, is_too_long) in table {
        let script: Script = vec![DOVECOT, (NOOP, answer)].leak();
        let (mut session, _server) = session(script).await;
        let ended = session.beat().await;
        assert_eq!(matches!(ended, Err(ImapError::TooLong)), is_too_long, "{answer:.40}");
        assert_eq!(ended.is_ok(), !is_too_long, "{answer:.40}");
    }
}

#[tokio::test]
async fn what_was_said_before_the_encryption_is_not_taken_for_encrypted() {
    let (ours, mut theirs) = tokio::io::duplex(64 << 10);
    theirs.write_all(b"* OK ready\r\n* CAPABILITY IMAP4rev1\r\nc1 OK x\r\nc9 OK injected\r\n").await.unwrap();
    let session = Session::greeted(Stream::over(ours, "mail.test")).await.unwrap();
    assert!(matches!(session.wire.bare(), Err(ImapError::NoTls)));
}

//! Mail as programs of mail write it, and what may be believed of it.

use proptest::prelude::*;

use super::super::{Said, Sender};
use super::quote::own_words;
use super::verdict::is_authenticated;
use super::{Arrival, Dropped, Letter, Mailbox, Thread, compose, message_id, read, read_beginning};

fn ours() -> Vec<String> {
    vec!["bot@home.example".to_owned()]
}

/// Reads a mail with these headers (over the usual ones) and this body.
fn arrive(headers: &str, body: &str) -> Result<Arrival, Dropped> {
    let names: Vec<String> = headers
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    let usual = [
        ("From", "Ann Lee <Ann@Example.com>"),
        ("To", "bot@home.example"),
        ("Subject", "Milk"),
        ("Message-ID", "<m1@example.com>"),
        ("Date", "Sat, 21 Nov 2026 10:00:00 +0100"),
    ];
    let mut raw = headers.replace('\n', "\r\n");
    for (name, value) in usual {
        if !names.contains(&name.to_ascii_lowercase()) {
            raw.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    raw.push_str("\r\n");
    raw.push_str(&body.replace('\n', "\r\n"));
    read(raw.as_bytes(), &Mailbox { addresses: &ours(), server: Some("mx.home.example") })
}

fn words(headers: &str, body: &str) -> String {
    match arrive(headers, body).unwrap().incoming.said {
        Said::Text { text, .. } => text,
        said => panic!("{said:?}"),
    }
}

#[test]
fn a_first_mail_is_read_whole() {
    let arrival = arrive("", "Please buy some.\n\n-- \nAnn\n").unwrap();
    let incoming = arrival.incoming;
    assert_eq!(
        (incoming.id.as_str(), incoming.message.as_deref()),
        ("m1@example.com", Some("m1@example.com"))
    );
    assert_eq!(incoming.conversation, "ann@example.com m1@example.com");
    assert_eq!(
        incoming.sender,
        Sender { authenticated: false, ..Sender::known("ann@example.com", "Ann Lee") }
    );
    assert!(incoming.direct);
    assert_eq!(incoming.sent_ms, Some(1_795_251_600_000));
    let text = Said::Text { text: "Milk\n\nPlease buy some.".to_owned(), mentions_us: true, with: None };
    assert_eq!(incoming.said, text);
    assert_eq!(
        arrival.thread,
        Thread {
            to: "ann@example.com".to_owned(),
            subject: "Milk".to_owned(),
            message_id: Some("m1@example.com".to_owned()),
            references: vec![]
        }
    );
}

#[test]
fn an_answer_stays_in_its_conversation_and_says_only_what_is_new() {
    let headers =
        "Subject: Re: Milk\nIn-Reply-To: <b2@home.example>\nReferences: <m1@example.com> <b2@home.example>\n";
    let arrival = arrive(
        headers,
        "/yes 7f3a\n\nOn Sat, 21 Nov 2026 at 10:05, Bot <bot@home.example> wrote:\n> Shall I?\n",
    )
    .unwrap();
    assert_eq!(arrival.incoming.conversation, "ann@example.com m1@example.com");
    assert_eq!(arrival.thread.references, ["m1@example.com", "b2@home.example"]);
    let text = Said::Text { text: "/yes 7f3a".to_owned(), mentions_us: true, with: None };
    assert_eq!(arrival.incoming.said, text);
    let only = arrive("Message-ID: <m9@x>\nIn-Reply-To: <b2@home.example>\n", "x").unwrap();
    assert_eq!(only.incoming.conversation, "ann@example.com b2@home.example");
}

#[test]
fn quotes_and_signatures_are_taken_away() {
    let table = [
        ("new\n\n> old\n> older", "new"),
        ("new\n\nOn Mon, 1 Jan 2026, Bot\n<bot@home.example> wrote:\n\n> old", "new"),
        ("On Mon, 1 Jan 2026, Bot wrote:\n> first?\n\nyes\n\n> second?\n\nno", "yes\n\nno"),
        ("neu\n\nAm 01.01.2026 um 10:00 schrieb Bot:\n> alt", "neu\n\nAm 01.01.2026 um 10:00 schrieb Bot:"),
        ("new\nOn Mon, 1 Jan 2026, Bot wrote:\n> old", "new"),
        ("neu\n\nBot <bot@home.example> schrieb:\n> alt", "neu"),
        ("new\n\n-----Original Message-----\nFrom: x\nold", "new"),
        ("new\n\n________________________________\nFrom: x\nold", "new"),
        ("new\n\nFrom: Bot\nSent: Monday\nTo: Ann\nSubject: x\n\nold", "new"),
        ("From: here to there\nand back", "From: here to there\nand back"),
        ("as she wrote:\nlines", "as she wrote:\nlines"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("a\n-- \nsignature", "a"),
        ("> only a quote", ""),
        ("", ""),
    ];
    for (text, wanted) in table {
        assert_eq!(own_words(text), wanted, "{text}");
    }
}

#[test]
fn html_alone_becomes_text_and_plain_text_wins() {
    let html = "Content-Type: text/html; charset=utf-8\n";
    let page = "<html><body><p>Buy <b>two</b> &amp; more</p><div>On Mon, 1 Jan 2026 Bot &lt;b@x.y&gt; wrote:</div><blockquote>old</blockquote></body></html>";
    assert_eq!(words(html, page), "Milk\n\nBuy two & more");
    let both = "Content-Type: multipart/alternative; boundary=b\n";
    let body = "--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: text/html\n\n<p>page</p>\n--b--\n";
    assert_eq!(words(both, body), "Milk\n\nplain");
    let latin = "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\nSubject: =?utf-8?Q?K=C3=A4se?=\n";
    assert_eq!(words(latin, "f=FCr mich"), "Käse\n\nfür mich");
}

#[test]
fn attachments_are_named() {
    let headers = "Content-Type: multipart/mixed; boundary=b\n";
    let body = "--b\nContent-Type: text/plain\n\nlook\n--b\nContent-Type: image/png\nContent-Disposition: attachment; filename=a.png\nContent-Transfer-Encoding: base64\n\naGk=\n--b--\n";
    let said = arrive(headers, body).unwrap().incoming.said;
    assert_eq!(
        said,
        Said::Text { text: "Milk\n\nlook".to_owned(), mentions_us: true, with: Some("a file".to_owned()) }
    );
}

#[test]
fn what_no_person_wrote_is_dropped() {
    let table = [
        ("Auto-Submitted: auto-replied\n", Dropped::Automatic),
        ("Auto-Submitted: auto-generated; owner=x\n", Dropped::Automatic),
        ("Precedence: junk\n", Dropped::Automatic),
        ("Precedence: Bulk\n", Dropped::List),
        ("Precedence: list\n", Dropped::List),
        ("List-Id: <x.example>\n", Dropped::List),
        ("List-Unsubscribe: <https://e.x>\n", Dropped::List),
        ("Return-Path: <>\n", Dropped::Automatic),
        ("X-Autoreply: yes\n", Dropped::Automatic),
        ("Content-Type: multipart/report; boundary=b\n", Dropped::Automatic),
        ("From: MAILER-DAEMON@example.com\n", Dropped::Automatic),
        ("From: Bot <BOT@home.example>\n", Dropped::Own),
        ("From: a@example.com, b@example.com\n", Dropped::Sender),
        ("From: a@example.com\nFrom: owner@home.example\n", Dropped::Sender),
        ("From: team: a@example.com;\n", Dropped::Sender),
        ("From: nobody\n", Dropped::Sender),
        ("From: \n", Dropped::Sender),
        ("Subject: \n", Dropped::Empty),
    ];
    for (headers, wanted) in table {
        let body = if wanted == Dropped::Empty { "" } else { "hello" };
        assert_eq!(arrive(headers, body).map(|arrival| arrival.incoming), Err(wanted), "{headers}");
    }
    assert!(arrive("Auto-Submitted: no\n", "hello").is_ok());
    assert_eq!(read(b"", &Mailbox { addresses: &[], server: None }).err(), Some(Dropped::NoMail));
}

#[test]
fn who_else_reads_along_is_noticed() {
    let of = |headers: &str| {
        let incoming = arrive(headers, "x").unwrap().incoming;
        (incoming.direct, matches!(incoming.said, Said::Text { mentions_us: true, .. }))
    };
    assert_eq!(of(""), (true, true));
    assert_eq!(of("To: bot@home.example, bob@example.com\n"), (false, true));
    assert_eq!(of("To: bob@example.com\nCc: Bot@Home.example\n"), (false, false));
    assert_eq!(of("To: undisclosed-recipients:;\n"), (true, true));
}

#[test]
fn a_mail_without_an_id_is_known_by_its_bytes() {
    let id = |body: &str| arrive("Message-ID: \n", body).unwrap().incoming.id;
    assert!(id("x").starts_with("sha256:"));
    assert_eq!(id("x"), id("x"));
    assert_ne!(id("x"), id("y"));
    assert_eq!(arrive("Message-ID: \n", "x").unwrap().thread.message_id, None);
}

#[test]
fn a_sender_is_believed_only_by_what_our_own_server_wrote_on_top() {
    let ok = "mx.home.example; dmarc=pass (p=reject dis=none) header.from=example.com";
    let table: &[(&[&str], bool)] = &[
        (&[ok], true),
        (&["MX.home.example 1; dmarc=pass header.from=example.com"], true),
        (
            &[
                "mx.home.example;\r\n dkim=pass header.d=example.com header.s=k;\r\n spf=pass smtp.mailfrom=ann@example.com",
            ],
            true,
        ),
        (&["mx.home.example; dkim=pass header.i=@example.com"], true),
        (&["mx.home.example; spf=pass smtp.mailfrom=ann@example.com"], true),
        (&["mx.home.example; dkim=pass header.d=evil.example"], false),
        (&["mx.home.example; spf=pass smtp.mailfrom=bounce@evil.example"], false),
        (&["mx.home.example; spf=pass"], false),
        (&["mx.home.example; dkim=pass header.d=com"], false),
        (&["mx.home.example; dmarc=fail header.from=example.com; dkim=pass header.d=example.com"], false),
        (&["mx.home.example; dmarc=pass header.from=evil.example"], false),
        (&["mx.home.example; dmarc=none; spf=pass smtp.mailfrom=ann@example.com"], false),
        (&["mx.home.example; none"], false),
        (&["mx.evil.example; dmarc=pass header.from=example.com"], false),
        (&["mx.home.example.evil; dmarc=pass header.from=example.com"], false),
        (&["mx.home.example; dkim=fail (dmarc=pass; header.from=example.com)"], false),
        (&["mx.home.example; dkim=fail reason=\"x; dmarc=pass header.from=example.com\""], false),
        (
            &[
                "mx.home.example; spf=fail smtp.mailfrom=\"a\\\"; dmarc=pass header.from=example.com; \"@evil.example",
            ],
            false,
        ),
        (&["mx.home.example; spf=fail (of a\\) ; dmarc=pass header.from=example.com"], false),
        (&["mx.home.example; spf=fail", ok], false),
        (&["mx.evil.example; x=y", ok], false),
        (&[], false),
    ];
    for (values, wanted) in table {
        let headers: Vec<(String, &str)> =
            values.iter().map(|value| ("authentication-results".to_owned(), *value)).collect();
        assert_eq!(is_authenticated(&headers, "mx.home.example", "ann@example.com"), *wanted, "{values:?}");
    }
    for (server, wanted) in [
        ("*.home.example", true),
        ("*.HOME.example", true),
        ("*.example", true),
        ("*", false),
        ("*x.home.example", false),
        ("*.mx.home.example", false),
        ("*.other.example", false),
    ] {
        let headers = [("authentication-results".to_owned(), ok)];
        assert_eq!(is_authenticated(&headers, server, "ann@example.com"), wanted, "{server}");
    }
    let sub = vec![("authentication-results".to_owned(), "mx; dkim=pass header.d=example.com")];
    assert!(is_authenticated(&sub, "mx", "ann@mail.example.com"));
    let shared = vec![("authentication-results".to_owned(), "mx; dkim=pass header.d=co.uk")];
    assert!(!is_authenticated(&shared, "mx", "ann@example.co.uk"));
    let whole = arrive(&format!("Authentication-Results: {ok}\n"), "x").unwrap();
    assert!(whole.incoming.sender.authenticated);
}

fn letter<'a>(markdown: &'a str, answers: Option<&'a Thread>) -> Letter<'a> {
    Letter {
        from_name: "Capuchin",
        from: "bot@home.example",
        to: "ann@example.com",
        subject: "Notice",
        markdown,
        message_id: "k1.0@home.example",
        sent_ms: 1_795_251_600_000,
        answers,
    }
}

#[test]
fn an_answer_is_mail_that_others_understand() {
    let thread = Thread {
        to: "ann@example.com".to_owned(),
        subject: "Käse\r\nBcc: evil@example.com".to_owned(),
        message_id: Some("m3@example.com".to_owned()),
        references: vec!["m1@example.com".to_owned(), "b2@home.example".to_owned()],
    };
    let raw = compose(&letter("**Two** [shops](https://e.x) <b>", Some(&thread))).unwrap();
    let text = String::from_utf8(raw.clone()).unwrap();
    for line in [
        "Auto-Submitted: auto-replied",
        "In-Reply-To: <m3@example.com>",
        "References: <m1@example.com> <b2@home.example> <m3@example.com>",
        "Message-ID: <k1.0@home.example>",
        "From: Capuchin <bot@home.example>",
        "To: ann@example.com",
    ] {
        assert!(text.lines().any(|found| found.trim_end() == line), "{line} in\n{text}");
    }
    assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
    let mail = mail_parser::MessageParser::default().parse(&raw).unwrap();
    assert_eq!(mail.subject(), Some("Re: Käse Bcc: evil@example.com"));
    assert_eq!(mail.body_text(0).unwrap().trim(), "Two shops (https://e.x) <b>");
    let html = mail.body_html(0).unwrap();
    assert!(html.contains("<strong>Two</strong> <a href=\"https://e.x\">shops</a> &lt;b&gt;"), "{html}");
    assert_eq!(
        raw,
        compose(&letter("**Two** [shops](https://e.x) <b>", Some(&thread))).unwrap(),
        "the same bytes"
    );
    assert!(
        read(&raw, &Mailbox { addresses: &[], server: None }).is_err(),
        "two of us do not answer each other"
    );
}

#[test]
fn a_notice_is_generated_and_loads_nothing() {
    let raw = compose(&letter("![x](https://evil.example/?secret) [y](javascript:z)", None)).unwrap();
    let mail = mail_parser::MessageParser::default().parse(&raw).unwrap();
    assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    assert_eq!(mail.subject(), Some("Notice"));
    let html = mail.body_html(0).unwrap();
    assert!(!html.contains("<img") && !html.contains("javascript:"), "{html}");
    assert!(compose(&Letter { to: "nobody", ..letter("x", None) }).is_err());
    assert!(compose(&Letter { sent_ms: -1, ..letter("x", None) }).is_err());
}

#[test]
fn ids_are_made_of_keys() {
    assert_eq!(message_id("0193-a.1", "bot@home.example"), "0193-a.1@home.example");
    assert_eq!(message_id("a <b>\r\n", "bot@home.example"), "ab@home.example");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..300), headers in "[A-Za-z:<>@;=\"(), \\-\n]{0,120}") {
        let addresses = ours();
        let mailbox = Mailbox { addresses: &addresses, server: Some("mx") };
        let _ = read(&raw, &mailbox);
        let _ = read(format!("From: a@b.c\r\nAuthentication-Results: mx; {headers}\r\n\r\n{headers}").as_bytes(), &mailbox);
        let _ = own_words(&headers);
    }
}

#[test]
fn no_line_is_longer_than_servers_take() {
    let thread = Thread {
        to: "ann@example.com".to_owned(),
        subject: "x".repeat(250),
        message_id: Some("m3@example.com".to_owned()),
        references: (0..20).map(|at| format!("{at}{}@example.com", "r".repeat(180))).collect(),
    };
    let raw = compose(&letter(&"word ".repeat(2_000), Some(&thread))).unwrap();
    let longest = raw.split(|b| *b == b'\n').map(<[u8]>::len).max().unwrap();
    assert!(longest <= 998, "{longest}");
    let mail = mail_parser::MessageParser::default().parse(&raw).unwrap();
    assert_eq!(mail.references().as_text_list().map(<[_]>::len), Some(21));
}

#[test]
fn of_a_mail_that_is_too_large_the_beginning_is_read() {
    let raw = "From: ann@example.com\r\nTo: bot@home.example\r\nMessage-ID: <m1@example.com>\r\nSubject: Plans\r\n\
               Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the picture.\r\n\
               --b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8gaGVsbG8g";
    let said = |raw: &str| {
        read_beginning(raw.as_bytes(), &Mailbox { addresses: &ours(), server: None }, "files over 2 MB")
    };
    let with = Some("files over 2 MB".to_owned());
    let text = Said::Text { text: "Plans\n\nSee the picture.".to_owned(), mentions_us: true, with };
    assert_eq!(said(raw).unwrap().incoming.said, text);
    let nothing = said("From: ann@example.com\r\nTo: bot@home.example\r\n\r\n").unwrap().incoming.said;
    assert_eq!(nothing, Said::Other { what: "files over 2 MB".to_owned() });
}

#[test]
fn very_many_words_are_cut() {
    let text = words("", &"word ".repeat(50_000));
    assert!(text.chars().count() < 100_100 && text.ends_with('…'), "{}", text.chars().count());
}

#[test]
fn the_place_of_an_answer_is_kept_as_a_handle() {
    let thread = arrive("References: <m0@example.com>\n", "x").unwrap().thread;
    assert_eq!(Thread::of_handle(&thread.handle().unwrap()), Some(thread));
    assert_eq!(Thread::of_handle("m1@example.com"), None);
}

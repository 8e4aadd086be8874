//! Reports and lines of the log as notices, as tables.

use jiff::Timestamp;

use super::*;

#[test]
fn what_supervisors_report_is_told_where_a_person_has_to_look() {
    let session = "root/tenants/home/sessions/0192f000-0000-7000-8000-000000000000";
    let text = |word: &str| word.to_owned();
    let restarted = |restarts| ReportKind::Restarted { restarts, took_us: 1 };
    let cases = [
        ("root/edge/console", restarted(2), None),
        ("root/edge/console", restarted(3), Some((Pattern::ActorRestarted, SourceType::Actor))),
        (
            session,
            ReportKind::Quarantined { reason: text("loop") },
            Some((Pattern::SessionFailed, SourceType::Session)),
        ),
        (
            "root/tenants/home/mcp-servers/weather",
            ReportKind::Quarantined { reason: text("loop") },
            Some((Pattern::McpDown, SourceType::McpServer)),
        ),
        ("root/tenants/home/mcp-servers/weather", restarted(3), None),
        (
            "root/edge",
            ReportKind::GaveUp { child: text("console"), exit: text("bound") },
            Some((Pattern::ActorGaveUp, SourceType::Actor)),
        ),
        (
            "root/edge/console",
            ReportKind::StartFailed { error: text("bound") },
            Some((Pattern::ActorRestarted, SourceType::Actor)),
        ),
        ("root/edge/console", ReportKind::Leaked, Some((Pattern::ActorLeaked, SourceType::Actor))),
        ("root/edge/console", ReportKind::Released, None),
        ("root/edge/console", ReportKind::Ended { exit: text("killed") }, None),
    ];
    for (path, kind, expected) in cases {
        let report = Report { number: 1, at: Timestamp::UNIX_EPOCH, path: path.into(), kind };
        let told = of_report(&report);
        let found = told.as_ref().map(|(_, told)| (told.pattern, told.source.as_ref().unwrap().kind));
        assert_eq!(found, expected, "{path}");
        assert!(told.is_none_or(|(tenant, _)| tenant == TenantId::home()));
    }
}

#[test]
fn a_line_of_the_log_is_what_it_says_that_it_is() {
    let line = Trouble {
        is_error: false,
        part: "capuchin::somewhere".to_owned(),
        place: "event src/somewhere.rs:1",
        text: "it did not work".to_owned(),
        details: "error: no\n".to_owned(),
        notice: None,
        tenant: None,
    };
    let plain = of_trouble(&line);
    assert_eq!((plain.pattern, plain.severity), (Pattern::BackgroundFailed, Severity::Warning));
    assert_eq!((plain.title.as_str(), plain.body.as_str()), ("It did not work", "error: no\n"));
    let worse = of_trouble(&Trouble { is_error: true, ..line.clone() });
    assert_eq!(worse.severity, Severity::Error);
    let named = Trouble { notice: Some("capuchin.sign_in.refused".to_owned()), ..line };
    assert_eq!(of_trouble(&named).pattern, Pattern::SignInRefused);
}

//! What the daemon itself tells people: what its supervisors report, what its log says went wrong, what leaked.

use anyhow::Context as _;
use capuchin_actors::supervision::report::{Report, ReportKind, Subscriber};

use super::{server_of, session_of};
use crate::budgets::Budgets;
use crate::config::NotificationsConfig;
use crate::egress::Egress;
use crate::mcp::McpServers;
use crate::models::Models;
use crate::notifications::{Email, Happening, Notifications, Pattern, Push, Severity, SourceType, Way};
use crate::protocol::ids::TenantId;
use crate::redaction::LeakLog;
use crate::telemetry::{Trouble, Troubles};
use crate::vault::{Oauth, Vault};

/// Restarts of one child from which on people are told. One crash that a restart mended is for the log.
const RESTARTS_OFTEN: u64 = 3;

/// Every warning and every error of the log is a notice: what fails in the background fails before somebody's eyes.
pub(super) fn hear(troubles: &Troubles, notices: &Notifications) {
    let notices = notices.clone();
    troubles.tell(move |trouble| {
        let tenant = trouble.tenant.as_deref().and_then(|tenant| tenant.parse().ok());
        notices.raise(&tenant.unwrap_or_else(TenantId::home), of_trouble(&trouble));
    });
}

fn of_trouble(trouble: &Trouble) -> Happening {
    let named = trouble.notice.as_deref().and_then(Pattern::parse);
    let pattern = named.unwrap_or(Pattern::BackgroundFailed);
    let severity = if trouble.is_error { Severity::Error } else { pattern.severity() };
    Happening::new(pattern, sentence(&trouble.text))
        .saying(trouble.details.as_str())
        .being(severity)
        .to(SourceType::Part, &trouble.part)
        .told_apart_by(trouble.place)
}

/// What supervisors report.
pub(super) fn subscriber(notices: Notifications) -> Subscriber {
    Box::new(move |report: &Report| {
        if let Some((tenant, happening)) = of_report(report) {
            notices.raise(&tenant, happening);
        }
    })
}

fn of_report(report: &Report) -> Option<(TenantId, Happening)> {
    let path = report.path.as_str();
    if let Some((tenant, server)) = server_of(&report.path) {
        return Some((tenant, of_server(server, &report.kind)?));
    }
    let (pattern, title, body) = match &report.kind {
        ReportKind::Restarted { restarts, .. } if *restarts >= RESTARTS_OFTEN => (
            Pattern::ActorRestarted,
            format!("{path} crashed again"),
            format!("It was started {restarts} times."),
        ),
        ReportKind::Quarantined { reason } => {
            let pattern = if session_of(&report.path).is_some() {
                Pattern::SessionFailed
            } else {
                Pattern::ActorQuarantined
            };
            (pattern, format!("{path} is out of service"), reason.clone())
        }
        ReportKind::StartFailed { error } => {
            (Pattern::ActorRestarted, format!("{path} could not be started again"), error.clone())
        }
        ReportKind::GaveUp { child, exit } => {
            (Pattern::ActorGaveUp, format!("{path} gave up on {child}"), exit.clone())
        }
        ReportKind::Leaked => {
            let body = "Only a restart of the daemon ends it.".to_owned();
            (Pattern::ActorLeaked, format!("{path} does not end"), body)
        }
        _ => return None,
    };
    let happening = Happening::new(pattern, title).saying(body);
    Some(match session_of(&report.path) {
        Some((tenant, session)) => (tenant, happening.to(SourceType::Session, session)),
        None => (TenantId::home(), happening.to(SourceType::Actor, path)),
    })
}

/// The ways out that the settings name.
pub(super) fn ways(
    notices: &Notifications,
    config: &NotificationsConfig,
    (egress, vault): (&Egress, &Vault),
) -> anyhow::Result<()> {
    let from = config.email.as_ref().filter(|email| !email.from.contains('<'));
    let contact = config.push_contact.clone().or_else(|| from.map(|email| format!("mailto:{}", email.from)));
    Push::begin(notices, vault, egress, contact);
    if let Some(email) = &config.email {
        let email = Email::new(email, egress.clone()).context("notifications.email")?;
        notices.deliver_by(Way::Email, email);
    }
    Ok(())
}

/// A server that is restarted tells of each end by itself; here is only that it stays down.
fn of_server(server: &str, kind: &ReportKind) -> Option<Happening> {
    let (title, body) = match kind {
        ReportKind::Quarantined { reason } => (format!("The MCP server {server} is out of service"), reason),
        ReportKind::StartFailed { error } => (format!("The MCP server {server} could not be started"), error),
        _ => return None,
    };
    let down = Happening::new(Pattern::McpDown, title).saying(body.as_str()).being(Severity::Error);
    Some(down.to(SourceType::McpServer, server))
}

/// Everybody who has something to tell, and was built before.
pub(super) fn connect(
    notices: &Notifications,
    leaks: &LeakLog,
    (budgets, mcp, oauth, models): (&Budgets, &McpServers, &Oauth, &Models),
) {
    models.tell(notices.clone());
    budgets.tell(notices.clone());
    mcp.tell(notices.clone());
    oauth.tell(notices.clone());
    watch_leaks(leaks, notices);
}

/// Every kind of secret that is found in a kind of text.
fn watch_leaks(leaks: &LeakLog, notices: &Notifications) {
    let notices = notices.clone();
    leaks.tell(move |tenant, place, kind, thread| {
        let title = format!("A secret ({kind}) was taken out of a text ({place})");
        let found = Happening::new(Pattern::LeakFound, title).told_apart_by(format!("{place} {kind}"));
        let found = match thread {
            Some(thread) => found.to(SourceType::Session, thread),
            None => found,
        };
        notices.raise(tenant, found);
    });
}

/// A line of the log as a title.
fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests;

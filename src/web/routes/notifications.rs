//! Notifications in the inbox, and their settings.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;

use super::super::answer::{Fields, Reader};
use super::super::framed::local_path;
use super::super::headers::page;
use super::super::read;
use super::super::view::notifications::{
    BellMenu, NoticeFilters, NotificationSettingsPage, NotificationsPage,
};
use crate::http::auth::{Admin, KeepInbox, Read};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::notifications::{
    Delivery, NewRule, NoticeStatus, Pattern, RuleChange, SettingsChange, Severity, Way,
};
use crate::protocol::ids::{NotificationId, NotificationRuleId, PushSubscriptionId};

/// Notifications below the bell.
const LATEST: usize = 10;
const SETTINGS: &str = "/settings/notifications";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    status: String,
    category: String,
    severity: String,
    after: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BackFields {
    back: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DoneQuery {
    done: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TimesFields {
    zone: String,
    quiet_from: String,
    quiet_until: String,
    digest_at: String,
    errors: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AwayFields {
    until: String,
    delivery: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TestFields {
    way: String,
    target: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleFields {
    pattern: String,
    workspace: String,
    from: String,
    to: String,
}

/// `GET /inbox/notifications`.
pub(super) async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<ListQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let asked = NoticeFilters { status: query.status, category: query.category, severity: query.severity };
    let list = read::notifications::list(&state, &by, &asked, &query.after).await?;
    let undelivered = read::channels::outbox::dead(&state, &by).await;
    let frame = reader.frame("Notifications", "inbox");
    Ok(page(StatusCode::OK, &NotificationsPage { frame, list, asked, undelivered, notice: None }))
}

/// `GET /inbox/notifications/latest`: what the bell opens, for scripts; without them it is a link to all.
pub(super) async fn latest(by: May<Read>, State(state): State<AppState>) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut list = read::notifications::list(&state, &by, &NoticeFilters::default(), "").await?;
    list.rows.truncate(LATEST);
    Ok(page(StatusCode::OK, &BellMenu { list }))
}

/// `POST /inbox/notifications/{id}/{action}`.
pub(super) async fn mark(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    Named((id, action)): Named<(NotificationId, String)>,
    reader: Reader,
    Fields(fields): Fields<BackFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let status = match action.as_str() {
        "read" => NoticeStatus::Read,
        "dismiss" => NoticeStatus::Dismissed,
        _ => return Err(Problem::not_found()),
    };
    state.notifications.mark(&by.tenant, (id, None), status, None).await?;
    Ok(reader.answer(StatusCode::OK, json!({ "id": id }), back(&fields)))
}

/// `POST /inbox/notifications/read-all`.
pub(super) async fn read_all(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<BackFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let marked_read = state.notifications.read_all(&by.tenant, None).await?;
    Ok(reader.answer(StatusCode::OK, json!({ "marked_read": marked_read }), back(&fields)))
}

fn back(fields: &BackFields) -> &str {
    match local_path(&fields.back) {
        path if path.starts_with("/inbox/notifications") => path,
        _ => "/inbox/notifications",
    }
}

/// `GET /settings/notifications`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<DoneQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut template = shown(&state, &by, &reader).await?;
    template.notice = match query.done.as_str() {
        "saved" => Some("Saved. It holds from now on."),
        "away" => Some("Have a good time."),
        "back" => Some("Welcome back."),
        "sent" => Some("The test is on its way. If it does not arrive, the inbox says why."),
        "added" => Some("The rule is added."),
        "removed" => Some("Removed."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/notifications/times`.
pub(super) async fn times(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<TimesFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let set = |text: String| Some(text).filter(|text| !text.is_empty());
    let quiet = match (set(fields.quiet_from), set(fields.quiet_until)) {
        (None, None) => None,
        (from, until) => Some((from.unwrap_or_default(), until.unwrap_or_default())),
    };
    let change = SettingsChange {
        zone: Some(fields.zone.trim().to_owned()),
        quiet: Some(quiet),
        errors_break_through: Some(fields.errors == "yes"),
        digest_at: Some(set(fields.digest_at)),
        ..SettingsChange::default()
    };
    changed(&state, &by, &reader, change, "saved").await
}

/// `POST /settings/notifications/away`.
pub(super) async fn away(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<AwayFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let zone = state.notifications.settings(&by.tenant).await?.zone;
    let outcome = moment(&fields.until, &zone).and_then(|until_ms| {
        let delivery = fields.delivery.parse::<Delivery>();
        Ok((until_ms, delivery.map_err(|error| Problem::invalid_field("delivery", error.to_string()))?))
    });
    match outcome {
        Err(problem) => done(&state, &by, &reader, Err(problem)).await,
        Ok((until_ms, delivery)) => {
            let change = SettingsChange {
                away_until_ms: Some(Some(until_ms)),
                away_delivery: Some(delivery),
                ..SettingsChange::default()
            };
            changed(&state, &by, &reader, change, "away").await
        }
    }
}

/// `POST /settings/notifications/back`.
pub(super) async fn returned(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let change = SettingsChange { away_until_ms: Some(None), ..SettingsChange::default() };
    changed(&state, &by, &reader, change, "back").await
}

/// `POST /settings/notifications/test`.
pub(super) async fn test(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<TestFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let way: Way = fields.way.parse().map_err(|_| Problem::bad_request("no such way"))?;
    // silent-ok: no id names no browser
    let outcome = state.notifications.test(&by.tenant, way, fields.target.parse().ok()).await;
    done(&state, &by, &reader, outcome.map(|_| "sent").map_err(Problem::from)).await
}

/// `POST /settings/notifications/patterns`: the whole table at once.
pub(super) async fn patterns(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = save_patterns(&state, &by, &fields).await;
    done(&state, &by, &reader, outcome.map(|()| "saved")).await
}

async fn save_patterns(state: &AppState, by: &Principal, fields: &[(String, String)]) -> Result<(), Problem> {
    let rules = state.notifications.rules(&by.tenant, Some(None)).await?;
    let of = |kind: &str, pattern: Pattern| {
        let name = format!("{kind}:{}", pattern.as_str());
        fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    };
    for pattern in Pattern::ALL.iter().copied() {
        let Some(from) = of("from", pattern) else { continue };
        let known = rules.iter().find(|rule| rule.pattern == pattern.as_str());
        let Some(new) = rule_of(pattern.as_str(), "", from, of("to", pattern).unwrap_or("in_app"))? else {
            if let Some(rule) = known {
                state.notifications.delete_rule(by, (rule.id, None), None).await?;
            }
            continue;
        };
        match known {
            None => drop(state.notifications.create_rule(by, new, None).await?),
            Some(rule)
                if (rule.severity, rule.delivery, rule.enabled)
                    == (new.severity, new.delivery, new.enabled) => {}
            Some(rule) => {
                let change = RuleChange {
                    severity: Some(new.severity),
                    delivery: Some(new.delivery),
                    enabled: Some(new.enabled),
                    ..RuleChange::default()
                };
                state.notifications.update_rule(by, (rule.id, None), None, change).await?;
            }
        }
    }
    Ok(())
}

/// `POST /settings/notifications/rules`.
pub(super) async fn add_rule(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<RuleFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = async {
        let new = rule_of(fields.pattern.trim(), &fields.workspace, &fields.from, &fields.to)?;
        let new = new.ok_or_else(|| Problem::invalid_field("from", "says what is told"))?;
        state.notifications.create_rule(&by, new, None).await?;
        Ok("added")
    };
    done(&state, &by, &reader, outcome.await).await
}

/// `POST /settings/notifications/rules/{id}/remove`.
pub(super) async fn remove_rule(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<NotificationRuleId>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.notifications.delete_rule(&by, (id, None), None).await;
    done(&state, &by, &reader, outcome.map(|()| "removed").map_err(Problem::from)).await
}

/// `POST /settings/notifications/browsers/{id}/remove`.
pub(super) async fn remove_browser(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<PushSubscriptionId>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.notifications.unsubscribe(&by.tenant, id).await;
    done(&state, &by, &reader, outcome.map(|()| "removed").map_err(Problem::from)).await
}

/// The rule that a row or a form says; `None` for none.
fn rule_of(pattern: &str, workspace: &str, from: &str, to: &str) -> Result<Option<NewRule>, Problem> {
    if from.is_empty() {
        return Ok(None);
    }
    let enabled = from != "off";
    let severity = if enabled { from.parse::<Severity>() } else { Ok(Severity::Info) };
    Ok(Some(NewRule {
        workspace: super::workspace_of(workspace)?,
        name: String::new(),
        pattern: pattern.to_owned(),
        severity: severity.map_err(|error| Problem::invalid_field("from", error.to_string()))?,
        delivery: to.parse().map_err(|_| Problem::invalid_field("to", "is no place"))?,
        enabled,
    }))
}

/// A time of a form, on the clock of a zone.
fn moment(text: &str, zone: &str) -> Result<i64, Problem> {
    let wrong = || Problem::invalid_field("until", "is a day and a time");
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    let zoned = local.to_zoned(zone).map_err(|_| wrong())?;
    Ok(zoned.timestamp().as_millisecond())
}

async fn changed(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    change: SettingsChange,
    word: &'static str,
) -> Result<Response, Problem> {
    let outcome = state.notifications.change_settings(by, None, change).await;
    done(state, by, reader, outcome.map(|_| word).map_err(Problem::from)).await
}

async fn shown(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
) -> Result<NotificationSettingsPage, Problem> {
    read::notifications::settings(state, by, reader.frame("Notifications", "settings")).await
}

/// Back to the page with what was done, or the page with why it was not.
async fn done(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    outcome: Result<&'static str, Problem>,
) -> Result<Response, Problem> {
    let refused = |page: &mut NotificationSettingsPage, why| page.error = Some(why);
    reader.after(SETTINGS, outcome, shown(state, by, reader), refused).await
}

//! Notifications as rows, and how they are set up.

use std::collections::HashMap;

use super::{problem, rfc3339};
use crate::http::auth::{KeepInbox, Need as _};
use crate::http::{AppState, Problem};
use crate::identity::{Principal, Scope};
use crate::notifications::{
    Browser, Category, Cursor, Notice, NoticeFilter, NoticeSettings, Pattern, Rule, Source, SourceType, Way,
};
use crate::web::view::Frame;
use crate::web::view::notifications::{
    BrowserRow, NoticeFilters, NoticeList, NoticeRow, NotificationSettingsPage, PatternGroup, PatternRow,
    RuleRow, TimesView, WayView,
};

/// Notifications of a page.
const ROWS: usize = 50;

/// What is listed. Words that mean nothing are as good as absent.
pub(in crate::web) async fn list(
    state: &AppState,
    by: &Principal,
    asked: &NoticeFilters,
    after: &str,
) -> Result<NoticeList, Problem> {
    let filter = NoticeFilter {
        workspace: None,
        // silent-ok: an address that somebody typed
        status: asked.status.parse().ok(),
        category: asked.category.parse().ok(),
        severity: asked.severity.parse().ok(),
        with_dismissed: false,
    };
    let cursor: Option<Cursor> = after.parse().ok();
    let mut found = state.notifications.list(&by.tenant, filter, cursor, ROWS + 1).await?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let pairs = |after: String| {
        let pairs = [
            ("status", asked.status.clone()),
            ("category", asked.category.clone()),
            ("severity", asked.severity.clone()),
            ("after", after),
        ];
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        crate::web::routes::address("/inbox/notifications", pairs.into_iter())
    };
    let earlier = found.last().filter(|_| more).map(|last| pairs(Cursor::after(last).to_string()));
    let is_plain = asked.status.is_empty() && asked.category.is_empty() && asked.severity.is_empty();
    Ok(NoticeList {
        unread: state.notifications.unread(&by.tenant, None).await?,
        is_live: is_plain && cursor.is_none(),
        may_mark: by.authorize(KeepInbox::ANY_OF).is_ok(),
        may_rule: by.scopes.allows(Scope::Admin),
        here: pairs(after.to_owned()),
        earlier,
        rows: found.into_iter().map(row).collect(),
    })
}

fn row(notice: Notice) -> NoticeRow {
    NoticeRow {
        id: notice.id.to_string(),
        category: notice.category.as_str(),
        severity: notice.severity.as_str(),
        status: notice.status.as_str(),
        link: notice.source.as_ref().and_then(link),
        pattern: notice.pattern,
        title: notice.title,
        body: notice.body,
        count: notice.count,
        last: rfc3339(notice.last_ms),
        first: rfc3339(notice.first_ms),
    }
}

/// Where a source is shown.
fn link(source: &Source) -> Option<String> {
    let id = &source.id;
    Some(match source.kind {
        SourceType::Session => format!("/c/{id}"),
        SourceType::Approval => format!("/a/{id}"),
        SourceType::Process => format!("/processes/{id}"),
        SourceType::McpServer => "/settings/mcp".to_owned(),
        SourceType::Actor => "/runtime".to_owned(),
        SourceType::Budget => "/settings/budgets".to_owned(),
        SourceType::Assistant => "/settings/backends".to_owned(),
        SourceType::Secret => format!("/vault/secrets/{id}"),
        SourceType::OauthToken => "/vault?tab=tokens".to_owned(),
        SourceType::WebhookEndpoint => format!("/webhooks/{id}"),
        // A delivery is shown on the page of its endpoint, which its id does not tell.
        SourceType::WebhookDelivery => "/webhooks".to_owned(),
        SourceType::Channel => format!("/channels/{id}"),
        SourceType::Schedule => format!("/schedules/{id}"),
        SourceType::Experiment | SourceType::Certificate | SourceType::SandboxLayer | SourceType::Part => {
            return None;
        }
    })
}

/// How it is set up.
pub(in crate::web) async fn settings(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<NotificationSettingsPage, Problem> {
    let rules = state.notifications.rules(&by.tenant, None).await?;
    let settings = state.notifications.settings(&by.tenant).await?;
    let browsers = state.notifications.browsers(&by.tenant).await?;
    let workspaces = state.workspaces.list(by, None, 200).await.map_err(problem)?;
    let workspaces: Vec<(String, String)> =
        workspaces.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let names: HashMap<_, _> = workspaces.iter().cloned().collect();
    Ok(NotificationSettingsPage {
        frame,
        groups: groups(&rules),
        rules: rules.iter().filter(|rule| !is_plain(rule)).map(|rule| rule_row(rule, &names)).collect(),
        workspaces,
        times: times(&settings),
        ways: ways(state, by),
        browsers: browsers.into_iter().map(browser_row).collect(),
        notice: None,
        error: None,
    })
}

fn browser_row(browser: Browser) -> BrowserRow {
    BrowserRow {
        id: browser.id.to_string(),
        label: browser.label,
        service: browser.service,
        added: rfc3339(browser.created_ms),
        last: browser.last_ms.map(rfc3339),
    }
}

/// Whether it is the rule of one pattern for everything, which has its own row.
pub(in crate::web) fn is_plain(rule: &Rule) -> bool {
    rule.workspace.is_none() && Pattern::ALL.iter().any(|pattern| pattern.as_str() == rule.pattern)
}

fn groups(rules: &[Rule]) -> Vec<PatternGroup> {
    let of = |category: Category| {
        let patterns = Pattern::ALL.iter().filter(move |pattern| pattern.category() == category);
        patterns.map(|pattern| pattern_row(*pattern, rules)).collect()
    };
    let order =
        [Category::Session, Category::System, Category::Webhook, Category::Channel, Category::Experiment];
    order.into_iter().map(|category| PatternGroup { name: category.as_str(), rows: of(category) }).collect()
}

fn pattern_row(pattern: Pattern, rules: &[Rule]) -> PatternRow {
    let rule = rules.iter().find(|rule| rule.workspace.is_none() && rule.pattern == pattern.as_str());
    PatternRow {
        pattern: pattern.as_str(),
        text: pattern.text(),
        severity: pattern.severity().as_str(),
        from: rule.map_or("", from),
        delivery: rule.map_or("in_app", |rule| rule.delivery.as_str()),
    }
}

fn from(rule: &Rule) -> &'static str {
    if rule.enabled { rule.severity.as_str() } else { "off" }
}

fn rule_row(rule: &Rule, names: &HashMap<String, String>) -> RuleRow {
    let label = |list: &[(&'static str, &'static str)], word: &str| {
        list.iter().find(|(known, _)| *known == word).map_or("", |(_, label)| *label)
    };
    let told = label(NotificationSettingsPage::FROM, from(rule));
    let words = match label(NotificationSettingsPage::DELIVERIES, rule.delivery.as_str()) {
        _ if !rule.enabled => told.to_owned(),
        place => format!("{told}, {place}"),
    };
    let workspace = rule.workspace.map(|id| id.to_string());
    RuleRow {
        id: rule.id.to_string(),
        name: rule.name.clone(),
        pattern: rule.pattern.clone(),
        words,
        workspace: workspace
            .map(|id| names.get(&id).cloned().unwrap_or_else(|| "a deleted workspace".to_owned())),
    }
}

fn times(settings: &NoticeSettings) -> TimesView {
    let (quiet_from, quiet_until) = settings.quiet.map(|quiet| quiet.words()).unwrap_or_default();
    let now_ms = jiff::Timestamp::now().as_millisecond();
    TimesView {
        zone: settings.zone.clone(),
        quiet_from,
        quiet_until,
        errors: settings.errors_break_through,
        digest: settings.digest_words().unwrap_or_default(),
        away_until: settings.away_until_ms.filter(|until_ms| *until_ms > now_ms).map(rfc3339),
        away_delivery: settings.away_delivery.as_str(),
    }
}

fn ways(state: &AppState, by: &Principal) -> Vec<WayView> {
    let ready = state.notifications.ways(&by.tenant);
    let view = |way: Way, name, there: &str, missing: &str| {
        let is_ready = ready.contains(&way);
        let text = if is_ready { there } else { missing };
        WayView { word: way.as_str(), name, is_ready, text: text.to_owned() }
    };
    vec![
        view(
            Way::Email,
            "E-mail",
            "Sent by the server of the settings.",
            "[notifications.email] of the settings says which server sends it.",
        ),
        view(
            Way::Push,
            "Push",
            "Browsers get it even when no page is open.",
            "The vault is sealed, and the key that signs pushes is in it.",
        ),
        view(Way::Channel, "Channel", "Sent over a chat platform.", "No chat platform is set up for it."),
    ]
}

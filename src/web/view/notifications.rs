//! What people are told: the bell, the list, and how it is set up.

use askama::Template;

use super::{Frame, Notices, filters};

/// The bell alone, for the live stream.
#[derive(Template)]
#[template(path = "bell.html", config = "src/web/askama.toml")]
pub struct BellFragment<'a> {
    /// How many are unread.
    pub notices: &'a Notices,
}

/// `/inbox/notifications`.
#[derive(Template)]
#[template(path = "notifications.html", config = "src/web/askama.toml")]
pub struct NotificationsPage {
    /// The frame.
    pub frame: Frame,
    /// What is listed.
    pub list: NoticeList,
    /// What is asked for: the words of the filters, empty for everything.
    pub asked: NoticeFilters,
    /// Messages that reached nobody, for the tab.
    pub undelivered: usize,
    /// What the last form did.
    pub notice: Option<&'static str>,
}

/// The list alone, for the live stream.
#[derive(Template)]
#[template(path = "notifications_list.html", config = "src/web/askama.toml")]
pub struct NoticesFragment<'a> {
    /// What is listed.
    pub list: &'a NoticeList,
}

/// The last ones below the bell.
#[derive(Template)]
#[template(path = "bell_menu.html", config = "src/web/askama.toml")]
pub struct BellMenu {
    /// What is listed.
    pub list: NoticeList,
}

/// The words of the filters.
#[derive(Clone, Debug, Default)]
pub struct NoticeFilters {
    /// A status.
    pub status: String,
    /// A category.
    pub category: String,
    /// A severity.
    pub severity: String,
}

/// What is listed.
#[derive(Clone, Debug, Default)]
pub struct NoticeList {
    /// The last first.
    pub rows: Vec<NoticeRow>,
    /// How many are unread in all.
    pub unread: usize,
    /// Whether it is kept true while it is open.
    pub is_live: bool,
    /// Whether the reader may mark them.
    pub may_mark: bool,
    /// Whether the reader may change rules.
    pub may_rule: bool,
    /// The address of this list, to come back to.
    pub here: String,
    /// The address of earlier ones.
    pub earlier: Option<String>,
}

/// A notification.
#[derive(Clone, Debug)]
pub struct NoticeRow {
    /// Its id.
    pub id: String,
    /// The word of what happened.
    pub pattern: String,
    /// What it is about.
    pub category: &'static str,
    /// How bad it is.
    pub severity: &'static str,
    /// `unread`, `read` or `dismissed`.
    pub status: &'static str,
    /// One line.
    pub title: String,
    /// The rest; may be empty.
    pub body: String,
    /// How often it happened.
    pub count: u64,
    /// When it happened last, RFC 3339.
    pub last: String,
    /// When it happened first, RFC 3339.
    pub first: String,
    /// Where what it happened to is shown.
    pub link: Option<String>,
}

/// `/settings/notifications`.
#[derive(Template)]
#[template(path = "notification_settings.html", config = "src/web/askama.toml")]
pub struct NotificationSettingsPage {
    /// The frame.
    pub frame: Frame,
    /// Everything that can happen, by what it is about.
    pub groups: Vec<PatternGroup>,
    /// Rules that are about more than one pattern, or for one workspace.
    pub rules: Vec<RuleRow>,
    /// Workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// When it is told.
    pub times: TimesView,
    /// Ways out.
    pub ways: Vec<WayView>,
    /// Browsers that get pushes.
    pub browsers: Vec<BrowserRow>,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// Patterns of one category.
#[derive(Clone, Debug)]
pub struct PatternGroup {
    /// What they are about.
    pub name: &'static str,
    /// Their rules.
    pub rows: Vec<PatternRow>,
}

/// One pattern with its rule for everything.
#[derive(Clone, Debug)]
pub struct PatternRow {
    /// Its word.
    pub pattern: &'static str,
    /// What happened.
    pub text: &'static str,
    /// How bad it is by itself.
    pub severity: &'static str,
    /// The word of what is chosen: empty for the default, `off`, or the least severity.
    pub from: &'static str,
    /// Where it goes.
    pub delivery: &'static str,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct RuleRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub pattern: String,
    /// What it says, in words.
    pub words: String,
    /// The name of its workspace; `None` for everything.
    pub workspace: Option<String>,
}

/// When it is told.
#[derive(Clone, Debug, Default)]
pub struct TimesView {
    /// The time zone.
    pub zone: String,
    /// `22:00`; empty without quiet hours.
    pub quiet_from: String,
    /// `07:00`.
    pub quiet_until: String,
    /// Whether errors break through.
    pub errors: bool,
    /// `08:00`; empty without a digest.
    pub digest: String,
    /// Until when somebody is away, RFC 3339.
    pub away_until: Option<String>,
    /// Where everything goes then.
    pub away_delivery: &'static str,
}

/// A way out.
#[derive(Clone, Debug)]
pub struct WayView {
    /// Its word.
    pub word: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether it is set up.
    pub is_ready: bool,
    /// How it is, or what to do, for people.
    pub text: String,
}

/// A browser that gets pushes.
#[derive(Clone, Debug)]
pub struct BrowserRow {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// The host of its push service.
    pub service: String,
    /// When it was added, RFC 3339.
    pub added: String,
    /// When it got a push last, RFC 3339.
    pub last: Option<String>,
}

impl NotificationsPage {
    /// Statuses: word and label.
    pub const STATUSES: &'static [(&'static str, &'static str)] =
        &[("", "not dismissed"), ("unread", "unread"), ("read", "read"), ("dismissed", "dismissed")];
    /// Categories: word and label.
    pub const CATEGORIES: &'static [(&'static str, &'static str)] = &[
        ("", "everything"),
        ("session", "conversations"),
        ("system", "the daemon"),
        ("webhook", "webhooks"),
        ("channel", "channels"),
        ("experiment", "experiments"),
    ];
    /// Severities: word and label.
    pub const SEVERITIES: &'static [(&'static str, &'static str)] =
        &[("", "any"), ("warning", "warning or worse"), ("error", "error")];
}

impl NotificationSettingsPage {
    /// What is told: word and label.
    pub const FROM: &'static [(&'static str, &'static str)] = &[
        ("", "as usual"),
        ("info", "always"),
        ("warning", "from warning"),
        ("error", "only errors"),
        ("off", "never"),
    ];
    /// Where it goes: word and label.
    pub const DELIVERIES: &'static [(&'static str, &'static str)] = &[
        ("in_app", "inbox"),
        ("email", "and e-mail"),
        ("push", "and push"),
        ("channel", "and channel"),
        ("all", "and everywhere"),
    ];
}

//! What every page shows around its own part.

use askama::Template;
use axum::http::HeaderMap;
use axum::http::header::COOKIE;

use super::filters;

/// How a person wants the pages to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// As the device does.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// What the theme cookie says; anything else is the device's choice.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let wanted = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .find_map(|pair| pair.trim().strip_prefix("theme="));
        match wanted {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }
}

impl std::fmt::Display for Theme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        })
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Title of the page.
    pub title: String,
    /// Which entry of the navigation it belongs to: `home`, `chat`, `inbox`, `library`, `vault`, `audit`,
    /// `processes`, `experiments`, `channels`, `webhooks`, `runtime`, `settings`, or nothing.
    pub place: &'static str,
    /// The look.
    pub theme: Theme,
    /// Whether navigation is shown.
    pub signed_in: bool,
    /// What every page tells.
    pub notices: Notices,
}

/// What every page tells whoever is signed in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notices {
    /// Whether pages for administrators are in the navigation.
    pub admin: bool,
    /// Questions that wait for an answer.
    pub waiting: usize,
    /// Notifications that nobody has read; `None` for whoever does not see them.
    pub unread: Option<usize>,
    /// Why nothing is started.
    pub halted: Option<Halted>,
}

/// The banner of an engaged kill switch alone, for the live stream.
#[derive(Template)]
#[template(path = "halt.html", config = "src/web/askama.toml")]
pub struct HaltFragment<'a> {
    /// Why nothing is started.
    pub notices: &'a Notices,
}

/// An engaged kill switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Halted {
    /// Who engaged it.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// When, RFC 3339.
    pub since: String,
}

impl Frame {
    /// The frame of a page that only the owner sees.
    pub fn private(title: impl Into<String>, place: &'static str, theme: Theme) -> Self {
        Self { title: title.into(), place, theme, signed_in: true, notices: Notices::default() }
    }

    /// The frame of a page for everybody.
    pub fn public(title: impl Into<String>, theme: Theme) -> Self {
        Self { title: title.into(), place: "", theme, signed_in: false, notices: Notices::default() }
    }
}

#[cfg(test)]
mod tests;

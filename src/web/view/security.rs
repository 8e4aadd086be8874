//! What `/settings/security` shows: what the person comes in with, where they are signed in, and for the
//! owner everybody's access.

use askama::Template;

use super::{Frame, filters};

/// `/settings/security`.
#[derive(Template)]
#[template(path = "security.html", config = "src/web/askama.toml")]
pub struct SecurityPage {
    /// The frame.
    pub frame: Frame,
    /// What came of the last button.
    pub notice: Option<String>,
    /// What was wrong with the last form.
    pub error: Option<String>,
    /// What is shown now and never again.
    pub once: Option<ShownOnce>,
    /// A second factor that waits for its first code.
    pub enrolling: Option<Enrolling>,
    /// Who asks.
    pub person: PersonView,
    /// Their passkeys.
    pub passkeys: Vec<PasskeyRow>,
    /// Signed-in browsers.
    pub sessions: Vec<SessionRow>,
    /// For people who may administrate.
    pub admin: Option<AdminView>,
}

/// A value that is shown once.
#[derive(Clone, Debug)]
pub struct ShownOnce {
    /// What it is.
    pub title: &'static str,
    /// What to do with it.
    pub text: &'static str,
    /// The value.
    pub value: String,
}

/// What an authenticator app needs.
pub struct Enrolling {
    /// The QR code: our own SVG, without script and style.
    pub qr: String,
    /// The same for typing.
    pub secret: String,
}

/// Who asks, and what they come in with.
#[derive(Clone, Debug, Default)]
pub struct PersonView {
    /// Their name.
    pub name: String,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether the password needs a code beside it.
    pub has_code: bool,
    /// When their recovery key was made.
    pub recovery_key_at: Option<String>,
}

/// One passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it works.
    pub host: String,
    /// When it was made.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

/// One signed-in browser.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub name: String,
    /// Browser and system.
    pub agent: String,
    /// Where it signed in.
    pub address: String,
    /// With what.
    pub means: &'static str,
    /// When it was last used.
    pub last_seen_at: String,
    /// Whether it is this one.
    pub current: bool,
}

/// Everybody's access.
#[derive(Clone, Debug, Default)]
pub struct AdminView {
    /// API tokens.
    pub tokens: Vec<TokenRow>,
    /// The scopes that a new one can have, with what they mean.
    pub scopes: Vec<(&'static str, &'static str)>,
    /// People.
    pub members: Vec<MemberRow>,
}

/// One token.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: String,
    /// When it ends.
    pub expires_at: Option<String>,
    /// When it was last used.
    pub last_used_at: Option<String>,
    /// From where.
    pub last_used_from: String,
}

/// One person.
#[derive(Clone, Debug)]
pub struct MemberRow {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// `owner` or `member`.
    pub role: &'static str,
    /// `invited`, `active` or `disabled`.
    pub state: &'static str,
    /// What they come in with.
    pub means: String,
}

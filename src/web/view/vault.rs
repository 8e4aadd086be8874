//! The vault as pages. No struct here has a value in it.

use askama::Template;

use super::tokens::{Asked, TokensView};
use super::{Frame, filters};

/// `/vault`.
#[derive(Template)]
#[template(path = "vault.html", config = "src/web/askama.toml")]
pub struct VaultPage {
    /// The frame.
    pub frame: Frame,
    /// Which tab is open: a word of [`VaultPage::TABS`].
    pub tab: &'static str,
    /// Why the vault is sealed.
    pub sealed: Option<SealedView>,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
    /// What the open tab shows.
    pub shown: VaultShown,
}

/// What a tab shows.
#[derive(Clone, Debug)]
pub enum VaultShown {
    /// All secrets, and the form for one more.
    Secrets(Vec<SecretRow>, NewSecretForm),
    /// Accounts at providers.
    Tokens(Box<TokensView>),
    /// Who used what, and the address of earlier uses.
    Access(Vec<UseRow>, Option<String>),
    /// Where secrets were taken out, and the address of earlier finds.
    Leaks(Vec<LeakRow>, Option<String>),
    /// The keys that seal.
    Keys(KeysView),
}

/// A sealed vault.
#[derive(Clone, Debug)]
pub struct SealedView {
    /// Why, and what to do.
    pub why: String,
    /// Whether a passphrase opens it.
    pub passphrase: bool,
    /// Whether this passphrase is chosen now.
    pub first: bool,
}

/// One secret in the list.
#[derive(Clone, Debug)]
pub struct SecretRow {
    /// Its name.
    pub name: String,
    /// The word of its kind.
    pub kind: &'static str,
    /// For people; may be empty.
    pub description: String,
    /// Where it may be sent.
    pub hosts: Vec<String>,
    /// When it was stored, RFC 3339.
    pub created: String,
    /// By whom.
    pub created_by: String,
    /// When its value was replaced.
    pub rotated: Option<String>,
    /// When it was used.
    pub used: Option<String>,
    /// By what.
    pub used_by: String,
    /// How often.
    pub uses: u64,
    /// What names it in the settings.
    pub used_in: Vec<String>,
    /// Counts changes.
    pub version: i64,
}

/// The form for a new secret, as far as it may be shown again.
#[derive(Clone, Debug, Default)]
pub struct NewSecretForm {
    /// Its name.
    pub name: String,
    /// Where it may be sent.
    pub hosts: String,
    /// For people.
    pub description: String,
    /// What can be recognised.
    pub kinds: Vec<KindView>,
}

/// A kind of secret.
#[derive(Clone, Debug)]
pub struct KindView {
    /// Its word.
    pub word: &'static str,
    /// How its values begin, apart by spaces.
    pub prefixes: String,
    /// Its provider's hosts, apart by spaces.
    pub hosts: String,
}

/// Uses of a secret.
#[derive(Clone, Debug)]
pub struct UseRow {
    /// The secret.
    pub name: String,
    /// By what.
    pub used_by: String,
    /// For where.
    pub host: String,
    /// The word of what came of it.
    pub outcome: &'static str,
    /// How often.
    pub count: u64,
    /// The last time, RFC 3339.
    pub at: String,
}

/// Secrets of one kind that were taken out in one place.
#[derive(Clone, Debug)]
pub struct LeakRow {
    /// When, RFC 3339.
    pub at: String,
    /// What kind of text it was in.
    pub place: String,
    /// What kind of secret it was.
    pub kind: String,
    /// The thread's id.
    pub thread: Option<String>,
    /// How many.
    pub count: u64,
}

/// The keys.
#[derive(Clone, Debug)]
pub struct KeysView {
    /// What protects the root key, in words.
    pub protection: Option<&'static str>,
    /// Whether a passphrase does.
    pub passphrase: bool,
    /// Whether it can be changed from here.
    pub rotates: bool,
    /// Since when, RFC 3339.
    pub since: String,
    /// The data keys.
    pub keys: Vec<KeyRow>,
}

/// A data key.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// What it is for.
    pub purpose: &'static str,
    /// Its generation.
    pub generation: u32,
    /// `active` or `retired`.
    pub state: &'static str,
    /// Values that it sealed.
    pub seals: u64,
    /// When it was made, RFC 3339.
    pub created: String,
}

/// `/vault/secrets/{name}`.
#[derive(Template)]
#[template(path = "secret.html", config = "src/web/askama.toml")]
pub struct SecretPage {
    /// The frame.
    pub frame: Frame,
    /// The secret.
    pub secret: SecretRow,
    /// Whether the vault is sealed.
    pub sealed: bool,
    /// Whether the person proved a short time ago who they are, so that a form is taken at once.
    pub fresh: bool,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

impl VaultPage {
    /// The tabs: word and label.
    pub const TABS: &'static [(&'static str, &'static str)] = &[
        ("secrets", "Secrets"),
        ("tokens", "Accounts"),
        ("access", "Access log"),
        ("leaks", "Leaks"),
        ("keys", "Keys"),
    ];
}

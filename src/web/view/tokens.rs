//! Accounts at providers, as the vault's page shows them. No struct here has a token in it.

/// The tab.
#[derive(Clone, Debug, Default)]
pub struct TokensView {
    /// All of them, in the order in which they were made.
    pub rows: Vec<TokenRow>,
    /// The form for one more.
    pub form: NewTokenForm,
    /// Where providers send browsers back to, if the console's port is fixed.
    pub callback: Option<String>,
    /// What somebody has to do now to connect one.
    pub asked: Option<Asked>,
}

/// One account.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Its name.
    pub name: String,
    /// The word of how far it is.
    pub state: &'static str,
    /// The provider's host.
    pub provider: String,
    /// What was granted.
    pub granted: String,
    /// Where the token may be sent.
    pub hosts: Vec<String>,
    /// When the access token ends, RFC 3339.
    pub expires: Option<String>,
    /// When it was refreshed.
    pub refreshed: Option<String>,
    /// Why the last refresh failed.
    pub failure: Option<String>,
    /// When it was used.
    pub used: Option<String>,
    /// By what.
    pub used_by: String,
    /// What names it in the settings.
    pub used_in: Vec<String>,
}

/// The form for a provider, as it may be shown again: nothing of it is secret.
#[derive(Clone, Debug, Default)]
pub struct NewTokenForm {
    /// The token's name.
    pub name: String,
    /// Who we are there.
    pub client_id: String,
    /// The name of the secret that proves it.
    pub client_secret: String,
    /// Where a person agrees.
    pub auth_url: String,
    /// Where codes become tokens.
    pub token_url: String,
    /// Where a device flow begins.
    pub device_url: String,
    /// Where a token is taken back.
    pub revoke_url: String,
    /// The provider's name for itself.
    pub issuer: String,
    /// What is asked for, apart by spaces.
    pub scopes: String,
    /// Where the token may be sent, apart by spaces.
    pub hosts: String,
    /// The names of the secrets there are.
    pub secrets: Vec<String>,
}

/// What somebody has to do to connect an account.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Agree at this address.
    Browser {
        /// The account's name.
        name: String,
        /// The provider's page.
        address: String,
    },
    /// Type a code at the provider's page, on any device.
    Device {
        /// The account's name.
        name: String,
        /// The provider's page.
        address: String,
        /// The code; the page may know it already.
        code: String,
    },
}

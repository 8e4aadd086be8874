//! What `[console]` and `[ingress]` say about TLS.

use serde::Deserialize;

/// The oldest version of TLS that a listener speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum MinTls {
    /// Every current browser and library.
    #[serde(rename = "1.3")]
    Tls13,
    /// Older senders too.
    #[serde(rename = "1.2")]
    Tls12,
}

/// What a listener asks of its clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// Nobody comes in without a certificate.
    Required,
    /// Who shows one must show a good one.
    Optional,
}

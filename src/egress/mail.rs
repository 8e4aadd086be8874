//! Mail to a server that a setting names (RFC 5321, submission: RFC 6409).
//!
//! The server's name is looked up and judged like every other, the connection goes to an address that was judged, and
//! the certificate must have the name. The password is taken from the vault for this host and seen by nobody else.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::clients::Reach;
use super::place::names_private_place;
use super::{Egress, EgressError, Secret};
use crate::config::notifications::MailTls;
use crate::protocol::ids::TenantId;

/// Longest time until the server has taken the sender's password.
const GREETING: Duration = Duration::from_secs(30);
/// Longest time until the server has said what becomes of a mail; RFC 5321 gives it ten minutes, and few want one.
const SENDING: Duration = Duration::from_secs(300);
/// Longest time for a goodbye: the message is sent already.
const GOODBYE: Duration = Duration::from_secs(2);
/// Most bytes of a file with authorities.
const CA_BYTES_MAX: u64 = 1 << 20;

/// What a server wants to see.
#[derive(Clone)]
pub enum Password {
    /// A secret of the vault by its name, which has to be granted to the host.
    Named(String),
    /// One that the caller holds.
    Held(Secret),
}

/// Further authorities that are trusted.
#[derive(Clone, Debug)]
pub enum Authorities {
    /// A file of PEM.
    File(PathBuf),
    /// PEM.
    Pem(String),
}

/// A mail server.
#[derive(Clone)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Who signs in, and with what.
    pub login: Option<(String, Password)>,
    /// Whether the name may lead to a private address.
    pub allow_private: bool,
    /// Further authorities that are trusted.
    pub authorities: Option<Authorities>,
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It was not said, and may be another time.
    #[error("{0}")]
    Later(String),
    /// The server, or what is configured, will never take it.
    #[error("{0}")]
    Never(String),
    /// The server does not take the user's password.
    #[error("{0}")]
    SignIn(String),
    /// The connection broke after the mail was said, or nobody said what became of it.
    #[error("{0}")]
    Unknown(String),
}

impl Egress {
    /// The addresses of a host that a setting names, all of them judged: for what is no HTTP. Whoever connects, connects
    /// to one of these.
    ///
    /// # Errors
    /// [`EgressError::Refused`], or [`EgressError::Unknown`] for a name that leads nowhere.
    pub async fn addresses(
        &self,
        host: &str,
        port: u16,
        allow_private: bool,
    ) -> Result<Vec<SocketAddr>, EgressError> {
        let clients = &self.clients;
        let private = names_private_place(host, clients)? || allow_private;
        let reach = if private { Reach::Private } else { Reach::Public };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<IpAddr> = match bare.parse() {
            Ok(address) => vec![address],
            Err(_) => {
                let unknown = |_| EgressError::Unknown { host: host.to_owned() };
                clients.lookup.lookup(host).await.map_err(unknown)?
            }
        };
        if found.is_empty() {
            return Err(EgressError::Unknown { host: host.to_owned() });
        }
        if !found.iter().all(|address| reach.allows((clients.classify)(*address))) {
            return Err(EgressError::Refused { host: host.to_owned() });
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// Hands a mail to a server. `Ok` once the server has said that it has it.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send_mail(
        &self,
        (tenant, used_by): (&TenantId, &str),
        server: &MailServer,
        envelope: &Envelope,
        mail: &[u8],
    ) -> Result<(), MailError> {
        let mut connection = self.greet_in_time((tenant, used_by), server).await?;
        let Ok(sent) = timeout(SENDING, connection.send(envelope, mail)).await else {
            let why = format!("{} did not answer within {} s", server.host, SENDING.as_secs());
            return Err(MailError::Unknown(why));
        };
        if sent.is_ok() {
            // silent-ok: the server has the mail
            let _ = timeout(GOODBYE, connection.quit()).await;
        }
        sent.map(|_| ()).map_err(|error| of_smtp(&error, server, true))
    }

    /// Signs in to a server and says goodbye.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn try_mail(
        &self,
        (tenant, used_by): (&TenantId, &str),
        server: &MailServer,
    ) -> Result<(), MailError> {
        let mut connection = self.greet_in_time((tenant, used_by), server).await?;
        // silent-ok: it has greeted, which was the question
        let _ = timeout(GOODBYE, connection.quit()).await;
        Ok(())
    }

    async fn greet_in_time(
        &self,
        user: (&TenantId, &str),
        server: &MailServer,
    ) -> Result<AsyncSmtpConnection, MailError> {
        let late =
            |_| MailError::Later(format!("{} did not greet within {} s", server.host, GREETING.as_secs()));
        Box::pin(timeout(GREETING, self.greet(user, server))).await.map_err(late)?
    }

    async fn greet(
        &self,
        (tenant, used_by): (&TenantId, &str),
        server: &MailServer,
    ) -> Result<AsyncSmtpConnection, MailError> {
        let addresses = self.addresses(&server.host, server.port, server.allow_private).await;
        let addresses = addresses.map_err(|error| match error {
            EgressError::Unknown { .. } => MailError::Later(error.to_string()),
            other => MailError::Never(other.to_string()),
        })?;
        let tls = match server.tls {
            MailTls::None => None,
            MailTls::Starttls | MailTls::Tls => Some(trust(server).await?),
        };
        let us = ClientId::Domain("capuchin.invalid".to_owned());
        let at_once = tls.clone().filter(|_| server.tls == MailTls::Tls);
        let of = |error: SmtpError| of_smtp(&error, server, false);
        let connected = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(self.clients.connect_timeout()),
            &us,
            at_once,
            None,
        );
        let mut connection = connected.await.map_err(of)?;
        if let (MailTls::Starttls, Some(tls)) = (server.tls, tls) {
            if !connection.can_starttls() {
                let text = format!("{} does not encrypt, so nothing is said to it", server.host);
                return Err(MailError::Never(text));
            }
            connection.starttls(tls, &us).await.map_err(of)?;
        }
        if let Some((user, password)) = &server.login {
            let password = match password {
                Password::Held(password) => password.clone(),
                Password::Named(secret) => {
                    let found = self.clients.secret(tenant, secret, &server.host, used_by).await;
                    // A sealed vault is opened, a missing secret is added: both are there another time.
                    found.map_err(|error| MailError::Later(error.to_string()))?
                }
            };
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let signed_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            signed_in.map_err(|error| match of(error) {
                MailError::Never(why) => MailError::SignIn(why),
                other => other,
            })?;
        }
        Ok(connection)
    }
}

/// What is trusted: the system's authorities, and those of the file.
async fn trust(server: &MailServer) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParametersBuilder::new(server.host.clone());
    let found = match server.authorities.clone() {
        None => Ok(None),
        Some(Authorities::Pem(pem)) => certificate(pem.as_bytes()).map(Some),
        Some(Authorities::File(path)) => {
            let read = tokio::task::spawn_blocking(move || authorities(&path)).await;
            read.map_err(|error| error.to_string()).and_then(|read| read).map(Some)
        }
    };
    if let Some(certificate) = found.map_err(MailError::Later)? {
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| MailError::Later(error.to_string()))
}

fn certificate(pem: &[u8]) -> Result<Certificate, String> {
    Certificate::from_pem(pem).map_err(|error| error.to_string())
}

fn authorities(path: &Path) -> Result<Certificate, String> {
    use std::io::Read as _;
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut pem = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| told(&error))?;
    file.take(CA_BYTES_MAX).read_to_end(&mut pem).map_err(|error| told(&error))?;
    certificate(&pem).map_err(|error| told(&error))
}

/// What the server or the connection said. Answers of servers are for people; they hold no password.
fn of_smtp(error: &SmtpError, server: &MailServer, is_said: bool) -> MailError {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let text =
        format!("{}: {error}{}", server.host, if error.to_string().contains(&cause) { "" } else { &cause });
    let text: String = text.chars().filter(|c| !c.is_control()).take(500).collect();
    if error.is_permanent() || error.is_client() {
        MailError::Never(text)
    } else if error.is_transient() || !is_said {
        MailError::Later(text)
    } else {
        // Also an answer that broke off: the mail may have gone out with it.
        MailError::Unknown(text)
    }
}

//! Connections of bytes to a host that a setting names, for what is no HTTP (IMAP): TCP, and TLS over it.
//!
//! The name is looked up and judged like every other, the connection goes to an address that was judged, and the
//! certificate must have the name. A secret is written by the stream itself, so who speaks over it never sees one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, Error as TlsError};
use zeroize::Zeroizing;

use super::{Egress, EgressError, Secret};

/// How a line shows a secret.
#[derive(Clone, Copy)]
pub enum SecretForm<'a> {
    /// In quotation marks, as IMAP writes strings (RFC 3501); ASCII only.
    Quoted,
    /// The message of SASL PLAIN for this user (RFC 4616), in base64.
    Plain {
        /// Who signs in.
        user: &'a str,
    },
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// See the module. Dropping it cuts the connection.
pub struct Stream {
    inner: Box<dyn Duplex>,
    host: String,
}

// === impl Egress ===

impl Egress {
    /// Connects to a host that a setting names.
    ///
    /// # Errors
    /// [`EgressError::Refused`], [`EgressError::Unknown`], [`EgressError::Timeout`], or [`EgressError::NoStream`] where none of
    /// its addresses takes a connection.
    pub async fn stream(&self, host: &str, port: u16, allow_private: bool) -> Result<Stream, EgressError> {
        let addresses = self.addresses(host, port, allow_private).await?;
        let mut failed = EgressError::Unknown { host: host.to_owned() };
        for address in addresses {
            let connected = self.in_time(host, "take a connection", TcpStream::connect(address)).await;
            match connected {
                Ok(stream) => {
                    // silent-ok: it only makes small writes slower
                    let _ = stream.set_nodelay(true);
                    return Ok(Stream::over(stream, host));
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Encrypts a connection. Trusted are the system's authorities and those of this PEM.
    ///
    /// # Errors
    /// [`EgressError::Timeout`], or [`EgressError::NoStream`] where the certificate is not the host's.
    pub async fn secure(&self, stream: Stream, authorities: Option<&str>) -> Result<Stream, EgressError> {
        let host = stream.host.clone();
        let broken = |error: io::Error| EgressError::NoStream { host: host.clone(), source: error };
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|error| broken(io::Error::other(error)))?;
        let pem = authorities.map(str::to_owned);
        // The system's authorities are files.
        let built = tokio::task::spawn_blocking(move || trusting(pem.as_deref())).await;
        let config = built.map_err(io::Error::other).and_then(|built| built).map_err(broken)?;
        let connector = TlsConnector::from(Arc::new(config));
        let secured = self.in_time(&host, "encrypt the connection", connector.connect(name, stream)).await?;
        Ok(Stream::over(secured, &host))
    }

    async fn in_time<T>(
        &self,
        host: &str,
        what: &'static str,
        work: impl Future<Output = io::Result<T>>,
    ) -> Result<T, EgressError> {
        let (host, after) = (host.to_owned(), self.clients.connect_timeout());
        match timeout(after, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(source)) => Err(EgressError::NoStream { host, source }),
            Err(_) => Err(EgressError::Timeout { host, what, after }),
        }
    }
}

fn trusting(pem: Option<&str>) -> io::Result<ClientConfig> {
    let authorities = CertificateDer::pem_slice_iter(pem.unwrap_or_default().as_bytes());
    let authorities: Vec<_> = authorities.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let built = || -> Result<ClientConfig, TlsError> {
        let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&provider))?;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(builder.with_no_client_auth())
    };
    built().map_err(io::Error::other)
}

// === impl Stream ===

impl Stream {
    /// Takes over what is connected to a host.
    pub(crate) fn over(inner: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, host: &str) -> Self {
        Self { inner: Box::new(inner), host: host.to_owned() }
    }

    /// Writes these words and the secret as one line that ends with CRLF.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a secret that this form cannot show, or what the network says.
    pub async fn write_secret(
        &mut self,
        before: &str,
        secret: &Secret,
        form: SecretForm<'_>,
    ) -> io::Result<()> {
        let shown = match form {
            SecretForm::Quoted => quoted(secret.expose())?,
            SecretForm::Plain { user } => {
                let message = Zeroizing::new(format!("\0{user}\0{}", secret.expose()));
                Zeroizing::new(STANDARD.encode(message.as_bytes()))
            }
        };
        let line = Zeroizing::new([before, shown.as_str(), "\r\n"].concat());
        self.write_all(line.as_bytes()).await?;
        self.flush().await
    }
}

fn quoted(text: &str) -> io::Result<Zeroizing<String>> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let why = "the server takes only passwords of ASCII characters";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let mut quoted = Zeroizing::new(String::with_capacity(text.len() * 2 + 2));
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    Ok(quoted)
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_is_written_in_the_form_of_its_line() {
        let table = [
            (
                "a1 LOGIN \"ann\" ",
                "pa\"ss\\word",
                SecretForm::Quoted,
                "a1 LOGIN \"ann\" \"pa\\\"ss\\\\word\"\r\n",
            ),
            ("", "secret", SecretForm::Plain { user: "ann" }, "AGFubgBzZWNyZXQ=\r\n"),
            ("", "käse", SecretForm::Plain { user: "a" }, "AGEAa8Okc2U=\r\n"),
        ];
        for (before, secret, form, expected) in table {
            let (ours, mut theirs) = tokio::io::duplex(256);
            let mut stream = Stream::over(ours, "mail.test");
            stream.write_secret(before, &Secret::new(secret.to_owned()), form).await.unwrap();
            drop(stream);
            let mut seen = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut theirs, &mut seen).await.unwrap();
            assert_eq!(seen, expected);
        }
    }

    #[tokio::test]
    async fn a_password_that_a_quoted_string_cannot_show_is_not_sent() {
        let (ours, _theirs) = tokio::io::duplex(256);
        let mut stream = Stream::over(ours, "mail.test");
        let sent = stream.write_secret("x ", &Secret::new("käse".to_owned()), SecretForm::Quoted).await;
        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}

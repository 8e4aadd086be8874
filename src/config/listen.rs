//! Listen addresses as people write them: `127.0.0.1:7717`, `[::1]:0`, `localhost:7717`.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de};

/// Reads `HOST:PORT`. The only name that is understood is `localhost`: a listener must not depend on DNS.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.clone(),
    };
    numeric.parse().map_err(|_| {
        de::Error::custom(format_args!("`{text}` is not HOST:PORT with a numeric host, like 127.0.0.1:7717"))
    })
}

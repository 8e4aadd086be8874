//! The configured proxy, and what is reached without it.

use super::Secret;
use crate::config::backends::KeyRef;
use crate::config::egress::EgressConfig;

/// See the module.
pub(super) struct ProxyRule {
    url: String,
    host: String,
    user: Option<String>,
    password: Option<Secret>,
    direct: Vec<String>,
}

impl ProxyRule {
    /// The rule of a configuration that has passed its checks.
    pub(super) fn of(config: &EgressConfig) -> Option<Self> {
        let text = config.proxy.as_deref()?;
        // The proxy looks names up, so that they are not asked for on this side of it.
        let url = text.replacen("socks5://", "socks5h://", 1);
        let authority = url.split_once("://").map_or("", |(_, rest)| rest.trim_end_matches('/'));
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned();
        let password = match &config.proxy_password {
            Some(KeyRef::Env(variable)) => std::env::var(variable).ok().map(Secret::new),
            // A secret of the vault is refused by the settings: the proxy is set up before the vault opens.
            Some(KeyRef::Secret(_)) | None => None,
        };
        let direct = config.no_proxy.iter().map(|host| host.to_ascii_lowercase()).collect();
        Some(Self { host, user: config.proxy_user.clone(), password, direct, url })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) const fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// Whether requests to this host go through the proxy.
    pub(super) fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        !self
            .direct
            .iter()
            .any(|direct| host == direct || direct.strip_prefix('.').is_some_and(|zone| is_below(host, zone)))
    }

    pub(super) fn proxy(&self, password: Option<&Secret>) -> Result<reqwest::Proxy, reqwest::Error> {
        let proxy = reqwest::Proxy::all(&self.url)?;
        Ok(match &self.user {
            Some(user) => proxy.basic_auth(user, password.map_or("", Secret::expose)),
            None => proxy,
        })
    }
}

fn is_below(host: &str, zone: &str) -> bool {
    host == zone || host.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests;

//! Secrets for programs: `@secret:name` in what a child process gets in its environment.
//!
//! A program has no host, so it stands for one: `files.mcp.internal`. The grant of the secret must name it, as it
//! must name the host of a request; `.internal` is reserved, so no request can lead there.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::placeholder::{MARK, Named, collect, replace};
use super::{Egress, EgressError};
use crate::protocol::ids::TenantId;

impl Egress {
    /// The text with the value of every secret that it names. Wiped when dropped.
    ///
    /// # Errors
    /// [`EgressError::Secret`] and [`EgressError::NoVault`].
    pub async fn fill_for_program(
        &self,
        tenant: &TenantId,
        host: &str,
        used_by: impl Into<Cow<'static, str>>,
        text: &str,
    ) -> Result<Zeroizing<String>, EgressError> {
        if !text.contains(MARK) {
            return Ok(Zeroizing::new(text.to_owned()));
        }
        let source = self.clients.source.get().ok_or(EgressError::NoVault)?;
        let used_by = used_by.into();
        let mut names = Vec::new();
        collect(text, &mut names);
        let mut named = Named::new();
        for name in names {
            let secret = source.resolve(tenant, &name, host, &used_by).await?;
            named.insert(name, secret);
        }
        Ok(replace(text, &named, |value, filled| filled.push_str(value)))
    }
}

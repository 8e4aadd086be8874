//! Secrets that are made here, for sources whose secret is the receiver's choice.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::verify::Source;

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

// === impl Source ===

impl Source {
    /// Whether the receiver chooses the secret and tells it to the source.
    #[must_use]
    pub const fn takes_any_secret(self) -> bool {
        matches!(
            self,
            Self::Generic
                | Self::Github
                | Self::Gitlab
                | Self::Bitbucket
                | Self::Forgejo
                | Self::Netlify
                | Self::Circleci
                | Self::Standard
        )
    }

    /// A new secret, where the receiver chooses it; `None` where the source does, or without randomness.
    #[must_use]
    pub fn new_secret(self) -> Option<Zeroizing<String>> {
        if !self.takes_any_secret() {
            return None;
        }
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).ok()?;
        Some(Zeroizing::new(match self {
            Self::Standard => format!("whsec_{}", STANDARD.encode(bytes.as_slice())),
            _ => URL_SAFE_NO_PAD.encode(bytes.as_slice()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_made_here_is_one_of_its_source_and_never_the_same() {
        for source in Source::ALL {
            let Some(made) = source.new_secret() else {
                assert!(!source.takes_any_secret());
                continue;
            };
            assert!(source.key(&made).is_ok(), "{}", source.as_str());
            assert_ne!(Some(&*made), source.new_secret().as_deref());
        }
    }
}

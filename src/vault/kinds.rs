//! What a secret is for: recognised by its first characters, and sent to its provider's own host by default.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::hosts::Hosts;

/// One kind: its word, how its values begin, and where its provider is. Longer beginnings come first.
struct Known {
    word: &'static str,
    kind: Kind,
    prefixes: &'static [&'static str],
    hosts: &'static [&'static str],
}

macro_rules! kinds {
    ($($kind:ident $word:literal [$($prefix:literal),*] => [$($host:literal),*];)+) => {
        /// Whose credential it is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, reason = "the names are those of the providers")]
        pub enum Kind {
            $($kind,)+
            /// Anything else.
            #[default]
            Generic,
        }

        const KNOWN: &[Known] = &[$(
            Known { word: $word, kind: Kind::$kind, prefixes: &[$($prefix),*], hosts: &[$($host),*] },
        )+];
    };
}

kinds! {
    Anthropic "anthropic" ["sk-ant-"] => ["api.anthropic.com"];
    Openrouter "openrouter" ["sk-or-"] => ["openrouter.ai"];
    Openai "openai" ["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-"] => ["api.openai.com"];
    Google "google" ["AIza"] => ["generativelanguage.googleapis.com"];
    GithubCopilot "github_copilot" [] => ["api.githubcopilot.com"];
    Github "github" ["github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"] => ["api.github.com"];
    Gitlab "gitlab" ["glpat-"] => ["gitlab.com"];
    Slack "slack" ["xoxb-", "xoxp-", "xoxe-", "xapp-"] => ["slack.com"];
    Discord "discord" [] => ["discord.com"];
    Telegram "telegram" [] => ["api.telegram.org"];
    Groq "groq" ["gsk_"] => ["api.groq.com"];
    Xai "xai" ["xai-"] => ["api.x.ai"];
    Mistral "mistral" [] => ["api.mistral.ai"];
    Deepseek "deepseek" [] => ["api.deepseek.com"];
    HuggingFace "hugging_face" ["hf_"] => ["huggingface.co", "router.huggingface.co"];
    Stripe "stripe" ["sk_live_", "sk_test_", "rk_live_", "rk_test_"] => ["api.stripe.com"];
    Notion "notion" ["ntn_"] => ["api.notion.com"];
    Linear "linear" ["lin_api_"] => ["api.linear.app"];
    Local "local" [] => ["localhost", "127.0.0.1"];
}

// === impl Kind ===

impl Kind {
    /// The kind that a value looks like.
    #[must_use]
    pub fn of_value(value: &str) -> Self {
        let found = KNOWN.iter().find(|known| known.prefixes.iter().any(|prefix| value.starts_with(prefix)));
        found.map_or(Self::Generic, |known| known.kind)
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.known().map_or("generic", |known| known.word)
    }

    /// Every word.
    pub fn words() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.word).chain(["generic"])
    }

    /// Every kind but `Generic`.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|known| known.kind)
    }

    /// How its values begin; none for a kind that is not recognised.
    #[must_use]
    pub fn prefixes(self) -> &'static [&'static str] {
        self.known().map_or(&[], |known| known.prefixes)
    }

    /// Where its provider is.
    #[must_use]
    pub fn default_hosts(self) -> Hosts {
        // silent-ok: the table holds hosts, as a test says
        self.known().and_then(|known| Hosts::new(known.hosts).ok()).unwrap_or_default()
    }

    fn known(self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.kind == self)
    }
}

/// No kind has this word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such kind of secret")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        if word == "generic" {
            return Ok(Self::Generic);
        }
        KNOWN.iter().find(|known| known.word == word).map(|known| known.kind).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests;

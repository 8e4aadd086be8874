//! Who sends webhooks, and what a person has to know to connect them.

use http::HeaderMap;

use super::body::Media;
use super::{Key, Received, Refusal, Verified};

/// A source of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Own programs: Capuchin's own signature.
    Generic,
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Slack: events, interactivity, slash commands.
    Slack,
    /// Discord: webhook events, interactions.
    Discord,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Forgejo, Gitea, Codeberg.
    Forgejo,
    /// Stripe.
    Stripe,
    /// Twilio.
    Twilio,
    /// Linear.
    Linear,
    /// Sentry.
    Sentry,
    /// PagerDuty.
    Pagerduty,
    /// Vercel.
    Vercel,
    /// Netlify.
    Netlify,
    /// CircleCI.
    Circleci,
    /// Mattermost: outgoing webhooks, slash commands.
    Mattermost,
    /// Standard Webhooks, and Svix.
    Standard,
}

/// What a source's own file says about it.
pub(super) struct Facts {
    /// See [`Source::as_str`].
    pub(super) code: &'static str,
    /// Other words for it.
    pub(super) aliases: &'static [&'static str],
    /// See [`Source::name`].
    pub(super) name: &'static str,
    /// See [`Source::headers`].
    pub(super) headers: &'static [&'static str],
    /// See [`Source::secret_help`].
    pub(super) secret: &'static str,
    /// Whether it sends forms, besides JSON.
    pub(super) forms: bool,
    /// Its verifier.
    pub(super) verify: fn(&Received<'_>, &[Key]) -> Result<Verified, Refusal>,
}

// === impl Source ===

impl Source {
    /// All, in the order of lists.
    pub const ALL: [Self; 17] = [
        Self::Generic,
        Self::Github,
        Self::Gitlab,
        Self::Slack,
        Self::Discord,
        Self::Bitbucket,
        Self::Forgejo,
        Self::Stripe,
        Self::Twilio,
        Self::Linear,
        Self::Sentry,
        Self::Pagerduty,
        Self::Vercel,
        Self::Netlify,
        Self::Circleci,
        Self::Mattermost,
        Self::Standard,
    ];

    /// The word of the API and of the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.facts().code
    }

    /// The source of a word, or of another word for it, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim();
        let is = |known: &&str| known.eq_ignore_ascii_case(word);
        Self::ALL.into_iter().find(|source| {
            let facts = source.facts();
            is(&facts.code) || facts.aliases.iter().any(is)
        })
    }

    /// The name, as its makers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The headers by which a request is judged. One of them is enough where the source has two ways.
    #[must_use]
    pub const fn headers(self) -> &'static [&'static str] {
        self.facts().headers
    }

    /// Where a person finds the secret, or what to do with an own one.
    #[must_use]
    pub const fn secret_help(self) -> &'static str {
        self.facts().secret
    }

    /// Whether the source sends bodies of this content type: JSON, and forms where the source has them.
    #[must_use]
    pub fn takes(self, content_type: Option<&str>) -> bool {
        match content_type.and_then(Media::of) {
            Some(Media::Json) => true,
            Some(Media::Form) => self.facts().forms,
            None => false,
        }
    }

    /// [`Source::takes`] of a request: several content types are none.
    #[must_use]
    pub fn takes_content_of(self, headers: &HeaderMap) -> bool {
        self.takes(super::header::content_type(headers))
    }

    /// What the source's own file says.
    pub(super) const fn facts(self) -> &'static Facts {
        match self {
            Self::Generic => &super::generic::FACTS,
            Self::Github => &super::github::FACTS,
            Self::Gitlab => &super::gitlab::FACTS,
            Self::Slack => &super::slack::FACTS,
            Self::Discord => &super::discord::FACTS,
            Self::Bitbucket => &super::bitbucket::FACTS,
            Self::Forgejo => &super::forgejo::FACTS,
            Self::Stripe => &super::stripe::FACTS,
            Self::Twilio => &super::twilio::FACTS,
            Self::Linear => &super::linear::FACTS,
            Self::Sentry => &super::sentry::FACTS,
            Self::Pagerduty => &super::pagerduty::FACTS,
            Self::Vercel => &super::vercel::FACTS,
            Self::Netlify => &super::netlify::FACTS,
            Self::Circleci => &super::circleci::FACTS,
            Self::Mattermost => &super::mattermost::FACTS,
            Self::Standard => &super::standard::FACTS,
        }
    }
}

//! Secrets without a shape of their own, known by the name of who gave them: within a few words after it.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, announced};

/// A name, what may stand between it and the value (words, assignment, quotes; no bracket that opens), the value.
macro_rules! vendor {
    ($kind:literal, $label:literal, [$($word:literal),+], $value:literal) => {
        announced($kind, $label, &[$($word),+], concat!(
            r#"[\w.-]{3,16}"#, r#"[\w\s"'`:=.,>*\\/@\]|-]{0,48}?(?:[\s"'`:=*|/>\\])(?P<s>"#, $value,
            r")(?:[.!?:*_]*$|[^A-Za-z0-9_-])")).if_(Check::Random)
    };
}

pub(super) static KINDS: [Kind; 47] = [
    vendor!("mistral_api_key", "MISTRAL_KEY", ["mistral"], "[A-Za-z0-9]{32}"),
    vendor!("cohere_api_key", "COHERE_KEY", ["cohere", "co_api_key"], "[A-Za-z0-9]{40}"),
    vendor!("deepgram_key", "DEEPGRAM_KEY", ["deepgram"], "[0-9a-f]{40}"),
    vendor!("assemblyai_key", "ASSEMBLYAI_KEY", ["assemblyai", "assembly ai"], "[0-9a-f]{32}"),
    vendor!("stability_key", "STABILITY_KEY", ["clarifai"], "[0-9a-f]{32}"),
    vendor!("wandb_key", "WANDB_KEY", ["wandb"], "[0-9a-f]{40}"),
    vendor!(
        "together_key",
        "TOGETHER_KEY",
        ["togetherai", "together_api", "together ai", "together.ai"],
        "[0-9a-f]{64}"
    ),
    vendor!("azure_openai_key", "AZURE_KEY", ["azure"], "(?:[0-9a-f]{32}|[A-Za-z0-9]{52}|[A-Za-z0-9]{84})"),
    vendor!(
        "cloudflare_api_token",
        "CLOUDFLARE_TOKEN",
        ["cloudflare", "cf_api"],
        "(?:[A-Za-z0-9_-]{40}|[0-9a-f]{37})"
    ),
    vendor!(
        "datadog_key",
        "DATADOG_KEY",
        ["datadog", "dd_api", "dd-api", "dd_app"],
        "(?:[0-9a-f]{32}|[0-9a-f]{40})"
    ),
    vendor!("twilio_auth_token", "TWILIO_TOKEN", ["twilio"], "[0-9a-f]{32}"),
    vendor!(
        "heroku_api_key",
        "HEROKU_KEY",
        ["heroku"],
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    ),
    vendor!(
        "pagerduty_key",
        "PAGERDUTY_KEY",
        ["pagerduty", "pager_duty", "pd_api"],
        r"(?:u\+[A-Za-z0-9_+-]{18}|[A-Za-z0-9_+-]{20}|[0-9a-f]{32})"
    ),
    vendor!("vercel_api_token", "VERCEL_TOKEN", ["vercel"], "[A-Za-z0-9]{24}"),
    vendor!("linode_token", "LINODE_TOKEN", ["linode"], "[0-9a-f]{64}"),
    vendor!("hetzner_token", "HETZNER_TOKEN", ["hetzner", "hcloud"], "[A-Za-z0-9]{64}"),
    vendor!("vultr_key", "VULTR_KEY", ["vultr"], "[A-Z0-9]{36}"),
    vendor!(
        "scaleway_secret",
        "SCALEWAY_KEY",
        ["scaleway", "scw_"],
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    ),
    vendor!("algolia_key", "ALGOLIA_KEY", ["algolia"], "[0-9a-f]{32}"),
    vendor!("fastly_token", "FASTLY_TOKEN", ["fastly"], "[A-Za-z0-9_-]{32}"),
    vendor!("okta_token", "OKTA_TOKEN", ["okta"], "00[A-Za-z0-9_-]{40}"),
    vendor!("auth0_secret", "AUTH0_SECRET", ["auth0"], "[A-Za-z0-9_-]{64}"),
    vendor!("spotify_secret", "SPOTIFY_SECRET", ["spotify"], "[0-9a-f]{32}"),
    vendor!("openweather_key", "OPENWEATHER_KEY", ["openweather", "owm_"], "[0-9a-f]{32}"),
    vendor!("twitch_secret", "TWITCH_SECRET", ["twitch"], "[a-z0-9]{30}"),
    vendor!("reddit_secret", "REDDIT_SECRET", ["reddit"], "[A-Za-z0-9_-]{27,30}"),
    vendor!("facebook_secret", "META_SECRET", ["facebook", "fb_app", "whatsapp", "meta_app"], "[0-9a-f]{32}"),
    vendor!("linkedin_secret", "LINKEDIN_SECRET", ["linkedin"], "[A-Za-z0-9]{16}"),
    vendor!(
        "twitter_secret",
        "TWITTER_SECRET",
        ["twitter"],
        "(?:[A-Za-z0-9]{50}|[A-Za-z0-9]{45}|[A-Za-z0-9]{25}|[0-9]{15,20}-[A-Za-z0-9]{20,40})"
    ),
    vendor!("todoist_token", "TODOIST_TOKEN", ["todoist"], "[0-9a-f]{40}"),
    vendor!("trello_key", "TRELLO_KEY", ["trello"], "(?:[0-9a-f]{32}|[0-9a-f]{64})"),
    vendor!(
        "postmark_token",
        "POSTMARK_TOKEN",
        ["postmark"],
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    ),
    vendor!(
        "snyk_api_token",
        "SNYK_TOKEN",
        ["snyk"],
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    ),
    vendor!(
        "codecov_token",
        "CODECOV_TOKEN",
        ["codecov"],
        "(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Za-z0-9]{32})"
    ),
    vendor!("travis_token", "TRAVIS_TOKEN", ["travis_", "travis-ci", "travis token"], "[A-Za-z0-9]{22}"),
    vendor!("circleci_key", "CIRCLECI_TOKEN", ["circleci", "circle_token"], "[0-9a-f]{40}"),
    vendor!(
        "gitea_token",
        "GITEA_TOKEN",
        ["gitea", "forgejo", "codeberg", "drone_", "drone.io"],
        "(?:[0-9a-f]{40}|[A-Za-z0-9]{32})"
    ),
    vendor!("bitbucket_secret", "BITBUCKET_SECRET", ["bitbucket"], "(?:[A-Za-z0-9]{32}|[A-Za-z0-9_=-]{64})"),
    vendor!("jenkins_token", "JENKINS_TOKEN", ["jenkins"], "(?:11[0-9a-f]{32}|[0-9a-f]{32})"),
    vendor!("rollbar_token", "ROLLBAR_TOKEN", ["rollbar", "bugsnag", "honeybadger"], "[0-9a-f]{32}"),
    vendor!(
        "amplitude_key",
        "AMPLITUDE_KEY",
        ["amplitude", "mixpanel", "segment_write", "segment.io", "segment.com"],
        "(?:[0-9a-f]{32}|[A-Za-z0-9]{32})"
    ),
    vendor!(
        "mailgun_sending_key",
        "MAILGUN_KEY",
        ["mailgun"],
        "(?:[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}|[0-9a-f]{32})"
    ),
    vendor!("pusher_secret", "PUSHER_SECRET", ["pusher"], "[0-9a-f]{20}"),
    vendor!("pushover_token", "PUSHOVER_TOKEN", ["pushover"], "[a-z0-9]{30}"),
    vendor!(
        "zendesk_token",
        "ZENDESK_TOKEN",
        ["zendesk", "freshdesk", "freshbooks"],
        "(?:[A-Za-z0-9]{40}|[A-Za-z0-9]{20})"
    ),
    vendor!(
        "coinbase_secret",
        "COINBASE_SECRET",
        ["coinbase", "binance", "kraken", "bitfinex"],
        "(?:[A-Za-z0-9]{64}|[A-Za-z0-9]{32}|[A-Za-z0-9+/]{86}==)"
    ),
    vendor!(
        "vonage_secret",
        "VONAGE_SECRET",
        ["vonage", "nexmo", "plivo", "messagebird"],
        "[A-Za-z0-9]{16,40}"
    ),
];

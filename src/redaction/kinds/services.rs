//! Everything else that is known by its own shape.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, token};

pub(super) static KINDS: [Kind; 38] = [
    token(
        "linear_key",
        "LINEAR_KEY",
        &["lin_api_", "lin_oauth_", "lin_wh_"],
        r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{32,}",
    ),
    token("notion_token", "NOTION_TOKEN", &["ntn_"], r"ntn_[A-Za-z0-9]{40,}"),
    token("notion_secret", "NOTION_TOKEN", &["secret_"], r"secret_[A-Za-z0-9]{43}").if_(Check::Random),
    token("figma_token", "FIGMA_TOKEN", &["figd_", "figdr_"], r"figdr?_[A-Za-z0-9_-]{38,}"),
    token("airtable_token", "AIRTABLE_TOKEN", &["pat"], r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    token(
        "asana_token",
        "ASANA_TOKEN",
        &["/12", "/11", "0/"],
        r"(?P<s>[0-2]/\d{13,20}(?:/\d{13,20})?:[0-9a-f]{32})(?:$|[^A-Za-z0-9])",
    ),
    token("trello_token", "TRELLO_TOKEN", &["ATTA"], r"ATTA[0-9a-zA-Z]{64,72}"),
    token("clickup_token", "CLICKUP_TOKEN", &["pk_"], r"pk_\d{6,12}_[0-9A-Z]{30,34}"),
    token("dropbox_token", "DROPBOX_TOKEN", &["sl."], r"sl\.(?:u\.)?[A-Za-z0-9_=-]{60,}"),
    token("contentful_token", "CONTENTFUL_TOKEN", &["CFPAT-"], r"CFPAT-[A-Za-z0-9_-]{40,}"),
    token("typeform_token", "TYPEFORM_TOKEN", &["tfp_"], r"tfp_[A-Za-z0-9_.=-]{40,}"),
    token(
        "sentry_token",
        "SENTRY_TOKEN",
        &["sntrys_", "sntryu_", "sntryi_"],
        r"sntry(?:s_[A-Za-z0-9+/=_-]{60,}|[ui]_[0-9a-f]{60,})",
    ),
    token(
        "sentry_dsn",
        "SENTRY_DSN",
        &["sentry.io/"],
        r"(?P<s>[0-9a-f]{32}(?::[0-9a-f]{32})?)@[a-z0-9.-]*sentry\.io/\d+",
    ),
    token(
        "grafana_token",
        "GRAFANA_TOKEN",
        &["glsa_", "glc_"],
        r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/=]{32,})",
    ),
    token("grafana_key", "GRAFANA_KEY", &["eyJrIjoi"], r"eyJrIjoi[A-Za-z0-9+/=]{60,}"),
    token(
        "newrelic_key",
        "NEWRELIC_KEY",
        &["NRAK-", "NRII-", "NRRA-", "NRIQ-", "NRSP-", "NRJS-", "NRAA-"],
        r"NR(?:AK|II|RA|IQ|SP|JS|AA)-[A-Za-z0-9_-]{19,}",
    ),
    token("newrelic_license", "NEWRELIC_KEY", &["NRAL"], r"[0-9a-fA-F]{36}NRAL"),
    token("dynatrace_token", "DYNATRACE_TOKEN", &["dt0"], r"dt0[a-z]\d{2}\.[A-Z0-9]{8,}\.[A-Z0-9]{60,}"),
    token(
        "honeycomb_key",
        "HONEYCOMB_KEY",
        &["hcaik_", "hcalk_", "hcamk_", "hcxik_", "hcxlk_"],
        r"hc[a-z]{2}k_[A-Za-z0-9]{50,}",
    ),
    token(
        "launchdarkly_key",
        "LAUNCHDARKLY_KEY",
        &["api-", "sdk-", "mob-"],
        r"(?:api|sdk|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    token("posthog_key", "POSTHOG_KEY", &["phx_", "phs_"], r"ph[xs]_[A-Za-z0-9]{40,}"),
    token(
        "mapbox_token",
        "MAPBOX_TOKEN",
        &["sk.eyJ", "tk.eyJ"],
        r"[st]k\.eyJ[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{20,}",
    ),
    token("lichess_token", "LICHESS_TOKEN", &["lip_"], r"lip_[A-Za-z0-9]{20}").if_(Check::Random),
    token("wakatime_key", "WAKATIME_KEY", &["waka_"], r"waka_[0-9a-f]{8}-[0-9a-f-]{27}"),
    token("adafruit_key", "ADAFRUIT_KEY", &["aio_"], r"aio_[A-Za-z0-9]{28}"),
    token(
        "rapidapi_key",
        "RAPIDAPI_KEY",
        &["msh"],
        r"[a-z0-9]{10}msh[a-z0-9]{15}p1[a-z0-9]{6}jsn[a-z0-9]{12}",
    ),
    token(
        "hubspot_token",
        "HUBSPOT_TOKEN",
        &["pat-na", "pat-eu"],
        r"pat-(?:na|eu)\d-[0-9a-f]{8}-[0-9a-f-]{27}",
    ),
    token("typesense_shortcut", "SHORTCUT_TOKEN", &["sct_rw_", "sct_ro_"], r"sct_r[wo]_[A-Za-z0-9_]{20,}"),
    token("elastic_cloud_key", "ELASTIC_KEY", &["essu_"], r"essu_[A-Za-z0-9+/=]{40,}"),
    token("retool_key", "RETOOL_KEY", &["retool_"], r"retool_[a-z0-9]{24,}").if_(Check::Random),
    token("svix_key", "SVIX_KEY", &["testsk_", "sk_"], r"(?:testsk|sk)_[A-Za-z0-9_-]{30,}\.(?:us|eu)"),
    token(
        "stytch_secret",
        "STYTCH_SECRET",
        &["secret-live-", "secret-test-"],
        r"secret-(?:live|test)-[A-Za-z0-9_=-]{32,}",
    ),
    token("ngrok_token", "NGROK_TOKEN", &["cr_", "ak_"], r"(?:cr|ak)_[A-Za-z0-9]{27}").if_(Check::Random),
    token(
        "openssh_key_body",
        "PRIVATE_KEY",
        &["b3BlbnNzaC1rZXktdjE"],
        r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]{40,}",
    )
    .glued(),
    token(
        "wireguard_config",
        "WIREGUARD_KEY",
        &["PrivateKey=", "PresharedKey="],
        r"P(?:rivate|reshared)Key=(?P<s>[A-Za-z0-9+/]{42,43}=)",
    )
    .glued(),
    token("putty_mac", "PRIVATE_KEY", &["Private-MAC:"], r"Private-MAC:(?P<s>[0-9a-f]{40,64})").glued(),
    token("bitcoin_wif", "CRYPTO_KEY", &["xprv"], r"xprv[1-9A-HJ-NP-Za-km-z]{100,}"),
    token("jdbc_key", "CONNECTION_SECRET", &["pwd="], r"(?i)pwd=(?P<s>[^&\\ ]{6,})")
        .glued()
        .if_(Check::Assigned),
];

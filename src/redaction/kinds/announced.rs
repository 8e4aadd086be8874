//! Secrets that the text itself announces: `password is …`, `api_key=…`, `Authorization: Bearer …`.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, announced};

/// What a name may go on with.
macro_rules! name_end {
    () => {
        r"(?:[_-]?(?:prod|production|dev|staging|live|test|value|string|base|key|token|secret|key_base|[0-9]))?"
    };
}

/// An assignment: `=`, `:`, `=>`, quotes, a cell of a table, a tag's end.
macro_rules! assigned {
    () => {
        r#"[\\"'`*_)\]]{0,5}\s{0,3}(?:=>|:=|===?|=|:|\||>)\s{0,3}(?:\\?["'`*(<]){0,4}(?:(?:b|r|f)["'])?"#
    };
}

/// The same without the `=` between blanks that assigns a variable in code, unless what it assigns is quoted.
macro_rules! tightly_assigned {
    () => {
        r#"(?:[\\"'`*_)\]]{0,5}(?:=>|:=|=|\s{0,3}[:|>]\s{0,3})(?:\\?["'`*(<]){0,4}(?:(?:b|r|f)["'])?|[\\"'`*_)\]]{0,5}\s{0,3}=>?\s{0,3}(?:b|r|f)?\\?["'`]{1,3})"#
    };
}

/// A sentence: `for the wifi is now`.
macro_rules! spoken {
    () => {
        concat!(
            r#"[\\"'`*_)]{0,4}(?:\s+(?:for|of|to|on|at|in|für|zum|zur|para|pour|de|del|du)"#,
            r#"(?:\s+(?:the|my|our|your|das|den|die|el|la|le))?\s+[\w.@-]{1,32}){0,2}"#,
            r#"\s*(?:\s(?:is|are|was|now|will be|has been|set|changed|ist|lautet|wird|es|est|era)\b|:)"#,
            r#"(?:\s+(?:now|to|set|still|as|just|simply|jetzt|nun|ahora|maintenant|changed|reset|updated|follows)\b){0,3}"#,
            r#"\s*:?\s*(?:\\?["'`*(<]|„|»|“|”|‘|«){0,4}"#
        )
    };
}

/// What follows a value that is part of a run.
pub(super) static KINDS: [Kind; 15] = [
    announced(
        "bearer_token",
        "BEARER_TOKEN",
        &["bearer"],
        r#"bearer["'`]?(?:\s|%20|\+|:|=){1,3}["'`<*]{0,3}(?P<s>[A-Za-z0-9._~+/=-]{16,})"#,
    )
    .if_(Check::Random),
    announced(
        "authorization",
        "AUTHORIZATION",
        &["authorization"],
        r#"authorization\\?["'`*]{0,3}\s*[:=,]\s*\\?["'`*]{0,3}(?:(?:bearer|basic|token|apikey|api-key|key|digest|bot|negotiate|hmac)\s+|(?:token|key)=)?["'`<]{0,2}(?P<s>[A-Za-z0-9._~+/=:-]{8,})"#,
    )
    .if_(Check::Spoken),
    announced(
        "cli_password",
        "PASSWORD",
        &["--password", "--passwd", "--passphrase", "--pass"],
        r#"--(?:password|passwd|passphrase|pass)(?:\s+|=)["'`]?(?P<s>[^\\]{6,})"#,
    )
    .if_(Check::Assigned),
    announced(
        "cli_token",
        "TOKEN",
        &["--token", "--api-key", "--apikey", "--secret", "--auth-token", "--access-token", "--api_key"],
        r#"--(?:token|api[-_]?key|secret|auth-token|access-token)(?:\s+|=)["'`]?(?P<s>[^\\]{12,})"#,
    )
    .if_(Check::Random),
    announced(
        "password",
        "PASSWORD",
        &["password", "passwd", "passphrase", "passwort", "kennwort", "passcode", "contraseña", "mot de passe", "pwd", "senha"],
        concat!(r"(?:password|passwd|passphrase|passwort|kennwort|passcode|contraseña|mot de passe|pwd|senha)", spoken!(), r"(?P<s>[^\\]{6,})"),
    )
    .if_(Check::Spoken),
    announced(
        "assigned_password",
        "PASSWORD",
        &["password", "passwd", "passphrase", "passwort", "kennwort", "pwd", "_pass", "db_pass"],
        concat!(r"(?:password|passwd|passphrase|passwort|kennwort|pwd|_pass)", name_end!(), tightly_assigned!(), r"(?P<s>[^&\\]{6,})"),
    )
    .if_(Check::Assigned),
    announced(
        "loosely_assigned_password",
        "PASSWORD",
        &["password", "passwd", "passphrase", "passwort", "kennwort", "pwd", "_pass"],
        concat!(
            r"(?:password|passwd|passphrase|passwort|kennwort|pwd|_pass)",
            name_end!(),
            r"\s{1,3}=\s{0,3}(?P<s>[^&\\]{8,})"
        ),
    )
    .if_(Check::Strong),
    announced(
        "api_key",
        "API_KEY",
        &["api_key", "apikey", "api-key", "api key", "api-schlüssel", "apikeys", "api_secret", "apisecret", "api secret", "access key", "access_key", "accesskey", "api_token", "api token", "apitoken"],
        concat!(
            r"(?:api[ _-]?(?:keys?|secret|token|schlüssel)|access[ _]?key)", name_end!(), "(?:", assigned!(), "|", spoken!(), ")",
            r"(?P<s>[A-Za-z0-9_\-./+=~:]{16,})"
        ),
    )
    .if_(Check::Random),
    announced(
        "secret",
        "SECRET",
        &["secret", "geheimnis"],
        concat!(
            r"(?:secret|geheimnis)(?:[ _-]?(?:key|token|value|access))?", name_end!(), "(?:", assigned!(), "|", spoken!(), ")",
            r"(?P<s>[A-Za-z0-9_\-./+=~:!@#$%^*]{12,})"
        ),
    )
    .if_(Check::Random),
    announced(
        "token",
        "TOKEN",
        &["token"],
        concat!(r"token", name_end!(), "(?:", assigned!(), "|", spoken!(), ")", r"(?P<s>[A-Za-z0-9_\-./+=~:]{16,})"),
    )
    .if_(Check::RandomNoUuid),
    announced(
        "private_key_value",
        "KEY",
        &["private key", "private_key", "privatekey", "encryption key", "encryption_key", "signing key", "signing_key", "license key", "license_key", "auth key", "auth_key", "authkey", "master key", "master_key", "preshared", "deploy key", "webhook key", "account key", "subscription key", "subscription-key", "integration key"],
        concat!(
            r"(?:(?:private|encryption|signing|license|auth|master|deploy|webhook|account|subscription|integration)[ _-]?key|preshared[ _-]?(?:key)?)",
            name_end!(), "(?:", assigned!(), "|", spoken!(), ")", r"(?P<s>[A-Za-z0-9_\-./+=~:]{16,})"
        ),
    )
    .if_(Check::Random),
    announced(
        "key",
        "KEY",
        &["my key", "the key", "this key", "our key", "your key", "key is", "?key", "&key", "schlüssel ist", "x-key", "x-auth"],
        concat!(
            r"(?:(?:my|the|this|our|your) key|schlüssel|key|[?&]key|x-(?:key|auth)(?:-[a-z]+)?)(?:", assigned!(), "|", spoken!(), ")",
            r"(?P<s>[A-Za-z0-9_\-./+~:]{20,})"
        ),
    )
    .if_(Check::RandomNoUuid),
    announced(
        "credentials",
        "PASSWORD",
        &["credentials", "login", "zugangsdaten", "anmeldung"],
        r#"(?:credentials|login|zugangsdaten|anmeldung)(?:\s+(?:are|is|sind|ist))?\s*[:=]?\s*["'`*(]{0,3}[\w.@+-]{2,40}(?:\s*/\s*|:|\s+and\s+|\s+und\s+)["'`*]{0,3}(?P<s>[^\\/:]{6,})"#,
    )
    .if_(Check::Strong),
    announced(
        "session_cookie",
        "COOKIE",
        &["session=", "sessionid=", "sid=", "jsessionid=", "phpsessid=", "auth_token=", "session_id="],
        r"(?:session|sessionid|session_id|j?sid|jsessionid|phpsessid|auth_token)=(?P<s>[A-Za-z0-9%._~+/=:-]{20,})",
    )
    .if_(Check::RandomNoUuid),
    announced(
        "basic_auth",
        "AUTHORIZATION",
        &["basic "],
        r#"basic\s+["'`]?(?P<s>[A-Za-z0-9+/]{12,}={0,2})(?:$|[^A-Za-z0-9+/=])"#,
    )
    .if_(Check::Basic),
];

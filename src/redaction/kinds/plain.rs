//! What belongs to nobody: passwords in addresses, and words on both sides of a colon.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, token};

pub(super) static KINDS: [Kind; 2] = [
    token(
        "password_in_url",
        "PASSWORD",
        &["://"],
        r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@?#\\]{0,128}:(?P<s>[^\s/?#\\]{3,256})@[A-Za-z0-9\[._-]",
    )
    .if_(Check::Address)
    .glued(),
    token("url_user_token", "URL_TOKEN", &["://"], r"https?://(?P<s>[A-Za-z0-9_-]{20,256})@[A-Za-z0-9\[._-]")
        .if_(Check::Random)
        .glued(),
];

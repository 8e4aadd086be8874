//! Netlify: `X-Webhook-Signature: <JWS>`, signed with HS256, which carries the SHA-256 of the body.
//!
//! The algorithm is pinned: what the token says about it may only agree. `iss` is `netlify`; `exp` and `nbf`
//! hold if they are there. A deploy's `id` is equal in all reports of it, so the id of a delivery is made of
//! it and the event; the header with the event is not signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::body::Members;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "netlify",
    aliases: &[],
    name: "Netlify",
    headers: &["X-Webhook-Signature"],
    secret: "The JWS secret token that you enter when you add the HTTP POST request notification.",
    forms: false,
    verify,
};

const SIGNATURE: &str = "X-Webhook-Signature";

/// Characters of a token, at the most.
const TOKEN_CHARS_MAX: usize = 4_096;

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let token = header::needed(received.headers, SIGNATURE)?;
    let (key, claims) = opened(token, keys)?;
    let content = signature::digest(&[received.body]);
    holds(&claims, &content, received.now_s)?;

    let body = Members::of(received.body, &["id", "state"]);
    let state = body.text("state");
    let event = header::text(received.headers, "X-Netlify-Event")?.or(state.as_deref());
    let id = body.text("id").map(|id| event.map_or(id.clone(), |event| format!("{id}.{event}")));
    Ok(Verified::new(key, content)
        .event(label::event(event, "X-Netlify-Event")?)
        .unsigned_id(label::id(id.as_deref(), "id in the body")?))
}

/// The claims of a token that one of the keys signed with HS256 (RFC 7515), and the place of that key.
pub(super) fn opened(token: &str, keys: &[Key]) -> Result<(usize, Vec<u8>), Refusal> {
    let malformed = Refusal::Malformed { part: SIGNATURE };
    if token.len() > TOKEN_CHARS_MAX {
        return Err(malformed);
    }
    let (signed, sent) = token.rsplit_once('.').ok_or(malformed)?;
    let (head, claims) = signed.split_once('.').ok_or(malformed)?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed);
    let sent: [u8; 32] = decoded(sent)?.try_into().map_err(|_| malformed)?;
    let (head, claims) = (decoded(head)?, decoded(claims)?);
    let head = Members::of(&head, &["alg", "crit", "b64"]);
    // What must be understood (`crit`) is not, and a token without base64 (`b64`) is another format.
    let known = head.raw("crit").is_none() && head.raw("b64").is_none() && !head.is_repeated("alg");
    if !known || head.text("alg").as_deref() != Some("HS256") {
        return Err(malformed);
    }
    let key = signature::signed_by(keys, &[signed.as_bytes()], &[sent])?;
    Ok((key, claims))
}

/// Whether signed claims are about this body, and now.
fn holds(claims: &[u8], content: &[u8; 32], now_s: i64) -> Result<(), Refusal> {
    let malformed = Refusal::Malformed { part: SIGNATURE };
    let claims = Members::of(claims, &["iss", "sha256", "exp", "nbf"]);
    if ["iss", "sha256", "exp", "nbf"].iter().any(|name| claims.is_repeated(name)) {
        return Err(Refusal::Repeated { part: SIGNATURE });
    }
    if claims.text("iss").as_deref() != Some("netlify") {
        return Err(malformed);
    }
    let hash: [u8; 32] = claims.text("sha256").as_deref().and_then(signature::hex).ok_or(malformed)?;
    if !bool::from(hash.ct_eq(content)) {
        return Err(Refusal::Mismatch);
    }
    let ended = moment(&claims, "exp")?.is_some_and(|exp| now_s >= exp);
    let begun = moment(&claims, "nbf")?.is_none_or(|nbf| now_s >= nbf);
    if ended || !begun { Err(Refusal::Stale { part: SIGNATURE }) } else { Ok(()) }
}

/// A time among the claims, in whole seconds.
fn moment(claims: &Members<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    match (claims.raw(name), claims.integer(name)) {
        (None, _) => Ok(None),
        (Some(_), Some(time_s)) => Ok(Some(time_s)),
        (Some(_), None) => Err(Refusal::Malformed { part: SIGNATURE }),
    }
}

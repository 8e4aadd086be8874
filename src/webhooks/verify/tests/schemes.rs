//! The sources as senders: how each signs, written once more from its documentation.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::super::{BadSecret, Key, Received, Refusal, Source, Verified, telegram, verify, whatsapp};
use super::{NOW, Request, hex};

/// What a sender sends.
pub(super) type Headers = Vec<(&'static str, String)>;

/// One way in which a source proves itself.
pub(super) struct Scheme {
    pub(super) name: &'static str,
    pub(super) verify: fn(&Received<'_>, &[Key]) -> Result<Verified, Refusal>,
    pub(super) key: fn(&str) -> Result<Key, BadSecret>,
    /// Two secrets, as they are entered or as `key` makes them.
    pub(super) secrets: [&'static str; 2],
    /// The body of the sample.
    pub(super) body: fn() -> String,
    /// Signs a body at [`NOW`]; the header with the proof comes first.
    pub(super) send: fn(&str, &[u8]) -> Headers,
    /// Headers without which nothing is proven.
    pub(super) needed: &'static [&'static str],
    /// How far the time may be away, in seconds; 0 if no time is signed.
    pub(super) window_s: i64,
    /// What it signs.
    pub(super) signs: Signs,
    pub(super) event: &'static str,
    pub(super) id: Option<&'static str>,
    pub(super) id_is_signed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signs {
    /// The bytes of the body.
    Body,
    /// The fields of a form.
    Fields,
    /// Nothing: a token is shown.
    Nothing,
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

impl Scheme {
    pub(super) fn request(&self, secret: usize) -> Request {
        self.request_of(secret, (self.body)().as_bytes())
    }

    pub(super) fn request_of(&self, secret: usize, body: &[u8]) -> Request {
        let headers = (self.send)(self.secrets[secret], body);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut request = Request::new(&headers, body);
        if self.name == "twilio json" {
            request.url = twilio_url(body);
        }
        request
    }

    /// The body with so many bytes more.
    pub(super) fn padded(&self, bytes: usize) -> String {
        let (small, pad) = ((self.body)(), "x".repeat(bytes));
        match small.strip_suffix('}') {
            Some(open) => format!("{open},\"pad\":\"{pad}\"}}"),
            None if small.starts_with('[') => format!("[{{\"type\":\"{}\",\"pad\":\"{pad}\"}}]", self.event),
            None => format!("{small}&pad={pad}"),
        }
    }

    pub(super) fn key(&self, secret: usize) -> Key {
        (self.key)(self.secrets[secret]).unwrap()
    }

    pub(super) fn judge(&self, request: &Request) -> Result<Verified, Refusal> {
        (self.verify)(&request.received(), &[self.key(0)])
    }

    pub(super) fn proof(&self) -> &'static str {
        self.needed[0]
    }
}

/// All of them.
pub(super) const SCHEMES: &[Scheme] = &[
    Scheme {
        name: "generic",
        verify: |received, keys| verify(Source::Generic, received, keys),
        key: |secret| Source::Generic.key(secret),
        secrets: ["a long random text", "another long random text"],
        body: || r#"{"build":7,"name":"Zoë / \u00e9","n":1.0}"#.to_owned(),
        send: |secret, body| {
            vec![
                ("X-Capuchin-Signature", timed(secret, body)),
                ("X-Capuchin-Event", "build.done".to_owned()),
                ("X-Capuchin-Idempotency-Key", "build-7".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-Capuchin-Signature"],
        window_s: 300,
        signs: Signs::Body,
        event: "build.done",
        id: Some("build-7"),
        id_is_signed: false,
    },
    Scheme {
        name: "github",
        verify: |received, keys| verify(Source::Github, received, keys),
        key: |secret| Source::Github.key(secret),
        secrets: ["It's a Secret to Everybody", "mysecret"],
        body: || r#"{"action":"opened","number":1.0,"title":"Zoë \/ \u00e9"}"#.to_owned(),
        send: |secret, body| {
            vec![
                ("X-Hub-Signature-256", format!("sha256={}", sha256(secret, &[body]))),
                ("X-GitHub-Event", "pull_request".to_owned()),
                ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-Hub-Signature-256"],
        window_s: 0,
        signs: Signs::Body,
        event: "pull_request",
        id: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        id_is_signed: false,
    },
    Scheme {
        name: "gitlab",
        verify: |received, keys| verify(Source::Gitlab, received, keys),
        key: |secret| Source::Gitlab.key(secret),
        secrets: ["a token of gitlab", "another token of gitlab"],
        body: || r#"{"object_kind":"push","ref":"refs/heads/main"}"#.to_owned(),
        send: |secret, _| {
            vec![
                ("X-Gitlab-Token", secret.to_owned()),
                ("X-Gitlab-Event", "Push Hook".to_owned()),
                ("Idempotency-Key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-Gitlab-Token"],
        window_s: 0,
        signs: Signs::Nothing,
        event: "Push Hook",
        id: Some("f5e5f430-f57b-4e6e-9fac-d9128cd7232f"),
        id_is_signed: false,
    },
    Scheme {
        name: "gitlab signed",
        verify: |received, keys| verify(Source::Gitlab, received, keys),
        key: |secret| Source::Gitlab.key(secret),
        secrets: [
            "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=",
            "whsec_VGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=",
        ],
        body: || r#"{"object_kind":"push","ref":"refs\/heads\/main"}"#.to_owned(),
        send: |secret, body| {
            let mut headers = standard(secret, "f5e5f430", body);
            headers.push(("X-Gitlab-Event", "Push Hook".to_owned()));
            headers
        },
        needed: &["webhook-signature", "webhook-id", "webhook-timestamp"],
        window_s: 300,
        signs: Signs::Body,
        event: "Push Hook",
        id: Some("f5e5f430"),
        id_is_signed: true,
    },
    Scheme {
        name: "slack",
        verify: |received, keys| verify(Source::Slack, received, keys),
        key: |secret| Source::Slack.key(secret),
        secrets: ["8f742231b10e8888abcd99yyyzzz85a5", "8f742231b10e8888abcd99yyyzzz85a6"],
        body: || {
            r#"{"type":"event_callback","event":{"type":"app_mention","text":"hi \/"},"event_id":"Ev08MFMKH6"}"#
                .to_owned()
        },
        send: slack,
        needed: &["X-Slack-Signature", "X-Slack-Request-Timestamp"],
        window_s: 300,
        signs: Signs::Body,
        event: "app_mention",
        id: Some("Ev08MFMKH6"),
        id_is_signed: true,
    },
    Scheme {
        name: "discord",
        verify: |received, keys| verify(Source::Discord, received, keys),
        key: |seed| Source::Discord.key(&public_key(seed)),
        secrets: ["seed of the first application!!!", "seed of the second application!!"],
        body: || {
            r#"{"application_id":"1","id":"845027738276462632","type":2,"data":{"name":"a\/b"}}"#.to_owned()
        },
        send: discord,
        needed: &["X-Signature-Ed25519", "X-Signature-Timestamp"],
        window_s: 300,
        signs: Signs::Body,
        event: "application_command",
        id: Some("845027738276462632"),
        id_is_signed: true,
    },
    Scheme {
        name: "bitbucket",
        verify: |received, keys| verify(Source::Bitbucket, received, keys),
        key: |secret| Source::Bitbucket.key(secret),
        secrets: ["It's a Secret to Everybody", "mysecret"],
        body: || r#"{"push":{"changes":[]},"n":1.0}"#.to_owned(),
        send: |secret, body| {
            vec![
                ("X-Hub-Signature", format!("sha256={}", sha256(secret, &[body]))),
                ("X-Event-Key", "repo:push".to_owned()),
                ("X-Request-UUID", "b5a1f3c0".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-Hub-Signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "repo:push",
        id: Some("b5a1f3c0"),
        id_is_signed: false,
    },
    Scheme {
        name: "forgejo",
        verify: |received, keys| verify(Source::Forgejo, received, keys),
        key: |secret| Source::Forgejo.key(secret),
        secrets: ["forge", "anvil"],
        body: || "{\n  \"ref\": \"refs/heads/main\",\n  \"n\": 1.0\n}".to_owned(),
        send: |secret, body| {
            vec![
                ("X-Forgejo-Signature", sha256(secret, &[body])),
                ("X-Forgejo-Event", "push".to_owned()),
                ("X-Forgejo-Delivery", "7b7d2a1e".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-Forgejo-Signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "push",
        id: Some("7b7d2a1e"),
        id_is_signed: false,
    },
    Scheme {
        name: "stripe",
        verify: |received, keys| verify(Source::Stripe, received, keys),
        key: |secret| Source::Stripe.key(secret),
        secrets: ["whsec_test_secret", "whsec_other_secret"],
        body: || "{\n  \"id\": \"evt_1\",\n  \"type\": \"invoice.paid\"\n}".to_owned(),
        send: |secret, body| vec![("Stripe-Signature", timed(secret, body)), own(JSON)],
        needed: &["Stripe-Signature"],
        window_s: 300,
        signs: Signs::Body,
        event: "invoice.paid",
        id: Some("evt_1"),
        id_is_signed: true,
    },
    Scheme {
        name: "twilio",
        verify: |received, keys| verify(Source::Twilio, received, keys),
        key: |secret| Source::Twilio.key(secret),
        secrets: ["12345", "54321"],
        body: || "To=%2B1800&MessageSid=SM1&MessageStatus=delivered&Body=a+b".to_owned(),
        send: |secret, body| {
            let url = "https://hooks.example.com/api/webhooks/7?x=1";
            let fields = match body {
                // The sample, and the sample with a long field at its end.
                _ if body.starts_with(b"To=%2B1800&MessageSid=SM1&MessageStatus=delivered&Body=a+b") => {
                    let pad = String::from_utf8_lossy(&body[58..]).replace("&pad=", "pad");
                    format!("Bodya bMessageSidSM1MessageStatusdeliveredTo+1800{pad}")
                }
                other => String::from_utf8_lossy(other).into_owned(),
            };
            vec![
                ("X-Twilio-Signature", STANDARD.encode(sha1(secret, &[url.as_bytes(), fields.as_bytes()]))),
                ("I-Twilio-Idempotency-Token", "5f9a".to_owned()),
                ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
            ]
        },
        needed: &["X-Twilio-Signature"],
        window_s: 0,
        signs: Signs::Fields,
        event: "message.delivered",
        id: Some("5f9a"),
        id_is_signed: false,
    },
    Scheme {
        name: "twilio json",
        verify: |received, keys| verify(Source::Twilio, received, keys),
        key: |secret| Source::Twilio.key(secret),
        secrets: ["12345", "54321"],
        body: || r#"[{"id":"1","type":"com.twilio.messaging.message.sent","n":1.0}]"#.to_owned(),
        send: |secret, body| {
            vec![
                ("X-Twilio-Signature", STANDARD.encode(sha1(secret, &[twilio_url(body).as_bytes()]))),
                ("I-Twilio-Idempotency-Token", "5f9a".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-Twilio-Signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "com.twilio.messaging.message.sent",
        id: Some("5f9a"),
        id_is_signed: false,
    },
    Scheme {
        name: "linear",
        verify: |received, keys| verify(Source::Linear, received, keys),
        key: |secret| Source::Linear.key(secret),
        secrets: ["lin_wh_one", "lin_wh_two"],
        body: || format!(r#"{{"action":"create","type":"Issue","webhookTimestamp":{NOW}000,"n":1.0}}"#),
        send: |secret, body| {
            vec![
                ("Linear-Signature", sha256(secret, &[body])),
                ("Linear-Event", "Issue".to_owned()),
                ("Linear-Delivery", "234d1a4e".to_owned()),
                own(JSON),
            ]
        },
        needed: &["Linear-Signature"],
        window_s: 60,
        signs: Signs::Body,
        event: "Issue.create",
        id: Some("234d1a4e"),
        id_is_signed: false,
    },
    Scheme {
        name: "sentry",
        verify: |received, keys| verify(Source::Sentry, received, keys),
        key: |secret| Source::Sentry.key(secret),
        secrets: ["client secret", "other client secret"],
        body: || r#"{"action": "created", "data": {"title": "caf\u00e9 \/", "n": 1.0}}"#.to_owned(),
        send: |secret, body| {
            vec![
                ("Sentry-Hook-Signature", sha256(secret, &[body])),
                ("Sentry-Hook-Resource", "issue".to_owned()),
                ("Request-ID", "d3f1".to_owned()),
                own(JSON),
            ]
        },
        needed: &["Sentry-Hook-Signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "issue.created",
        id: Some("d3f1"),
        id_is_signed: false,
    },
    Scheme {
        name: "pagerduty",
        verify: |received, keys| verify(Source::Pagerduty, received, keys),
        key: |secret| Source::Pagerduty.key(secret),
        secrets: ["pd one", "pd two"],
        body: || r#"{"event":{"id":"01BTB6V42VGT","event_type":"incident.triggered","n":1.0}}"#.to_owned(),
        send: |secret, body| {
            let other = sha256("an older secret", &[body]);
            vec![
                ("X-PagerDuty-Signature", format!("v1={other}, v1={}", sha256(secret, &[body]))),
                ("X-Webhook-Id", "PSUB".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-PagerDuty-Signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "incident.triggered",
        id: Some("01BTB6V42VGT"),
        id_is_signed: true,
    },
    Scheme {
        name: "vercel",
        verify: |received, keys| verify(Source::Vercel, received, keys),
        key: |secret| Source::Vercel.key(secret),
        secrets: ["vercel one", "vercel two"],
        body: || r#"{"id":"uev_1","type":"deployment.created","n":1.0}"#.to_owned(),
        send: |secret, body| vec![("x-vercel-signature", hex(&sha1(secret, &[body]))), own(JSON)],
        needed: &["x-vercel-signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "deployment.created",
        id: Some("uev_1"),
        id_is_signed: true,
    },
    Scheme {
        name: "netlify",
        verify: |received, keys| verify(Source::Netlify, received, keys),
        key: |secret| Source::Netlify.key(secret),
        secrets: ["netlify one", "netlify two"],
        body: || r#"{"id":"5e0e","state":"ready","n":1.0}"#.to_owned(),
        send: |secret, body| {
            let claims = format!(r#"{{"iss":"netlify","sha256":"{}"}}"#, hex(&Sha256::digest(body)));
            vec![
                ("X-Webhook-Signature", jws(secret, r#"{"alg":"HS256"}"#, &claims)),
                ("X-Netlify-Event", "deploy_created".to_owned()),
                own(JSON),
            ]
        },
        needed: &["X-Webhook-Signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "deploy_created",
        id: Some("5e0e.deploy_created"),
        id_is_signed: false,
    },
    Scheme {
        name: "circleci",
        verify: |received, keys| verify(Source::Circleci, received, keys),
        key: |secret| Source::Circleci.key(secret),
        secrets: ["circle", "square"],
        body: || r#"{"id":"3888f21b","type":"workflow-completed","n":1.0}"#.to_owned(),
        send: |secret, body| {
            vec![
                ("circleci-signature", format!("v2=ab,v1={}", sha256(secret, &[body]))),
                ("circleci-event-type", "workflow-completed".to_owned()),
                own(JSON),
            ]
        },
        needed: &["circleci-signature"],
        window_s: 0,
        signs: Signs::Body,
        event: "workflow-completed",
        id: Some("3888f21b"),
        id_is_signed: true,
    },
    Scheme {
        name: "mattermost",
        verify: |received, keys| verify(Source::Mattermost, received, keys),
        key: |secret| Source::Mattermost.key(secret),
        secrets: ["sj8qmzr5otfb9fsagbqy4u3poy", "sj8qmzr5otfb9fsagbqy4u3poz"],
        body: || "command=%2Fbuild&trigger_id=t1&text=x".to_owned(),
        send: |secret, _| {
            vec![
                ("Authorization", format!("Token {secret}")),
                ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
            ]
        },
        needed: &["Authorization"],
        window_s: 0,
        signs: Signs::Nothing,
        event: "/build",
        id: Some("t1"),
        id_is_signed: false,
    },
    Scheme {
        name: "standard",
        verify: |received, keys| verify(Source::Standard, received, keys),
        key: |secret| Source::Standard.key(secret),
        secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"],
        body: || r#"{"type":"user.created","n":1.0}"#.to_owned(),
        send: |secret, body| standard(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", body),
        needed: &["webhook-signature", "webhook-id", "webhook-timestamp"],
        window_s: 300,
        signs: Signs::Body,
        event: "user.created",
        id: Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        id_is_signed: true,
    },
    Scheme {
        name: "svix",
        verify: |received, keys| verify(Source::Standard, received, keys),
        key: |secret| Source::Standard.key(secret),
        secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"],
        body: || r#"{"type":"user.created","n":1.0}"#.to_owned(),
        send: |secret, body| {
            let names = ["svix-signature", "svix-id", "svix-timestamp", "Content-Type"];
            let headers = standard(secret, "msg_2", body).into_iter().zip(names);
            headers.map(|((_, value), name)| (name, value)).collect()
        },
        needed: &["svix-signature", "svix-id", "svix-timestamp"],
        window_s: 300,
        signs: Signs::Body,
        event: "user.created",
        id: Some("msg_2"),
        id_is_signed: true,
    },
    Scheme {
        name: "telegram",
        verify: telegram::verify,
        key: telegram::key,
        secrets: ["a_token-1", "a_token-2"],
        body: || r#"{"update_id":10000,"message":{"text":"hi"}}"#.to_owned(),
        send: |secret, _| vec![("X-Telegram-Bot-Api-Secret-Token", secret.to_owned()), own(JSON)],
        needed: &["X-Telegram-Bot-Api-Secret-Token"],
        window_s: 0,
        signs: Signs::Nothing,
        event: "message",
        id: Some("10000"),
        id_is_signed: false,
    },
    Scheme {
        name: "whatsapp",
        verify: whatsapp::verify,
        key: whatsapp::key,
        secrets: ["app secret", "other app secret"],
        body: || {
            r#"{"object":"w","entry":[{"id":"1","changes":[{"field":"messages","value":{"b":"\u00e9\/"}}]}]}"#
                .to_owned()
        },
        send: |secret, body| {
            vec![("X-Hub-Signature-256", format!("sha256={}", sha256(secret, &[body]))), own(JSON)]
        },
        needed: &["X-Hub-Signature-256"],
        window_s: 0,
        signs: Signs::Body,
        event: "messages",
        id: None,
        id_is_signed: false,
    },
];

pub(super) fn sha256(secret: &str, parts: &[&[u8]]) -> String {
    hex(&mac(secret.as_bytes(), parts))
}

pub(super) fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn sha1(secret: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// `t=…,v1=…` at [`NOW`].
pub(super) fn timed(secret: &str, body: &[u8]) -> String {
    format!("t={NOW},v1={}", sha256(secret, &[NOW.to_string().as_bytes(), b".", body]))
}

pub(super) fn slack(secret: &str, body: &[u8]) -> Headers {
    let signature = sha256(secret, &[b"v0:", NOW.to_string().as_bytes(), b":", body]);
    vec![
        ("X-Slack-Signature", format!("v0={signature}")),
        ("X-Slack-Request-Timestamp", NOW.to_string()),
        own(JSON),
    ]
}

pub(super) fn discord(seed: &str, body: &[u8]) -> Headers {
    let time = NOW.to_string();
    let signature = pair(seed).sign(&[time.as_bytes(), body].concat());
    vec![("X-Signature-Ed25519", hex(signature.as_ref())), ("X-Signature-Timestamp", time), own(JSON)]
}

pub(super) fn public_key(seed: &str) -> String {
    hex(pair(seed).public_key().as_ref())
}

fn pair(seed: &str) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).unwrap()
}

pub(super) fn standard(secret: &str, id: &str, body: &[u8]) -> Headers {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let time = NOW.to_string();
    let signature = mac(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    vec![
        ("webhook-signature", format!("v1,{}", STANDARD.encode(signature))),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time),
        own(JSON),
    ]
}

pub(super) fn jws(secret: &str, head: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
    let signature = mac(secret.as_bytes(), &[signed.as_bytes()]);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn twilio_url(body: &[u8]) -> String {
    format!("https://hooks.example.com/api/webhooks/7?x=1&bodySHA256={}", hex(&Sha256::digest(body)))
}

fn own((name, value): (&'static str, &str)) -> (&'static str, String) {
    (name, value.to_owned())
}

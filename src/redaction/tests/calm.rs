//! What is no secret stays as it is: prose, code, hashes, UUIDs, data, placeholders.

use std::fs;
use std::path::{Path, PathBuf};

use super::generator::Dice;
use crate::redaction::Redactor;

#[track_caller]
fn assert_calm(redactor: &Redactor, text: &str) {
    let found = redactor.redact(text);
    let what: Vec<_> = found.findings.iter().map(|f| (f.kind.as_ref(), &text[f.start..f.end])).collect();
    assert!(what.is_empty(), "{what:?} in {}", text.chars().take(200).collect::<String>());
}

/// Everything that stands for a secret, or speaks of one.
const PLACEHOLDERS: &[&str] = &[
    "OPENAI_API_KEY=YOUR_API_KEY",
    "export ANTHROPIC_API_KEY=your-api-key-here",
    "api_key: <your key>",
    "api_key = sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN",
    "token: @secret:github",
    "use @secret:openai-key-1 in the header",
    "password=${DB_PASSWORD}",
    "password: ${{ secrets.DB_PASSWORD }}",
    "apiKey: process.env.OPENAI_API_KEY_2",
    "key = os.environ[\"API_KEY_1\"]",
    "password = getpass.getpass()",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "glpat-xxxxxxxxxxxxxxxxxxxx",
    "xoxb-your-token-here",
    "sk-ant-api03-your-key-goes-here-please",
    "postgres://user:password@localhost/db",
    "postgres://user:pass@localhost/db",
    "https://user:***@example.com",
    "redis://:${REDIS_PASSWORD}@cache:6379",
    "curl -u user:password https://example.com",
    "password: ********",
    "password: [REDACTED]",
    "token=[REDACTED:TOKEN]",
    "my password is secret",
    "the password is required",
    "Your password is too short, at least 12 characters",
    "the token is invalid or has expired",
    "token: string;",
    "password: Option<String>,",
    "let token = next_token();",
    "secret: Secret::new(value)",
    "the secret is out",
    "the key is to listen",
    "api key is missing in the request",
    "bearer of bad news",
    "Bearer token authentication is described in RFC6750",
    "Basic authentication required",
    "password123 is a bad password",
    "hunter2",
    "sk-small",
    "task-1234567890abcdef1234567890abcdef",
    "disk-usage-report-2024-01-01",
    "risk-assessment-for-2025-and-2026-of-the-north",
    "Max tokens: 4096",
    "\"max_tokens\": 128000",
    "token_count=123456789012",
    "prompt_tokens=1234567890 completion_tokens=42",
    "password_hash = sha256(password)",
    "secretary: anna2000@example.com",
    "key: value",
    "primary key id_2024_users_table",
    "public_key: ssh-ed25519",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "the header is `-----BEGIN RSA PRIVATE KEY-----` and then base64",
    "if line.starts_with(\"-----BEGIN PRIVATE KEY-----\") {",
    "eyJ is how a JWT begins",
    "eyJhbGciOiJIUzI1NiJ9 alone is a header",
    "it starts with sk-ant-api03- or sk-proj-",
    "AKIA and ASIA are prefixes",
    "xoxb- xoxp- xapp-",
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "https://github.com/rust-lang/rust/commit/9f1e2d3c4b5a69788796a5b4c3d2e1f00112233a",
    "Passwort vergessen? Hier klicken.",
    "Das Passwort ist falsch.",
    "Das Kennwort lautet wie immer.",
    "La contraseña es incorrecta.",
    "Le mot de passe est obligatoire.",
    "Der Schlüssel ist unter der Matte.",
    "Login: anna@example.com",
    "session=active; path=/",
    "sid=1",
    "user:pass",
    "12:30:45",
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-AbCdEf",
    "meet me at 10:30, room A3-204",
    "IBAN DE89 3704 0044 0532 0130 00",
    "+49 170 1234567",
    "ISBN 978-3-16-148410-0",
    "order 1029384756-AB, tracking 1Z999AA10123456784",
    "version 1.2.3-beta.4+build.567",
    "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984",
    "<input type=\"password\" name=\"password1\">",
];

const GERMAN: &str = "Gestern habe ich mein Passwort vergessen und musste es zurücksetzen. Der Schlüssel liegt unter der Matte, und das \
    Geheimnis kennt nur Anna. Wir treffen uns um 10:30 Uhr in Raum 204; bring bitte 3 Kopien mit. Die Rechnung Nr. 2024-0815 über \
    1.299,00 € ist bezahlt. Ein Token ist ein Zeichen, kein Zauber.";
const ENGLISH: &str = "The secret of a good soup is patience. My password is something I never write down, and the token of my \
    affection is a key to the house. She said: \"Basic rules apply, bearer of news.\" On 2024-05-17 at 12:45 we counted 1,234 \
    tokens in 56 files; see chapter 7, page 210. API keys rotate every 90 days, and the access key is kept by Tom.";

fn hexadecimal(dice: &mut Dice, size: usize) -> String {
    (0..size).map(|_| char::from(b"0123456789abcdef"[dice.below(16)])).collect()
}

fn base64(dice: &mut Dice, size: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (0..size).map(|_| char::from(alphabet[dice.below(64)])).collect()
}

#[test]
fn placeholders_and_talk_about_secrets_stay() {
    let redactor = Redactor::new();
    let broken: Vec<String> = PLACEHOLDERS
        .iter()
        .filter_map(|text| {
            let found = redactor.redact(text);
            (!found.findings.is_empty()).then(|| format!("{text} -> {}", found.text))
        })
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert_calm(&redactor, GERMAN);
    assert_calm(&redactor, ENGLISH);
}

#[test]
fn hashes_ids_and_data_stay() {
    let redactor = Redactor::new();
    let mut dice = Dice::new(3);
    for _ in 0..60 {
        let [md5, sha1, sha256, sha512] = [32, 40, 64, 128].map(|size| hexadecimal(&mut dice, size));
        let part = |dice: &mut Dice, size| hexadecimal(dice, size);
        let uuid = [8, 4, 4, 4, 12].map(|size| part(&mut dice, size)).join("-");
        let (integrity, data) = (base64(&mut dice, 86), base64(&mut dice, 2_000));
        for text in [
            format!("{md5}  file.tar.gz"),
            format!("commit {sha1}"),
            format!("sha256:{sha256}"),
            format!("{sha512} *a.iso"),
            format!("id {uuid} of the thread"),
            format!("GET /v1/threads/{uuid}/messages 200"),
            format!("\"integrity\": \"sha512-{integrity}==\","),
            format!("checksum = \"{sha256}\""),
            format!("![](data:image/png;base64,{data})"),
            format!("Fixed in {} and {}", &sha1[..7], &sha1[7..19]),
            format!("FROM rust@sha256:{sha256}"),
            format!("etag: \"{md5}\""),
            format!("trace_id={md5} span_id={}", &sha1[..16]),
            format!("https://cdn.test/assets/main.{}.js", &md5[..8]),
            format!("index {}..{} 100644", &sha1[..7], &sha1[8..15]),
        ] {
            assert_calm(&redactor, &text);
        }
    }
}

/// Lines in which these sources show a secret on purpose.
fn shows_a_secret(line: &str) -> bool {
    [
        "hunter2",
        "password",
        "Basic ",
        "PRIVATE KEY",
        "secret",
        "token",
        "sk-",
        "ghp_",
        "whsec_",
        "AKIA",
        "xox",
        "eyJ",
        "Bearer",
    ]
    .iter()
    .any(|word| line.contains(word))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "md" || kind == "toml" || kind == "sql")
        {
            found.push(path);
        }
    }
}

/// Our own repository: what is found there is in a test, on a line that shows a secret on purpose.
#[test]
fn our_own_sources_stay() {
    let redactor = Redactor::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![
        root.join("Cargo.lock"),
        root.join("Cargo.toml"),
        root.join("README.md"),
        root.join("supervision.toml"),
    ];
    for folder in ["src", "actors/src", "migrations", "benches"] {
        files(&root.join(folder), &mut all);
    }
    assert!(all.len() > 200);
    let mut broken = Vec::new();
    for path in all {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let is_test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
        for finding in redactor.redact(&text).findings {
            let start = text[..finding.start].rfind('\n').map_or(0, |at| at + 1);
            let line = text[start..].lines().next().unwrap_or_default();
            if !(is_test && shows_a_secret(line)) {
                broken.push(format!("{}: {}: {line}", path.display(), finding.kind));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

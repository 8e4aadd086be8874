//! What a shape can't say: whether a match is random enough to be a secret, or stands for one.

/// What must hold of a match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Check {
    /// It is no placeholder.
    Varied,
    /// The same, and it has a digit, and is random rather than a name.
    Random,
    /// The same, but a UUID is none of these.
    RandomNoUuid,
    /// It may be a password: said, not assigned.
    Spoken,
    /// It may be a password that is assigned: quoted, or in an environment.
    Assigned,
    /// It stands before the `@` of an address.
    Address,
    /// A password with letters, digits and more.
    Strong,
    /// Base64 of `name:password`.
    Basic,
}

/// Words of which a secret that is only shown as an example has one.
const EXAMPLES: [&str; 22] = [
    "example",
    "placeholder",
    "your-",
    "your_",
    "yourapi",
    "yourtoken",
    "yoursecret",
    "changeme",
    "change-me",
    "change_me",
    "insert",
    "replace",
    "dummy",
    "redacted",
    "xxxx",
    "****",
    "....",
    "secret_here",
    "token_here",
    "key_here",
    "-here",
    "notreal",
];

/// Different characters that a random text of eight or more has at least.
const VARIETY: usize = 5;

impl Check {
    /// Whether it holds.
    pub(super) fn holds(self, secret: &str) -> bool {
        match self {
            Self::Address => !is_placeholder(secret) && !is_address_placeholder(secret),
            Self::Strong => is_password(secret, 8) && !is_reference(secret) && is_random(secret),
            Self::Basic => is_basic(secret),
            Self::Varied => !is_placeholder(secret),
            Self::Random => !is_placeholder(secret) && is_random(secret) && !is_reference(secret),
            Self::RandomNoUuid => Self::Random.holds(secret) && !is_uuid(secret),
            Self::Spoken => is_password(secret, 6) && !is_reference(secret) && !is_constant(secret),
            Self::Assigned => is_password(secret, 6) && !is_reference(secret) && !is_code(secret),
        }
    }
}

/// Whether a text only stands for a secret.
pub(super) fn is_placeholder(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    if EXAMPLES.iter().any(|word| lower.contains(word)) {
        return true;
    }
    let body: &str = lower.rsplit(['_', '-', '=', ':', '/']).max_by_key(|part| part.len()).unwrap_or(&lower);
    body.len() >= 8 && variety(body) < VARIETY
}

fn variety(text: &str) -> usize {
    let mut seen = [0_u64; 4];
    for byte in text.bytes() {
        if let Some(word) = seen.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }
    seen.iter().map(|word| word.count_ones() as usize).sum()
}

/// Whether one kind of character follows another as often as in random text, and not as in names.
fn is_random(secret: &str) -> bool {
    let (mut length, mut groups, mut changes, mut last) = (0, 0, 0, Class::None);
    for class in secret.bytes().map(Class::of).filter(|class| *class != Class::None) {
        length += 1;
        groups += usize::from(class == Class::Digit && last != Class::Digit);
        // A capital that begins a word is no change.
        changes += usize::from(class != last && !(last == Class::Upper && class == Class::Lower));
        last = class;
    }
    let varied = changes * 4 >= length || (groups >= 3 && changes * 6 >= length);
    groups >= 1 && varied && variety(secret) >= 6
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    None,
    Lower,
    Upper,
    Digit,
}

impl Class {
    const fn of(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' => Self::Lower,
            b'A'..=b'Z' => Self::Upper,
            b'0'..=b'9' => Self::Digit,
            _ => Self::None,
        }
    }
}

/// 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether this can be a password: a normal word, a number alone or a path is none.
fn is_password(secret: &str, least: usize) -> bool {
    if secret.len() < least || is_placeholder(secret) {
        return false;
    }
    let has = |test: fn(&u8) -> bool| secret.as_bytes().iter().any(test);
    let letter = has(u8::is_ascii_alphabetic) || !secret.is_ascii();
    let digit = has(u8::is_ascii_digit);
    let symbol = has(|byte| b"!@#$%^&*+=~?".contains(byte));
    let lone_symbol_at_end = secret.bytes().filter(|byte| b"!@#$%^&*+=~?".contains(byte)).count() == 1
        && secret.ends_with(['!', '?']);
    letter && (digit || (symbol && !lone_symbol_at_end))
}

/// Whether it names where the secret is instead of being it.
fn is_reference(secret: &str) -> bool {
    let starts = [
        "@secret",
        "${",
        "$(",
        "$[",
        "{{",
        "%(",
        "%s",
        "%{",
        "<",
        "http://",
        "https://",
        "./",
        "~/",
        "/",
        "process.env",
        "os.environ",
        "os.getenv",
        "env.",
        "env!",
        "std::",
        "self.",
        "this.",
        "vault:",
        "secret:",
        "ref:",
        "arn:",
        "file:",
        "sha256",
        "sha512",
        "sha1-",
        "md5",
        "$argon2",
        "argon2",
        "bcrypt",
        "scrypt",
        "aes-",
        "rsa-",
        "ed25519",
        "oauth2",
        "version",
        "$2a$",
        "$2b$",
        "$2y$",
        "$scrypt",
        "pbkdf2",
        "=",
        ":",
        "&",
        "utf8",
        "utf-8",
        "base64",
        "0x",
    ];
    let lower = secret.to_ascii_lowercase();
    if starts.iter().any(|start| lower.starts_with(start)) || secret.contains("::") {
        return true;
    }
    let variable = secret.strip_prefix('$').or_else(|| secret.strip_prefix('%'));
    variable.is_some_and(|name| {
        let name = name.trim_end_matches('%');
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
    })
}

/// Whether it reads like the code that gets the secret.
fn is_code(secret: &str) -> bool {
    let identifier = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte));
    let words =
        secret.contains("::") || secret.contains("->") || secret.contains("${") || secret.contains("$(");
    let path = secret.contains('.') && identifier && !is_random(secret);
    words || path || is_uuid(secret) || is_date(secret) || is_constant(secret)
}

/// Whether it is the name of a constant, or of a pointer to one.
fn is_constant(secret: &str) -> bool {
    let name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    secret.starts_with(['*', '&']) || (secret.contains('_') && secret.bytes().all(name))
}

/// What documentation writes where the password of an address stands.
fn is_address_placeholder(secret: &str) -> bool {
    let words = [
        "password", "passwd", "pass", "pw", "pwd", "secret", "token", "...", "***", "user", "<", "{", "$",
        "%s",
    ];
    let lower = secret.to_ascii_lowercase();
    words.contains(&lower.as_str())
        || is_reference(secret)
        || secret.contains("://")
        || secret.bytes().all(|byte| b"*x.X".contains(&byte))
}

/// Base64 of a name, a colon and something.
fn is_basic(secret: &str) -> bool {
    use base64::Engine as _;
    let bare = secret.trim_end_matches('=');
    base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(bare)
        .is_ok_and(|bytes| bytes.contains(&b':') && bytes.iter().all(|byte| *byte >= b' ' && *byte != 0x7f))
}

fn is_date(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ+/".contains(&byte))
}

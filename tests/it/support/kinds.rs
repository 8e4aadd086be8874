//! Well-formed credentials of many kinds, made from a seed: prefix, alphabet and length as the vendors
//! publish them. No value is written here, so that no scanner takes this file for a leak.

#![allow(unreachable_pub, reason = "unit and integration tests share this file")]

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";

/// One kind: a name, what comes first, the letters of the rest, and how many.
struct Shape(&'static str, &'static str, Letters, usize);

#[derive(Clone, Copy)]
enum Letters {
    /// a–z, A–Z, 0–9.
    Alnum,
    /// The same with `-` and `_`.
    Url,
    Hex,
    /// A–Z, 0–9.
    UpperDigits,
    /// The letters of Bech32, large.
    Bech32,
}

const SHAPES: &[Shape] = &[
    Shape("aws key id", "AKIA", Letters::UpperDigits, 16),
    Shape("github classic", "ghp_", Letters::Alnum, 36),
    Shape("github oauth", "gho_", Letters::Alnum, 36),
    Shape("github user", "ghu_", Letters::Alnum, 36),
    Shape("github server", "ghs_", Letters::Alnum, 36),
    Shape("github refresh", "ghr_", Letters::Alnum, 36),
    Shape("gitlab personal", "glpat-", Letters::Url, 20),
    Shape("gitlab trigger", "glptt-", Letters::Hex, 40),
    Shape("gitlab deploy", "gldt-", Letters::Url, 20),
    Shape("slack bot", "xoxb-", Letters::Alnum, 40),
    Shape("slack user", "xoxp-", Letters::Alnum, 40),
    Shape("stripe live", "sk_live_", Letters::Alnum, 24),
    Shape("stripe test", "sk_test_", Letters::Alnum, 24),
    Shape("stripe restricted", "rk_live_", Letters::Alnum, 24),
    Shape("stripe webhook", "whsec_", Letters::Alnum, 32),
    Shape("openai", "sk-", Letters::Alnum, 48),
    Shape("openai project", "sk-proj-", Letters::Url, 120),
    Shape("anthropic", "sk-ant-api03-", Letters::Url, 95),
    Shape("openrouter", "sk-or-v1-", Letters::Hex, 64),
    Shape("google api", "AIza", Letters::Url, 35),
    Shape("google client secret", "GOCSPX-", Letters::Url, 28),
    Shape("groq", "gsk_", Letters::Alnum, 52),
    Shape("xai", "xai-", Letters::Alnum, 80),
    Shape("hugging face", "hf_", Letters::Alnum, 34),
    Shape("replicate", "r8_", Letters::Alnum, 37),
    Shape("perplexity", "pplx-", Letters::Alnum, 48),
    Shape("npm", "npm_", Letters::Alnum, 36),
    Shape("pypi", "pypi-AgEIcHlwaS5vcmc", Letters::Url, 150),
    Shape("docker hub", "dckr_pat_", Letters::Url, 27),
    Shape("sendgrid", "SG.", Letters::Url, 22),
    Shape("linear", "lin_api_", Letters::Alnum, 40),
    Shape("netlify", "nfp_", Letters::Alnum, 40),
    Shape("digital ocean", "dop_v1_", Letters::Hex, 64),
    Shape("shopify", "shpat_", Letters::Hex, 32),
    Shape("shopify shared", "shpss_", Letters::Hex, 32),
    Shape("databricks", "dapi", Letters::Hex, 32),
    Shape("grafana service", "glsa_", Letters::Alnum, 32),
    Shape("vault service", "hvs.", Letters::Url, 95),
    Shape("postman", "PMAK-", Letters::Hex, 24),
    Shape("doppler", "dp.pt.", Letters::Alnum, 43),
    Shape("tailscale", "tskey-auth-", Letters::Alnum, 12),
    Shape("notion", "ntn_", Letters::Alnum, 46),
    Shape("figma", "figd_", Letters::Url, 40),
    Shape("atlassian", "ATATT3xFfGF0", Letters::Url, 180),
    Shape("mailgun", "key-", Letters::Hex, 32),
    Shape("twilio key", "SK", Letters::Hex, 32),
    Shape("new relic", "NRAK-", Letters::UpperDigits, 27),
    Shape("age", "AGE-SECRET-KEY-1", Letters::Bech32, 58),
    Shape("sentry organisation", "sntrys_", Letters::Alnum, 120),
    Shape("planet scale", "pscale_tkn_", Letters::Url, 43),
    Shape("supabase", "sbp_", Letters::Hex, 40),
    Shape("capuchin", "cap_", Letters::Url, 43),
];

/// A credential, and what it is.
#[derive(Clone, Debug)]
pub struct Planted {
    /// For messages of tests.
    pub kind: &'static str,
    /// The value, as a person would paste it.
    pub value: String,
    /// Its random part.
    pub core: String,
}

impl Planted {
    /// Whether a text holds the beginning, the middle or the end of its random part: eight characters in a row.
    pub fn is_in(&self, text: &str) -> bool {
        let last = self.core.len() - 8;
        [0, last / 2, last].into_iter().any(|at| text.contains(&self.core[at..at + 8]))
    }
}

/// One of every kind.
pub fn planted(seed: u64) -> Vec<Planted> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut all = Vec::new();
    for Shape(kind, prefix, letters, length) in SHAPES {
        let core = some(&mut random, *letters, *length);
        let tail = match *kind {
            "sendgrid" => format!(".{}", some(&mut random, Letters::Url, 43)),
            "grafana service" => format!("_{}", some(&mut random, Letters::Hex, 8)),
            "tailscale" => format!("-{}", some(&mut random, Letters::Alnum, 32)),
            "postman" => format!("-{}", some(&mut random, Letters::Hex, 34)),
            _ => String::new(),
        };
        all.push(Planted { kind, value: [prefix, core.as_str(), tail.as_str()].concat(), core });
    }
    let core = some(&mut random, Letters::Alnum, 20);
    let value = format!("postgres://app:{core}@db.test/app");
    all.push(Planted { kind: "password in a url", value, core });
    all
}

fn some(random: &mut fastrand::Rng, letters: Letters, count: usize) -> String {
    let alphabet = match letters {
        Letters::Alnum => [LOWER, UPPER, DIGITS].concat(),
        Letters::Url => [LOWER, UPPER, DIGITS, "-_"].concat(),
        Letters::Hex => HEX.to_owned(),
        Letters::UpperDigits => [UPPER, DIGITS].concat(),
        Letters::Bech32 => "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".to_owned(),
    };
    let alphabet: Vec<char> = alphabet.chars().collect();
    // No mark at either end: there it could not be told from punctuation.
    let plain = |c: &char| c.is_ascii_alphanumeric();
    let ends: Vec<char> = alphabet.iter().copied().filter(plain).collect();
    (0..count)
        .map(|at| {
            let from = if at == 0 || at + 1 == count { &ends } else { &alphabet };
            from[random.usize(..from.len())]
        })
        .collect()
}

//! Well-formed random secrets of every kind, made from what vendors document: prefix, alphabet, length.
//! Knows nothing of the expressions that it tests. Nothing here is a secret of anybody.

/// One kind of secret: its name, whether it is of a provider that we work with ourselves, and its pattern.
///
/// `{h32}` is 32 of an alphabet: `h` hexadecimal, `H` upper-case hexadecimal, `d` digits, `l` letters,
/// `n` letters and digits, `a` lower-case letters and digits, `U` upper-case letters and digits, `3` base32,
/// `w` base64url, `b` base64. `{u}` is a UUID. With `«…»` only that part is the secret.
pub(super) struct Sort {
    pub(super) name: &'static str,
    pub(super) core: bool,
    pattern: &'static str,
}

const fn core(name: &'static str, pattern: &'static str) -> Sort {
    Sort { name, core: true, pattern }
}

const fn other(name: &'static str, pattern: &'static str) -> Sort {
    Sort { name, core: false, pattern }
}

/// Secrets that have a shape of their own.
pub(super) const SHAPED: &[Sort] = &[
    core("anthropic api03", "sk-ant-api03-{w93}AA"),
    core("anthropic admin", "sk-ant-admin01-{w93}AA"),
    core("openai project", "sk-proj-{w74}T3BlbkFJ{w74}"),
    core("openai service", "sk-svcacct-{w74}T3BlbkFJ{w74}"),
    core("openai legacy", "sk-{n20}T3BlbkFJ{n20}"),
    core("openrouter", "sk-or-v1-{h64}"),
    core("gemini", "AIza{w35}"),
    core("groq", "gsk_{n52}"),
    core("xai", "xai-{n80}"),
    core("huggingface", "hf_{l34}"),
    core("replicate", "r8_{n37}"),
    core("perplexity", "pplx-{n48}"),
    core("deepseek", "sk-{h32}"),
    core("github classic", "ghp_{n36}"),
    core("github oauth", "gho_{n36}"),
    core("github user", "ghu_{n36}"),
    core("github server", "ghs_{n36}"),
    core("github refresh", "ghr_{n76}"),
    core("github fine-grained", "github_pat_{n22}_{n59}"),
    core("gitlab personal", "glpat-{w20}"),
    core("gitlab routable", "glpat-{w27}.{d2}.{a9}"),
    core("gitlab trigger", "glptt-{h40}"),
    core("gitlab deploy", "gldt-{w20}"),
    core("gitlab runner", "glrt-{w20}"),
    core("slack bot", "xoxb-{d12}-{d12}-{n24}"),
    core("slack user", "xoxp-{d12}-{d12}-{d12}-{h32}"),
    core("slack app", "xapp-1-A{U10}-{d13}-{h64}"),
    core("slack webhook", "https://hooks.slack.com/services/«T{U8}/B{U10}/{n24}»"),
    core("telegram", "{d10}:AA{w33}"),
    core("discord bot", "MT{d}"),
    core("discord webhook", "https://discord.com/api/webhooks/«{d18}/{w68}»"),
    core("meta", "EAA{n180}"),
    core("twilio key", "SK{h32}"),
    core("sendgrid", "SG.{w22}.{w43}"),
    core("mailgun", "key-{h32}"),
    core("stripe secret", "sk_live_{n24}"),
    core("stripe secret long", "sk_live_{n99}"),
    core("stripe restricted", "rk_test_{n99}"),
    core("stripe webhook", "whsec_{n32}"),
    core("aws key id", "AKIA{3x16}"),
    core("aws temporary key id", "ASIA{3x16}"),
    core("google oauth", "ya29.a0{w120}"),
    core("google oauth secret", "GOCSPX-{w28}"),
    core("jwt", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ{w60}.{w43}"),
    core("npm", "npm_{n36}"),
    core("pypi", "pypi-AgEIcHlwaS5vcmc{w150}"),
    core("docker", "dckr_pat_{w27}"),
    core("capuchin", "cap_{w43}"),
    core("password in url", "postgres://app:«{n16}»@db.internal:5432/app"),
    other("together", "tgp_v1_{w43}"),
    other("nvidia", "nvapi-{w64}"),
    other("cerebras", "csk-{a48}"),
    other("elevenlabs", "sk_{h48}"),
    other("langsmith", "lsv2_pt_{h32}_{h10}"),
    other("pinecone", "pcsk_{n6}_{n63}"),
    other("tavily", "tvly-dev-{n32}"),
    other("jina", "jina_{h32}{w28}"),
    other("firecrawl", "fc-{h32}"),
    other("e2b", "e2b_{h40}"),
    other("bitbucket", "ATBB{n24}{H8}"),
    other("atlassian", "ATATT3xFfGF0{w170}={H8}"),
    other("rubygems", "rubygems_{h48}"),
    other("crates.io", "cio{n32}"),
    other("clojars", "CLOJARS_{a60}"),
    other("packagist", "packagist_uut_{h68}"),
    other("artifactory", "AKCp{n69}"),
    other("sonar", "squ_{h40}"),
    other("sourcegraph", "sgp_{h16}_{h40}"),
    other("circleci", "CCIPAT_{n22}_{h40}"),
    other("buildkite", "bkua_{h40}"),
    other("postman", "PMAK-{h24}-{h34}"),
    other("readme", "rdme_{a70}"),
    other("terraform", "{n14}.atlasv1.{w67}"),
    other("vault service", "hvs.{w95}"),
    other("vault batch", "hvb.{w140}"),
    other("doppler", "dp.pt.{n43}"),
    other("1password service", "ops_eyJ{b300}"),
    other("1password secret key", "A3-{U6}-{U11}-{U5}-{U5}-{U5}"),
    other("age", "AGE-SECRET-KEY-1{z58}"),
    other("tailscale", "tskey-auth-{n12}CNTRL-{n32}"),
    other("pulumi", "pul-{h40}"),
    other("prefect", "pnu_{n36}"),
    other("harness", "pat.{w22}.{h24}.{n20}"),
    other("digitalocean", "dop_v1_{h64}"),
    other("heroku", "HRKU-AA{w58}"),
    other("netlify", "nfp_{n36}"),
    other("cloudflare ca", "v1.0-{h24}-{h146}"),
    other("fly", "fo1_{w43}"),
    other("planetscale", "pscale_tkn_{w43}"),
    other("supabase", "sbp_{h40}"),
    other("supabase secret", "sb_secret_{w31}"),
    other("neon", "napi_{a64}"),
    other("alibaba", "LTAI{n20}"),
    other("databricks", "dapi{h32}"),
    other("azure storage", "AccountKey=«{b86}==»"),
    other("azure client secret", "{n3}8Q~{w34}"),
    other("aws bedrock", "ABSK{b128}"),
    other("resend", "re_{n8}_{n24}"),
    other("brevo", "xkeysib-{h64}-{n16}"),
    other("mailchimp", "{h32}-us12"),
    other("mailersend", "mlsn.{h64}"),
    other("teams webhook", "https://acme.webhook.office.com/webhookb2/«{u}@{u}/IncomingWebhook/{h32}/{u}»"),
    other("square", "sq0atp-{w22}"),
    other("square secret", "sq0csp-{w43}"),
    other("braintree", "access_token$production${a16}${h32}"),
    other("shopify", "shpat_{h32}"),
    other("plaid", "access-sandbox-{u}"),
    other("flutterwave", "FLWSECK-{h32}-X"),
    other("razorpay", "rzp_live_{n14}"),
    other("shippo", "shippo_live_{h40}"),
    other("duffel", "duffel_live_{w43}"),
    other("easypost", "EZAK{n54}"),
    other("linear", "lin_api_{n40}"),
    other("notion", "ntn_{d11}{n35}"),
    other("notion legacy", "secret_{n43}"),
    other("figma", "figd_{w40}"),
    other("airtable", "pat{n14}.{h64}"),
    other("asana", "1/12{d14}:{h32}"),
    other("trello", "ATTA{h64}{H8}"),
    other("clickup", "pk_{d8}_{U32}"),
    other("dropbox", "sl.{w140}"),
    other("contentful", "CFPAT-{w43}"),
    other("typeform", "tfp_{w59}"),
    other("sentry user", "sntryu_{h64}"),
    other("sentry dsn", "https://«{h32}»@o{d6}.ingest.sentry.io/{d7}"),
    other("grafana", "glsa_{n32}_{h8}"),
    other("new relic", "NRAK-{U27}"),
    other("dynatrace", "dt0c01.{U24}.{U64}"),
    other("honeycomb", "hcaik_{a58}"),
    other("launchdarkly", "sdk-{u}"),
    other("posthog", "phx_{n43}"),
    other("mapbox", "sk.eyJ{w80}.{w22}"),
    other("wakatime", "waka_{u}"),
    other("adafruit", "aio_{n28}"),
    other("hubspot", "pat-na1-{u}"),
    other("intercom", "dG9rOj{b54}"),
    other("twitter", "AAAAAAAAAAAAAAAAAAAA{n80}"),
    other("firebase", "AAAA{w7}:APA91b{w134}"),
    other("matrix", "syt_{n12}_{l20}_{n6}"),
];

/// Secrets that only the words before them announce.
pub(super) const ANNOUNCED: &[Sort] = &[
    core("aws secret", "AWS_SECRET_ACCESS_KEY=«{b40}»"),
    core("aws secret said", "my aws secret access key is «{b40}»"),
    core("mistral", "mistral api key: «{n32}»"),
    core("twilio auth", "TWILIO_AUTH_TOKEN=«{h32}»"),
    core("telegram config", "\"bot_token\": \"«{d10}:AA{w33}»\""),
    core("bearer", "Authorization: Bearer «{n40}»"),
    core("api key", "api_key = \"«{n32}»\""),
    core("password said", "my password is «{n12}»"),
    core("password german", "mein Passwort lautet «{n12}»"),
    core("password env", "DB_PASSWORD=«{n16}»"),
    other("datadog", "datadog api key is «{h32}»"),
    other("cloudflare", "CLOUDFLARE_API_TOKEN: «{w40}»"),
    other("heroku uuid", "heroku key «{u}»"),
    other("pagerduty", "pagerduty token: «{w20}»"),
    other("vercel", "vercel token = «{n24}»"),
    other("linode", "linode token «{h64}»"),
    other("algolia", "ALGOLIA_ADMIN_KEY=«{h32}»"),
    other("okta", "okta token is 00«{w40}»"),
    other("spotify", "spotify client secret: «{h32}»"),
    other("todoist", "todoist token «{h40}»"),
    other("client secret", "client_secret=«{n32}»"),
    other("basic", "Authorization: Basic «YWRtaW46{b20}»"),
    other("query token", "https://api.test/v1?access_token=«{n40}»&page=2"),
    other("cli", "login --token «{n40}»"),
    other("json secret", "{\"secret\": \"«{n24}»\"}"),
    other("x-api-key", "curl -H 'X-Api-Key: «{n32}»'"),
];

/// How a person writes a token: `{}` is where it stands.
pub(super) const CHAT: &[&str] = &[
    "{}",
    "the token is {}.",
    "Here you go: {}, please keep it safe!",
    "use {}!",
    "(it is {})",
    "my key ({}) stopped working",
    "run it with `{}` please",
    "**{}**",
    "[link](https://example.com/cb?key={}&state=1)",
    "https://example.com/path?token={}",
    "{\"key\":\"{}\",\"n\":1}",
    "| prod | {} | yes |",
    "export KEY={}",
    "Did you see \"{}\"?",
    "<code>{}</code>",
    "first line\n{}\nlast line",
    "der Schlüssel lautet {}, danke",
    "it's '{}'; don't tell anyone",
];

/// A generator of numbers that is the same on every machine.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap() % limit
    }

    fn of(&mut self, alphabet: &str, count: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..count).map(|_| letters[self.below(letters.len())]).collect()
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn alphabet(letter: char) -> String {
    match letter {
        'h' => "0123456789abcdef".to_owned(),
        'H' => "0123456789ABCDEF".to_owned(),
        'd' => "0123456789".to_owned(),
        'l' => format!("{LOWER}{UPPER}"),
        'n' => format!("{LOWER}{UPPER}0123456789"),
        'a' => format!("{LOWER}0123456789"),
        'U' => format!("{UPPER}0123456789"),
        '3' => format!("{UPPER}234567"),
        'z' => "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".to_owned(),
        'w' => format!("{LOWER}{UPPER}0123456789-_"),
        'b' => format!("{LOWER}{UPPER}0123456789+/"),
        other => panic!("no alphabet {other}"),
    }
}

/// A text with one secret in it, and the secret.
pub(super) struct Sample {
    pub(super) text: String,
    pub(super) secret: String,
}

impl Sort {
    /// One secret, with what announces it if that belongs to its kind.
    pub(super) fn sample(&self, dice: &mut Dice) -> Sample {
        if self.name == "discord bot" {
            let secret = discord(dice);
            return Sample { text: secret.clone(), secret };
        }
        let mut text = String::new();
        let mut rest = self.pattern;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let is_slot = after.split_once('}').filter(|(slot, _)| {
                *slot == "u" || slot.chars().skip(1).all(|c| c.is_ascii_digit() || c == 'x')
            });
            let Some((slot, after)) = is_slot else {
                text.push('{');
                rest = after;
                continue;
            };
            let letter = slot.chars().next().unwrap();
            if letter == 'u' {
                let part = |dice: &mut Dice, count| dice.of(&alphabet('h'), count);
                let parts = [8, 4, 4, 4, 12].map(|count| part(dice, count));
                text.push_str(&parts.join("-"));
            } else {
                let count = slot[1..].trim_start_matches('x').parse().unwrap();
                text.push_str(&solid(dice, letter, count));
            }
            rest = after;
        }
        text.push_str(rest);
        match (text.find('«'), text.find('»')) {
            (Some(start), Some(end)) => {
                let secret = text[start + '«'.len_utf8()..end].to_owned();
                Sample { text: text.replace(['«', '»'], ""), secret }
            }
            _ => Sample { secret: text.clone(), text },
        }
    }

    /// The sample in a sentence.
    pub(super) fn in_chat(&self, template: &str, dice: &mut Dice) -> Sample {
        let sample = self.sample(dice);
        Sample { text: template.replace("{}", &sample.text), secret: sample.secret }
    }
}

/// No vendor's tokens end in a dash that a reader would not take for a part of it.
fn solid(dice: &mut Dice, letter: char, count: usize) -> String {
    let mut text = dice.of(&alphabet(letter), count);
    while text.ends_with(['-', '_', '+', '/']) || text.starts_with(['-', '_', '+', '/']) {
        text = dice.of(&alphabet(letter), count);
    }
    // A password of letters alone is not one that these kinds promise.
    if count >= 8 && !text.contains(|c: char| c.is_ascii_digit()) && !"l3z".contains(letter) {
        return solid(dice, letter, count);
    }
    text
}

/// The id of a user in base64, six characters of time, and the rest.
fn discord(dice: &mut Dice) -> String {
    use base64::Engine as _;
    let id = format!("1{}", dice.of(&alphabet('d'), 17));
    let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id);
    format!("{id}.G{}.{}", dice.of(&alphabet('n'), 5), dice.of(&alphabet('w'), 38))
}

/// Whether eight characters in a row of a secret are still in a text.
pub(super) fn survives(secret: &str, text: &str) -> bool {
    let secret: Vec<char> = secret.chars().collect();
    let shown: String = text
        .split("[REDACTED:")
        .map(|part| {
            part.trim_start_matches(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
        .collect();
    secret.windows(8.min(secret.len())).any(|piece| shown.contains(&piece.iter().collect::<String>()))
}

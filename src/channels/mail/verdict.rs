//! Whether the receiving server says that a sender is who they say they are (RFC 8601).
//!
//! Only the topmost header of our own server counts: what stands below may have come with the mail.

/// Whether `address` is proven, by what `server` wrote.
pub(super) fn is_authenticated(headers: &[(String, &str)], server: &str, address: &str) -> bool {
    let Some(domain) = address.rsplit('@').next().filter(|domain| !domain.is_empty()) else { return false };
    let topmost = headers.iter().find(|(name, _)| name == "authentication-results");
    let Some((_, value)) = topmost else { return false };
    let plain = without_comments(value);
    let mut pieces = plain.split(';').map(str::trim);
    let id = pieces.next().and_then(|first| first.split_whitespace().next()).unwrap_or_default();
    if !is_named(id, server) {
        return false;
    }
    let results: Vec<Outcome<'_>> = pieces.filter_map(Outcome::parse).collect();
    let mut dmarc = results.iter().filter(|result| result.method == "dmarc").peekable();
    if dmarc.peek().is_some() {
        return dmarc.all(|result| {
            result.passed
                && result
                    .property("header.from")
                    .is_none_or(|from| domain_of(from).eq_ignore_ascii_case(domain))
        });
    }
    results.iter().filter(|result| result.passed).any(|result| {
        let proven = match result.method.as_str() {
            "dkim" => result.property("header.d").or_else(|| result.property("header.i")),
            "spf" => result.property("smtp.mailfrom").or_else(|| result.property("smtp.mail")),
            _ => None,
        };
        proven.is_some_and(|proven| is_aligned(domain_of(proven), domain))
    })
}

/// Whether a server that calls itself `id` is meant by `server`: its name, or `*.example.com` for all of a provider's.
fn is_named(id: &str, server: &str) -> bool {
    match server.strip_prefix('*') {
        Some(below) => {
            let (id, below) = (id.to_ascii_lowercase(), below.to_ascii_lowercase());
            below.starts_with('.') && id.strip_suffix(&below).is_some_and(|host| !host.is_empty())
        }
        None => id.eq_ignore_ascii_case(server),
    }
}

/// One method's result: `dkim=pass header.d=example.com`.
struct Outcome<'a> {
    method: String,
    passed: bool,
    properties: Vec<(&'a str, &'a str)>,
}

impl<'a> Outcome<'a> {
    fn parse(piece: &'a str) -> Option<Self> {
        let mut words = piece.split_whitespace();
        let (method, result) = words.next()?.split_once('=')?;
        let method = method.split('/').next().unwrap_or(method).trim().to_ascii_lowercase();
        let properties = words.filter_map(|word| word.split_once('=')).collect();
        Some(Self { method, passed: result.trim().eq_ignore_ascii_case("pass"), properties })
    }

    fn property(&self, name: &str) -> Option<&'a str> {
        self.properties
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_matches('"'))
    }
}

fn domain_of(value: &str) -> &str {
    value.rsplit('@').next().unwrap_or(value).trim_end_matches('.')
}

/// Whether who proved `proven` may speak for `domain`: the same, or the one right above (`mail.example.com` by
/// `example.com`). Without a list of public suffixes, a lone label such as `com` proves nothing.
fn is_aligned(proven: &str, domain: &str) -> bool {
    let (proven, domain) = (proven.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let above = domain.split_once('.').map(|(_, above)| above).unwrap_or_default();
    proven == domain || proven == above && proven.matches('.').count() >= 1 && !is_shared(&proven)
}

/// Suffixes of two labels under which strangers register names: `co.uk`, `com.au`.
fn is_shared(domain: &str) -> bool {
    let Some((first, last)) = domain.split_once('.') else { return true };
    last.len() == 2 && (first.len() <= 3 || matches!(first, "gouv" | "asso" | "presse"))
}

/// `value` without what stands in parentheses, which may nest, and unfolded.
fn without_comments(value: &str) -> String {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            // What is escaped ends nothing, and no domain needs it.
            '\\' => drop(chars.next()),
            '"' if depth == 0 => {
                quoted = !quoted;
                plain.push(c);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                plain.push(' ');
            }
            // A quoted string holds no separators for us: its marks could pass for results.
            ';' | '=' if quoted => plain.push('_'),
            c if depth == 0 => plain.push(if c.is_whitespace() { ' ' } else { c }),
            _ => {}
        }
    }
    plain
}

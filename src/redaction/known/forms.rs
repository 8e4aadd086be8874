//! The forms in which a value travels.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use zeroize::Zeroizing;

/// A longer value is looked for in parts of this size: a multiple of three, so that its base64 falls apart
/// in the same places.
pub(super) const PART_BYTES: usize = 1_023;
/// A line of a value is looked for alone from this size on, if it has only characters of base64.
const LINE_BYTES_MIN: usize = 32;

type Form = Zeroizing<Vec<u8>>;

/// Every form of a value, the value itself included.
pub(super) fn of(value: &[u8]) -> Vec<Form> {
    let value = value.trim_ascii();
    let mut forms = Vec::new();
    for part in value.chunks(PART_BYTES) {
        add(&mut forms, part);
    }
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte);
    for line in value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if (LINE_BYTES_MIN..value.len()).contains(&line.len()) && line.iter().all(is_code) {
            forms.push(Zeroizing::new(line.to_vec()));
        }
    }
    forms
}

fn add(forms: &mut Vec<Form>, part: &[u8]) {
    forms.push(Zeroizing::new(part.to_vec()));
    if let Ok(text) = std::str::from_utf8(part) {
        let escaped = in_json(text);
        forms.push(text_form(in_json(&escaped)));
        forms.push(text_form(escaped.replace('/', "\\/")));
        forms.push(text_form(escaped));
        for (quote, apostrophe) in [("&quot;", "&#39;"), ("&#34;", "&#x27;"), ("\"", "'")] {
            forms.push(text_form(in_html(text, quote, apostrophe)));
        }
    }
    for space in ["%20", "+"] {
        let upper = in_percent(part, space);
        let lower = upper.as_bytes().iter().scan(0_u8, |left, byte| {
            *left = if *byte == b'%' { 3 } else { left.saturating_sub(1) };
            Some(if *left > 0 { byte.to_ascii_lowercase() } else { *byte })
        });
        forms.push(Zeroizing::new(lower.collect()));
        forms.push(text_form(upper.to_string()));
    }
    let hexadecimal = Zeroizing::new(part.iter().fold(String::new(), |mut text, byte| {
        // silent-ok: writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    }));
    forms.push(text_form(hexadecimal.to_uppercase()));
    forms.push(text_form(hexadecimal.to_string()));
    for alphabet in [STANDARD, URL_SAFE] {
        let engine = GeneralPurpose::new(&alphabet, NO_PAD);
        forms.extend((0..3).map(|shift| in_base64(&engine, part, shift)));
    }
}

fn text_form(text: String) -> Form {
    Zeroizing::new(text.into_bytes())
}

/// The characters of base64 that don't depend on the `shift` bytes before it, nor on what follows.
fn in_base64(engine: &GeneralPurpose, part: &[u8], shift: usize) -> Form {
    let mut padded = Zeroizing::new(vec![0; shift]);
    padded.extend_from_slice(part);
    let text = Zeroizing::new(engine.encode(padded.as_slice()));
    let (first, end) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
    Zeroizing::new(text.as_bytes().get(first..end).unwrap_or_default().to_vec())
}

fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

fn in_html(text: &str, quote: &str, apostrophe: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', quote)
        .replace('\'', apostrophe)
}

fn in_percent(part: &[u8], space: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(part.len() * 3));
    for byte in part {
        match byte {
            b' ' => text.push_str(space),
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) => text.push(char::from(*byte)),
            byte => {
                // silent-ok: writing to a string does not fail.
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

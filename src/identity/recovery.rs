//! The recovery key: 160 random bits in eight groups of four letters and digits, shown once.

use zeroize::Zeroizing;

use super::secret::{NoRandomness, SecretHash, SecretText};

/// Random bytes of a key.
const KEY_BYTES: usize = 20;
/// Letters and digits of a key.
const KEY_CHARS: usize = 32;
/// Base 32 of RFC 4648: no 0, 1 and 8, which look like letters.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new key.
///
/// # Errors
/// [`NoRandomness`].
pub(super) fn new_key() -> Result<SecretText, NoRandomness> {
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    let mut text = String::with_capacity(KEY_CHARS + KEY_CHARS / 4);
    for (at, bits) in bytes.chunks(5).flat_map(quintets).enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET.get(usize::from(bits)).copied().unwrap_or(b'A')));
    }
    Ok(SecretText::of(text))
}

/// What is kept of a key, however a person typed it: case, spaces and dashes do not matter, and digits
/// that are no part of a key are the letters that they look like. `None`: it cannot be one.
pub(super) fn hash(typed: &str) -> Option<SecretHash> {
    let mut plain = Zeroizing::new(String::with_capacity(KEY_CHARS));
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(KEY_CHARS + 1) {
        let c = match c.to_ascii_uppercase() {
            '0' => 'O',
            '1' => 'I',
            '8' => 'B',
            other => other,
        };
        if !u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte)) {
            return None;
        }
        plain.push(c);
    }
    (plain.len() == KEY_CHARS).then(|| SecretHash::of(&plain))
}

/// Five bytes as eight numbers of five bits.
fn quintets(bytes: &[u8]) -> [u8; 8] {
    let all = bytes.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    std::array::from_fn(|at| (all >> (35 - 5 * at) & 31) as u8)
}

#[cfg(test)]
mod tests;

//! What kind of bytes a file or an answer holds.

/// How many bytes are looked at.
pub(in crate::tools) const LOOK_BYTES: usize = 8 << 10;

/// What the beginning of a file that is no text says, for a message; `None` for text.
pub(in crate::tools) fn not_text(beginning: &[u8]) -> Option<&'static str> {
    const SIGNS: [(&[u8], &str); 12] = [
        (b"\x89PNG\r\n\x1a\n", "an image (PNG)"),
        (b"\xff\xd8\xff", "an image (JPEG)"),
        (b"GIF8", "an image (GIF)"),
        (b"BM", "an image (BMP)"),
        (b"%PDF-", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive, or a document in one"),
        (b"\x1f\x8b", "compressed (gzip)"),
        (b"\x28\xb5\x2f\xfd", "compressed (zstd)"),
        (b"\xfd7zXZ", "compressed (xz)"),
        (b"\x7fELF", "a program"),
        (b"SQLite format 3\0", "a database (SQLite)"),
        (b"OggS", "sound or video (Ogg)"),
    ];
    let look = beginning.get(..LOOK_BYTES).unwrap_or(beginning);
    let is_webp = look.starts_with(b"RIFF") && look.get(8..12) == Some(b"WEBP");
    if is_webp {
        return Some("an image (WebP)");
    }
    // Text may begin with the letters of a sign; bytes that no text has decide.
    let signed = SIGNS.iter().find(|(sign, _)| look.starts_with(sign)).map(|(_, what)| *what);
    let odd = look.contains(&0) || std::str::from_utf8(look).is_err_and(|error| error.error_len().is_some());
    match signed {
        Some(what) if odd || look.starts_with(b"%PDF-") => Some(what),
        _ if look.contains(&0) => Some("binary"),
        _ => None,
    }
}

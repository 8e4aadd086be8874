//! Counts of a terminal's commands, made as small as the screen is.
//!
//! `ESC [ 65535 @` puts in 65,535 characters one after the other, on a line of 80. What a program asks for in a few
//! bytes would cost the daemon seconds; more than fits on the screen changes nothing on it.

use std::borrow::Cow;

/// Colours are numbers, too.
const COUNT_MAX: u32 = 255;

/// Where in a command the text is.
#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// In front of the first parameter, where a mark makes it a private command: those have no counts.
    Begin,
    /// In a command, behind the digits of this number, which are not written yet.
    Number(Option<u32>),
    Private,
}

/// See the module. Commands may be torn between texts.
#[derive(Default)]
pub(super) struct Counts {
    place: Place,
}

// === impl Counts ===

impl Counts {
    /// The same text with counts of this size at the most.
    pub(super) fn limit<'t>(&mut self, text: &'t str, size: u16) -> Cow<'t, str> {
        if matches!(self.place, Place::Text) && !text.contains('\u{1b}') {
            return Cow::Borrowed(text);
        }
        let count_max = COUNT_MAX.max(u32::from(size));
        let mut limited = String::with_capacity(text.len());
        for c in text.chars() {
            self.take(c, count_max, &mut limited);
        }
        Cow::Owned(limited)
    }

    fn take(&mut self, c: char, count_max: u32, limited: &mut String) {
        if let (Place::Begin | Place::Number(_), Some(digit)) = (self.place, c.to_digit(10)) {
            let before = if let Place::Number(Some(number)) = self.place { number } else { 0 };
            self.place = Place::Number(Some((before * 10 + digit).min(count_max)));
            return;
        }
        if let Place::Number(Some(number)) = self.place {
            limited.push_str(&number.to_string());
        }
        limited.push(c);
        self.place = self.place.after(c);
    }
}

// === impl Place ===

impl Place {
    /// The place after a character that is no digit of a count.
    const fn after(self, c: char) -> Self {
        match (self, c) {
            (_, '\u{1b}') => Self::Escape,
            (_, '\u{18}' | '\u{1a}') => Self::Text,
            (Self::Escape, '[') => Self::Begin,
            // Control characters are carried out in the middle of a command.
            (Self::Escape, '\0'..='\u{1f}' | '\u{7f}'..) => Self::Escape,
            (Self::Begin, '<'..='?') => Self::Private,
            (Self::Begin | Self::Number(_) | Self::Private, '@'..='~') => Self::Text,
            (Self::Begin | Self::Number(_), _) => Self::Number(None),
            (Self::Private, _) => Self::Private,
            (Self::Escape | Self::Text, _) => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests;

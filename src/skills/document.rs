//! `SKILL.md`: front matter in YAML, then the text. The fields and their bounds are those of the Agent Skills
//! specification; fields that it does not know are left alone.

use serde::Deserialize;

/// Most characters of a name.
pub const NAME_CHARS_MAX: usize = 64;
/// Most characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 1_024;
/// Most characters of what a skill needs.
const COMPATIBILITY_CHARS_MAX: usize = 500;
/// Longest front matter, in bytes.
const FRONT_BYTES_MAX: usize = 8_192;

/// A valid `SKILL.md`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SkillDocument {
    /// The name, which is its folder's too.
    pub name: String,
    /// What it does, and when to use it.
    pub description: String,
    /// Its licence, if it says so.
    pub license: Option<String>,
    /// What it needs, if it says so.
    pub compatibility: Option<String>,
    /// What stands below the front matter.
    pub body: String,
}

/// Why a `SKILL.md` is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SkillProblem {
    /// There is no such file in the folder.
    #[error("there is no SKILL.md in the folder")]
    Missing,
    /// It cannot be read.
    #[error("SKILL.md cannot be read: {0}")]
    Unreadable(String),
    /// It is longer than it may be.
    #[error("SKILL.md is longer than {} bytes", super::TEXT_BYTES_MAX)]
    TooLong,
    /// It has no front matter.
    #[error("SKILL.md begins with a line `---`, the front matter, and another line `---`")]
    NoFrontMatter,
    /// The front matter is no YAML with these fields.
    #[error("the front matter: {0}")]
    BadFrontMatter(String),
    /// The name breaks the specification.
    #[error("name has 1 to {NAME_CHARS_MAX} of a-z, 0-9 and -, does not begin or end with - and has no --")]
    BadName,
    /// The folder is called otherwise.
    #[error("name is `{0}`, and the folder is called otherwise")]
    OtherName(String),
    /// The description breaks the specification.
    #[error("description has 1 to {DESCRIPTION_CHARS_MAX} characters")]
    BadDescription,
    /// What it needs breaks the specification.
    #[error("compatibility has 1 to {COMPATIBILITY_CHARS_MAX} characters")]
    BadCompatibility,
}

#[derive(Deserialize)]
struct Front {
    name: String,
    description: String,
    license: Option<String>,
    compatibility: Option<String>,
}

// === impl SkillDocument ===

impl SkillDocument {
    /// The document that this text is. Pure.
    ///
    /// # Errors
    /// [`SkillProblem`], the first one.
    pub fn parse(text: &str) -> Result<Self, SkillProblem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"));
        let (front, body) = rest.and_then(ended).ok_or(SkillProblem::NoFrontMatter)?;
        if front.len() > FRONT_BYTES_MAX {
            return Err(SkillProblem::BadFrontMatter(format!("is longer than {FRONT_BYTES_MAX} bytes")));
        }
        let front: Front =
            yaml_serde::from_str(front).map_err(|error| SkillProblem::BadFrontMatter(error.to_string()))?;
        if !is_name(&front.name) {
            return Err(SkillProblem::BadName);
        }
        let description = front.description.trim();
        if !(1..=DESCRIPTION_CHARS_MAX).contains(&description.chars().count()) {
            return Err(SkillProblem::BadDescription);
        }
        let needs = front.compatibility.as_deref().map(str::trim);
        if needs.is_some_and(|needs| !(1..=COMPATIBILITY_CHARS_MAX).contains(&needs.chars().count())) {
            return Err(SkillProblem::BadCompatibility);
        }
        Ok(Self {
            description: description.to_owned(),
            compatibility: needs.map(str::to_owned),
            license: front.license,
            body: body.trim().to_owned(),
            name: front.name,
        })
    }
}

/// Whether it is the name of a skill, and so of a folder.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(fits)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// The front matter, up to a line that is `---` alone, and what is below.
fn ended(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((text.get(..at)?, text.get(at + line.len()..)?));
        }
        at += line.len();
    }
    None
}

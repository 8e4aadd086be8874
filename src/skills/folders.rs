//! The folders of skills on disk. Calls block.

use std::io;
use std::path::{Path, PathBuf};

use super::document::is_name;
use super::{Skill, SkillDocument, SkillError, SkillFile, SkillPlace, SkillProblem, SkillState};
use crate::config::{FileText, Folder};

/// The file that makes a folder a skill.
const DOCUMENT: &str = "SKILL.md";
/// Longest `SKILL.md`, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// Most skills of one place that are read.
pub const SKILLS_MAX: usize = 200;
/// Most files beside a `SKILL.md`.
pub const FILES_MAX: usize = 100;
/// Most folders above such a file.
const DEPTH_MAX: usize = 4;
/// What of one such file a model is given, in bytes.
pub const FILE_BYTES_MAX: usize = 32 << 10;
/// Most bytes of all files of a new skill.
pub const FILES_BYTES_MAX: usize = 8 << 20;

/// A skill before it is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSkill {
    /// Its `SKILL.md`.
    pub text: String,
    /// What is beside it: path and content.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Every skill below a folder. What is no folder, or has no skill's name, is left out.
pub(super) fn list(root: &Path, place: SkillPlace) -> Result<Vec<Skill>, SkillError> {
    let read = || {
        let Some(all) = Folder::open(root)? else { return Ok(Vec::new()) };
        let mut names = all.names(usize::MAX)?;
        names.retain(|name| is_name(name));
        names.truncate(SKILLS_MAX);
        Ok(names.into_iter().filter_map(|name| found(&all, name, place)).collect())
    };
    read().map_err(|source| failed(root, source))
}

/// One skill.
pub(super) fn one(root: &Path, name: &str, place: SkillPlace) -> Result<Option<Skill>, SkillError> {
    if !is_name(name) {
        return Ok(None);
    }
    match Folder::open(root) {
        Ok(Some(all)) => Ok(found(&all, name.to_owned(), place)),
        Ok(None) => Ok(None),
        Err(source) => Err(failed(root, source)),
    }
}

/// What is beside the `SKILL.md`.
pub(super) fn files(root: &Path, name: &str) -> Result<Vec<SkillFile>, SkillError> {
    let read = || match folder(root, name)? {
        Some(own) => own.files(DEPTH_MAX, FILES_MAX + 1),
        None => Ok(Vec::new()),
    };
    let found = read().map_err(|source| failed(root, source))?;
    let beside = found.into_iter().filter(|(path, _)| path != DOCUMENT).take(FILES_MAX);
    Ok(beside.map(|(path, bytes)| SkillFile { path, bytes }).collect())
}

/// One of these files.
pub(super) fn file(root: &Path, name: &str, path: &str) -> Result<Option<FileText>, SkillError> {
    let Ok((folders, last)) = components(path) else { return Ok(None) };
    let read = || {
        let Some(mut at) = folder(root, name)? else { return Ok(None) };
        for folder in &folders {
            let Some(below) = at.below(folder)? else { return Ok(None) };
            at = below;
        }
        at.read(last, FILE_BYTES_MAX)
    };
    read().map_err(|source| failed(root, source))
}

/// What a new skill says, if everything of it is in its bounds.
pub(super) fn check(new: &NewSkill) -> Result<SkillDocument, SkillError> {
    if new.text.len() > TEXT_BYTES_MAX {
        return Err(SkillProblem::TooLong.into());
    }
    let document = SkillDocument::parse(&new.text)?;
    let bytes: usize = new.files.iter().map(|(_, content)| content.len()).sum();
    if new.files.len() > FILES_MAX || bytes > FILES_BYTES_MAX {
        let text = format!("a skill has at most {FILES_MAX} files with {FILES_BYTES_MAX} bytes");
        return Err(SkillError::Files(text));
    }
    for (path, _) in &new.files {
        let (folders, last) = components(path)?;
        if folders.is_empty() && last.eq_ignore_ascii_case(DOCUMENT) {
            return Err(SkillError::Files("SKILL.md is the text, not one of the files".to_owned()));
        }
    }
    Ok(document)
}

/// Makes the folder of a skill: whole, or not at all.
pub(super) fn make(root: &Path, name: &str, new: &NewSkill) -> Result<(), SkillError> {
    if list(root, SkillPlace::Home)?.len() >= SKILLS_MAX {
        return Err(SkillError::TooMany);
    }
    let draft = format!(".{name}.new");
    let write = || {
        let all = Folder::open_or_make(root)?;
        // What an earlier life left.
        all.remove_tree(&draft)?;
        let own = all.below_or_make(&draft)?;
        own.write(DOCUMENT, &new.text)?;
        for (path, content) in &new.files {
            let Ok((folders, last)) = components(path) else { continue };
            match below(&own, &folders)? {
                Some(at) => at.write(last, content)?,
                None => own.write(last, content)?,
            }
        }
        all.rename(&draft, name)
    };
    write().map_err(|source| match source.kind() {
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => SkillError::NameTaken,
        _ => failed(root, source),
    })
}

/// Puts a text in the place of a `SKILL.md`.
pub(super) fn write(root: &Path, name: &str, text: &str) -> Result<(), SkillError> {
    let write = || match folder(root, name)? {
        Some(own) => own.write(DOCUMENT, text),
        None => Err(io::ErrorKind::NotFound.into()),
    };
    write().map_err(|source| failed(root, source))
}

/// Removes the folder of a skill with everything in it.
pub(super) fn remove(root: &Path, name: &str) -> Result<(), SkillError> {
    let remove = || match Folder::open(root)? {
        Some(all) => all.remove_tree(name),
        None => Ok(()),
    };
    remove().map_err(|source| failed(root, source))
}

/// The folder at the end of these, made where it is missing; `None` for the first one itself.
fn below(own: &Folder, folders: &[&str]) -> io::Result<Option<Folder>> {
    folders.iter().try_fold(None, |at: Option<Folder>, folder| {
        at.as_ref().unwrap_or(own).below_or_make(folder).map(Some)
    })
}

fn folder(root: &Path, name: &str) -> io::Result<Option<Folder>> {
    match Folder::open(root)? {
        Some(all) => all.below(name),
        None => Ok(None),
    }
}

/// The skill in this folder; `None` for what is no folder.
fn found(all: &Folder, name: String, place: SkillPlace) -> Option<Skill> {
    let read = match all.below(&name) {
        Ok(Some(own)) => own.read(DOCUMENT, TEXT_BYTES_MAX + 1),
        // A file, or a link.
        Ok(None) | Err(_) => return None,
    };
    let broken = |problem| Skill {
        place,
        name: name.clone(),
        document: Err(problem),
        text: String::new(),
        state: SkillState::Broken,
        version: 0,
        modified_ms: 0,
    };
    let file = match read {
        Ok(Some(file)) => file,
        Ok(None) => return Some(broken(SkillProblem::Missing)),
        Err(error) => return Some(broken(SkillProblem::Unreadable(error.to_string()))),
    };
    let document = match file.text.len() > TEXT_BYTES_MAX {
        true => Err(SkillProblem::TooLong),
        false => SkillDocument::parse(&file.text),
    };
    let document = document.and_then(|document| match document.name == name {
        true => Ok(document),
        false => Err(SkillProblem::OtherName(document.name)),
    });
    let state = if document.is_ok() { SkillState::On } else { SkillState::Broken };
    let (version, modified_ms) = (file.version(), file.modified_ms);
    Some(Skill { place, name, document, text: file.text, state, version, modified_ms })
}

/// The folders above a file, and its name. Nothing leads up, and nothing is hidden.
fn components(path: &str) -> Result<(Vec<&str>, &str), SkillError> {
    let mut parts: Vec<&str> = path.split('/').collect();
    let fits = |part: &&str| {
        (1..=100).contains(&part.len()) && !part.starts_with('.') && !part.chars().any(char::is_control)
    };
    let is_good = parts.len() <= DEPTH_MAX + 1 && parts.iter().all(fits);
    match parts.pop().filter(|_| is_good) {
        Some(last) => Ok((parts, last)),
        None => Err(SkillError::Files(format!("`{}` is no path of a file here", path.escape_debug()))),
    }
}

pub(super) fn failed(path: &Path, source: io::Error) -> SkillError {
    SkillError::Io { path: PathBuf::from(path).display().to_string(), source }
}

//! Paths as rules see them: normalised by their text alone. The file system is never asked, so a link can
//! lead elsewhere; whoever opens a file must refuse links that leave the folder it may use.

use super::error::Malformed;

/// Most bytes of a path.
const PATH_BYTES_MAX: usize = 4_096;

/// A path without `.`, `..` and doubled slashes, from the places that are known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// Below the workspace's root; `None` when it is elsewhere.
    pub(super) inside: Option<Vec<String>>,
    /// Below `/`; `None` for a relative path in a workspace whose root is not known.
    pub(super) absolute: Option<Vec<String>>,
}

impl Place {
    /// The place of a path, relative to the workspace or absolute.
    pub(super) fn of(path: &str, root: Option<&str>) -> Result<Self, Malformed> {
        if path.is_empty() || path.len() > PATH_BYTES_MAX || path.chars().any(char::is_control) {
            return Err(Malformed::Path);
        }
        // Whether a `~` is a home folder depends on who reads it.
        if path.starts_with('~') {
            return Err(Malformed::Home);
        }
        let root = root.map(absolute_root).transpose()?;
        if path.starts_with('/') {
            let absolute = collapse(Vec::new(), path, true)?;
            let inside = root.and_then(|root| absolute.strip_prefix(root.as_slice()).map(<[String]>::to_vec));
            return Ok(Self { inside, absolute: Some(absolute) });
        }
        match root {
            Some(root) => {
                let depth = root.len();
                let absolute = collapse(root.clone(), path, true)?;
                let stays = absolute.len() >= depth && absolute.starts_with(&root);
                let inside = if stays { absolute.get(depth..).map(<[String]>::to_vec) } else { None };
                Ok(Self { inside, absolute: Some(absolute) })
            }
            None => Ok(Self { inside: Some(collapse(Vec::new(), path, false)?), absolute: None }),
        }
    }

    pub(super) const fn is_inside(&self) -> bool {
        self.inside.is_some()
    }
}

fn absolute_root(root: &str) -> Result<Vec<String>, Malformed> {
    if root.starts_with('/') { collapse(Vec::new(), root, true) } else { Err(Malformed::Path) }
}

/// Walks the path. `..` above the start stays at `/`, and is refused where there is no such floor.
fn collapse(start: Vec<String>, path: &str, floor: bool) -> Result<Vec<String>, Malformed> {
    let mut segments = start;
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if segments.pop().is_none() && !floor => return Err(Malformed::Escapes),
            ".." => {}
            name => segments.push(name.to_owned()),
        }
    }
    Ok(segments)
}

#[cfg(test)]
mod tests;

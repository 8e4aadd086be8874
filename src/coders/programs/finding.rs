//! Where a program is, what belongs to it, and how old it is.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{About, about};
use crate::config::backends::ProgramSettings;

/// Folders below a person's home where installers put programs.
const USUAL_AT_HOME: [&str; 6] =
    [".local/bin", ".npm-global/bin", ".bun/bin", ".opencode/bin", ".claude/local", ".volta/bin"];
const USUAL: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"];
/// The longest first line of a script.
const FIRST_LINE_BYTES: usize = 256;

/// Where programs are looked for, as it was when the daemon started.
#[derive(Clone, Debug, Default)]
pub(in crate::coders) struct SearchPath(Vec<PathBuf>);

/// A program that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::coders) struct Found {
    /// The file itself, no link.
    pub(in crate::coders) program: PathBuf,
    /// What it is made of.
    pub(in crate::coders) read: Vec<PathBuf>,
    /// Folders for its `PATH`: where its interpreter is.
    pub(in crate::coders) path: Vec<PathBuf>,
}

// === impl SearchPath ===

impl SearchPath {
    /// The folders of `PATH`, then the usual ones.
    pub(in crate::coders) fn new(path: Option<&std::ffi::OsStr>, home: Option<&Path>) -> Self {
        let own = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
        let at_home = USUAL_AT_HOME.iter().filter_map(|folder| Some(home?.join(folder)));
        let usual = USUAL.iter().map(PathBuf::from);
        Self(own.into_iter().filter(|folder| folder.is_absolute()).chain(at_home).chain(usual).collect())
    }

    fn look(&self, name: &str) -> Option<PathBuf> {
        self.0.iter().find_map(|folder| runnable(&folder.join(name)))
    }
}

/// Finds the program of a backend, or says what to do.
pub(in crate::coders) fn find(settings: &ProgramSettings, path: &SearchPath) -> Result<Found, String> {
    let about = about(settings.kind);
    let name = settings.command.as_deref().or(about.map(|about| about.file)).unwrap_or_default();
    let found = match name.contains('/') {
        true => runnable(Path::new(name)),
        false => path.look(name),
    };
    let Some(program) = found else { return Err(missing(name, about, &settings.name)) };
    let program = native(&program).unwrap_or(program);
    let mut read = vec![package(&program)];
    let mut folders = Vec::new();
    if let Some(interpreter) = interpreter(&program) {
        let Some(found) = path.look(&interpreter) else {
            return Err(format!("`{}` needs {interpreter}, which was not found", program.display()));
        };
        folders.extend(found.parent().map(Path::to_owned));
        read.push(found);
    }
    Ok(Found { program, read, path: folders })
}

/// Whether somebody is signed in, as far as the program's own folder tells; `None` where nobody knows.
pub(in crate::coders) fn is_signed_in(settings: &ProgramSettings, home: &Path) -> Option<bool> {
    let about = about(settings.kind)?;
    Some(about.signed_in.iter().any(|file| home.join(file).exists()))
}

/// The first version in what a program printed.
pub(in crate::coders) fn version_of(printed: &str) -> Option<[u32; 3]> {
    printed.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        let version = [numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?];
        Some(version)
    })
}

fn missing(name: &str, about: Option<&About>, backend: &str) -> String {
    let install = about.map(|about| format!(" (`{}`)", about.install)).unwrap_or_default();
    let title = about.map_or(name, |about| about.title);
    format!(
        "{title} was not found as `{name}`: install it{install}, or say where it is with `command` in [backends.{backend}]"
    )
}

/// The file behind links, if it can be run.
fn runnable(path: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = path.canonicalize().ok()?;
    let found = std::fs::metadata(&path).ok()?;
    (found.is_file() && found.permissions().mode() & 0o111 != 0).then_some(path)
}

/// The folder of packages that this file is in.
fn packages(program: &Path) -> Option<PathBuf> {
    program.ancestors().find(|folder| folder.ends_with("node_modules")).map(Path::to_owned)
}

/// The program that a launcher of a package would start: it runs without an interpreter, and takes signals itself.
fn native(program: &Path) -> Option<PathBuf> {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let triple = if cfg!(target_arch = "aarch64") { "aarch64" } else { "x86_64" };
    let packages = packages(program)?;
    [
        format!("@github/copilot-linux-{arch}/copilot"),
        format!("@openai/codex-linux-{arch}/vendor/{triple}-unknown-linux-musl/bin/codex"),
        format!("@openai/codex-linux-{arch}/vendor/{triple}-unknown-linux-musl/codex/codex"),
    ]
    .iter()
    .filter(|native| {
        let package = native.split("-linux-").next().unwrap_or_default();
        program.starts_with(packages.join(package))
    })
    .find_map(|native| runnable(&packages.join(native)))
}

/// What a program has to read to run: a script all packages beside it, another one its own package, or itself alone.
fn package(program: &Path) -> PathBuf {
    let Some(packages) = packages(program) else { return program.to_owned() };
    if interpreter(program).is_some() {
        return packages;
    }
    let inside = program.strip_prefix(&packages).unwrap_or(program);
    let depth = if inside.to_string_lossy().starts_with('@') { 2 } else { 1 };
    packages.join(inside.iter().take(depth).collect::<PathBuf>())
}

/// The interpreter that a script names by `/usr/bin/env`.
fn interpreter(program: &Path) -> Option<String> {
    let mut first = vec![0; FIRST_LINE_BYTES];
    let read = std::fs::File::open(program).ok()?.read(&mut first).ok()?;
    let line = first.get(..read)?.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
    let is_env = words.next()?.ends_with("/env");
    is_env.then(|| words.find(|word| !word.starts_with('-')).map(str::to_owned))?
}

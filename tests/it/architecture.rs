//! The rules of the code, each as a test, without a list of exceptions.
//!
//! Text, not types: a rule that is broken in a macro would slip through, but every rule
//! here can be broken by hand in one line and then fails.

use std::fs;
use std::path::{Path, PathBuf};

/// Rows of `src/`, lowest first. A module names only modules of its own row or below.
const ROWS: &[&[&str]] = &[
    &[
        "audit",
        "config",
        "db",
        "egress",
        "extensions",
        "policy",
        "redaction",
        "sandbox",
        "search",
        "telemetry",
    ],
    &[
        "approvals",
        "assistants",
        "backends",
        "budgets",
        "certificates",
        "channels",
        "coders",
        "experiments",
        "guard",
        "identity",
        "mcp",
        "memory",
        "models",
        "notifications",
        "processes",
        "recall",
        "schedules",
        "semantic",
        "skills",
        "tools",
        "turns",
        "user_model",
        "vault",
        "webhooks",
        "workspaces",
    ],
    &["workflows"],
    &["adapters"],
    &["http", "web"],
    &["daemon"],
    &["cli"],
];

/// One third-party crate, one home: the paths under which it may be named.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["src/db", "store.rs"]),
    ("axum", &["src/http", "src/web"]),
    ("utoipa", &["src/http", "src/web", "src/assistants", "src/workspaces", "src/turns", "src/backends"]),
    ("askama", &["src/web"]),
    ("comrak", &["src/web", "src/channels/markup", "src/channels/mail"]),
    ("mail_parser", &["src/channels/mail"]),
    ("unicode_segmentation", &["src/channels"]),
    ("unicode_width", &["src/channels/markup"]),
    ("ammonia", &["src/web"]),
    ("reqwest", &["src/egress"]),
    ("tokio_tungstenite", &["src/egress"]),
    ("lettre", &["src/egress", "src/notifications", "src/channels/mail"]),
    ("tokio_rustls", &["src/http/tls", "src/egress/stream"]),
    ("rustls_pki_types", &["src/http/tls", "src/egress/stream"]),
    ("rustls_platform_verifier", &["src/egress/stream"]),
    ("ractor", &["actors/", "src/daemon"]),
    ("argon2", &["src/identity", "src/vault"]),
    (
        "getrandom",
        &["src/identity", "src/vault", "src/webhooks", "src/channels/people.rs", "src/notifications/push"],
    ),
    ("aes_gcm", &["src/vault", "src/notifications/push"]),
    ("hkdf", &["src/vault", "src/notifications/push"]),
    ("p256", &["src/notifications/push"]),
    ("hmac", &["src/vault", "src/webhooks/verify"]),
    ("sha1", &["src/webhooks/verify"]),
    ("aws_lc_rs", &["src/webhooks/verify", "src/http/tls", "src/egress/stream"]),
    ("minijinja", &["src/webhooks"]),
    ("secret_service", &["src/vault"]),
    ("oauth2", &["src/vault"]),
    ("webauthn_rs", &["src/identity"]),
    ("totp_rs", &["src/identity"]),
    ("qrcode", &["src/identity", "src/web"]),
    ("rcgen", &["src/certificates"]),
    ("x509_parser", &["src/certificates"]),
    ("p12_keystore", &["src/certificates"]),
    ("regex", &["src/redaction", "src/tools", "src/experiments"]),
    ("html5ever", &["src/tools"]),
    ("encoding_rs", &["src/tools"]),
    ("cap_std", &["src/tools", "src/skills", "src/memory", "src/assistants", "src/workspaces"]),
    ("jaq_core", &["src/tools"]),
    ("jaq_std", &["src/tools"]),
    ("jaq_json", &["src/tools"]),
    ("jsonschema", &["src/tools"]),
    ("vt100", &["src/processes"]),
    ("rmcp", &["src/mcp", "src/http/mcp"]),
    ("tantivy", &["src/search"]),
    ("whatlang", &["src/search"]),
    ("wasmtime", &["src/extensions"]),
    ("croner", &["src/schedules"]),
    ("rrule", &["src/schedules"]),
    ("git2", &["src/experiments"]),
    ("landlock", &["src/sandbox"]),
    ("seccompiler", &["src/sandbox"]),
    ("libc", &["src/sandbox"]),
    ("nix", &["src/sandbox"]),
    ("aho_corasick", &["src/redaction"]),
    ("opentelemetry", &["src/telemetry"]),
    ("prometheus_client", &["src/telemetry"]),
    ("clap", &["src/cli", "src/main.rs"]),
    ("anyhow", &["src/main.rs", "src/cli", "src/daemon"]),
];

/// Words that the supervision layer must not know: it could be published alone.
const PRODUCT_WORDS: &[&str] =
    &["capuchin", "thread_id", "conversation", "assistant", "tenant", "webhook", "message_id", "model_call"];

const FILE_LINES_MAX: usize = 400;

struct Source {
    /// Relative to the repository.
    path: String,
    text: String,
}

impl Source {
    /// The lines that are code: no comment, no doc.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = |(_, line): &(usize, &str)| !line.trim_start().starts_with("//");
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(code)
    }

    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("tests.rs") || self.path.contains("/testing")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "actors/src"] {
        collect(root, &root.join(folder), &mut found);
    }
    assert!(found.len() > 40, "the walk found only {} files", found.len());
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

#[track_caller]
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "{} places break this rule:\n{}", broken.len(), broken.join("\n"));
}

/// Whether `line` uses the path `name::…` or imports `name`.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '"')
            && (after.starts_with("::") || after.starts_with(';') && line.trim_start().starts_with("use "))
    })
}

/// The module of `src/` that a path belongs to.
fn module(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("src/")?;
    let name = rest.split(['/', '.']).next()?;
    (!matches!(name, "lib" | "main")).then_some(name)
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

#[test]
fn every_module_of_src_has_a_row() {
    let unknown: Vec<_> = sources()
        .iter()
        .filter_map(|source| module(&source.path).map(str::to_owned))
        .filter(|m| row(m).is_none())
        .collect();
    none(&unknown);
}

#[test]
fn a_module_imports_only_from_its_own_row_or_below() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let Some(own) = module(&source.path).and_then(row) else { continue };
        for (at, line) in source.code() {
            for (start, _) in line.match_indices("crate::") {
                let name: String =
                    line[start + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if row(&name).is_some_and(|other| other > own) {
                    broken.push(format!("{}:{at}: {}", source.path, line.trim()));
                }
            }
        }
    }
    none(&broken);
}

#[test]
fn inside_actors_protocol_is_below_ports_and_no_actor_imports_another() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("actors/src/")) {
        let forbidden: &[&str] = match source.path.trim_start_matches("actors/src/") {
            path if path.starts_with("protocol") => {
                &["ports", "supervision", "session", "process", "service"]
            }
            path if path.starts_with("ports") => &["supervision", "session", "process", "service"],
            path if path.starts_with("supervision") => {
                &["protocol", "ports", "session", "process", "service"]
            }
            path if path.starts_with("session") => &["process", "service"],
            path if path.starts_with("process") => &["session"],
            path if path.starts_with("service") => &["session", "process", "protocol", "ports"],
            _ => &[],
        };
        for (at, line) in source.code() {
            if forbidden.iter().any(|name| line.contains(&format!("crate::{name}"))) {
                broken.push(format!("{}:{at}: {}", source.path, line.trim()));
            }
        }
    }
    none(&broken);
}

#[test]
fn actors_reach_the_world_only_through_ports() {
    let doors =
        ["std::fs", "std::net", "std::process", "std::env", "tokio::fs", "tokio::net", "tokio::process"];
    let mut broken = Vec::new();
    for source in
        sources().iter().filter(|source| source.path.starts_with("actors/src/") && !source.is_test())
    {
        for (at, line) in source.code() {
            if doors.iter().any(|door| line.contains(door)) {
                broken.push(format!("{}:{at}: {}", source.path, line.trim()));
            }
        }
    }
    none(&broken);
}

#[test]
fn the_supervision_layer_has_no_product_word() {
    let mut broken = Vec::new();
    for source in
        sources().iter().filter(|source| source.path.contains("src/supervision") && !source.is_test())
    {
        for (at, line) in source.text.lines().enumerate() {
            let lower = line.to_lowercase();
            if PRODUCT_WORDS.iter().any(|word| lower.contains(word)) {
                broken.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    none(&broken);
}

#[test]
fn each_third_party_crate_has_one_home() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (name, homes) in HOMES {
            let at_home = homes
                .iter()
                .any(|home| source.path.starts_with(home) || source.path.ends_with(&format!("/{home}")));
            if at_home {
                continue;
            }
            for (at, line) in source.code().filter(|(_, line)| names(line, name)) {
                broken.push(format!("{}:{at}: {name} is not at home here: {}", source.path, line.trim()));
            }
        }
    }
    none(&broken);
}

#[test]
fn nobody_outside_a_module_names_its_store() {
    let mut broken = Vec::new();
    for source in &sources() {
        for (at, line) in source.code() {
            let foreign = ROWS[1].iter().any(|owner| {
                line.contains(&format!("crate::{owner}::store")) && module(&source.path) != Some(owner)
            });
            if foreign {
                broken.push(format!("{}:{at}: {}", source.path, line.trim()));
            }
        }
    }
    none(&broken);
}

#[test]
fn secret_values_are_exposed_only_where_they_leave_the_process() {
    let homes = ["src/egress", "src/config/secret.rs", "src/identity"];
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (at, line) in source.code().filter(|(_, line)| line.contains("expose_secret")) {
            if !homes.iter().any(|home| source.path.starts_with(home)) {
                broken.push(format!("{}:{at}: {}", source.path, line.trim()));
            }
        }
    }
    none(&broken);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut broken = Vec::new();
    for source in &sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX && !source.is_test() {
            broken.push(format!("{}: {lines} lines", source.path));
        }
        if !source.text.starts_with("//!") && !source.text.starts_with("#![doc = include_str!") {
            broken.push(format!("{}: does not open with //!", source.path));
        }
        if source.path.ends_with("/mod.rs") {
            broken.push(format!("{}: is a mod.rs", source.path));
        }
    }
    none(&broken);
}

#[test]
fn file_names_are_nouns_of_the_domain() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc", "types", "manager"];
    let stem = |path: &str| Path::new(path).file_stem().unwrap().to_string_lossy().into_owned();
    let broken: Vec<_> = sources()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| vague.contains(&stem(path).as_str()))
        .collect();
    none(&broken);
}

#[test]
fn work_is_spawned_only_by_the_module_that_owns_it() {
    let mut broken = Vec::new();
    for source in
        sources().iter().filter(|source| !source.is_test() && source.path != "actors/src/service.rs")
    {
        for (at, line) in source.code() {
            if line.contains("tokio::spawn")
                || line.contains("task::spawn(")
                || line.contains("tokio::task::spawn_local")
            {
                broken.push(format!("{}:{at}: {}", source.path, line.trim()));
            }
        }
    }
    none(&broken);
}

#[test]
fn the_factories_of_the_tree_and_of_the_daemon_are_the_same() {
    let declaration =
        capuchin_actors::supervision::parse::parse(capuchin::daemon::built_in_supervision()).unwrap();
    let mut supplied: Vec<&str> = capuchin::daemon::factory_names().to_vec();
    supplied.sort_unstable();
    let declared: Vec<&str> = declaration.factories().into_iter().collect();
    assert_eq!(declared, supplied);
}

/// A daemon within the test process starts its cages as this very binary with the words `cage outer`, which the harness takes
/// for parts of the names of tests to run.
#[test]
fn no_test_has_a_name_that_a_sandbox_would_start() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, &root.join("tests/it"), &mut files);
    let mut broken = Vec::new();
    for file in &files {
        for (at, line) in file.code() {
            let name =
                line.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).map(|(name, _)| name);
            if name.is_some_and(|name| name.contains("cage") || name.contains("outer")) {
                broken.push(format!("{}:{at}: {}", file.path, line.trim()));
            }
        }
    }
    none(&broken);
}

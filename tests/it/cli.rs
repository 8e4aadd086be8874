//! The command line as a person meets it: the built binary, process by process.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An empty place, and the binary in it. What still runs there at the end is stopped.
struct Place {
    home: PathBuf,
    _folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("cap").tempdir().unwrap();
        Self { home: folder.path().join("home"), _folder: folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_capuchin"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CAPUCHIN_")) {
            command.env_remove(name);
        }
        command.args(arguments).env("CAPUCHIN_HOME", &self.home).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    fn start(&self) -> Ran {
        self.run(&["start", "--listen", "127.0.0.1:0", "--ingress", "127.0.0.1:0"])
    }

    fn serve(&self) -> (Child, String) {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--ingress", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        (child, ready)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let ran = self.run(&["stop", "--force"]);
        assert!(ran.code == 0 || std::thread::panicking(), "{}", ran.stderr);
    }
}

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().unwrap(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    fn done(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }
}

fn terminate(child: &Child) {
    let status = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(status.success());
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_home_comes_up_answers_and_goes_down() {
    let place = Place::new();
    assert!(place.run(&[]).done().contains("capuchin serve"), "a guide on a new machine");
    let started = place.start();
    assert_eq!(started.code, 0, "{}", started.stderr);
    assert!(started.stdout.starts_with("ready console=http://127.0.0.1:"), "{}", started.stdout);
    assert_eq!(started.stdout.lines().count(), 1, "one machine-readable line");
    assert!(started.stderr.contains("/setup#"), "the way in is shown: {}", started.stderr);

    let token = place.run(&["token", "create", "--name", "phone", "--scope", "chat,read"]).done();
    assert_eq!(token.trim_end().lines().count(), 1, "the token alone");
    let listed = place.run(&["token", "list", "--json"]).json();
    assert_eq!(listed["items"][0]["name"], "phone");
    assert!(!listed.to_string().contains(token.trim()));

    assert_eq!(place.run(&["status", "--json"]).json()["state"], "ready");
    assert!(place.run(&["tree"]).done().contains("store-writer"));
    let answer = place.run(&["chat", "--json", "my name is Ada"]).json();
    assert!(!answer["content"].as_str().unwrap().is_empty(), "{answer}");
    assert!(place.run(&["doctor"]).done().contains("ok     daemon"));

    place.run(&["stop"]).done();
    let status = place.run(&["status"]);
    assert_eq!(status.code, 69, "a daemon that does not run is unavailable");
    assert!(place.run(&["tree"]).done().contains("store-writer"), "the declared tree");
    let log = place.home.join("data/capuchin.log");
    assert_eq!(mode(&log), 0o600);
    let log = std::fs::read_to_string(log).unwrap();
    for secret in [token.trim(), "setup#", "Ada"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_token_made_before_the_first_start_opens_the_console_after_it() {
    let place = Place::new();
    let token = place.run(&["token", "create", "--name", "early", "--scope", "read"]).done();
    place.start().done();
    let console = place.run(&["status", "--json"]).json()["console"].as_str().unwrap().to_owned();
    let address = console.strip_prefix("http://").unwrap();
    let ask = |credential: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request = format!(
            "GET /api/v1/threads HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {credential}\r\n\
             connection: close\r\n\r\n"
        );
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().next().unwrap().to_owned()
    };
    assert_eq!(ask(token.trim()), "HTTP/1.1 200 OK");
    assert_eq!(ask("cap_wrong"), "HTTP/1.1 401 Unauthorized");
    let id = place.run(&["token", "list", "--json"]).json()["items"][0]["id"].as_str().unwrap().to_owned();
    place.run(&["token", "revoke", &id]).done();
    assert_eq!(ask(token.trim()), "HTTP/1.1 401 Unauthorized");
}

#[test]
fn a_second_daemon_in_one_home_is_refused_with_the_process_of_the_first() {
    let place = Place::new();
    let (mut first, ready) = place.serve();
    assert!(ready.starts_with("ready console=http://"), "{ready}");
    let second = place.run(&["serve", "--listen", "127.0.0.1:0", "--ingress", "127.0.0.1:0"]);
    assert_eq!(second.code, 69);
    assert!(second.stderr.contains(&format!("process {}", first.id())), "{}", second.stderr);
    terminate(&first);
    assert_eq!(first.wait().unwrap().code(), Some(0), "a stop by signal is a good end");
    let (mut third, ready) = place.serve();
    assert!(ready.starts_with("ready"), "the home is free again: {ready}");
    terminate(&third);
    assert_eq!(third.wait().unwrap().code(), Some(0));
}

#[test]
fn chat_needs_no_daemon_and_keeps_what_was_said() {
    let place = Place::new();
    let answer = place.run(&["chat", "hello"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(!answer.stdout.is_empty());
    assert!(answer.stderr.contains("no daemon runs"), "{}", answer.stderr);
    let failed = place.run(&["chat", "--json", "/error overloaded"]);
    assert_eq!(failed.code, 1);
    let report: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(report["code"], "overloaded");
}

#[test]
fn exit_codes_tell_what_kind_of_trouble_it_is() {
    let place = Place::new();
    assert_eq!(place.run(&["status"]).code, 69);
    assert_eq!(place.run(&["no-such-command"]).code, 2);
    assert_eq!(place.run(&["token", "create", "--name", "x", "--scope", "everything"]).code, 2);
    let mut bad = place.command(&["serve"]);
    let bad = Ran::of(&bad.env("CAPUCHIN_SESSIONS__QUEUE", "many").output().unwrap());
    assert_eq!(bad.code, 64);
    assert!(bad.stderr.contains("CAPUCHIN_SESSIONS__QUEUE: unknown key `queue`"), "{}", bad.stderr);
    let exposed = place.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(exposed.code, 64, "{}", exposed.stderr);
}

#[test]
fn the_template_and_the_document_are_printed_whole() {
    let place = Place::new();
    let template = place.run(&["config", "template"]).done();
    assert!(template.contains("[sessions]") && template.contains("#queue_per_thread = 16"));
    let document = place.run(&["openapi"]).json();
    assert!(document["paths"]["/api/v1/threads/{id}/messages"]["post"].is_object());
    assert!(place.run(&["completions", "bash"]).done().contains("capuchin"));
}

#[test]
fn the_audit_trail_is_verified_with_and_without_the_daemon_and_a_change_is_named() {
    let place = Place::new();
    place.start().done();
    assert!(place.run(&["audit", "verify"]).done().starts_with("home  "), "while the daemon runs");
    place.run(&["stop"]).done();
    let verdict = place.run(&["audit", "verify", "--json"]).json();
    assert!(verdict["broken"].is_null() && verdict["anchors"].as_u64() > Some(0), "{verdict}");
    let told = place.run(&["audit", "list", "--action", "daemon", "--json"]).json();
    let actions: Vec<_> = told["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["daemon.stopping", "daemon.started"]);
    let head = place.run(&["audit", "head"]).done();
    place.run(&["audit", "verify", "--expect-head", head.trim()]).done();
    let lines = place.run(&["audit", "export", "--jsonl"]).done();
    assert!(lines.lines().next_back().unwrap().contains(head.trim()));

    let (own, copy) = (place.home.join("data/capuchin.db"), place.home.join("copy.db"));
    let mut bytes = std::fs::read(own).unwrap();
    let at = bytes.windows(14).rposition(|window| window == b"daemon.started").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&copy, bytes).unwrap();
    let broken = place.run(&["audit", "verify", copy.to_str().unwrap()]);
    assert_eq!(broken.code, 1);
    assert!(
        broken.stderr.contains("of tenant home: its content does not match its hash"),
        "{}",
        broken.stderr
    );
    assert_eq!(place.run(&["audit", "verify", "/nowhere.db"]).code, 1);
}

//! A real daemon: the built binary in an empty home, on free ports of the loopback interface.
//!
//! Dropping it stops the process and checks what must hold after every test: it ended
//! cleanly, no planted secret is in its log, and nothing of it is left running.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::client::Client;

/// A value that tests plant where secrets live; it must never be in a log.
pub const PLANTED_SECRET: &str = "sk-planted-3f9d2c7a1b";

/// Longest wait for a line or an end; far above what a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to start a daemon.
#[derive(Default, Clone)]
pub struct Setup {
    /// `config.toml`, if any.
    pub config: String,
    /// Further environment.
    pub env: Vec<(String, String)>,
    /// A program with arguments that runs the daemon, for faults of the system.
    pub wrapper: Vec<String>,
    /// An existing folder instead of a temporary one.
    pub home: Option<PathBuf>,
}

/// See the module.
pub struct TestDaemon {
    setup: Setup,
    home: PathBuf,
    _temp: Option<TempDir>,
    child: Option<Child>,
    /// Address of the console, `http://127.0.0.1:PORT`.
    pub console: String,
    /// Address of the ingress.
    pub ingress: String,
    token: String,
}

impl TestDaemon {
    /// A daemon with the default settings.
    pub fn start() -> Self {
        Self::with(Setup::default())
    }

    /// A daemon with these settings.
    pub fn with(setup: Setup) -> Self {
        let (home, temp) = match &setup.home {
            Some(home) => (home.clone(), None),
            None => {
                let temp = tempfile::Builder::new().prefix("cap").tempdir().unwrap();
                (temp.path().join("home"), Some(temp))
            }
        };
        let mut daemon = Self {
            setup,
            home,
            _temp: temp,
            child: None,
            console: String::new(),
            ingress: String::new(),
            token: String::new(),
        };
        daemon.write_config();
        daemon.token = daemon.create_token("chat,read,operate,metrics,admin");
        daemon.launch();
        daemon
    }

    fn write_config(&self) {
        if self.setup.config.is_empty() {
            return;
        }
        let folder = self.home.join("config");
        fs::create_dir_all(&folder).unwrap();
        for folder in [&self.home, &folder] {
            fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        }
        fs::write(folder.join("config.toml"), &self.setup.config).unwrap();
    }

    /// Starts the process in the same home and waits for its ready line.
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = self.command();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--ingress", "127.0.0.1:0", "--home"])
            .arg(&self.home);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        self.child = Some(child);
        let line =
            first_line(stdout).unwrap_or_else(|| panic!("no ready line; the log says:\n{}", self.log()));
        let urls: Vec<_> = line.trim().split(' ').collect();
        let [ready, console, ingress] = urls[..] else { panic!("not a ready line: {line}") };
        assert_eq!(ready, "ready");
        self.console = console.strip_prefix("console=").unwrap().trim_end_matches('/').to_owned();
        self.ingress = ingress.strip_prefix("ingress=").unwrap().trim_end_matches('/').to_owned();
    }

    /// The command line of the binary, in the clean environment of a test.
    pub fn command(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_capuchin");
        let mut command = match self.setup.wrapper.split_first() {
            Some((wrapper, arguments)) => {
                let mut command = Command::new(wrapper);
                command.args(arguments).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CAPUCHIN_")) {
            command.env_remove(name);
        }
        command.env("TEST_API_KEY", PLANTED_SECRET).envs(self.setup.env.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// Runs a command of the CLI against this home and returns (exit code, stdout, stderr).
    pub fn cli(&self, arguments: &[&str]) -> (i32, String, String) {
        self.cli_reading(arguments, "")
    }

    /// The same with this on its standard input.
    pub fn cli_reading(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_capuchin"))
            .arg("--home")
            .arg(&self.home)
            .args(arguments)
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// A new token with these scopes.
    pub fn create_token(&self, scopes: &str) -> String {
        let (code, stdout, stderr) = self.cli(&["token", "create", "--name", "test", "--scope", scopes]);
        assert_eq!(code, 0, "{stderr}");
        stdout.trim().to_owned()
    }

    /// A client with every right.
    pub fn client(&self) -> Client {
        Client::new(&self.console, &self.token)
    }

    /// Its folder.
    pub fn home(&self) -> &std::path::Path {
        &self.home
    }

    fn log_path(&self) -> PathBuf {
        self.home.parent().unwrap().join(format!("{}.log", self.home.file_name().unwrap().to_string_lossy()))
    }

    /// What it logged so far, over all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// SIGKILL: no warning, no clean-up.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and its exit code.
    pub fn terminate(&mut self) -> i32 {
        let child = self.child.as_mut().expect("it runs");
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let code = self.wait();
        self.child = None;
        code
    }

    /// Waits for the end of the process.
    pub fn wait(&mut self) -> i32 {
        let child = self.child.as_mut().expect("it runs");
        let started = std::time::Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(started.elapsed() < PATIENCE, "the daemon did not end; the log says:\n{}", self.log());
            std::thread::yield_now();
        }
    }
}

/// The first line of the daemon's output, or `None` when it ended or took too long.
fn first_line(stdout: std::process::ChildStdout) -> Option<String> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout);
        let mut line = String::new();
        if lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            let _ = send.send(line);
        }
        // Reads on, so that the daemon never meets a closed pipe.
        let _ = std::io::copy(&mut lines, &mut std::io::sink());
    });
    receive.recv_timeout(PATIENCE).ok()
}

impl Drop for TestDaemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(mut child) = self.child.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
            eprintln!("--- log of the daemon\n{}", self.log());
            return;
        }
        if self.child.is_some() {
            assert_eq!(self.terminate(), 0, "a clean end; the log says:\n{}", self.log());
        }
        assert!(!self.log().contains(PLANTED_SECRET), "a secret is in the log");
        assert!(!self.log().contains(&self.token), "a token is in the log");
    }
}

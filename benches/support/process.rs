//! A daemon under measurement: the built binary in an empty home, and what /proc says of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// See the module.
pub struct Daemon {
    child: Child,
    /// The console's address.
    pub console: SocketAddr,
    /// The ingress's address.
    pub ingress: SocketAddr,
    /// From exec to the ready line.
    pub started_in: Duration,
    /// A token with every scope.
    pub token: String,
}

/// The binary of the same profile as the bench.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_capuchin"))
}

impl Daemon {
    /// Starts `serve` in `home` on free ports, with `config` as its settings.
    pub fn start(home: &Path, config: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = home.join("config");
        std::fs::create_dir_all(&folder).expect("a folder");
        for folder in [home, &folder] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).expect("its mode");
        }
        std::fs::write(folder.join("config.toml"), config).expect("the settings");
        let started = Instant::now();
        let mut child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--ingress", "127.0.0.1:0", "--home"])
            .arg(home)
            .env("CAPUCHIN_TELEMETRY__LOG_FILTER", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the ready line");
        let started_in = started.elapsed();
        let (console, ingress) = (address(&line, "console"), address(&line, "ingress"));
        let output = Command::new(binary())
            .args([
                "token",
                "create",
                "--name",
                "bench",
                "--scope",
                "chat,read,operate,metrics,admin",
                "--home",
            ])
            .arg(home)
            .output()
            .expect("a token");
        let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Self { child, console, ingress, started_in, token }
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it lives");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }

    /// CPU time used so far, user and system.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it lives");
        let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().map(|at| fields[*at].parse::<u64>().expect("ticks")).sum();
        Duration::from_millis(ticks * 10)
    }
}

/// Where a listener of the ready line is.
fn address(line: &str, listener: &str) -> SocketAddr {
    let url = line.split(&format!("{listener}=http://")).nth(1).expect("a ready line");
    let authority: String = url.chars().take_while(|c| !matches!(c, '/' | ' ' | '\n')).collect();
    let port = authority.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

//! LiteLLM's proxy under measurement: a child process before the mock provider, and what /proc says of it and its workers.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where it is installed; see the README.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/litellm/bin/litellm");
/// It loads for long.
const STARTS_WITHIN: Duration = Duration::from_secs(180);

/// See the module.
pub struct LiteLlm {
    child: Child,
    pub address: SocketAddr,
    pub token: String,
    pub version: String,
}

impl LiteLlm {
    /// Starts it on a free port; `None` where it is not installed.
    pub fn start(folder: &Path, upstream: SocketAddr, workers: usize) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            return None;
        }
        let token = format!("{}-{}", "sk", "bench");
        let config = folder.join("litellm.yaml");
        let text = format!(
            "model_list:\n  - model_name: mock\n    litellm_params:\n      model: openai/mock\n      api_base: http://{upstream}/v1\n      \
             api_key: none\ngeneral_settings:\n  master_key: {token}\nlitellm_settings:\n  telemetry: false\n"
        );
        std::fs::File::create(&config)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .expect("its settings");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let log = std::fs::File::create(folder.join("litellm.log")).expect("its log");
        let child = Command::new(PROGRAM)
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string(), "--telemetry", "False"])
            .args(["--num_workers", &workers.to_string(), "--config"])
            .arg(&config)
            // Its list of prices comes from the package, not from the network.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .env("LITELLM_LOG", "ERROR")
            .env("NO_PROXY", "127.0.0.1")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone().expect("its log")))
            .stderr(Stdio::from(log))
            .spawn()
            .expect("LiteLLM");
        let mut started = Self { child, address, token, version: version() };
        let began = Instant::now();
        while !started.is_ready() {
            let ended = started.child.try_wait().expect("its state");
            let log = || std::fs::read_to_string(folder.join("litellm.log")).unwrap_or_default();
            assert!(ended.is_none() && began.elapsed() < STARTS_WITHIN, "LiteLLM did not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(200));
        }
        Some(started)
    }

    /// Resident memory in KiB, of its workers too.
    pub fn resident_kib(&self) -> u64 {
        family(self.child.id()).iter().map(|pid| resident_kib(*pid)).sum()
    }

    /// Whether it answers over HTTP.
    fn is_ready(&self) -> bool {
        use std::io::Read as _;
        let Ok(mut stream) = TcpStream::connect(self.address) else { return false };
        let request =
            format!("GET /health/liveliness HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        let mut answer = String::new();
        stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
            && stream.write_all(request.as_bytes()).is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }
}

impl Drop for LiteLlm {
    fn drop(&mut self) {
        for pid in family(self.child.id()).into_iter().rev() {
            let _ = Command::new("kill").arg(pid.to_string()).status();
        }
        let _ = self.child.wait();
    }
}

/// The version that pip installed.
fn version() -> String {
    let python = PROGRAM.replace("/bin/litellm", "/bin/python");
    let code = "import importlib.metadata as m; print(m.version('litellm'))";
    let output = Command::new(python).args(["-c", code]).output().expect("Python");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A process and what it started, parents first.
fn family(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        at += 1;
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    all
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

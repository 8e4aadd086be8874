//! A real Chromium, driven by the system's chromedriver.
//!
//! Dropping it ends the driver and whatever it started, found by the profile folder that
//! nobody else has. Without a browser a test is skipped loudly; with `CI` set it fails.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// How the person looks at the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

/// The four looks in which every page has to be right.
pub(crate) const LOOKS: [Look; 4] = [
    Look { width: 1280, height: 860, dark: false },
    Look { width: 1280, height: 860, dark: true },
    Look { width: 390, height: 844, dark: false },
    Look { width: 390, height: 844, dark: true },
];

/// See the module.
pub(crate) struct Chrome {
    pub(crate) driver: WebDriver,
    process: Child,
    profile: tempfile::TempDir,
}

/// The browser, or `None` when this machine has none and is no CI.
pub(crate) async fn chrome() -> Option<Chrome> {
    let here = ["/usr/bin/chromium", "/usr/bin/chromedriver"].iter().all(|path| Path::new(path).exists());
    if !here {
        assert!(std::env::var_os("CI").is_none(), "CI has no chromium and chromedriver");
        eprintln!("SKIPPED: install chromium and chromium-driver to run the browser tests");
        return None;
    }
    let profile = tempfile::tempdir().unwrap();
    // Its free port is taken on one loopback before the other: another program may be there by then.
    let (process, port) = (0..5).find_map(|_| chromedriver()).expect("chromedriver tells its port");
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary("/usr/bin/chromium").unwrap();
    let folder = format!("--user-data-dir={}", profile.path().display());
    for flag in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        &folder,
    ] {
        capabilities.add_arg(flag).unwrap();
    }
    let driver = WebDriver::new(&format!("http://127.0.0.1:{port}"), capabilities).await.unwrap();
    let chrome = Chrome { driver, process, profile };
    // Every page notes what its policy refused, from its first moment on.
    let source = "window.__refused = []; addEventListener('securitypolicyviolation', \
                  e => window.__refused.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));";
    chrome.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    chrome.look(LOOKS[0]).await;
    Some(chrome)
}

/// A driver and its port; `None` if it ended without one.
fn chromedriver() -> Option<(Child, String)> {
    let mut process = Command::new("/usr/bin/chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.split("successfully on port ").nth(1).map(|rest| rest.trim_end_matches('.').to_owned())
    });
    let Some(port) = port else {
        process.wait().unwrap();
        return None;
    };
    std::thread::spawn(move || lines.for_each(drop));
    Some((process, port))
}

impl Chrome {
    pub(crate) async fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(command, parameters).await.unwrap()
    }

    pub(crate) async fn look(&self, look: Look) {
        let size = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.width < 500,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.cdp("Emulation.setEmulatedMedia", features).await;
    }

    pub(crate) async fn go(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// The value of a JavaScript expression.
    pub(crate) async fn eval(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    pub(crate) async fn text(&self, expression: &str) -> String {
        self.eval(expression).await.as_str().map(str::to_owned).unwrap_or_default()
    }

    /// Waits until a JavaScript expression is true, over reloads and navigations.
    pub(crate) async fn until(&self, condition: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const end = Date.now() + 5000; \
             const look = () => {{ let ok = false; try {{ ok = !!({condition}); }} catch {{}} \
             if (ok || Date.now() > end) done(ok); else setTimeout(look, 15); }}; look();"
        );
        for _ in 0..6 {
            // A navigation ends the script of the page before; the next page is asked again.
            if let Ok(answer) = self.driver.execute_async(script.clone(), vec![]).await
                && answer.json() == &Value::Bool(true)
            {
                return;
            }
        }
        let page = self.text("document.documentElement.innerText").await;
        panic!("never became true: {condition}\nurl: {}\n{page}", self.driver.current_url().await.unwrap());
    }

    /// Waits until the browser is at this path, or below one that ends in `/`. Works without scripts.
    pub(crate) async fn at(&self, path: &str) {
        let started = std::time::Instant::now();
        loop {
            let url = self.driver.current_url().await.unwrap();
            let here = &url.as_str()[url.origin().ascii_serialization().len()..];
            if here == path || (path.ends_with('/') && here.starts_with(path)) {
                return;
            }
            assert!(started.elapsed().as_secs() < 30, "never came to {path}; it is at {here}");
        }
    }

    /// The content security policy that this address is served with.
    pub(crate) async fn policy(&self) -> String {
        let script = "const done = arguments[arguments.length - 1]; \
            fetch(location.href, { headers: { accept: 'text/html' } })\
            .then(answer => done(answer.headers.get('content-security-policy')), error => done(String(error)));";
        let answer = self.driver.execute_async(script, vec![]).await.unwrap();
        answer.json().as_str().map(str::to_owned).unwrap_or_default()
    }

    /// Calls the API as the page that is open: with its session and from its origin.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let script = "const [method, path, body, done] = arguments; \
            fetch(path, { method, headers: body ? { 'content-type': 'application/json' } : {}, body: body ?? undefined })\
            .then(answer => answer.json()).then(done, error => done(String(error)));";
        let body = body.map_or(Value::Null, |body| body.to_string().into());
        let answer = self.driver.execute_async(script, vec![method.into(), path.into(), body]).await;
        answer.unwrap().json().clone()
    }

    /// Clicks. A live part of the page that was exchanged in between is looked for again.
    pub(crate) async fn click(&self, selector: &str) {
        while let Err(error) = self.driver.find(By::Css(selector)).await.unwrap().click().await {
            assert!(error.to_string().contains("stale element"), "{selector}: {error}");
        }
    }

    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.driver.find(By::Css(selector)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Fails when the page's policy refused anything, or when it does not fit its window.
    pub(crate) async fn assert_sound(&self, width: u32) {
        let refused = self.eval("window.__refused").await;
        assert_eq!(refused, json!([]), "the content security policy refused something");
        let sizes = self.eval("[document.documentElement.scrollWidth, innerWidth]").await;
        assert_eq!(
            sizes,
            json!([width, width]),
            "the page does not fit: {}",
            self.driver.current_url().await.unwrap()
        );
    }

    /// Runs axe-core over the page: WCAG 2.2 A and AA, and best practices.
    pub(crate) async fn assert_accessible(&self, what: &str) {
        let Some(axe) = axe() else { return };
        self.driver.execute(axe, vec![]).await.unwrap();
        let script = "const done = arguments[arguments.length - 1]; \
            axe.run({ resultTypes: ['violations'] }).then(r => done(r.violations.map(v => \
            v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join(' | '))), e => done([String(e)]));";
        let found = self.driver.execute_async(script, vec![]).await.unwrap().json().clone();
        assert_eq!(found, json!([]), "axe on {what}");
    }

    /// A picture for people, where `CAPUCHIN_SHOTS` names a folder.
    pub(crate) async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("CAPUCHIN_SHOTS") {
            let file = PathBuf::from(folder).join(format!("{name}.png"));
            self.driver.screenshot(&file).await.unwrap();
        }
    }
}

/// The text of axe-core, or `None` where it is not installed and this is no CI.
fn axe() -> Option<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/node_modules/axe-core/axe.min.js");
    let text = std::fs::read_to_string(file).ok();
    if text.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI has no axe-core");
        eprintln!("SKIPPED: npm install --prefix target/tools axe-core");
    }
    text
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let profile = self.profile.path().to_string_lossy().into_owned();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
                continue;
            };
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&profile)
                && let Some(pid) = Pid::from_raw(id)
            {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

//! A daemon in this process, behind a line that a test can cut.
//!
//! The browser talks to a small forwarder with an address of its own, so that the daemon can
//! be away, be started again on another port, or lose every connection, under one address.

use std::net::SocketAddr;
use std::sync::Arc;

use capuchin::config::{Config, Home};
use capuchin::daemon::{self, RunningDaemon, StartOptions};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::chrome::Chrome;

/// The owner's password in these tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// See the module.
pub(crate) struct Site {
    pub(crate) daemon: Option<RunningDaemon>,
    /// `http://localhost:PORT`, the address that the browser knows.
    pub(crate) url: String,
    home: tempfile::TempDir,
    port: u16,
    line: Arc<Line>,
}

struct Line {
    /// Where the daemon is; `None`: nobody answers.
    target: watch::Sender<Option<SocketAddr>>,
    /// Counts cuts; every connection ends at the next one.
    cuts: watch::Sender<u64>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line { target: watch::Sender::new(None), cuts: watch::Sender::new(0) });
        tokio::spawn(forward(listener, Arc::clone(&line)));
        let url = format!("http://localhost:{port}");
        let mut site = Self { daemon: None, url, home: tempfile::tempdir().unwrap(), port, line };
        site.launch().await;
        site
    }

    /// Starts a daemon in the same home.
    pub(crate) async fn launch(&mut self) {
        assert!(self.daemon.is_none());
        let mut config = Config::default();
        config.console.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.ingress.listen = config.console.listen;
        config.console.allowed_hosts = vec![format!("localhost:{}", self.port)];
        let home = Home::locate(Some(&self.home.path().join("home"))).unwrap();
        home.prepare().unwrap();
        let daemon = daemon::start(config, home, StartOptions::default()).await.unwrap();
        let address =
            daemon.console_url().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        self.line.target.send_replace(Some(address));
        self.daemon = Some(daemon);
    }

    /// Ends the daemon in order; the address stays.
    pub(crate) async fn shut(&mut self) {
        self.line.target.send_replace(None);
        self.cut();
        self.daemon.take().unwrap().shutdown().await;
    }

    /// Every connection of this moment ends.
    pub(crate) fn cut(&self) {
        self.line.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The setup link under the address that the browser knows.
    pub(crate) fn setup_link(&self) -> String {
        let link = self.daemon.as_ref().unwrap().setup_link().expect("no owner yet");
        format!("{}/setup#{}", self.url, link.split('#').nth(1).unwrap())
    }

    /// Goes through the setup; ends in a new chat.
    pub(crate) async fn set_up(&self, chrome: &Chrome) {
        chrome.go(&self.setup_link()).await;
        chrome.until("document.getElementById('token').value.length > 20").await;
        chrome.fill("#password", PASSWORD).await;
        chrome.fill("#repeat", PASSWORD).await;
        chrome.click("#with-password").await;
        Self::keep_key(chrome).await;
        chrome
            .until("location.pathname === '/chat' && document.documentElement.hasAttribute('data-js')")
            .await;
    }

    /// Reads the recovery key that is shown once, and says that it is kept.
    pub(crate) async fn keep_key(chrome: &Chrome) -> String {
        chrome.until("document.getElementById('kept')?.hidden === false").await;
        let key = chrome.text("document.getElementById('recovery-key').textContent.trim()").await;
        chrome.fill("#last", &key[key.len() - 4..]).await;
        chrome.click("#kept-form button[type=submit]").await;
        key
    }

    /// Makes a chat by its first message and waits for its page.
    pub(crate) async fn chat(&self, chrome: &Chrome, message: &str) {
        chrome.go(&format!("{}/chat", self.url)).await;
        chrome.until("document.documentElement.hasAttribute('data-js')").await;
        chrome.fill("#content", message).await;
        chrome.click("#composer button[type=submit]").await;
        chrome
            .until("location.pathname.startsWith('/c/') && document.documentElement.hasAttribute('data-js')")
            .await;
    }
}

async fn forward(listener: TcpListener, line: Arc<Line>) {
    while let Ok((mut browser, _)) = listener.accept().await {
        let line = Arc::clone(&line);
        tokio::spawn(async move {
            let mut cuts = line.cuts.subscribe();
            cuts.borrow_and_update();
            let Some(target) = *line.target.borrow() else { return };
            let Ok(mut daemon) = TcpStream::connect(target).await else { return };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut browser, &mut daemon) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

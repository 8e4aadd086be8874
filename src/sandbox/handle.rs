//! The handle by which child processes are started.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;
use tokio::sync::OnceCell;

use super::channel::{PLAN_BYTES_MAX, send_head, take_over};
use super::child::{Child, Finished, Parts, Streams};
use super::door::Relay;
use super::error::SandboxError;
use super::layers::{Layer, Layers};
use super::leftovers::{Record, sweep};
use super::places::{Hidden, working_folder};
use super::plan::{Message, Plan, Step};
use super::profile::{Command, Limits, Network, Profile, Stdin};
use super::prove;

/// The private folder for temporary files, inside.
const TMP: &str = "/tmp";
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Input, output and errors of a program, as it gets them.
type Standard = [OwnedFd; 3];

/// How a sandbox works.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// This program: the sandbox starts it as `PROGRAM cage …`.
    pub launcher: PathBuf,
    /// A private folder for records of what runs.
    pub state: PathBuf,
    /// Folders of the daemon that no child ever sees.
    pub hidden: Vec<PathBuf>,
    /// Folders below hidden ones whose sub-folders may be given.
    pub shared: Vec<PathBuf>,
    /// Layers that are not even tried, which shows what the others stop by themselves.
    pub without: Vec<Layer>,
    /// Missing layers that are done without.
    pub allow_without: Vec<Layer>,
    /// Places that every child may read.
    pub read: Vec<PathBuf>,
    /// Limits of children for which nobody says otherwise.
    pub limits: Limits,
}

/// See the module. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: SandboxOptions,
    hidden: Hidden,
    layers: OnceCell<Arc<Layers>>,
    started: AtomicU64,
}

// === impl SandboxOptions ===

impl SandboxOptions {
    /// This very program as launcher, with a private folder for records; nothing hidden.
    #[must_use]
    pub fn new(state: PathBuf) -> Self {
        Self {
            launcher: PathBuf::from("/proc/self/exe"),
            state,
            hidden: Vec::new(),
            shared: Vec::new(),
            without: Vec::new(),
            allow_without: Vec::new(),
            read: Vec::new(),
            limits: Limits::default(),
        }
    }
}

// === impl Sandbox ===

impl Sandbox {
    /// Touches nothing.
    #[must_use]
    pub fn new(options: SandboxOptions) -> Self {
        let hidden = Hidden::new(options.hidden.clone(), options.shared.clone());
        let inner = Inner { options, hidden, layers: OnceCell::new(), started: AtomicU64::new(0) };
        Self { inner: Arc::new(inner) }
    }

    /// Limits of children for which nobody says otherwise.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.inner.options.limits
    }

    /// Where this very program is, for what a cage runs of it.
    ///
    /// # Errors
    /// [`SandboxError::Launcher`]: it is not there any more.
    pub fn launcher(&self) -> Result<PathBuf, SandboxError> {
        self.inner.options.launcher.canonicalize().map_err(SandboxError::Launcher)
    }

    pub(super) fn options(&self) -> &SandboxOptions {
        &self.inner.options
    }

    /// Ends what an earlier life of the daemon left, and how many that were. Before the first child.
    pub fn sweep(&self) -> usize {
        sweep(&self.inner.options.state)
    }

    /// What the self-test found. The first call runs it: some tenths of a second.
    pub async fn layers(&self) -> Arc<Layers> {
        let test = || async { Arc::new(prove::run(self).await) };
        Arc::clone(self.inner.layers.get_or_init(test).await)
    }

    /// What the self-test found, if it has run.
    #[must_use]
    pub fn known_layers(&self) -> Option<Arc<Layers>> {
        self.inner.layers.get().map(Arc::clone)
    }

    /// Starts a program in a cage of its own.
    ///
    /// # Errors
    /// Every [`SandboxError`]; nothing runs then.
    pub async fn spawn(&self, command: Command, profile: &Profile) -> Result<Child, SandboxError> {
        self.spawn_with(command, profile, None).await
    }

    /// The same with this terminal as the program's own: it reads from it, writes to it, is interrupted by its keys
    /// and told of its size. The child has no streams then; who holds the terminal's other side has them.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub async fn spawn_on_terminal(
        &self,
        command: Command,
        profile: &Profile,
        terminal: OwnedFd,
    ) -> Result<Child, SandboxError> {
        self.spawn_with(command, profile, Some(terminal)).await
    }

    /// Runs a program to its end, without input unless the command says otherwise; keeps so many bytes of what it
    /// writes. Dropping the future ends the tree.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn). A program that fails is no error.
    pub async fn run(
        &self,
        command: Command,
        profile: &Profile,
        bytes_max: usize,
    ) -> Result<Finished, SandboxError> {
        Ok(self.spawn(command, profile).await?.run_to_end(bytes_max).await)
    }

    async fn spawn_with(
        &self,
        command: Command,
        profile: &Profile,
        terminal: Option<OwnedFd>,
    ) -> Result<Child, SandboxError> {
        let layers = self.layers().await;
        if let Some(missing) = layers.refusal() {
            return Err(SandboxError::Missing { layer: missing.layer, reason: missing.evidence.clone() });
        }
        let up: Vec<Layer> = Layer::ALL.into_iter().filter(|layer| layers.has(*layer)).collect();
        self.start(command, profile, up, terminal).await
    }

    /// Starts a program behind these layers.
    pub(super) async fn start(
        &self,
        command: Command,
        profile: &Profile,
        layers: Vec<Layer>,
        terminal: Option<OwnedFd>,
    ) -> Result<Child, SandboxError> {
        let namespaces = layers.contains(&Layer::Namespaces);
        let program = command.program.clone();
        let (standard, streams) = match terminal {
            Some(terminal) => on_terminal(terminal),
            None => piped(&command),
        }
        .map_err(SandboxError::Launcher)?;
        let plan = self.plan(command, profile, layers, streams.none())?;
        let tmp = (!namespaces).then(|| plan.tmp.clone());
        let json = serde_json::to_vec(&plan).map_err(|_| SandboxError::Arguments)?;
        if json.len() > PLAN_BYTES_MAX {
            return Err(SandboxError::Arguments);
        }
        let (door, handed) = pair(plan.door.is_some()).map_err(SandboxError::Launcher)?;
        let mut child = self
            .launch(&plan, tmp, (standard, streams, handed), &json)
            .await
            .map_err(SandboxError::Launcher)?;
        match child.hear().await.map_err(SandboxError::Launcher)? {
            Some(Message::Started) => {
                if let (Some(address), Some(door)) = (plan.door, door) {
                    // It was handed over before the program was started.
                    let inside = take_over(&door).map_err(SandboxError::Launcher)?;
                    child.door = Some(Relay::new(inside, address.into()).map_err(SandboxError::Launcher)?);
                }
                Ok(child)
            }
            Some(Message::Failed { step: Step::Program, errno: Some(errno), .. }) => {
                Err(SandboxError::Program { program, source: std::io::Error::from_raw_os_error(errno) })
            }
            Some(Message::Failed { step, error, .. }) => Err(failed(step, error)),
            Some(Message::Ended(_)) | None => {
                Err(SandboxError::Launcher(std::io::ErrorKind::UnexpectedEof.into()))
            }
        }
    }

    fn plan(
        &self,
        command: Command,
        profile: &Profile,
        layers: Vec<Layer>,
        terminal: bool,
    ) -> Result<Plan, SandboxError> {
        let options = &self.inner.options;
        let namespaces = layers.contains(&Layer::Namespaces);
        let mut whole = profile.clone();
        whole.read.extend(options.read.iter().filter(|path| path.exists()).cloned());
        let places = self.inner.hidden.resolve(&whole, namespaces)?;
        let number = self.inner.started.fetch_add(1, Ordering::Relaxed);
        let tmp = if namespaces {
            PathBuf::from(TMP)
        } else {
            options.state.join(format!("{}-{number}.tmp", std::process::id()))
        };
        let cwd = match &command.cwd {
            Some(cwd) => working_folder(cwd, &places)?,
            None => tmp.clone(),
        };
        let env = environment(&tmp, &whole.env, terminal)?;
        Ok(Plan {
            program: command.program,
            args: command.args,
            cwd,
            env,
            places,
            tmp,
            network: if whole.door.is_some() && !namespaces { Network::Open } else { whole.network },
            door: whole.door.filter(|_| namespaces),
            limits: whole.limits,
            terminal,
            layers,
        })
    }

    async fn launch(
        &self,
        plan: &Plan,
        tmp: Option<PathBuf>,
        (standard, streams, door): (Standard, Streams, Option<UnixStream>),
        json: &[u8],
    ) -> std::io::Result<Child> {
        let options = &self.inner.options;
        private_folder(&options.state)?;
        if let Some(tmp) = &tmp {
            private_folder(tmp)?;
        }
        let (ours, theirs) = UnixStream::pair()?;
        let mut launcher = tokio::process::Command::new(&options.launcher);
        launcher.args(["cage", "outer"]);
        if tmp.is_some() {
            launcher.arg("--bare");
        } else if plan.network == Network::Open {
            launcher.arg("--open");
        } else if plan.door.is_some() {
            launcher.arg("--loopback");
        }
        // Without namespaces the launcher has to outlive the rest to end it.
        launcher.env_clear().current_dir("/").kill_on_drop(tmp.is_none());
        let launcher =
            launcher.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let record = Record::write(&options.state, launcher.id().unwrap_or(0), tmp);
        let files: Vec<_> = standard.iter().map(AsFd::as_fd).chain(door.iter().map(AsFd::as_fd)).collect();
        send_head(&ours, json.len(), &files)?;
        ours.set_nonblocking(true)?;
        let mut control = tokio::net::UnixStream::from_std(ours)?;
        if let Err(error) = control.write_all(json).await {
            // A launcher that gave up has said why: that is read next.
            tracing::debug!(%error, "a cage did not take its plan");
        }
        let grace = Duration::from_millis(plan.limits.grace_ms);
        Ok(Child::new(Parts { streams, control, launcher, record, grace }))
    }
}

/// Where a door is handed over: our side, and the cage's.
fn pair(wanted: bool) -> std::io::Result<(Option<UnixStream>, Option<UnixStream>)> {
    if !wanted {
        return Ok((None, None));
    }
    let (ours, theirs) = UnixStream::pair()?;
    Ok((Some(ours), Some(theirs)))
}

/// A terminal three times, and no stream.
fn on_terminal(terminal: OwnedFd) -> std::io::Result<(Standard, Streams)> {
    let standard = [terminal.try_clone()?, terminal.try_clone()?, terminal];
    Ok((standard, Streams::default()))
}

fn piped(command: &Command) -> std::io::Result<(Standard, Streams)> {
    let (input, stdin) = input(command.stdin)?;
    let (output, stdout) = pipe::pipe()?;
    let output = output.into_blocking_fd()?;
    let (errors, stderr) = if command.merged {
        (output.try_clone()?, None)
    } else {
        let (errors, stderr) = pipe::pipe()?;
        (errors.into_blocking_fd()?, Some(stderr))
    };
    Ok(([input, output, errors], Streams { stdin, stdout: Some(stdout), stderr }))
}

fn input(stdin: Stdin) -> std::io::Result<(OwnedFd, Option<pipe::Sender>)> {
    match stdin {
        Stdin::Empty => Ok((std::fs::File::open("/dev/null")?.into(), None)),
        Stdin::Piped => {
            let (sender, receiver) = pipe::pipe()?;
            Ok((receiver.into_blocking_fd()?, Some(sender)))
        }
    }
}

/// The few variables that everybody has, and those that were asked for.
fn environment(
    tmp: &std::path::Path,
    given: &[(String, String)],
    terminal: bool,
) -> Result<Vec<(String, String)>, SandboxError> {
    let tmp = tmp.to_str().ok_or(SandboxError::Arguments)?;
    let term = if terminal { "xterm-256color" } else { "dumb" };
    let own = [("PATH", SEARCH_PATH), ("HOME", tmp), ("LANG", "C.UTF-8"), ("TERM", term), ("TMPDIR", tmp)];
    let mut env: Vec<(String, String)> = own
        .into_iter()
        .filter(|(name, _)| given.iter().all(|(other, _)| other != name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    env.extend(given.iter().cloned());
    Ok(env)
}

fn failed(step: Step, error: String) -> SandboxError {
    match step.layer() {
        Some(layer) => SandboxError::Missing { layer, reason: error },
        None => SandboxError::Setup { step: step.word(), error },
    }
}

fn private_folder(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

//! How a program begins: found, old enough, signed in, started in its own folder with a way to its provider, and greeted.

use std::path::Path;

use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::alive::Alive;
use super::dialect::{Event, Opening, Out};
use super::door::{Passage, Visitor};
use super::life::{Ready, Whose};
use super::port::{Reach, Spec};
use super::programs::{self, Found, Launching, Session, about, dialect, find, launch, version_of};
use super::session::Wish;
use crate::protocol::model::{ModelError, ModelErrorKind};

// === impl Whose ===

impl Whose {
    /// Starts a program in a new session, or in an earlier one; `None` when that is gone.
    pub(super) async fn begin(
        &self,
        wish: &Wish,
        earlier: Option<String>,
    ) -> Result<Option<Ready>, ModelError> {
        let until = Instant::now() + self.settings.start_within;
        let session = match &earlier {
            Some(id) => Session::Earlier(id.clone()),
            None => Session::New(Uuid::new_v4().to_string()),
        };
        let Some(mut dialect) = dialect(self.settings.kind, &session) else {
            let text = format!("`{}` is no program", self.settings.name);
            return Err(unusable(text));
        };
        let found = find(&self.settings, &self.coders.inner.path).map_err(unusable)?;
        let (spec, passage) = self.spec(&found, &session, wish)?;
        self.see_version(&spec).await?;
        let started = self.coders.inner.programs.start(spec);
        let started = timeout_at(until, started).await.map_err(|_| self.late())?.map_err(unusable)?;
        let mut alive = Alive::new(started);
        let opening = Opening {
            folder: wish.folder.clone(),
            model: wish.model.clone(),
            resume: earlier,
            instructions: wish.instructions.clone(),
            tools: None,
        };
        let mut out = Out::default();
        dialect.open(&opening, &mut out);
        loop {
            alive.send(std::mem::take(&mut out.lines));
            for event in std::mem::take(&mut out.events) {
                match event {
                    Event::Ready { session, .. } => {
                        return Ok(Some(Ready { alive, dialect, session, opening, _passage: passage }));
                    }
                    Event::Lost => {
                        alive.stop().await;
                        return Ok(None);
                    }
                    Event::Broken(error) => {
                        alive.stop().await;
                        return Err(error);
                    }
                    _ => {}
                }
            }
            match timeout_at(until, alive.line()).await {
                Ok(Ok(line)) => dialect.take(&line, &mut out),
                Ok(Err(how)) if opening.resume.is_some() => {
                    tracing::info!(how, "a session could not be taken up, so another one begins");
                    return Ok(None);
                }
                Ok(Err(how)) => {
                    let text = format!("`{}` did not start: {how}", self.settings.name);
                    return Err(ModelError::new(ModelErrorKind::Upstream, text));
                }
                Err(_) => {
                    alive.stop().await;
                    return Err(self.late());
                }
            }
        }
    }

    /// What is run, with its way out.
    fn spec(
        &self,
        found: &Found,
        session: &Session,
        wish: &Wish,
    ) -> Result<(Spec, Option<Passage>), ModelError> {
        let home = self.home()?;
        let passage = self.passage(&home)?;
        let launching = Launching {
            settings: &self.settings,
            home: &home,
            session,
            model: wish.model.as_deref(),
            instructions: &wish.instructions,
            passage: passage.as_ref(),
        };
        let launch = launch(&launching);
        for (path, text) in &launch.files {
            write(&home.join(path), text).map_err(|error| unkept(&home, &error))?;
        }
        let mut env = launch.env;
        if !found.path.is_empty() {
            let folders = found.path.iter().map(|folder| folder.display().to_string());
            let folders: Vec<String> =
                folders.chain(["/usr/local/bin", "/usr/bin", "/bin"].map(str::to_owned)).collect();
            env.push(("PATH".to_owned(), folders.join(":")));
        }
        let reach = passage.as_ref().map_or(Reach::Everything, |passage| Reach::Door(passage.listens_on));
        let spec = Spec {
            program: found.program.clone(),
            args: launch.args,
            env,
            read: found.read.clone(),
            home,
            folder: wish.folder.clone(),
            reach,
        };
        Ok((spec, passage))
    }

    /// Its own folder: of the thread, or of the backend where that has a login of its own.
    fn home(&self) -> Result<std::path::PathBuf, ModelError> {
        let of_backend = self.coders.inner.homes.join(self.key.tenant.as_str()).join(&self.key.backend);
        let home = match self.settings.provider {
            Some(_) => of_backend.join(self.key.thread.to_string()),
            None => of_backend.join("login"),
        };
        private(&home).map_err(|error| unkept(&home, &error))?;
        Ok(home)
    }

    /// The way to its provider. Without one it needs a login of its own.
    fn passage(&self, home: &Path) -> Result<Option<Passage>, ModelError> {
        let Some(provider) = &self.settings.provider else {
            if programs::is_signed_in(&self.settings, home) != Some(false) {
                return Ok(None);
            }
            let sign_in = about(self.settings.kind).map_or("its login", |about| about.sign_in);
            return Err(ModelError::new(
                ModelErrorKind::Authentication,
                format!(
                    "nobody is signed in to `{}`: set `provider` in [backends.{0}] to the backend that pays, or sign in \
                     with HOME={} {sign_in}",
                    self.settings.name,
                    home.display()
                ),
            ));
        };
        let Some(door) = self.coders.door() else {
            let text = "programs have no way to their providers: nothing listens for them";
            return Err(unusable(text.to_owned()));
        };
        let visitor = Visitor {
            tenant: self.key.tenant.clone(),
            thread: self.key.thread,
            backend: self.key.backend.clone(),
            provider: provider.clone(),
        };
        door.open(&visitor).map(Some)
    }

    /// Refuses a program that is too old to be spoken to.
    async fn see_version(&self, spec: &Spec) -> Result<(), ModelError> {
        let Some(about) = about(self.settings.kind) else { return Ok(()) };
        let asked = Spec { args: vec!["--version".to_owned()], reach: Reach::Nothing, ..spec.clone() };
        let printed = self.coders.inner.programs.print(asked).await.map_err(unusable)?;
        let Some(version) = version_of(&printed) else {
            tracing::warn!(program = about.title, printed, "a program does not say its version");
            return Ok(());
        };
        if version >= about.oldest {
            return Ok(());
        }
        let [is, oldest] =
            [version, about.oldest].map(|version| version.map(|part| part.to_string()).join("."));
        Err(unusable(format!(
            "{} {is} is too old, {oldest} or newer is needed: update it (`{}@latest`)",
            about.title, about.install
        )))
    }

    fn late(&self) -> ModelError {
        let seconds = self.settings.start_within.as_secs_f32();
        let text = format!("`{}` was not ready within {seconds} s, so it was ended", self.settings.name);
        ModelError::new(ModelErrorKind::Timeout, text)
    }
}

fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        private(folder)?;
    }
    std::fs::write(path, text)
}

fn unusable(text: String) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, text)
}

fn unkept(home: &Path, error: &std::io::Error) -> ModelError {
    unusable(format!("the folder {} of a program could not be used: {error}", home.display()))
}

//! Certificates of running listeners: taken in when their files change, renewed when they near their end.

use std::sync::Arc;

use jiff::Timestamp;

use super::factories::Doors;
use super::parts::Parts;
use crate::audit::{self, Entry};
use crate::certificates::Certificates;
use crate::config::Home;
use crate::db::{Db, DbError};
use crate::http::{Look, TlsDoor};
use crate::protocol::ids::TenantId;

/// Who tells it in the audit trail.
const ACTOR: &str = "housekeeper";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct CertificateWatch {
    db: Db,
    certificates: Certificates,
    doors: Arc<Doors>,
}

impl CertificateWatch {
    pub(super) fn new(parts: &Parts, home: &Home, doors: &Arc<Doors>) -> Self {
        Self { db: parts.db.clone(), certificates: Certificates::of(home), doors: Arc::clone(doors) }
    }

    /// Looks at the files of every TLS listener.
    pub(super) async fn look(&self) {
        for (name, door) in self.doors.tls() {
            let looking = Arc::clone(&door);
            match tokio::task::spawn_blocking(move || looking.look()).await {
                Ok(Look::Reloaded) => self.note_reload(name, &door).await,
                Ok(Look::Bad(error)) => tracing::error!(
                    notice = "capuchin.certificate.unusable", listener = name, %error,
                    "new certificate files do not work; the earlier ones stay in use"
                ),
                Ok(Look::Same | Look::StillBad) => {}
                Err(error) => tracing::warn!(%error, "certificate files could not be looked at"),
            }
        }
    }

    async fn note_reload(&self, name: &'static str, door: &TlsDoor) {
        let file = door.certificate().display().to_string();
        tracing::info!(listener = name, file, "certificates reloaded");
        let entry = Entry::done(ACTOR, "system", "certificate.reloaded").on(format!("{name}: {file}"));
        self.note(entry).await;
    }

    /// Renews what our own authority has made for listeners and what nears its end. Without the authority's
    /// key there is nothing that could be done here; the doctor says what is due.
    pub(super) async fn renew(&self) {
        let certificates = self.certificates.clone();
        let renewed = tokio::task::spawn_blocking(move || {
            let now = Timestamp::now();
            let due = certificates.due(now)?;
            let renew = |held: crate::certificates::Held| certificates.renew(&held.name, now);
            due.into_iter().map(renew).collect::<Result<Vec<_>, _>>()
        });
        match renewed.await {
            Ok(Ok(renewed)) => {
                for held in renewed {
                    tracing::info!(name = held.name, until = %held.facts.not_after, "certificate renewed");
                    self.note(Entry::done(ACTOR, "system", "certificate.renewed").on(held.name)).await;
                }
            }
            Ok(Err(error)) => {
                tracing::warn!(notice = "capuchin.certificate.expires", %error, "certificates could not be renewed");
            }
            Err(error) => {
                tracing::warn!(notice = "capuchin.certificate.expires", %error, "certificates could not be renewed");
            }
        }
    }

    async fn note(&self, entry: Entry) {
        let noted = self.db.write(&TenantId::home(), move |tx| audit::append(tx, entry));
        let noted: Result<(), DbError> = noted.await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a change of certificates could not be noted");
        }
    }
}

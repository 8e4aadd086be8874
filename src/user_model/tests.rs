//! What is noticed and what is not, bounds, corrections, and that what is forgotten is nowhere.

mod forgetting;
mod pure;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;

use super::*;
use crate::config::{Privacy, UserModelConfig};
use crate::db::{Db, DbOptions, WriterRun};
use crate::extensions::{Context, Hook, Plug};
use crate::identity::{Principal, RequestKey};
use crate::protocol::ids::{MemberId, TenantId};
use crate::protocol::turn::Provenance;
use crate::redaction::Redactor;
use crate::vault::{ErasableKeys, Vault, VaultOptions};

/// A model over a home of its own.
struct Desk {
    home: tempfile::TempDir,
    writer: WriterRun,
    db: Db,
    vault: Vault,
    model: UserModel,
    clock: Arc<AtomicI64>,
    tenant: TenantId,
}

impl Desk {
    async fn open() -> Self {
        Self::at(tempfile::tempdir().unwrap()).await
    }

    async fn at(home: tempfile::TempDir) -> Self {
        let db = Db::open(home.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let options = VaultOptions {
            source: None,
            key_file: home.path().join("keys/vault.key"),
            credentials: None,
            data: home.path().join("data"),
        };
        let vault = Vault::load(db.clone(), options, Redactor::new()).await.unwrap();
        let keys = ErasableKeys::new(home.path().join("keys/people"));
        let clock = Arc::new(AtomicI64::new(1_000_000));
        let ticking = Arc::clone(&clock);
        let config = UserModelConfig { privacy: Privacy::Full, ..UserModelConfig::default() };
        let now = Arc::new(move || ticking.load(Ordering::Relaxed));
        let model = UserModel::with_clock(db.clone(), vault.clone(), keys, (config, now));
        Self { home, writer, db, vault, model, clock, tenant: TenantId::home() }
    }

    fn by() -> Principal {
        Principal::owner(TenantId::home())
    }

    fn now_ms(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn context(&self, hook: Hook, (source, provenance): (&str, Provenance), prompt: &str) -> Context {
        let data = json!({ "prompt": prompt, "source": source, "provenance": provenance.as_str() });
        Context { at_ms: self.now_ms(), ..Context::new(hook, self.tenant.clone(), data) }
    }

    async fn says(&self, who: (&str, Provenance), prompt: &str) {
        let context = self.context(Hook::QueryPost, who, prompt);
        ObservationPlug(self.model.clone()).call(context).await.unwrap();
    }

    async fn owner_says(&self, prompt: &str) {
        self.says(("owner", Provenance::Owner), prompt).await;
    }

    async fn told(&self, prompt: &str, known: &[&str]) -> Context {
        let mut context = self.context(Hook::QueryPre, ("owner", Provenance::Owner), prompt);
        context.data["known_keys"] = json!(known);
        InjectionPlug::new(self.model.clone(), QUESTION_CHARS_MIN).call(context).await.unwrap()
    }

    async fn view(&self) -> UserView {
        self.model.view(&self.tenant, Person::Owner).await.unwrap()
    }

    async fn words(&self) -> Vec<String> {
        self.view().await.profile.unwrap().topics.into_keys().collect()
    }
}

#[tokio::test]
async fn only_what_a_person_wrote_is_noticed() {
    let desk = Desk::open().await;
    desk.owner_says("Tell me about gardening and Earl Grey").await;
    assert_eq!(desk.words().await, ["earl", "gardening", "grey"]);
    let member = MemberId::new().to_string();
    for (source, provenance) in [
        ("0192f000-0000-7000-8000-000000000000", Provenance::Token),
        ("owner", Provenance::Webhook),
        ("webhook x", Provenance::Owner),
        ("owner", Provenance::Stranger),
        ("owner", Provenance::ApprovedSender),
        ("owner", Provenance::Schedule),
        ("owner", Provenance::Tool),
        ("owner", Provenance::Web),
        ("owner", Provenance::Model),
        ("not an id", Provenance::Member),
        (member.as_str(), Provenance::Member),
    ] {
        desk.says((source, provenance), "poison cryptocurrency").await;
    }
    assert_eq!(desk.words().await, ["earl", "gardening", "grey"], "nobody else's words");
    let theirs = Person::Member(member.parse().unwrap());
    let theirs = desk.model.view(&desk.tenant, theirs).await.unwrap().profile.unwrap();
    assert_eq!(theirs.topics.into_keys().collect::<Vec<_>>(), ["cryptocurrency", "poison"]);
    let other = desk.model.view(&"other".parse().unwrap(), Person::Owner).await.unwrap();
    assert!(other.profile.unwrap().is_empty(), "two tenants");
}

#[tokio::test]
async fn levels_allow_what_they_say_and_lowering_one_removes_the_rest() {
    let desk = Desk::open().await;
    desk.owner_says("gardening with roses").await;
    let known = desk.view().await.profile.unwrap();
    assert_eq!((known.queries, known.average_chars, known.hours.iter().sum::<u32>()), (1, 20.0, 1));
    let decide = async |privacy| {
        let change = UserModelChange { privacy: Some(privacy), injection: None };
        desk.model.decide(&Desk::by(), Person::Owner, None, change).await.unwrap();
    };
    decide(Privacy::Limited).await;
    desk.owner_says("gardening with tulips").await;
    let known = desk.view().await.profile.unwrap();
    assert_eq!((known.queries, known.hours.iter().sum::<u32>()), (0, 0));
    assert_eq!((known.topics["gardening"].count, known.topics.len()), (2, 3));
    desk.owner_says("orchids waiting").await;
    decide(Privacy::None).await;
    desk.owner_says("lilies").await;
    assert!(desk.words().await.is_empty(), "nothing is noticed, and what waited is dropped");
}

#[tokio::test]
async fn prompts_are_told_once_in_a_thread_and_only_when_they_should_be() {
    let desk = Desk::open().await;
    assert!(desk.told("What should I plant?", &[]).await.injections.is_empty(), "nothing is known");
    desk.owner_says("gardening roses").await;
    desk.model.add_preference(&Desk::by(), Person::Owner, "Answer briefly", None).await.unwrap();
    let told = desk.told("What should I plant?", &[]).await.injections.remove(0);
    assert_eq!(told.title, "User context");
    assert_eq!(told.text, "Often writes about: gardening, roses\nSays about themselves:\n- Answer briefly");
    assert!(told.provenance.is_trusted());
    assert!(desk.told("What should I plant?", &[&told.key]).await.injections.is_empty());
    assert!(desk.told("123456789", &[]).await.injections.is_empty());
    assert_eq!(desk.told("1234567890", &[]).await.injections.len(), 1);
    let context = desk.context(Hook::QueryPre, ("hook", Provenance::Webhook), "What should I plant?");
    let strangers = InjectionPlug::new(desk.model.clone(), QUESTION_CHARS_MIN).call(context).await.unwrap();
    assert!(strangers.injections.is_empty(), "nobody else is told");
    let off = UserModelChange { privacy: None, injection: Some(false) };
    desk.model.decide(&Desk::by(), Person::Owner, None, off).await.unwrap();
    assert!(desk.told("What should I plant?", &[]).await.injections.is_empty());
}

#[tokio::test]
async fn topics_and_preferences_are_corrected_by_who_read_them() {
    let desk = Desk::open().await;
    let (by, me) = (Desk::by(), Person::Owner);
    desk.owner_says("gardening roses").await;
    let version = desk.view().await.version;
    desk.model.mute_topic(&by, me, ("roses", Some(version))).await.unwrap();
    let stale = desk.model.mute_topic(&by, me, ("gardening", Some(version))).await;
    assert!(matches!(stale, Err(UserModelError::Stale)), "two browsers");
    desk.owner_says("roses roses").await;
    assert_eq!(desk.words().await, ["gardening"], "what was taken out stays out");
    desk.model.unmute_topic(&by, me, ("roses", None)).await.unwrap();
    desk.owner_says("roses").await;
    assert_eq!(desk.words().await, ["gardening", "roses"]);
    desk.model.change_topic(&by, me, ("roses", None), (Some("Tulips"), Some(7))).await.unwrap();
    assert_eq!(desk.view().await.profile.unwrap().topics["tulips"].count, 7);
    for (to, count) in
        [(Some("ab"), None), (Some("two words"), None), (None, Some(0)), (None, Some(COUNT_MAX + 1))]
    {
        let wrong = desk.model.change_topic(&by, me, ("tulips", None), (to, count)).await;
        assert!(matches!(wrong, Err(UserModelError::Field { .. })), "{to:?} {count:?}");
    }
    let key = || Some(RequestKey::new(&by, "POST preferences", "once", b"x"));
    let first = desk.model.add_preference(&by, me, "I am left-handed", key()).await.unwrap();
    let again = desk.model.add_preference(&by, me, "I am left-handed", key()).await.unwrap();
    assert_eq!((first.thing, again.thing, again.repeated), (1, 1, true));
    assert_eq!(desk.view().await.profile.unwrap().preferences.len(), 1);
    desk.model.change_preference(&by, me, (1, None), "I am right-handed").await.unwrap();
    assert_eq!(desk.view().await.profile.unwrap().preferences[0].text, "I am right-handed");
    desk.model.remove_preference(&by, me, (1, None)).await.unwrap();
    let gone = desk.model.remove_preference(&by, me, (1, None)).await;
    assert!(matches!(gone, Err(UserModelError::NotFound)));
    let fits = "x".repeat(PREFERENCE_CHARS_MAX);
    desk.model.add_preference(&by, me, &fits, None).await.unwrap();
    for wrong in ["", "a\u{1}b", &format!("{fits}x")] {
        let wrong = desk.model.add_preference(&by, me, wrong, None).await;
        assert!(matches!(wrong, Err(UserModelError::Field { field: "text", .. })));
    }
    for n in 1..PREFERENCES_MAX {
        desk.model.add_preference(&by, me, &n.to_string(), None).await.unwrap();
    }
    let over = desk.model.add_preference(&by, me, "one more", None).await;
    assert!(matches!(over, Err(UserModelError::TooMany)));
}

#[tokio::test]
async fn what_cannot_be_written_waits_and_a_sealed_vault_loses_nothing() {
    let desk = Desk::open().await;
    desk.owner_says("gardening").await;
    desk.model.flush().await;
    desk.vault.seal_all(&Desk::by()).await.unwrap();
    desk.owner_says("gardening").await;
    desk.model.flush().await;
    assert!(matches!(desk.model.view(&desk.tenant, Person::Owner).await, Err(UserModelError::Vault(_))));
    desk.vault.unseal(&Desk::by(), None).await.unwrap();
    assert_eq!(desk.view().await.profile.unwrap().topics["gardening"].count, 2);
    desk.vault.rotate_data_keys(&Desk::by()).await.unwrap();
    assert_eq!(desk.words().await, ["gardening"], "a rotation moves it");
}

#[tokio::test]
async fn the_last_words_are_written_at_the_end_and_a_kill_costs_one_batch_at_the_most() {
    let desk = Desk::open().await;
    let stop = tokio_util::sync::CancellationToken::new();
    desk.owner_says("gardening").await;
    stop.cancel();
    desk.model.clone().run(stop).await;
    desk.owner_says("killed").await;
    // The next life begins with what is on the disk.
    let Desk { home, writer, .. } = desk;
    writer.stop().await.unwrap();
    let desk = Desk::at(home).await;
    assert_eq!(desk.words().await, ["gardening"]);
}

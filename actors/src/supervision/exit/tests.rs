//! What ractor really sends for every way to end, so that an upgrade that changes it is noticed.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use ractor_cluster_derive::RactorMessage;
use tokio::sync::mpsc;

use super::*;

#[derive(RactorMessage)]
enum End {
    Error,
    Panic,
    Hang,
}

struct Mortal;

impl Actor for Mortal {
    type Msg = End;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<End>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<End>, end: End, (): &mut ()) -> Result<(), ActorProcessingErr> {
        match end {
            End::Error => Err("spoilt".into()),
            End::Panic => panic!("ouch"),
            End::Hang => std::future::pending().await,
        }
    }
}

#[derive(RactorMessage)]
struct Nothing;

struct Watcher;

impl Actor for Watcher {
    type Msg = Nothing;
    type State = mpsc::UnboundedSender<Exit>;
    type Arguments = mpsc::UnboundedSender<Exit>;

    async fn pre_start(
        &self,
        _: ActorRef<Nothing>,
        seen: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(seen)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Nothing>,
        event: SupervisionEvent,
        seen: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let Some((_, exit)) = Exit::of_event(&event) {
            seen.send(exit)?;
        }
        Ok(())
    }
}

async fn exit_after(end: impl FnOnce(&ActorRef<End>)) -> Exit {
    let (seen, mut exits) = mpsc::unbounded_channel();
    let (watcher, _) = Actor::spawn(None, Watcher, seen).await.unwrap();
    let (child, _) = Actor::spawn_linked(None, Mortal, (), watcher.get_cell()).await.unwrap();
    end(&child);
    let exit = exits.recv().await.unwrap();
    watcher.stop(None);
    exit
}

#[tokio::test]
async fn every_way_to_end_has_its_exit() {
    assert_eq!(exit_after(|c| c.stop(None)).await, Exit::Normal);
    assert_eq!(exit_after(|c| c.drain().unwrap()).await, Exit::Normal);
    assert_eq!(exit_after(|c| c.stop(Some("shutdown".into()))).await, Exit::Shutdown(None));
    let why = Exit::Shutdown(Some("idle".into()));
    assert_eq!(exit_after(|c| c.stop(Some("shutdown:idle".into()))).await, why);
    assert_eq!(exit_after(|c| c.stop(Some("odd".into()))).await, Exit::Failed("odd".into()));
    assert_eq!(exit_after(|c| c.kill()).await, Exit::Killed);
    assert_eq!(exit_after(|c| c.cast(End::Error).unwrap()).await, Exit::Failed("spoilt".into()));
    assert_eq!(exit_after(|c| c.cast(End::Panic).unwrap()).await, Exit::Failed("ouch".into()));
    let killed_in_a_handler = exit_after(|c| {
        c.cast(End::Hang).unwrap();
        c.kill();
    });
    assert_eq!(killed_in_a_handler.await, Exit::Killed);
}

#[test]
fn only_kills_and_failures_are_abnormal() {
    assert!(!Exit::Normal.is_abnormal());
    assert!(!Exit::Shutdown(Some("why".into())).is_abnormal());
    assert!(Exit::Killed.is_abnormal());
    assert!(Exit::Failed(String::new()).is_abnormal());
}

#[test]
fn long_error_texts_are_cut_at_a_character() {
    let text = "\u{e4}".repeat(EXIT_TEXT_BYTES_MAX);
    let Exit::Failed(kept) = Exit::of_reason(Some(&text)) else { panic!("a failure") };
    assert_eq!(kept.len(), EXIT_TEXT_BYTES_MAX);
    let odd = format!("x{text}");
    assert_eq!(bounded(&odd).len(), EXIT_TEXT_BYTES_MAX - 1);
}

//! The API of channels, without a platform: what is asked for, what changes, and what has not arrived.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, request};
use crate::channels::ChannelError;
use crate::channels::outbox::ObligationState;
use crate::protocol::ids::{ChannelId, TenantId};

const CHANNELS: &str = "/api/v1/channels";

async fn make(world: &World, admin: &str, body: Value) -> Answer {
    world.post(CHANNELS, admin, body).await
}

async fn patch(world: &World, admin: &str, id: &str, body: Value) -> Answer {
    world.send(request(Method::PATCH, &format!("{CHANNELS}/{id}")).bearer(admin).json(&body)).await
}

fn slack(name: &str) -> Value {
    json!({
        "name": name, "platform": "slack", "credentials": { "bot_token": "xoxb-1", "app_token": "xapp-1" },
    })
}

/// Puts a value at a place in settings: names with `/` between them.
fn place(settings: &mut Value, name: &str, value: Value) {
    let at = name.split('/').fold(settings, |at, part| &mut at[part]);
    *at = value;
}

#[tokio::test]
async fn every_platform_says_what_it_asks_for_and_takes_just_that() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let platforms = world.get("/api/v1/channel-platforms", &admin).await.json();
    let platforms = platforms["items"].as_array().unwrap();
    assert_eq!(platforms[0]["platform"], "telegram", "the quickest one is first");
    for platform in platforms {
        for mode in platform["modes"].as_array().unwrap() {
            let needed = |field: &&Value| {
                field["needed"] == true && field["modes"].as_array().is_none_or(|modes| modes.contains(mode))
            };
            let of = |kind: &str, value: &str| -> serde_json::Map<String, Value> {
                let fields = platform[kind].as_array().unwrap().iter().filter(needed);
                fields.map(|field| (field["name"].as_str().unwrap().to_owned(), value.into())).collect()
            };
            let mut settings = json!({ "mode": mode });
            for (name, value) in of("settings", "123456") {
                let value = match name.strip_prefix("mail/") {
                    Some("address") => "bot@home.example".into(),
                    Some(_) => "home.example".into(),
                    None => value,
                };
                place(&mut settings, &name, value);
            }
            let mut credentials = of("credentials", "123456:a-word-of-sixteen-letters");
            let body = |credentials: &serde_json::Map<String, Value>| {
                json!({
                    "name": format!("{}{mode}", platform["platform"]), "platform": platform["platform"],
                    "settings": settings, "credentials": credentials,
                })
            };
            let name = credentials.keys().next().unwrap().clone();
            let value = credentials.remove(&name).unwrap();
            let refused = make(&world, &admin, body(&credentials)).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "without {name}: {}", refused.text);
            assert!(refused.text.contains(&name), "{}", refused.text);
            credentials.insert(name, value);
            let made = make(&world, &admin, body(&credentials)).await;
            assert_eq!(made.status, StatusCode::CREATED, "{platform} {mode}: {}", made.text);
            assert_eq!(made.json()["webhook_url"].is_string(), mode == "webhook", "{}", made.text);
        }
    }
}

#[tokio::test]
async fn another_way_of_messages_comes_with_the_credentials_that_it_needs() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let id = make(&world, &admin, slack("work")).await.id();
    let settings = json!({ "mode": "webhook" });
    let refused = patch(&world, &admin, &id, json!({ "settings": settings })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("signing_secret"), "{}", refused.text);
    let credentials = json!({ "bot_token": "xoxb-2", "signing_secret": "0123456789abcdef0123456789abcdef" });
    let body = json!({ "settings": settings, "credentials": credentials });
    let changed = patch(&world, &admin, &id, body).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert!(
        changed.json()["webhook_url"].as_str().unwrap().ends_with(&format!("/api/channels/{id}/webhook"))
    );
    let same =
        patch(&world, &admin, &id, json!({ "settings": { "mode": "webhook", "groups": "always" } })).await;
    assert_eq!(same.status, StatusCode::OK, "{}", same.text);
}

#[tokio::test]
async fn what_has_not_arrived_is_listed_for_all_channels_until_it_did() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let (channels, tenant) = (&world.state.channels, TenantId::home());
    let mut ids = Vec::new();
    for name in ["work", "family"] {
        let id: ChannelId = make(&world, &admin, slack(name)).await.id().parse().unwrap();
        channels.say(&tenant, id, "D1", format!("hello {name}")).await.unwrap();
        ids.push(id);
    }
    let owed = channels.owed(&tenant, None, None, 10).await.unwrap();
    let texts: Vec<_> = owed.iter().map(|one| one.obligation.body.as_str()).collect();
    assert_eq!(texts, ["hello family", "hello work"], "newest first");
    channels.bury(&tenant, owed[1].obligation.id, "there is no such place".to_owned()).await.unwrap();

    let list = async |state: &str| {
        let answer = world.get(&format!("/api/v1/obligations?state={state}"), &admin).await.json();
        let items = answer["items"].as_array().unwrap().clone();
        items.iter().map(|one| one["channel"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("dead").await, ["work"]);
    assert_eq!(list("pending").await, ["family"]);
    assert_eq!(list("").await, ["family", "work"]);
    let wrong = world.get("/api/v1/obligations?state=sent", &admin).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    let counts = channels.undelivered(&tenant).await.unwrap();
    assert_eq!((counts[&ids[0]].dead, counts[&ids[0]].waiting, counts[&ids[1]].waiting), (1, 0, 1));

    let known = world.get(&format!("{CHANNELS}/{}/conversations", ids[0]), &admin).await.json();
    assert_eq!(known["items"], json!([{ "conversation": "D1", "title": null }]));
    let retry = format!("{CHANNELS}/{}/obligations/{}/retry", ids[0], owed[1].obligation.id);
    let again = world.post(&retry, &admin, json!({})).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text);
    assert!(again.json()["next_try_at"].is_string(), "{}", again.text);
    let dead = channels.owed(&tenant, Some(ObligationState::Dead), None, 10).await.unwrap();
    assert!(dead.is_empty());
    channels.part_sent(&tenant, owed[0].obligation.id, None, true).await.unwrap();
    assert_eq!(list("").await, ["work"], "what arrived is not told any more");
}

#[tokio::test]
async fn one_daemon_takes_a_channels_messages_and_its_earlier_lives_write_nothing() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let (channels, tenant) = (&world.state.channels, TenantId::home());
    let id: ChannelId = make(&world, &admin, slack("work")).await.id().parse().unwrap();
    let (minute, none) = (Duration::from_secs(60), Duration::ZERO);
    let (first, _) = channels.lease(&tenant, id, ("one", minute)).await.unwrap();
    let other = channels.lease(&tenant, id, ("two", minute)).await;
    assert!(matches!(other, Err(ChannelError::Leased)), "{other:?}");
    // A later life of the same daemon fences the earlier one.
    let (second, _) = channels.lease(&tenant, id, ("one", minute)).await.unwrap();
    assert!(second > first);
    assert!(!channels.renew(&tenant, id, first, minute).await.unwrap());
    let late = channels.arrived(&tenant, id, Vec::new(), Some((first, 7))).await;
    assert!(matches!(late, Err(ChannelError::Leased)), "{late:?}");
    assert_eq!(channels.arrived(&tenant, id, Vec::new(), Some((second, 7))).await.unwrap(), 0);
    // A lease that ran out is anybody's, and begins where the other one stopped.
    assert!(channels.renew(&tenant, id, second, none).await.unwrap());
    let (third, cursor) = loop {
        match channels.lease(&tenant, id, ("two", minute)).await {
            Err(ChannelError::Leased) => tokio::task::yield_now().await,
            held => break held.unwrap(),
        }
    };
    assert!(third > second && cursor == 7, "{third} {cursor}");
    assert!(!channels.renew(&tenant, id, second, minute).await.unwrap());
}

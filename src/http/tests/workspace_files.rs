//! Files of a workspace over the API, and the folder that they are in.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::world::{Answer, World, request};
use crate::protocol::ids::{TenantId, WorkspaceId};

struct Files {
    world: World,
    token: String,
    workspace: String,
}

impl Files {
    async fn new() -> Self {
        let world = World::new().await;
        let token = world.token("chat").await;
        let workspace = world.get("/api/v1/workspaces", &token).await.json()["items"][0]["id"].clone();
        Self { world, token, workspace: workspace.as_str().unwrap().to_owned() }
    }

    fn at(&self, path: &str) -> String {
        format!("/api/v1/workspaces/{}/files{path}", self.workspace)
    }

    async fn folder(&self) -> PathBuf {
        let id: WorkspaceId = self.workspace.parse().unwrap();
        self.world.state.workspaces.folder(&TenantId::home(), id).await.unwrap().to_path_buf()
    }

    async fn get(&self, path: &str) -> Answer {
        self.world.get(&self.at(path), &self.token).await
    }

    async fn send(&self, method: Method, path: &str, tag: Option<&str>, body: &'static str) -> Answer {
        let ask = request(method, &self.at(path)).bearer(&self.token);
        let ask = match tag {
            Some(tag) => ask.header("if-match", tag),
            None => ask,
        };
        self.world.send(ask.bytes(body)).await
    }
}

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_written_read_changed_and_removed_by_who_knows_its_state() {
    let files = Files::new().await;
    let made = files.send(Method::PUT, "/a/b.md", None, "one").await;
    assert_eq!((made.status, made.json()), (StatusCode::CREATED, json!({"path": "a/b.md", "bytes": 3})));
    let read = files.get("/a/b.md").await;
    assert_eq!((read.status, read.text.as_str(), tag(&read)), (StatusCode::OK, "one", tag(&made)));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(read.headers[name], value, "a page of a project never runs in the console");
    }
    let none = files.send(Method::PUT, "/a/b.md", None, "two").await;
    assert_eq!(none.status, StatusCode::PRECONDITION_REQUIRED);
    let changed = files.send(Method::PUT, "/a/b.md", Some(&tag(&read)), "two").await;
    assert_eq!(changed.status, StatusCode::OK);
    for method in [Method::PUT, Method::DELETE] {
        let late = files.send(method, "/a/b.md", Some(&tag(&read)), "three").await;
        assert_eq!(
            (late.status, late.json()["code"].as_str()),
            (StatusCode::PRECONDITION_FAILED, Some("stale"))
        );
    }
    assert_eq!(files.get("/a/b.md").await.text, "two");
    assert_eq!(
        files.send(Method::PUT, "/new", Some("\"x\""), "").await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(files.send(Method::PUT, "/a/b.md", Some("*"), "four").await.status, StatusCode::OK);
    let full = files.send(Method::DELETE, "/a", None, "").await;
    assert_eq!((full.status, full.json()["code"].as_str()), (StatusCode::CONFLICT, Some("not_empty")));
    assert_eq!(
        files.send(Method::DELETE, "/a/b.md", None, "").await.status,
        StatusCode::PRECONDITION_REQUIRED
    );
    assert_eq!(files.send(Method::DELETE, "/a/b.md", Some("*"), "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(files.send(Method::DELETE, "/a", None, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(files.get("/a/b.md").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_folder_is_listed_in_pages() {
    let files = Files::new().await;
    for path in ["/d/1", "/d/2", "/d/3", "/d/e/f"] {
        files.send(Method::PUT, path, None, "xy").await;
    }
    let root = files.get("").await.json();
    assert_eq!((&root["items"][0]["path"], &root["items"][0]["kind"]), (&json!("d"), &json!("folder")));
    let first = files.get("?path=d&limit=3").await.json();
    assert_eq!((&first["items"][0]["path"], &first["items"][0]["bytes"]), (&json!("d/1"), &json!(2)));
    assert_eq!(first["next"], "3");
    let last = files.get("?path=d&limit=3&after=3").await.json();
    assert_eq!((&last["items"][0]["name"], &last["next"]), (&json!("e"), &json!(null)));
    assert_eq!(files.get("?path=none").await.status, StatusCode::NOT_FOUND);
    assert_eq!(files.get("?path=d/1").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn no_path_of_a_request_leads_out_of_the_project() {
    let files = Files::new().await;
    let folder = files.folder().await;
    let secret = folder.parent().unwrap().join("secret");
    fs::write(&secret, "secret").unwrap();
    symlink(&secret, folder.join("link")).unwrap();
    symlink("..", folder.join("up")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/a/..%2f..%2fsecret",
        "/link",
        "/up/secret",
        "/%2fetc%2fpasswd",
        "//etc/passwd",
        "/pipe",
        "/a%00b",
        "/a%0ab",
        "/~/x",
    ] {
        for method in [Method::GET, Method::PUT] {
            let answer = files.send(method.clone(), path, Some("*"), "x").await;
            assert!(answer.status.is_client_error(), "{method} {path}: {}", answer.status);
            assert!(!answer.text.contains("\"secret\""), "{}", answer.text);
        }
    }
    for path in ["..", "/etc", "up", "%2e%2e"] {
        assert!(files.get(&format!("?path={path}")).await.status.is_client_error(), "{path}");
    }
    assert_eq!(files.send(Method::DELETE, "/link", None, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(fs::read_to_string(secret).unwrap(), "secret", "a link is removed, never what it leads to");
}

#[tokio::test]
async fn a_token_for_another_assistant_sees_no_files() {
    let files = Files::new().await;
    files.send(Method::PUT, "/a", None, "x").await;
    let other = crate::assistants::NewAssistant {
        name: "helper".into(),
        backend: "demo".into(),
        model: "demo".into(),
        routing: crate::models::Routing::default(),
        system_prompt: String::new(),
    };
    let other = files.world.state.assistants.create(&World::owner(), other, None).await.unwrap().thing.id;
    let token = files.world.token_with("chat", Some(other)).await;
    for path in ["", "/a"] {
        assert_eq!(files.world.get(&files.at(path), &token).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_project_works_in_a_folder_of_a_person_if_an_admin_says_so() {
    let files = Files::new().await;
    let theirs = tempfile::Builder::new().prefix("capuchin-project").tempdir().unwrap();
    let path = fs::canonicalize(theirs.path()).unwrap();
    fs::write(path.join("plan.md"), "theirs").unwrap();
    let at = format!("/api/v1/workspaces/{}/folder", files.workspace);
    let put = |token: &str, path: serde_json::Value| {
        let ask = request(Method::PUT, &at).bearer(token).json(&json!({ "path": path }));
        files.world.send(ask)
    };
    assert_eq!(put(&files.token, json!(path)).await.status, StatusCode::FORBIDDEN);
    let admin = files.world.token("admin").await;
    for wrong in
        [json!("/etc"), json!("/"), json!("relative"), json!(files.folder().await), json!(path.join("none"))]
    {
        let refused = put(&admin, wrong.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/path");
    }
    let moved = put(&admin, json!(path)).await;
    assert_eq!((moved.status, &moved.json()["root"]), (StatusCode::OK, &json!(path)));
    assert_eq!(files.get("/plan.md").await.text, "theirs");
    let audit = files.world.get("/api/v1/audit", &admin).await.text;
    assert!(audit.contains("workspace.moved"), "{audit}");
    let back = put(&admin, json!(null)).await;
    assert_eq!(back.json()["root"], json!(null));
    assert_eq!(files.get("/plan.md").await.status, StatusCode::NOT_FOUND);
    assert!(path.join("plan.md").exists());
}

//! The tools against a server on loopback, which `egress.allow_private_hosts` lets them reach.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::config::egress::EgressConfig;
use crate::egress::upstream::{Act, Upstream, answer};
use crate::egress::{Secret, SecretRefusal, SecretSource};
use crate::protocol::ids::TenantId;
use crate::protocol::turn::Provenance;
use crate::tools::{Arguments, Place, Plan, ToolCallRun, ToolClass};

const VALUE: &str = "s3cr3t-value-of-the-key";

struct World {
    upstream: Upstream,
    egress: Egress,
    place: Place,
}

/// Has one secret, `key`, for this machine.
struct Vault;

impl SecretSource for Vault {
    fn resolve(
        &self,
        _tenant: &TenantId,
        name: &str,
        host: &str,
        _used_by: &str,
    ) -> futures::future::BoxFuture<'static, Result<Secret, SecretRefusal>> {
        let (name, host) = (name.to_owned(), host.to_owned());
        Box::pin(async move {
            match (name.as_str(), host.as_str()) {
                ("key", "127.0.0.1") => Ok(Secret::new(VALUE.to_owned())),
                _ => Err(SecretRefusal::Unknown { name }),
            }
        })
    }
}

impl World {
    async fn new(script: Vec<Vec<Act>>) -> Self {
        let upstream = Upstream::start(script).await;
        let allow_private_hosts = vec![upstream.address().to_string()];
        let egress = Egress::new(&EgressConfig { allow_private_hosts, ..EgressConfig::default() });
        egress.set_source(Arc::new(Vault));
        let place = Place::somewhere("/srv/work");
        Self { upstream, egress, place }
    }

    /// One that answers with this page.
    async fn with_page(content_type: &str, body: impl AsRef<[u8]>) -> Self {
        Self::new(vec![answer(200, &format!("content-type: {content_type}\r\n"), body)]).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.upstream.url())
    }

    fn tool(&self, name: &str) -> Arc<dyn Tool> {
        web_tools(&self.egress).into_iter().find(|tool| tool.spec().name == name).unwrap()
    }

    fn plan(&self, name: &str, arguments: &Value) -> Result<Plan, ToolError> {
        self.tool(name).plan(&object(arguments), &self.place)
    }

    async fn run(&self, name: &str, arguments: &Value) -> Result<ToolOutput, ToolError> {
        self.tool(name).run(ToolCallRun { arguments: object(arguments), place: self.place.clone() }).await
    }

    async fn fetch(&self, path: &str) -> Result<ToolOutput, ToolError> {
        self.run("web_fetch", &json!({"url": self.url(path)})).await
    }
}

fn object(value: &Value) -> Arguments {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_page_is_read_as_text_of_the_web() {
    let world =
        World::with_page("text/html; charset=latin1", b"<title>T</title><p>gr\xfc\xdfe <a href=x>x</a>")
            .await;
    let out = world.fetch("/d/").await.unwrap();
    let url = world.url("/d/");
    assert_eq!(out.text, format!("<{url}>\n\nTitle: T\n\ngrüße [x]({url}x)"));
    assert_eq!((out.provenance, out.failed), (Provenance::Web, false));
}

#[tokio::test]
async fn a_plan_names_host_and_port_and_shows_the_address() {
    let world = World::with_page("text/plain", "x").await;
    let url = world.url("/p?q=1");
    let plan = world.plan("web_fetch", &json!({"url": url})).unwrap();
    let port = world.upstream.address().port();
    let reach = Action::ReachHost { host: "127.0.0.1".into(), port };
    assert_eq!(plan, Plan::new(ToolClass::ReadOnly).doing(reach).with_payload(format!("GET {url}")));
    assert!(world.upstream.received().is_empty(), "a plan sends nothing");
    let public = world.plan("web_fetch", &json!({"url": "HTTPS://EXAMPLE.com./x"})).unwrap();
    assert!(
        matches!(&public.actions[0], Action::ReachHost { host, port: 443 } if host.starts_with("example.com"))
    );
}

#[tokio::test]
async fn addresses_that_are_no_place_of_the_web_are_refused_before_anything_is_sent() {
    let world = World::with_page("text/plain", "x").await;
    for url in [
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:1",
        "ftp://example.com/",
        "gopher://example.com/",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://[::1]/",
        "http://0x7f000001/",
        "http://10.0.0.1/",
        "http://user:pw@example.com/",
        "http://example.com:22/",
        "example.com",
        "",
        "/etc/passwd",
    ] {
        for tool in ["web_fetch", "curl"] {
            assert!(world.plan(tool, &json!({"url": url})).is_err(), "{tool} {url}");
            assert!(world.run(tool, &json!({"url": url})).await.is_err(), "{tool} {url}");
        }
    }
    assert!(world.upstream.received().is_empty());
}

#[tokio::test]
async fn redirects_are_followed_to_the_same_place_and_told_to_another() {
    let other = Upstream::start(vec![answer(200, "", "never")]).await;
    let to = |location: &str| answer(302, &format!("location: {location}\r\n"), "");
    let elsewhere = format!("{}/x", other.url());
    let world = World::new(vec![
        to("/next?a=b"),
        answer(200, "content-type: text/plain\r\n", "here"),
        to(&elsewhere),
        to("http://example.com/x"),
        to("file:///etc/passwd"),
        to("data:text/html,x"),
        to("/again"),
    ])
    .await;
    let out = world.fetch("/first").await.unwrap();
    assert_eq!(out.text, format!("<{}>\n\nhere", world.url("/next?a=b")));
    for told in [elsewhere.as_str(), "http://example.com/x"] {
        let out = world.fetch("/").await.unwrap();
        assert!(out.text.contains(told) && out.text.contains("not followed"), "{}", out.text);
    }
    for _ in 0..2 {
        let error = world.fetch("/").await.unwrap_err().to_string();
        assert!(error.contains("not http"), "{error}");
    }
    assert!(world.fetch("/").await.unwrap_err().to_string().contains("too many"));
    assert!(other.received().is_empty(), "another port of the same host is another place");
}

#[tokio::test]
async fn nothing_that_a_page_names_is_fetched() {
    let world = World::new(vec![answer(
        200,
        "content-type: text/html\r\nrefresh: 0;url=/refresh\r\nlink: </style>; rel=preload\r\n",
        "<meta http-equiv=refresh content='0;url=/meta'><script src=/script></script><img src=/image alt=i>\
         <iframe src=/frame></iframe><link rel=stylesheet href=/css><a href=/link>link</a>",
    )])
    .await;
    world.fetch("/").await.unwrap();
    let targets: Vec<String> = world.upstream.received().into_iter().map(|r| r.target).collect();
    assert_eq!(targets, ["GET /"]);
    assert!(!world.upstream.received()[0].head.contains("cookie"));
}

#[tokio::test]
async fn only_text_is_read_and_long_text_comes_in_parts() {
    for (kind, body) in [
        ("image/png", b"\x89PNG\r\n\x1a\n\0\0".as_slice()),
        ("application/pdf", b"%PDF-1.7"),
        ("text/html", b"a\0b"),
        ("application/octet-stream", b"text"),
    ] {
        let error = World::with_page(kind, body).await.fetch("/").await.unwrap_err().to_string();
        assert!(error.contains("reads text only"), "{kind}: {error}");
    }
    let text: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
    let world = World::with_page("text/plain", &text).await;
    let first = world.fetch("/").await.unwrap().text;
    assert!(first.len() < crate::tools::OUTPUT_BYTES_MAX);
    let offset: usize = first.rsplit("offset is ").next().unwrap().trim_end_matches(']').parse().unwrap();
    let next = world.run("web_fetch", &json!({"url": world.url("/"), "offset": offset})).await.unwrap().text;
    assert!(next.split_once("\n\n").unwrap().1.starts_with(&text[offset..offset + 100]));
    let end =
        world.run("web_fetch", &json!({"url": world.url("/"), "offset": 1_000_000})).await.unwrap().text;
    assert!(end.contains("nothing more"), "{end}");
    let huge = World::with_page("text/plain", "x".repeat((8 << 20) + 1)).await.fetch("/").await.unwrap_err();
    assert!(huge.to_string().contains("longer than"), "{huge}");
}

#[tokio::test]
async fn an_error_of_a_server_is_an_answer_that_failed() {
    let world = World::new(vec![answer(404, "content-type: text/plain\r\n", "no such page")]).await;
    let out = world.fetch("/x").await.unwrap();
    assert!(out.failed && out.text.contains("answered 404") && out.text.ends_with("no such page"));
}

#[tokio::test]
async fn curl_sends_what_it_planned_and_puts_secrets_in_last() {
    let world =
        World::new(vec![answer(201, "content-type: application/json\r\nset-cookie: s=1\r\n", "{\"ok\":1}")])
            .await;
    let arguments = json!({
        "url": world.url("/items?k=@secret:key"), "method": "POST", "body": "{\"a\":\"@secret:key\"}",
        "headers": {"authorization": "Bearer @secret:key", "x-one": "1"},
    });
    let plan = world.plan("curl", &arguments).unwrap();
    assert_eq!(plan.class, ToolClass::Effectful);
    let secret = Action::UseSecret { name: "key".into(), host: "127.0.0.1".into() };
    assert_eq!(plan.actions[1..], [secret]);
    assert!(plan.payload.starts_with("POST http://") && plan.payload.ends_with("{\"a\":\"@secret:key\"}"));
    assert!(plan.payload.contains("\nauthorization: Bearer @secret:key\n"), "{}", plan.payload);
    let out = world.run("curl", &arguments).await.unwrap();
    assert!(out.text.starts_with("HTTP 201\n") && out.text.ends_with("\n\n{\"ok\":1}"), "{}", out.text);
    assert!(out.text.contains("set-cookie: [not shown]\n"));
    let received = &world.upstream.received()[0];
    assert!(received.target.starts_with("POST /items?k=s3cr3t"), "{}", received.target);
    assert!(received.head.contains(&format!("authorization: bearer {VALUE}")));
    assert!(received.head.contains("content-type: application/json"));
    assert_eq!(received.json()["a"], VALUE);
}

#[tokio::test]
async fn an_answer_that_repeats_a_secret_does_not_show_it() {
    for status in [200, 403] {
        let echo = format!("x-echo: {VALUE}\r\ncontent-type: text/plain\r\n");
        let world = World::new(vec![answer(status, &echo, format!("you sent {VALUE}"))]).await;
        let arguments = json!({"url": world.url("/"), "headers": {"x-key": "@secret:key"}});
        let out = world.run("curl", &arguments).await.unwrap();
        assert!(!out.text.contains(VALUE) && out.text.contains("you sent"), "{}", out.text);
        assert_eq!(out.failed, status == 403);
    }
}

#[tokio::test]
async fn secrets_go_only_where_they_are_granted() {
    let world = World::with_page("text/plain", "x").await;
    let run = |header: &str| {
        let arguments = json!({"url": world.url("/"), "headers": {"x-key": header}});
        let (tool, place) = (world.tool("curl"), world.place.clone());
        async move { tool.run(ToolCallRun { arguments: object(&arguments), place }).await }
    };
    let refusal = run("@secret:other").await.unwrap_err().to_string();
    assert!(refusal.contains("there is no secret `other`"), "{refusal}");
    let in_path = json!({"url": world.url("/@secret:key")});
    assert!(world.plan("curl", &in_path).is_err());
    assert!(world.upstream.received().is_empty());
    // web_fetch knows no secrets: what looks like one is sent as it is.
    world.fetch("/?a=@secret:key").await.unwrap();
    assert_eq!(world.upstream.received()[0].target, "GET /?a=@secret:key");
}

#[tokio::test]
async fn curl_follows_nothing_and_bounds_everything() {
    let world = World::new(vec![
        answer(302, "location: http://169.254.169.254/\r\n", ""),
        answer(200, "", "\0binary"),
    ]);
    let world = world.await;
    let get = json!({"url": world.url("/")});
    assert_eq!(world.plan("curl", &get).unwrap().class, ToolClass::ReadOnly);
    let out = world.run("curl", &get).await.unwrap();
    assert!(out.text.starts_with("HTTP 302\n") && out.text.contains("location: http://169.254.169.254/"));
    assert!(world.run("curl", &get).await.unwrap().text.contains("[the body is binary, 7 bytes]"));
    let large = World::with_page("text/plain", "word ".repeat(400_000)).await;
    let text = large.run("curl", &json!({"url": large.url("/")})).await.unwrap().text;
    assert!(
        text.len() < crate::tools::OUTPUT_BYTES_MAX && text.contains("the body goes on"),
        "{}",
        text.len()
    );
    for (field, value) in [
        ("method", json!("CONNECT")),
        ("method", json!("TRACE")),
        ("headers", json!({"host": "evil.test"})),
        ("headers", json!({"content-length": "1"})),
        ("headers", json!({"x": "a\r\nb: c"})),
        ("headers", json!({"x": 1})),
        ("headers", json!("x: y")),
        ("body", json!("x".repeat((1 << 20) + 1))),
    ] {
        let mut arguments = get.clone();
        arguments[field] = value;
        assert!(world.plan("curl", &arguments).is_err(), "{field}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let plan = world.plan("curl", &json!({"url": world.url("/"), "method": method})).unwrap();
        assert_eq!(plan.class, ToolClass::Effectful, "{method}");
    }
}

//! What other products have, taken over.

use serde_json::json;

use super::support::World;
use crate::mcp::{McpError, McpImport, Transport};
use crate::vault::Which;

fn import(text: &str) -> McpImport {
    McpImport { text: text.to_owned(), workspace_id: None, network: false }
}

#[tokio::test]
async fn servers_come_with_their_secrets_in_the_vault() {
    let world = World::new().await;
    let text = json!({ "mcpServers": {
        "GitHub (mine)": {
            "command": "npx", "args": ["-y", "server-github"],
            "env": { "GITHUB_TOKEN": "plain-and-not-so-long", "LOG_LEVEL": "debug" },
        },
        "docs": { "type": "http", "url": "https://docs.example.org:8443/mcp", "headers": {
            "Authorization": "Bearer plain-and-not-so-long-either",
        } },
        "old": { "type": "sse", "url": "https://old.example.org/sse" },
        "shell": { "command": "x", "env": { "TOKEN": "${TOKEN}" } },
        "off": { "command": "y", "disabled": true },
    } });
    let done = world.servers.import(&world.by, &world.vault, import(&text.to_string())).await.unwrap();
    let mut names: Vec<_> = done.added.iter().map(|server| server.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["docs", "github_mine", "off"]);
    let mut refused: Vec<_> = done.refused.iter().map(|(name, _)| name.as_str()).collect();
    refused.sort_unstable();
    assert_eq!(refused, ["old", "shell"]);
    let server = |name: &str| done.added.iter().find(|server| server.name == name).unwrap();
    assert!(!server("off").enabled && server("docs").enabled && !server("docs").trusted);
    let Transport::Stdio { env, .. } = &server("github_mine").transport else { panic!() };
    assert_eq!(env["GITHUB_TOKEN"], "@secret:mcp_github_mine_github_token");
    assert_eq!(env["LOG_LEVEL"], "debug");
    let Transport::Http { headers, .. } = &server("docs").transport else { panic!() };
    assert_eq!(headers["Authorization"], "Bearer @secret:mcp_docs_authorization");
    let secret = |name: &str| world.vault.secret(&world.by.tenant, Which::Name(name.to_owned()));
    let hosts: Vec<_> =
        secret("mcp_docs_authorization").await.unwrap().hosts.iter().map(str::to_owned).collect();
    assert_eq!(hosts, ["docs.example.org"]);
    let hosts: Vec<_> =
        secret("mcp_github_mine_github_token").await.unwrap().hosts.iter().map(str::to_owned).collect();
    assert_eq!(hosts, ["github-mine.mcp.internal"]);
    // A second time every name is taken, and no secret is left over.
    let again = world.servers.import(&world.by, &world.vault, import(&text.to_string())).await.unwrap();
    assert!(again.added.is_empty() && again.secrets.is_empty());
}

#[tokio::test]
async fn what_is_no_list_of_servers_is_refused() {
    let world = World::new().await;
    for text in ["", "[]", "{}", "{\"mcpServers\": 1}", "{\"mcpServers\": {\"a\": 1}}"] {
        let refused = world.servers.import(&world.by, &world.vault, import(text)).await;
        assert!(matches!(refused, Err(McpError::NotMcpServers(_))), "{text}");
    }
}

#[tokio::test]
async fn a_secret_in_plain_text_is_not_stored() {
    let world = World::new().await;
    let key = format!("sk-ant-{}", "api03-Zq8w7xV5bN2mK9jH4gF6dS1aQ3eR0tY_uIoPlKjHgFdSaZxCvBnM-AA");
    for (field, env, args) in [
        ("transport/env/API_KEY", vec![("API_KEY".to_owned(), key.clone())], Vec::new()),
        ("transport/args/0", Vec::new(), vec![key.clone()]),
    ] {
        let mut new = World::program("leaky");
        new.transport = Transport::Stdio {
            command: "x".to_owned(),
            args,
            env: env.into_iter().collect(),
            cwd: None,
            read: Vec::new(),
            write: Vec::new(),
            network: false,
        };
        match world.servers.create(&world.by, new, None).await {
            Err(McpError::Field { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}

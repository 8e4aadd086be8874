//! `mcp add|list|show|accept|restart|remove|import`: MCP servers, through the running daemon.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::args::{McpAddArgs, McpCommand};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::workspace;

const SERVERS: &str = "/api/v1/mcp-servers";
/// Seconds until a new server must have answered; a program may be downloaded first.
const WAIT_S: u64 = 45;
/// Most bytes of a file that is imported.
const FILE_BYTES_MAX: u64 = 1 << 20;

pub(super) async fn run(place: &Place, command: McpCommand) -> Outcome {
    let client = place.running()?;
    match command {
        McpCommand::Add(args) => add(&client, args).await,
        McpCommand::List(args) => list(&client, args.json).await,
        McpCommand::Show { name, json } => show(&client, &name, json).await,
        McpCommand::Accept { name, tools } => accept(&client, &name, &tools).await,
        McpCommand::Restart { name } => {
            client
                .post(&format!("{SERVERS}/{}/restart", found(&client, &name).await?), &json!({}), None)
                .await?;
            settled(&client, &name).await
        }
        McpCommand::Remove { name } => {
            client.delete(&format!("{SERVERS}/{}", found(&client, &name).await?)).await?;
            output::talk("removed");
            Ok(Exit::Done)
        }
        McpCommand::Import { file, network, json } => import(&client, &file, network, json).await,
    }
}

/// The id of the server with this name or id.
async fn found(client: &Client, name: &str) -> Result<String, Failure> {
    let all = client.list(SERVERS).await?;
    let found = all.iter().find(|server| text(server, "name") == name || text(server, "id") == name);
    found.map(|server| text(server, "id").to_owned()).ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("there is no MCP server `{name}`"))
            .hint("`capuchin mcp list` shows all")
    })
}

async fn add(client: &Client, args: McpAddArgs) -> Outcome {
    let transport = match (&args.url, args.program.split_first()) {
        (Some(url), _) => json!({ "type": "http", "url": url, "headers": pairs(&args.header)? }),
        (None, Some((command, rest))) => json!({
            "type": "stdio", "command": command, "args": rest, "env": pairs(&args.env)?, "cwd": args.cwd,
            "read": args.read, "write": args.write, "network": args.network,
        }),
        (None, None) => {
            return Err(Failure::text(Exit::Failed, "name an address with --url, or a program after `--`"));
        }
    };
    let mut body = json!({ "name": args.name, "transport": transport, "trusted": args.trusted });
    if let Some(object) = body.as_object_mut() {
        if let Some(wanted) = &args.workspace {
            object.insert("workspace_id".to_owned(), workspace::id(client, wanted).await?.into());
        }
        if !args.tool.is_empty() {
            object.insert("allowed_tools".to_owned(), json!(args.tool));
        }
    }
    let made = client.post(SERVERS, &body, None).await?;
    if args.json {
        output::json(&client.get(&format!("{SERVERS}/{}?wait_s={WAIT_S}", text(&made, "id"))).await?);
        return Ok(Exit::Done);
    }
    output::talk(format_args!("added {}; it is being connected", args.name));
    settled(client, &args.name).await
}

fn pairs(typed: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut pairs = Map::new();
    for pair in typed {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::text(Exit::Failed, format_args!("`{pair}` is not NAME=VALUE")))?;
        pairs.insert(name.to_owned(), value.into());
    }
    Ok(pairs)
}

/// Waits until a server is ready or has failed, and says which.
async fn settled(client: &Client, name: &str) -> Outcome {
    let server = client.get(&format!("{SERVERS}/{}?wait_s={WAIT_S}", found(client, name).await?)).await?;
    output::line(summary(&server));
    match text(&server, "state") {
        "failed" => Err(Failure::text(Exit::Failed, text(&server, "failure").to_owned())
            .hint("it is tried again after a while; `capuchin mcp show` has its log")),
        _ => Ok(Exit::Done),
    }
}

fn summary(server: &Value) -> String {
    let count = |key: &str| server.get(key).and_then(Value::as_u64).unwrap_or_default();
    let mut line =
        format!("{}: {}, {} tools", text(server, "name"), text(server, "state"), count("tools_offered"));
    if count("tools_withheld") > 0 {
        line.push_str(&format!(
            ", {} withheld until you accept them (`capuchin mcp accept {}`)",
            count("tools_withheld"),
            text(server, "name")
        ));
    }
    line
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(SERVERS).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let count = |server: &Value, key: &str| server.get(key).and_then(Value::as_u64).unwrap_or_default();
    let rows: Vec<_> = items
        .iter()
        .map(|server| {
            let state = if server.get("enabled") == Some(&Value::Bool(false)) {
                "off"
            } else {
                text(server, "state")
            };
            let withheld = match count(server, "tools_withheld") {
                0 => String::new(),
                more => format!(" (+{more} withheld)"),
            };
            [
                text(server, "name").to_owned(),
                state.to_owned(),
                format!("{}{withheld}", count(server, "tools_offered")),
                text(server, "protocol").to_owned(),
                target(server),
            ]
        })
        .collect();
    output::table(["NAME", "STATE", "TOOLS", "PROTOCOL", "WHERE"], &rows);
    Ok(Exit::Done)
}

/// The address, or the program with its arguments.
fn target(server: &Value) -> String {
    let transport = server.get("transport").unwrap_or(&Value::Null);
    if let Some(url) = transport.get("url").and_then(Value::as_str) {
        return url.to_owned();
    }
    let args =
        transport.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    std::iter::once(text(transport, "command")).chain(args).collect::<Vec<_>>().join(" ")
}

async fn show(client: &Client, name: &str, json: bool) -> Outcome {
    let id = found(client, name).await?;
    let mut server = client.get(&format!("{SERVERS}/{id}")).await?;
    let tools = client.get(&format!("{SERVERS}/{id}/tools")).await?;
    let tools = tools.get("items").cloned().unwrap_or_default();
    if json {
        if let Some(object) = server.as_object_mut() {
            object.insert("tools".to_owned(), tools);
        }
        output::json(&server);
        return Ok(Exit::Done);
    }
    output::line(summary(&server));
    output::line(target(&server));
    for (key, label) in
        [("failure", "failed"), ("calls_itself", "calls itself"), ("secret_host", "secrets granted to")]
    {
        if let Some(value) = server.get(key).and_then(Value::as_str) {
            output::line(format_args!("{label}: {value}"));
        }
    }
    let rows: Vec<_> = tools
        .as_array()
        .into_iter()
        .flatten()
        .map(|tool| ["name", "standing", "class", "description"].map(|key| text(tool, key).to_owned()))
        .collect();
    if !rows.is_empty() {
        output::table(["TOOL", "STANDING", "CLASS", "SAYS"], &rows);
    }
    for line in server.get("log").and_then(Value::as_array).into_iter().flatten() {
        output::line(format_args!("{} {}", text(line, "at"), text(line, "text")));
    }
    Ok(Exit::Done)
}

async fn accept(client: &Client, name: &str, wanted: &[String]) -> Outcome {
    let path = format!("{SERVERS}/{}", found(client, name).await?);
    let tools = client.get(&format!("{path}/tools")).await?;
    let all = tools.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let withheld = |tool: &&Value| matches!(text(tool, "standing"), "new" | "changed");
    let chosen: Vec<&Value> = all
        .iter()
        .filter(withheld)
        .filter(|tool| wanted.is_empty() || wanted.iter().any(|one| one == text(tool, "name")))
        .collect();
    if let Some(missing) =
        wanted.iter().find(|one| chosen.iter().all(|tool| text(tool, "name") != one.as_str()))
    {
        return Err(Failure::text(Exit::Failed, format_args!("no tool `{missing}` of {name} is withheld")));
    }
    if chosen.is_empty() {
        output::talk("nothing is withheld");
        return Ok(Exit::Done);
    }
    for tool in &chosen {
        output::line(format_args!("{} {}", text(tool, "name"), text(tool, "description")));
    }
    let tools: Vec<Value> =
        chosen.iter().map(|tool| json!({ "name": text(tool, "name"), "hash": text(tool, "hash") })).collect();
    client.post(&format!("{path}/accept"), &json!({ "tools": tools }), None).await?;
    output::talk(format_args!("accepted {}", chosen.len()));
    Ok(Exit::Done)
}

async fn import(client: &Client, file: &Path, network: bool, json: bool) -> Outcome {
    let mut text_of = String::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_BYTES_MAX).read_to_string(&mut text_of)?;
    } else {
        let opened = std::fs::File::open(file)
            .map_err(|error| Failure::text(Exit::Failed, format_args!("{}: {error}", file.display())))?;
        opened.take(FILE_BYTES_MAX).read_to_string(&mut text_of)?;
    }
    let done = client
        .post(&format!("{SERVERS}/import"), &json!({ "text": text_of, "network": network }), None)
        .await?;
    let list = |key: &str| done.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    if json {
        output::json(&done);
    } else {
        for name in list("added").iter().filter_map(Value::as_str) {
            output::line(format_args!("added {name}"));
        }
        for name in list("secrets").iter().filter_map(Value::as_str) {
            output::line(format_args!("moved a secret into the vault: {name}"));
        }
    }
    let refused = list("refused");
    for one in &refused {
        output::talk(format_args!("not added: {}: {}", text(one, "name"), text(one, "why")));
    }
    Ok(if refused.is_empty() { Exit::Done } else { Exit::Failed })
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}

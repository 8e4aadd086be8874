//! `vault set|list|delete|grant|revoke|used-by|log`.

use hyper::Method;
use serde_json::{Value, json};

use super::super::args::{DeleteArgs, HostArgs, SetArgs};
use super::super::client::{Client, ClientError};
use super::super::exit::{Exit, Outcome};
use super::super::{output, typed};
use super::{SECRETS, VAULT, done, secret_path, text, texts};
use crate::vault::VALUE_BYTES_MAX;

/// Lines of the access log that are shown.
const LOG_LINES: usize = 50;

pub(super) async fn set(client: &Client, args: SetArgs) -> Outcome {
    let known = match client.get(&secret_path(&args.name)).await {
        Ok(secret) => Some(secret),
        Err(ClientError::Refused(problem)) if problem.status == 404 => None,
        Err(error) => return Err(error.into()),
    };
    let value = match args.from {
        Some(_) => typed::from_stdin(VALUE_BYTES_MAX)?,
        None => typed::hidden(&format!("Value of {} (it is not shown): ", args.name))?,
    };
    let secret = match known {
        None => {
            let mut body = json!({ "name": args.name, "value": &**value });
            describe(&mut body, &args);
            client.post(SECRETS, &body, None).await?
        }
        Some(known) => {
            let path = format!("{}/value", secret_path(text(&known, "id")));
            let replaced = client.change(Method::PUT, &path, &json!({ "value": &**value }), None).await?;
            let mut body = json!({});
            describe(&mut body, &args);
            match body.as_object().is_some_and(|fields| !fields.is_empty()) {
                true => change(client, &replaced, &body).await?,
                false => replaced,
            }
        }
    };
    let hosts = texts(&secret, "hosts");
    let name = text(&secret, "name");
    if hosts.is_empty() {
        output::talk(format_args!(
            "it is sent nowhere yet; allow a host with: capuchin vault grant {name} HOST"
        ));
    } else {
        output::talk(format_args!("it may be sent to {}", hosts.join(", ")));
    }
    output::line(text(&secret, "reference"));
    Ok(Exit::Done)
}

fn describe(body: &mut Value, args: &SetArgs) {
    let hosts = (!args.host.is_empty()).then(|| json!(args.host));
    let fields = [
        ("hosts", hosts),
        ("kind", args.kind.clone().map(Value::from)),
        ("description", args.description.clone().map(Value::from)),
    ];
    if let Some(body) = body.as_object_mut() {
        body.extend(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
}

/// Changes a secret as it was read.
async fn change(client: &Client, secret: &Value, body: &Value) -> Result<Value, ClientError> {
    let version = secret.get("version").and_then(Value::as_i64);
    client.change(Method::PATCH, &secret_path(text(secret, "id")), body, version).await
}

pub(super) async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(SECRETS).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    if items.is_empty() {
        return done("the vault is empty; `capuchin vault set NAME` stores a secret");
    }
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let hosts = texts(item, "hosts").join(",");
            let uses = item.get("uses").and_then(Value::as_u64).unwrap_or_default();
            [
                text(item, "reference").to_owned(),
                text(item, "kind").to_owned(),
                if hosts.is_empty() { "-".to_owned() } else { hosts },
                text(item, "last_used_at").to_owned(),
                text(item, "last_used_by").to_owned(),
                uses.to_string(),
            ]
        })
        .collect();
    output::table(["SECRET", "KIND", "HOSTS", "LAST USED", "BY", "USES"], &rows);
    Ok(Exit::Done)
}

pub(super) async fn delete(client: &Client, args: &DeleteArgs) -> Outcome {
    client.delete(&format!("{}?force={}", secret_path(&args.name), args.force)).await?;
    done("deleted")
}

/// Adds a host or takes it away; somebody else's change in between is not lost.
pub(super) async fn grant(client: &Client, args: &HostArgs, add: bool) -> Outcome {
    let secret = client.get(&secret_path(&args.name)).await?;
    let mut hosts = texts(&secret, "hosts");
    hosts.retain(|host| !host.eq_ignore_ascii_case(&args.host));
    if add {
        hosts.push(args.host.clone());
    }
    let secret = change(client, &secret, &json!({ "hosts": hosts })).await?;
    let hosts = texts(&secret, "hosts");
    match hosts.is_empty() {
        true => done("it is sent nowhere now"),
        false => done(format_args!("it may be sent to {}", hosts.join(", "))),
    }
}

pub(super) async fn used_by(client: &Client, name: &str, json: bool) -> Outcome {
    let secret = client.get(&secret_path(name)).await?;
    let users = texts(&secret, "used_in");
    if json {
        output::json(&json!({ "items": users, "next": null }));
    } else if users.is_empty() {
        output::talk("nothing names it in the settings");
    } else {
        users.iter().for_each(output::line);
    }
    Ok(Exit::Done)
}

pub(super) async fn log(client: &Client, json: bool) -> Outcome {
    let page = client.get(&format!("{VAULT}/access?limit={LOG_LINES}")).await?;
    if json {
        output::json(&page);
        return Ok(Exit::Done);
    }
    let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let count = item.get("count").and_then(Value::as_u64).unwrap_or_default();
            let [when, secret, host, by, outcome] =
                ["last_at", "secret", "host", "used_by", "outcome"].map(|key| text(item, key).to_owned());
            [when, secret, host, by, outcome, count.to_string()]
        })
        .collect();
    output::table(["WHEN", "SECRET", "HOST", "BY", "OUTCOME", "TIMES"], &rows);
    Ok(Exit::Done)
}

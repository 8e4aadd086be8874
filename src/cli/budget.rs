//! `budget list|show|set|delete`: limits on what may be spent, through the running daemon.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::args::{BudgetCommand, BudgetSetArgs};
use super::client::{Client, ClientError};
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

const BUDGETS: &str = "/api/v1/budgets";

pub(super) async fn run(place: &Place, command: BudgetCommand) -> Outcome {
    let client = place.running()?;
    match command {
        BudgetCommand::List(args) => list(&client, args.json).await,
        BudgetCommand::Show { name, json } => {
            let budget = find(&client, &name).await?;
            if json {
                output::json(&budget);
            } else {
                show(&budget);
            }
            Ok(Exit::Done)
        }
        BudgetCommand::Set(args) => set(&client, args).await,
        BudgetCommand::Delete { name } => {
            let budget = find(&client, &name).await?;
            client.delete(&format!("{BUDGETS}/{}", text(&budget, "id"))).await?;
            output::talk("deleted");
            Ok(Exit::Done)
        }
    }
}

/// The budget with this name, or else with this id.
async fn find(client: &Client, name: &str) -> Result<Value, Failure> {
    let found = look_for(client, name).await?;
    found.ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("there is no budget `{name}`"))
            .hint("`capuchin budget list` shows all")
    })
}

async fn look_for(client: &Client, name: &str) -> Result<Option<Value>, ClientError> {
    let all = client.list(BUDGETS).await?;
    let by = |key: &str| all.iter().find(|budget| text(budget, key) == name).cloned();
    Ok(by("name").or_else(|| by("id")))
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(BUDGETS).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = items
        .iter()
        .map(|budget| {
            let subject = match text(budget, "period").as_str() {
                "total" => text(budget, "subject"),
                period => format!("{} per {period}", text(budget, "subject")),
            };
            [text(budget, "name"), subject, amounts(at(budget, "limits")), amounts(&limited(budget, "spent"))]
        })
        .collect();
    output::table(["NAME", "FOR", "LIMITS", "SPENT"], &rows);
    Ok(Exit::Done)
}

/// Makes the budget, or changes the limits of the one with this name. Limits that are not named stay.
async fn set(client: &Client, args: BudgetSetArgs) -> Outcome {
    let known = look_for(client, &args.name).await?;
    let mut limits = match &known {
        Some(budget) => at(budget, "limits").as_object().cloned().unwrap_or_default(),
        None => Map::new(),
    };
    for (key, limit) in [
        ("turns", args.turns.map(Value::from)),
        ("tool_calls", args.tool_calls.map(Value::from)),
        ("tokens", args.tokens.map(Value::from)),
        ("cost_usd", args.cost_usd.map(Value::from)),
        ("wall_s", args.wall_s.map(Value::from)),
    ] {
        if let Some(limit) = limit {
            limits.insert(key.to_owned(), limit);
        }
    }
    let budget = match known {
        Some(budget) => {
            if let Some((what, was)) = changed(&args, &budget) {
                return Err(Failure::text(
                    Exit::Failed,
                    format_args!("the {what} of `{}` is `{was}`", args.name),
                )
                .hint(
                    "another subject or period is another budget: give it another name, or delete this one",
                ));
            }
            {
                let (path, version) =
                    (format!("{BUDGETS}/{}", text(&budget, "id")), at(&budget, "version").as_i64());
                client.change(Method::PATCH, &path, &json!({ "limits": limits }), version).await?
            }
        }
        None => {
            let subject = args.subject.unwrap_or_else(|| "tenant".to_owned());
            let period = args.period.unwrap_or_else(|| "month".to_owned());
            let new = json!({ "name": args.name, "subject": subject, "period": period, "limits": limits });
            client.post(BUDGETS, &new, None).await?
        }
    };
    if args.json {
        output::json(&budget);
    } else {
        show(&budget);
    }
    Ok(Exit::Done)
}

/// What somebody wants otherwise that stays as it is.
fn changed(args: &BudgetSetArgs, budget: &Value) -> Option<(&'static str, String)> {
    let wanted = [("subject", args.subject.as_deref()), ("period", args.period.as_deref())];
    let differs = |(key, wanted): &(&'static str, Option<&str>)| {
        wanted.is_some_and(|wanted| wanted != text(budget, key)).then(|| (*key, text(budget, key)))
    };
    wanted.iter().find_map(differs)
}

fn show(budget: &Value) {
    for key in ["id", "name", "subject", "period", "origin"] {
        output::line(format_args!("{key:<10} {}", text(budget, key)));
    }
    output::line(format_args!("{:<10} {}", "limits", amounts(at(budget, "limits"))));
    if at(budget, "spent").is_object() {
        for key in ["spent", "reserved", "remaining"] {
            output::line(format_args!("{key:<10} {}", amounts(&limited(budget, key))));
        }
    }
    if let Some(at) = at(budget, "resets_at").as_str() {
        output::line(format_args!("{:<10} {at}", "resets"));
    }
}

/// The amounts of what is limited.
fn limited(budget: &Value, key: &str) -> Value {
    let limits = at(budget, "limits");
    let Some(all) = at(budget, key).as_object() else { return Value::Null };
    all.iter().filter(|(what, _)| !at(limits, what).is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// `3 turns, 0.5 USD`.
fn amounts(amounts: &Value) -> String {
    let units = [
        ("turns", "turns"),
        ("tool_calls", "tool calls"),
        ("tokens", "tokens"),
        ("cost_usd", "USD"),
        ("wall_s", "s"),
    ];
    let one = |(key, unit): (&str, &str)| Some(format!("{} {unit}", amounts.get(key)?.as_f64()?));
    let all: Vec<String> = units.into_iter().filter_map(one).collect();
    if all.is_empty() { "-".to_owned() } else { all.join(", ") }
}

fn at<'v>(value: &'v Value, key: &str) -> &'v Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn text(budget: &Value, key: &str) -> String {
    budget.get(key).and_then(Value::as_str).unwrap_or("-").to_owned()
}

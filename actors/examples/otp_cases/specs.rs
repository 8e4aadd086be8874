//! Specifications as the cases write them, checked in OTP's order and refused in OTP's terms.

use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::supervision::intensity::Intensity;
use capuchin_actors::supervision::spec::{AutoShutdown, ChildKind};
use capuchin_actors::supervision::{ChildSpec, Restart, Shutdown, StartChild, Strategy, SupervisorSpec};
use serde_json::{Value, json};

use super::kid::{KidFactory, SupFactory};
use super::spec_term;
use super::world::World;

/// Why a specification is refused, in OTP's terms.
pub(super) struct Refused(pub(super) Value);

/// The supervisor under test.
pub(super) fn supervisor(world: &Arc<World>, sup: &Value) -> Result<SupervisorSpec, Refused> {
    let spec = supervisor_spec(world, sup)?;
    world.note_flags(super::is_dynamic(&spec), spec.auto_shutdown);
    Ok(spec)
}

fn supervisor_spec(world: &Arc<World>, sup: &Value) -> Result<SupervisorSpec, Refused> {
    let flags = &sup["flags"];
    match flags.as_str() {
        Some("ignore") => return Err(Refused(json!("ignore"))),
        Some("crash") => return Err(Refused(json!(["error", ["EXIT", "boom"]]))),
        Some("exit") => return Err(Refused(json!(["error", "bye"]))),
        Some(_) => return Err(Refused(json!(["error", ["bad_return", ["oracle", "init", "bad"]]]))),
        None => {}
    }
    let bad_flags = |term: Value| Refused(json!(["error", ["supervisor_data", term]]));
    let strategy = strategy(&flags["strategy"]).map_err(bad_flags)?;
    let intensity = intensity(&flags["intensity"], &flags["period"]).map_err(bad_flags)?;
    let auto_shutdown = auto_shutdown(&flags["auto_shutdown"]).map_err(bad_flags)?;
    let list = sup["children"].as_array().cloned().unwrap_or_default();
    if strategy == Strategy::SimpleOneForOne && list.len() != 1 {
        return Err(Refused(json!(["error", "bad_start_spec"])));
    }
    let mut children: Vec<ChildSpec> = Vec::new();
    for described in &list {
        let bad_spec = |term: Value| Refused(json!(["error", ["start_spec", term]]));
        let child = child(world, described, auto_shutdown).map_err(|Refused(term)| bad_spec(term))?;
        if children.iter().any(|other| other.id == child.id) {
            return Err(bad_spec(json!(["duplicate_child_name", child.id])));
        }
        children.push(child);
    }
    let mut spec = SupervisorSpec::new(strategy, children);
    spec.intensity = intensity;
    spec.auto_shutdown = auto_shutdown;
    Ok(spec)
}

/// One child of a supervisor with this automatic shutdown.
pub(super) fn child(world: &Arc<World>, child: &Value, auto: AutoShutdown) -> Result<ChildSpec, Refused> {
    let raw = child.get("raw");
    let fields = raw.unwrap_or(child);
    if !fields.is_object() {
        return Err(Refused(json!(["invalid_child_spec", fields])));
    }
    let Some(id) = fields["id"].as_str() else { return Err(Refused(json!("missing_id"))) };
    if raw.is_some() {
        check_start(&fields["start"])?;
    }
    let restart = match fields.get("restart") {
        None => Restart::Permanent,
        Some(word) => parsed(word, "invalid_restart_type")?,
    };
    let significant = match fields.get("significant") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) if auto == AutoShutdown::Never || restart == Restart::Permanent => {
            return Err(Refused(json!("bad_combination")));
        }
        Some(Value::Bool(true)) => true,
        Some(other) => return Err(Refused(json!(["invalid_significant", other]))),
    };
    let sub = child.get("sub");
    let kind = match fields["type"].as_str() {
        None if sub.is_some() => ChildKind::Supervisor,
        None if fields["type"].is_null() => ChildKind::Worker,
        Some("worker") => ChildKind::Worker,
        Some("supervisor") => ChildKind::Supervisor,
        _ => return Err(Refused(json!(["invalid_child_type", fields["type"]]))),
    };
    let shutdown = shutdown(&fields["shutdown"], kind)?;
    if raw.is_some() {
        check_modules(&fields["modules"])?;
    }
    let start: Arc<dyn StartChild> = match sub {
        Some(sub) => Arc::new(SupFactory::new(world.clone(), supervisor_spec(world, sub)?)),
        None => Arc::new(KidFactory { world: world.clone(), opts: child["opts"].clone() }),
    };
    Ok(ChildSpec { restart, shutdown, kind, significant, ..ChildSpec::worker(id, start) })
}

fn check_start(start: &Value) -> Result<(), Refused> {
    match start {
        Value::Null => Err(Refused(json!("missing_start"))),
        Value::Array(mfa) if mfa.len() == 3 && mfa.last().is_some_and(Value::is_array) => Ok(()),
        other => Err(Refused(json!(["invalid_mfa", other]))),
    }
}

fn check_modules(modules: &Value) -> Result<(), Refused> {
    match modules {
        Value::Null | Value::Array(_) => Ok(()),
        Value::String(word) if word == "dynamic" => Ok(()),
        other => Err(Refused(json!(["invalid_modules", other]))),
    }
}

fn parsed<T: std::str::FromStr>(word: &Value, refusal: &str) -> Result<T, Refused> {
    let parsed = word.as_str().and_then(|word| word.parse().ok());
    parsed.ok_or_else(|| Refused(json!([refusal, word])))
}

fn strategy(word: &Value) -> Result<Strategy, Value> {
    match word {
        Value::Null => Ok(Strategy::OneForOne),
        Value::String(text) => text.parse().map_err(|error| spec_term(&error)),
        other => Err(json!(["invalid_strategy", other])),
    }
}

fn auto_shutdown(word: &Value) -> Result<AutoShutdown, Value> {
    match word {
        Value::Null => Ok(AutoShutdown::Never),
        Value::String(text) => text.parse().map_err(|error| spec_term(&error)),
        other => Err(json!(["invalid_auto_shutdown", other])),
    }
}

fn intensity(restarts: &Value, period: &Value) -> Result<Intensity, Value> {
    let restarts = match restarts {
        Value::Null => 1,
        other => other.as_i64().ok_or_else(|| json!(["invalid_intensity", other]))?,
    };
    let intensity = Intensity::new(restarts, Duration::from_secs(1)).map_err(|error| spec_term(&error))?;
    let within = match period {
        Value::Null => Intensity::DEFAULT.within,
        other => Duration::from_secs(
            other.as_u64().filter(|s| *s > 0).ok_or_else(|| json!(["invalid_period", other]))?,
        ),
    };
    Ok(Intensity { within, ..intensity })
}

fn shutdown(value: &Value, kind: ChildKind) -> Result<Shutdown, Refused> {
    match (value, value.as_u64()) {
        (Value::Null, _) if kind == ChildKind::Supervisor => Ok(Shutdown::Infinity),
        (Value::Null, _) => Ok(Shutdown::After(Duration::from_secs(5))),
        (_, Some(ms)) => Ok(Shutdown::After(Duration::from_millis(ms))),
        (Value::String(word), _) if word == "infinity" => Ok(Shutdown::Infinity),
        (Value::String(word), _) if word == "brutal_kill" => Ok(Shutdown::Brutal),
        (other, _) => Err(Refused(json!(["invalid_shutdown", other]))),
    }
}

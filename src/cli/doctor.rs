//! `doctor`: looks for known problems, says what it saw and what to do. Each check is one function
//! that looks and changes nothing; `--fix` does only what can be done without a risk.

mod certificates;
mod checks;
mod finding;
mod sandbox;
mod search;

use serde_json::json;

use crate::config::{Config, Home, Occupant};

use super::args::{DoctorArgs, ServeArgs};
use super::exit::{Exit, Outcome};
use super::output;
use super::place::Place;
use finding::{Finding, State};

pub(super) async fn run(place: &Place, args: DoctorArgs) -> Outcome {
    let fixed = if args.fix { checks::fix_folders(&place.home) } else { Vec::new() };
    let findings = look(place).await;
    if args.json {
        output::json(&json!({ "checks": findings, "fixed": fixed }));
    } else {
        for line in &fixed {
            output::line(format_args!("fixed  {line}"));
        }
        for finding in &findings {
            output::line(finding);
        }
    }
    let failed = findings.iter().any(|finding| finding.state == State::Fail);
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

async fn look(place: &Place) -> Vec<Finding> {
    let occupant = place.occupant();
    let stopped = matches!(occupant, Ok(Occupant::None));
    let mut findings = vec![checks::daemon(&occupant), checks::clock(&place.home)];
    findings.extend(checks::folders(&place.home));
    findings.push(checks::free_space(&place.home));
    findings.push(checks::file_system(&place.home));
    findings.push(checks::database(&place.home, stopped).await);
    findings.push(checks::open_files());
    findings.extend(certificates::of_home(&place.home));
    match place.config(&ServeArgs::default()) {
        Ok(config) => {
            findings.push(Finding::ok("settings", "every setting is good"));
            findings.extend(of_settings(&config, &place.home, stopped));
            findings.push(search::semantic(&config, &occupant).await);
            findings.extend(sandbox::layers(&config, &place.home, &occupant).await);
        }
        Err(failure) => findings.push(
            Finding::fail("settings", format!("{:#}", failure.error))
                .fix("correct them; `capuchin config template` prints every setting"),
        ),
    }
    findings
}

fn of_settings(config: &Config, home: &Home, stopped: bool) -> Vec<Finding> {
    let mut findings = checks::backends(config);
    findings.extend(certificates::of_listeners(config, home));
    if stopped {
        findings.push(checks::port("console", config.console.listen));
        findings.push(checks::port("ingress", config.ingress.listen));
    }
    findings
}

#[cfg(test)]
mod tests;

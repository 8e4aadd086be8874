//! What the checks say about good and bad homes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::checks;
use super::finding::{Finding, State};
use crate::config::{Config, Home, Sources};

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(&folder.path().join("home"))).unwrap();
    (folder, home)
}

fn states(findings: &[Finding]) -> Vec<State> {
    findings.iter().map(|finding| finding.state).collect()
}

#[tokio::test]
async fn a_home_that_does_not_exist_yet_has_no_problem() {
    let (_folder, home) = home();
    assert_eq!(states(&checks::folders(&home)), [State::Ok; 6]);
    assert_eq!(checks::database(&home, true).await.state, State::Ok);
    assert_ne!(checks::free_space(&home).evidence, "");
}

#[test]
fn an_open_folder_is_a_warning_and_a_writable_one_a_failure_and_both_can_be_fixed() {
    let (_folder, home) = home();
    home.prepare().unwrap();
    let set = |mode| fs::set_permissions(&home.data, fs::Permissions::from_mode(mode)).unwrap();
    for (mode, state) in [(0o750, State::Warn), (0o777, State::Fail)] {
        set(mode);
        assert!(states(&checks::folders(&home)).contains(&state), "{mode:o}");
        assert_eq!(checks::fix_folders(&home).len(), 1, "{mode:o}");
        assert_eq!(states(&checks::folders(&home)), [State::Ok; 6], "{mode:o}");
    }
    assert!(checks::fix_folders(&home).is_empty(), "nothing is left to fix");
}

#[tokio::test]
async fn a_damaged_database_is_a_failure() {
    let (_folder, home) = home();
    home.prepare().unwrap();
    fs::write(home.database(), vec![b'x'; 8192]).unwrap();
    assert_eq!(checks::database(&home, true).await.state, State::Fail);
}

#[test]
fn a_port_in_use_is_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    assert_eq!(checks::port("console", address).state, State::Fail);
    drop(taken);
    assert_eq!(checks::port("console", address).state, State::Ok);
}

#[test]
fn a_backend_without_its_key_is_a_failure_and_names_the_variable() {
    let variables = [
        ("CAPUCHIN_BACKENDS__CLOUD__KIND", "openai"),
        ("CAPUCHIN_BACKENDS__CLOUD__API_KEY", "env:NO_SUCH_VARIABLE_ANYWHERE"),
        ("CAPUCHIN_BACKENDS__LOCAL__KIND", "openai"),
        ("CAPUCHIN_BACKENDS__LOCAL__BASE_URL", "http://127.0.0.1:1/v1"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(&Sources::none().variables(variables)).unwrap();
    let findings = checks::backends(&config);
    assert_eq!(states(&findings), [State::Fail, State::Ok]);
    assert!(findings[0].evidence.contains("NO_SUCH_VARIABLE_ANYWHERE"));
}

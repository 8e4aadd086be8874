//! Tables of decisions.

use super::*;

const RESTARTS: [Restart; 3] = [Restart::Permanent, Restart::Transient, Restart::Temporary];

#[test]
fn the_restart_type_and_the_exit_decide() {
    use Decision::{Forget, Keep, Restart};
    let table = [
        (Exit::Normal, [Restart, Keep, Forget]),
        (Exit::Shutdown(None), [Restart, Keep, Forget]),
        (Exit::Shutdown(Some("why".into())), [Restart, Keep, Forget]),
        (Exit::Killed, [Restart, Restart, Forget]),
        (Exit::Failed("crash".into()), [Restart, Restart, Forget]),
    ];
    for (exit, expected) in table {
        let decided = RESTARTS.map(|restart| on_exit(restart, &exit, false));
        assert_eq!(decided, expected, "{exit}");
    }
}

#[test]
fn a_dynamic_child_that_is_done_leaves_the_table() {
    assert_eq!(on_exit(Restart::Transient, &Exit::Normal, true), Decision::Forget);
    assert_eq!(on_exit(Restart::Transient, &Exit::Killed, true), Decision::Restart);
    assert_eq!(on_exit(Restart::Permanent, &Exit::Normal, true), Decision::Restart);
}

#[test]
fn significant_children_end_their_supervisor() {
    use AutoShutdown::{AllSignificant, AnySignificant, Never};
    for (auto, significant, left, expected) in [
        (Never, true, false, false),
        (AnySignificant, false, false, false),
        (AnySignificant, true, true, true),
        (AllSignificant, true, true, false),
        (AllSignificant, true, false, true),
        (AllSignificant, false, false, false),
    ] {
        assert_eq!(ends_supervisor(auto, significant, || left), expected, "{auto:?} {significant} {left}");
    }
}

fn siblings(text: &str) -> Vec<Sibling> {
    let parse = |c: char| Sibling {
        restart: if c.eq_ignore_ascii_case(&'t') { Restart::Temporary } else { Restart::Permanent },
        alive: c.is_ascii_uppercase(),
    };
    text.chars().map(parse).collect()
}

#[test]
fn restarts_stop_from_last_to_first_and_start_from_first_to_last() {
    use Step::{Forget, Start, Stop};
    let table: &[(Strategy, &str, usize, &[Step])] = &[
        (Strategy::OneForOne, "PpP", 1, &[Start(1)]),
        (Strategy::RestForOne, "PpP", 1, &[Stop(2), Start(1), Start(2)]),
        (Strategy::RestForOne, "pPP", 0, &[Stop(2), Stop(1), Start(0), Start(1), Start(2)]),
        (Strategy::OneForAll, "PpP", 1, &[Stop(2), Stop(0), Start(0), Start(1), Start(2)]),
        (Strategy::OneForAll, "pTP", 0, &[Stop(2), Stop(1), Forget(1), Start(0), Start(2)]),
        (Strategy::OneForAll, "ppP", 1, &[Stop(2), Start(0), Start(1), Start(2)]),
        (Strategy::RestForOne, "PpT", 1, &[Stop(2), Forget(2), Start(1)]),
    ];
    for (strategy, children, who, expected) in table {
        let steps = restart_steps(*strategy, &siblings(children), *who);
        assert_eq!(steps, *expected, "{strategy:?} {children} {who}");
    }
}

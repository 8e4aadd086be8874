//! Our supervisor does what Erlang/OTP's does: every recorded case, several times.

#[path = "../../examples/otp_cases/oracle.rs"]
mod oracle;

const CASES: &str = include_str!("../vectors/otp_supervisor_cases.json");

/// Often enough to notice an order that is left to chance.
const ROUNDS: usize = 5;

#[test]
fn every_recorded_case_gives_otps_trace_and_results() {
    let cases = oracle::cases(CASES).unwrap();
    assert!(cases.len() >= 90, "only {} cases", cases.len());
    for round in 1..=ROUNDS {
        for case in &cases {
            let outcome = oracle::run(case).unwrap();
            assert!(
                !outcome.differs_from(case),
                "round {round}, case {}:\nwanted {}\ngot    {}",
                outcome.id,
                case["expect"],
                serde_json::to_string(&outcome).unwrap(),
            );
        }
    }
}

#[test]
fn a_case_with_another_expectation_is_noticed() {
    let mut case = oracle::cases(CASES).unwrap().remove(0);
    case["expect"]["trace"][0][1] = "someone_else#1".into();
    assert!(oracle::run(&case).unwrap().differs_from(&case));
}

//! What test runners print, and what is no result.

use super::{Counts, Format};

fn counts(passed: u64, failed: u64, skipped: u64) -> Option<Counts> {
    Some(Counts { passed, failed, skipped })
}

#[test]
fn what_the_runners_print_is_read() {
    let libtest = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                   test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
    assert_eq!(Format::Libtest.read(libtest), counts(7, 2, 1));
    let nextest = "     Summary [   0.012s] 12 tests run: 10 passed (1 slow), 2 failed, 3 skipped\n";
    assert_eq!(Format::Nextest.read(nextest), counts(10, 2, 3));
    let pytest = "....F\n=== 1 failed, 4 passed, 2 skipped in 0.12s ===\n";
    assert_eq!(Format::Pytest.read(pytest), counts(4, 1, 2));
    assert_eq!(Format::Pytest.read("3 passed in 0.01s\n"), counts(3, 0, 0));
    let tap = "TAP version 13\n1..5\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no network\nok 4\n";
    assert_eq!(Format::Tap.read(tap), counts(2, 2, 1), "the fifth was promised and never came");
    let jest = "{\"numPassedTests\": 5, \"numFailedTests\": 1, \"numPendingTests\": 2}";
    assert_eq!(Format::Jest.read(jest), counts(5, 1, 2));
    let junit = r#"<?xml version="1.0"?><testsuites><testsuite name="a" tests="4">
        <testcase name="x"/><testcase name="y"><failure message="no">why</failure></testcase>
        <testcase name="z"><skipped/></testcase><testcase name="w"><system-out>hi</system-out></testcase>
        </testsuite></testsuites>"#;
    assert_eq!(Format::Junit.read(junit), counts(2, 1, 1));
}

#[test]
fn prose_is_no_result_in_any_format() {
    let lie = "All tests pass! 0 failures, success. 100 % green. I ran 42 tests and every one passed.";
    for format in [
        Format::Exit,
        Format::Libtest,
        Format::Nextest,
        Format::Pytest,
        Format::Junit,
        Format::Tap,
        Format::Jest,
    ] {
        assert_eq!(format.read(lie), None, "{format:?}");
    }
}

#[test]
fn a_share_of_nothing_is_none() {
    assert_eq!(Counts::default().share(), None);
    assert_eq!(Counts { passed: 3, failed: 1, skipped: 9 }.share(), Some(0.75));
}

//! The table of hosts at its bound and one over.

use super::*;

#[test]
fn a_host_has_one_count_and_another_host_another() {
    let slots = HostSlots::new(3);
    let (first, again, other) = (slots.of("a"), slots.of("a"), slots.of("b"));
    assert!(Arc::ptr_eq(&first, &again));
    assert!(!Arc::ptr_eq(&first, &other));
    assert_eq!(first.available_permits(), 3);
}

#[test]
fn the_table_is_bounded_and_forgets_hosts_at_rest() {
    let slots = HostSlots::new(1);
    let busy: Vec<_> = (0..HOSTS_MAX).map(|n| slots.of(&n.to_string())).collect();
    let (one, two) = (slots.of("x"), slots.of("y"));
    assert!(Arc::ptr_eq(&one, &two), "what does not fit shares one count");
    assert_eq!(slots.hosts.lock().len(), HOSTS_MAX);
    drop(busy);
    assert!(!Arc::ptr_eq(&slots.of("x"), &one), "there is room again");
    assert_eq!(slots.hosts.lock().len(), 1);
}

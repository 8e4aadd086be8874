//! No rights, and none to be gained: not by a program that is set-user-id, not by being called root.

use std::io;

use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities, set_no_new_privs,
};

pub(super) fn drop_all() -> io::Result<()> {
    set_no_new_privs(true)?;
    clear_ambient_capability_set()?;
    for right in CapabilitySet::all().iter().filter(|right| right.bits().count_ones() == 1) {
        // silent-ok: without the right to do so nothing is in reach of it either: no new privileges
        let _ = remove_capability_from_bounding_set(right);
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}

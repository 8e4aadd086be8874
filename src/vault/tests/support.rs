//! A vault over a store in a temporary folder, and the places where a test may stop it.

use parking_lot::Mutex;

use crate::vault::VaultError;
use crate::vault::rotation::Step;

/// Where a test wants the vault to stop, as a kill would.
#[derive(Default)]
pub(in crate::vault) struct Faults {
    pub(in crate::vault) stop_after: Mutex<Option<Step>>,
    pub(in crate::vault) batches_left: Mutex<Option<usize>>,
}

impl Faults {
    pub(in crate::vault) fn reached(&self, step: Step) -> Result<(), VaultError> {
        if *self.stop_after.lock() == Some(step) { Err(VaultError::Interrupted) } else { Ok(()) }
    }

    pub(in crate::vault) fn moved(&self) -> Result<(), VaultError> {
        match &mut *self.batches_left.lock() {
            Some(0) => Err(VaultError::Interrupted),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

//! Which state of a file somebody saw, without its content.

use std::fmt;

use rustix::fs::Stat;

/// A state of a file. Two states of one file have different stamps: a replaced file is another one (`inode`), and
/// the system itself counts every change of one (`changed`), which no program can set back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    changed_ns: i128,
}

impl Stamp {
    #[allow(clippy::useless_conversion, reason = "widths are the platform's")]
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            device: u64::from(stat.st_dev),
            inode: u64::from(stat.st_ino),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            changed_ns: i128::from(stat.st_ctime) * 1_000_000_000 + i128::from(stat.st_ctime_nsec),
        }
    }
}

/// As an entity tag has it, without quotation marks.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}-{:x}-{:x}", self.device, self.inode, self.bytes, self.changed_ns)
    }
}

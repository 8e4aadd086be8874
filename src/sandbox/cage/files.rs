//! Files, ports, signals and abstract sockets by Landlock: a second wall behind the mounts, and the only one where
//! there are no namespaces.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath,
    PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::super::plan::{Access, Plan};
use super::super::profile::Network;
use super::mounts::Outlook;

/// The newest version that is asked for, the first one with signals and abstract sockets; older kernels give what they have.
const VERSION: ABI = ABI::V6;

/// Why the rules are not in force.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error("this kernel has no Landlock")]
    Absent,
    #[error(transparent)]
    Rules(#[from] RulesetError),
}

/// Puts the rules in force; `true` when they hold for signals and abstract sockets too.
pub(super) fn restrict(plan: &Plan, outlook: &Outlook) -> Result<bool, RulesError> {
    let all = AccessFs::from_all(VERSION);
    let read = AccessFs::from_read(VERSION);
    let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev | AccessFs::ReadDir;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::from_all(VERSION))?;
    if plan.network == Network::Off && plan.door.is_none() {
        rules = rules.handle_access(AccessNet::from_all(VERSION))?;
    }
    let mut rules = rules.create()?;
    for (paths, access) in [
        (&outlook.read, read),
        (&outlook.write, all),
        (&outlook.devices, device),
        (&outlook.list, AccessFs::ReadDir.into()),
    ] {
        for path in paths {
            rules = allow(rules, path, access)?;
        }
    }
    rules = allow(rules, &plan.tmp, all)?;
    for place in &plan.places {
        match place.access {
            Access::Read => rules = allow(rules, &place.path, read)?,
            Access::Write => rules = allow(rules, &place.path, all)?,
            Access::Hidden => {}
        }
    }
    let status = rules.restrict_self()?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(RulesError::Absent),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(match status.landlock {
            LandlockStatus::Available { effective_abi, .. } => effective_abi >= VERSION,
            LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => false,
        }),
    }
}

/// A place that is gone is not allowed, which is what it would be anyway.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(file) = PathFd::new(path) else { return Ok(rules) };
    let fits = if path.is_dir() { access } else { access & AccessFs::from_file(VERSION) };
    rules.add_rule(PathBeneath::new(file, fits))
}

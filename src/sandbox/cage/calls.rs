//! System calls by seccomp: what no tool needs, and what reaches deep into the kernel.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::super::profile::Network;

/// Looking into other processes, changing mounts, namespaces, keys, clocks, the kernel itself.
const FORBIDDEN: &[i64] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_lookup_dcookie,
];
/// Calls that this system does not seem to have, so that programs do without. The flags of `clone3` are in memory,
/// where no filter looks: libraries then use `clone`. The others take memory that no limit counts.
const UNKNOWN: &[i64] = &[libc::SYS_clone3, libc::SYS_memfd_create, libc::SYS_memfd_secret, libc::SYS_shmget];
/// The same call by its other name on this machine: a second table of numbers that some kernels have.
#[cfg(target_arch = "x86_64")]
const SECOND_TABLE: i64 = 0x4000_0000;
/// Every kind of new namespace.
const NAMESPACES: u64 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP) as u64;
/// `TIOCSTI`, `TIOCLINUX`, `TIOCSETD`.
const TYPED: [u64; 3] = [0x5412, 0x541c, 0x5423];
/// Whole packets, by an old name.
const SOCK_PACKET: libc::c_int = 10;
/// Of the second argument of `socket`: the rest are flags.
const SOCKET_KIND: u64 = 0xf;

/// Puts the filters in force for this process and everything that it starts.
///
/// `own_sockets`: the sockets of this machine that are in reach are all its own.
pub(super) fn restrict(network: Network, own_sockets: bool) -> Result<(), Error> {
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules(network, own_sockets)?, SeccompAction::Allow, denied, arch)?;
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let newer = with_second_table(UNKNOWN.iter().map(|call| (*call, Vec::new())).collect());
    let newer = SeccompFilter::new(newer, SeccompAction::Allow, unknown, arch)?;
    for filter in [filter, newer] {
        let program: BpfProgram = filter.try_into()?;
        apply_filter(&program)?;
    }
    Ok(())
}

fn rules(network: Network, own_sockets: bool) -> Result<BTreeMap<i64, Vec<SeccompRule>>, Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    let mut clone = Vec::new();
    for bit in (0..64).map(|bit| 1_u64 << bit).filter(|bit| NAMESPACES & bit != 0) {
        clone.push(rule(&[(0, SeccompCmpOp::MaskedEq(bit), bit)])?);
    }
    rules.insert(libc::SYS_clone, clone);
    // Keys that would be typed into somebody's terminal.
    let typed = TYPED.map(|call| rule(&[(1, SeccompCmpOp::MaskedEq(0xffff_ffff), call)]));
    rules.insert(libc::SYS_ioctl, typed.into_iter().collect::<Result<_, _>>()?);
    rules.insert(libc::SYS_socket, sockets(network, own_sockets)?);
    Ok(with_second_table(rules))
}

/// The sockets that are forbidden. Pairs of sockets are another call, and always allowed.
fn sockets(network: Network, own_sockets: bool) -> Result<Vec<SeccompRule>, Error> {
    let mut allowed = Vec::new();
    if own_sockets {
        allowed.push(libc::AF_UNIX);
    }
    if network == Network::Open {
        allowed.extend([libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK]);
    }
    let family = |family: &libc::c_int| (0, SeccompCmpOp::Ne, u64::from(family.unsigned_abs()));
    let others: Vec<_> = allowed.iter().map(family).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let mut forbidden = vec![rule(&others)?];
    for family in [libc::AF_INET, libc::AF_INET6] {
        for kind in [libc::SOCK_RAW, SOCK_PACKET] {
            forbidden.push(rule(&[
                (0, SeccompCmpOp::Eq, u64::from(family.unsigned_abs())),
                (1, SeccompCmpOp::MaskedEq(SOCKET_KIND), u64::from(kind.unsigned_abs())),
            ])?);
        }
    }
    Ok(forbidden)
}

/// All conditions of one rule hold together; arguments are compared by their lower half, as the kernel reads them.
fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, Error> {
    let condition = |(argument, operator, value): &(u8, SeccompCmpOp, u64)| {
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, operator.clone(), *value)
    };
    Ok(SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)?)
}

fn with_second_table(rules: BTreeMap<i64, Vec<SeccompRule>>) -> BTreeMap<i64, Vec<SeccompRule>> {
    #[cfg(target_arch = "x86_64")]
    let rules = rules
        .into_iter()
        .flat_map(|(call, rules)| [(call, rules.clone()), (call | SECOND_TABLE, rules)])
        .collect();
    rules
}

//! What can be typed after `certs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::super::args::JsonArgs;

const CA_EXAMPLES: &str = "\
Examples:
  capuchin certs ca
  capuchin certs ca --permit home.arpa --permit 192.168.0.0/16";

const SERVER_EXAMPLES: &str = "\
Examples:
  capuchin certs server --san attic.local --san 192.168.1.5
  capuchin certs server --name hooks --san hooks.example.org";

const CLIENT_EXAMPLES: &str = "\
Examples:
  capuchin certs client phone --p12 phone.p12          a file for browsers; its password is printed
  capuchin certs client laptop                         PEM files for curl and programs";

/// What to do with certificates.
#[derive(Subcommand, Debug)]
pub enum CertsCommand {
    /// Make the authority that signs all others, or show it
    #[command(after_help = CA_EXAMPLES)]
    Ca {
        /// Only for this domain or network; may be repeated. A stolen key is good for nothing else then
        #[arg(long, value_name = "DOMAIN|NETWORK")]
        permit: Vec<String>,
    },
    /// Make a certificate for a listener
    #[command(after_help = SERVER_EXAMPLES)]
    Server {
        /// Name of its files
        #[arg(long, default_value = "console")]
        name: String,
        /// Host name or address that people type; may be repeated. localhost is always among them
        #[arg(long, value_name = "NAME|ADDRESS", required = true)]
        san: Vec<String>,
    },
    /// Make a certificate for a device
    #[command(after_help = CLIENT_EXAMPLES)]
    Client {
        /// Name of the device
        name: String,
        /// How to hand it out.
        #[command(flatten)]
        pkcs12: Pkcs12Args,
    },
    /// All certificates and when they end
    List(JsonArgs),
    /// Make new ones for the same names; a running daemon does it by itself for listeners
    Renew {
        /// Their names
        #[arg(required_unless_present = "due")]
        names: Vec<String>,
        /// Every listener's certificate that has less than a third of its life left
        #[arg(long, conflicts_with = "names")]
        due: bool,
    },
    /// Refuse every client certificate with this name from now on
    Revoke {
        /// Name of the device
        name: String,
    },
    /// Print a certificate, or write a client's with its key as PKCS#12
    Export(ExportArgs),
}

/// What to hand out.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Its name; `ca` for the authority
    pub name: String,
    /// How to hand it out.
    #[command(flatten)]
    pub pkcs12: Pkcs12Args,
}

/// How to write PKCS#12.
#[derive(Args, Debug, Default)]
pub struct Pkcs12Args {
    /// Write certificate and key for browsers; the key is removed from here
    #[arg(long, value_name = "FILE")]
    pub p12: Option<PathBuf>,
    /// Take the password from stdin instead of making one
    #[arg(long, requires = "p12")]
    pub password_stdin: bool,
    /// Triple DES and SHA-1, for systems from before 2023 that refuse the file otherwise
    #[arg(long, requires = "p12")]
    pub legacy: bool,
}

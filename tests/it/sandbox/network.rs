//! Connections: none, not even to this machine, unless the network is given.

use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use super::{Range, open};

/// Connects to every place where somebody listens, and says which ones answered.
const REACH: &str = r#"
    use Socket;
    my ($tcp, $udp, $path, $abstract) = @ARGV;
    sub try { my ($name, $family, $kind, $address) = @_;
        socket(my $s, $family, $kind, 0) or do { print "$name: socket: $!\n"; return };
        connect($s, $address) or do { print "$name: connect: $!\n"; return };
        if ($kind == SOCK_DGRAM) { send($s, "x", 0) or do { print "$name: send: $!\n"; return } }
        print "$name: reached\n";
    }
    my $loopback = inet_aton("127.0.0.1");
    try("tcp", AF_INET, SOCK_STREAM, pack_sockaddr_in($tcp, $loopback));
    try("udp", AF_INET, SOCK_DGRAM, pack_sockaddr_in($udp, $loopback));
    try("raw", AF_INET, SOCK_RAW, pack_sockaddr_in(0, $loopback));
    try("control socket", AF_UNIX, SOCK_STREAM, pack_sockaddr_un($path));
    try("abstract socket", AF_UNIX, SOCK_STREAM, pack_sockaddr_un("\0$abstract"));
"#;

/// Listeners of every kind outside.
pub struct Listeners {
    tcp: TcpListener,
    udp: UdpSocket,
    path: UnixListener,
    named: UnixListener,
    arguments: Vec<String>,
}

impl Listeners {
    pub fn new(range: &Range) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let socket = range.folder.join("data/control.sock");
        let path = UnixListener::bind(&socket).unwrap();
        let name = format!("{}-socket", range.marker);
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let named = UnixListener::bind_addr(&address).unwrap();
        let ports = [tcp.local_addr(), udp.local_addr()].map(|address| address.unwrap().port().to_string());
        let [first, second] = ports;
        let arguments = vec![first, second, socket.display().to_string(), name];
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        path.set_nonblocking(true).unwrap();
        named.set_nonblocking(true).unwrap();
        Self { tcp, udp, path, named, arguments }
    }

    pub fn command(&self, range: &Range) -> capuchin::sandbox::Command {
        range.perl(REACH, &self.arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Whether somebody came, of each kind.
    pub fn reached(&self) -> [bool; 4] {
        [
            self.tcp.accept().is_ok(),
            self.udp.recv(&mut [0; 8]).is_ok(),
            self.path.accept().is_ok(),
            self.named.accept().is_ok(),
        ]
    }
}

#[tokio::test]
async fn without_a_network_nobody_is_reached_not_even_on_this_machine() {
    let Some(range) = Range::new().await else { return };
    let listeners = Listeners::new(&range);
    let finished = range.attack("network", listeners.command(&range), &range.profile()).await;
    assert!(!finished.text().contains("reached"), "{}", finished.text());
    assert!(finished.text().contains("tcp: socket: Operation not permitted"), "{}", finished.text());
    assert_eq!(listeners.reached(), [false; 4]);
}

#[tokio::test]
async fn with_a_network_hosts_are_reached_and_sockets_of_this_machine_are_not() {
    let Some(range) = Range::new().await else { return };
    let listeners = Listeners::new(&range);
    let finished = range.attack("open network", listeners.command(&range), &open(range.profile())).await;
    assert_eq!(listeners.reached(), [true, true, false, false], "{}", finished.text());
    assert!(finished.text().contains("raw: socket: Operation not permitted"), "{}", finished.text());
}

#[tokio::test]
async fn processes_of_one_sandbox_talk_to_each_other() {
    let Some(range) = Range::new().await else { return };
    let program = r#"
        use Socket;
        socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;
        my $path = "/tmp/own.sock";
        socket(my $server, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
        bind($server, pack_sockaddr_un($path)) or die "bind: $!"; listen($server, 1);
        socket(my $client, AF_UNIX, SOCK_STREAM, 0) or die;
        connect($client, pack_sockaddr_un($path)) or die "connect: $!";
        print "talked\n";"#;
    let finished = range.attack("own sockets", range.perl(program, &[]), &range.profile()).await;
    assert_eq!(finished.text(), "talked\n");
}

//! A door in front of the daemon for clients that cannot send a token: it adds one to every request, and speaks of
//! itself as the daemon.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Opens it; its address.
pub async fn open(console: &str, token: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (target, token) = (console.trim_start_matches("http://").to_owned(), token.to_owned());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, target.clone(), token.clone()));
        }
    });
    url
}

/// One request, then the end: so that every request has its token.
async fn pass(mut client: TcpStream, target: String, token: String) -> std::io::Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).await? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let port = |address: &str| address.rsplit(':').next().unwrap_or_default().to_owned();
    let (own, theirs) = (client.local_addr()?.port(), port(&target));
    let head = String::from_utf8_lossy(&head).replace(&format!(":{own}"), &format!(":{theirs}"));
    let kept = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let mut lines: Vec<String> = kept.map(str::to_owned).collect();
    lines.push(format!("Authorization: Bearer {token}"));
    lines.push("Connection: close".to_owned());
    let mut server = TcpStream::connect(target).await?;
    server.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

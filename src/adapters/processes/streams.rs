//! The three streams of a program, or the one of its terminal.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

use super::say;
use crate::protocol::process::{OutputStream, ProcessOrder};
use crate::sandbox::Terminal;
use capuchin_actors::ports::run_process::ProcessReport;

/// Most bytes of one report.
const READ_BYTES: usize = 16 << 10;

/// Reports a stream up to its end.
pub(super) async fn pump(
    from: Option<pipe::Receiver>,
    stream: OutputStream,
    reports: &mpsc::Sender<ProcessReport>,
) {
    let Some(mut from) = from else { return };
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        say(reports, stream, buffer.get(..read).unwrap_or_default().to_vec()).await;
    }
}

/// Reports what is shown on a terminal, up to its end.
pub(super) async fn watch(terminal: &Terminal, reports: &mpsc::Sender<ProcessReport>) {
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(read @ 1..) = terminal.read(&mut buffer).await {
        say(reports, OutputStream::Stdout, buffer.get(..read).unwrap_or_default().to_vec()).await;
    }
}

/// Writes what is sent into the program's input, in order. A program that has closed its input hears no more.
pub(super) async fn feed(mut input: Option<pipe::Sender>, orders: &mut mpsc::Receiver<ProcessOrder>) {
    while let Some(order) = orders.recv().await {
        match order {
            ProcessOrder::Input(bytes) => {
                if let Some(open) = &mut input
                    && open.write_all(&bytes).await.is_err()
                {
                    input = None;
                }
            }
            ProcessOrder::EndInput => input = None,
            ProcessOrder::Resize(_) => {}
        }
    }
}

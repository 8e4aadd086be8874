//! A growing answer, cut into blocks: those before the last never change again.

use mdstream::{FootnotesMode, MdStream, Options};

use super::render;

/// A block whose HTML is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockChange {
    /// Position in the answer, from 0.
    pub index: usize,
    /// Whether it may change once more.
    pub pending: bool,
    /// Its HTML.
    pub html: String,
}

/// What became of an answer when text was added.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Growth {
    /// The blocks that changed, in order.
    pub changes: Vec<BlockChange>,
    /// Whether everything shown so far is to be dropped first.
    pub reset: bool,
}

/// The blocks of one answer while it grows. Memory is bounded by the answer's own length.
pub struct AnswerBlocks {
    stream: MdStream,
    committed: usize,
    /// Text that is in `stream` but not yet in what [`AnswerBlocks::grow`] returned.
    waiting: String,
}

impl AnswerBlocks {
    /// An empty answer.
    #[must_use]
    pub fn new() -> Self {
        Self { stream: MdStream::new(options()), committed: 0, waiting: String::new() }
    }

    /// Adds text; it becomes visible with the next [`AnswerBlocks::grow`].
    pub fn push(&mut self, text: &str) {
        self.waiting.push_str(text);
    }

    /// Whether text waits to become visible.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Renders what was added since the last call.
    pub fn grow(&mut self) -> Growth {
        if self.waiting.is_empty() {
            return Growth::default();
        }
        let text = std::mem::take(&mut self.waiting);
        let update = self.stream.append(&text);
        if update.reset {
            self.committed = 0;
        }
        let mut changes = Vec::with_capacity(update.committed.len() + 1);
        for block in &update.committed {
            changes.push(BlockChange { index: self.committed, pending: false, html: render(&block.raw) });
            self.committed += 1;
        }
        if let Some(pending) = &update.pending {
            let html = render(pending.display_or_raw());
            changes.push(BlockChange { index: self.committed, pending: true, html });
        }
        Growth { changes, reset: update.reset }
    }

    /// Every block of the answer as it is now.
    pub fn all(&mut self) -> Vec<BlockChange> {
        let text = std::mem::take(&mut self.waiting);
        if !text.is_empty() {
            self.stream.append(&text);
        }
        let blocks = self.stream.snapshot_blocks();
        let last = blocks.len();
        let changes: Vec<_> = blocks
            .iter()
            .enumerate()
            .map(|(index, block)| {
                let pending = block.status == mdstream::BlockStatus::Pending;
                let source = if pending { block.display_or_raw() } else { &block.raw };
                BlockChange { index, pending, html: render(source) }
            })
            .collect();
        self.committed = changes.iter().filter(|change| !change.pending).count().min(last);
        changes
    }
}

impl Default for AnswerBlocks {
    fn default() -> Self {
        Self::new()
    }
}

/// The blocks of a whole text.
#[must_use]
pub fn blocks(markdown: &str) -> Vec<String> {
    if markdown.trim().is_empty() {
        return Vec::new();
    }
    // Definitions reach over blocks, so a text that has them is one block.
    if has_definitions(markdown) {
        return vec![render(markdown)];
    }
    let mut stream = MdStream::new(options());
    let mut sources: Vec<String> = Vec::new();
    for part in [stream.append(markdown), stream.finalize()] {
        if part.reset {
            sources.clear();
        }
        sources.extend(part.committed.into_iter().map(|block| block.raw));
    }
    sources.iter().map(|source| render(source)).collect()
}

/// Whether a line defines a link or a footnote for the rest of the text.
fn has_definitions(markdown: &str) -> bool {
    markdown.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with('[') && line.contains("]:")
    })
}

fn options() -> Options {
    Options { footnotes: FootnotesMode::SingleBlock, ..Options::default() }
}

//! Orders turns by how likely they hold the answer. Pure: hits and what stands around them in, an order out.
//!
//! BM25F over a turn and the turns beside it: the answer to a question seldom repeats it, so a turn has a share of the words
//! of its neighbours, half of those before it, a quarter of those after it, and an eighth of those two away. Who says it is a
//! field too. What a model says means about the same counts by its place among these (as reciprocal rank fusion counts it), half
//! of that for the turn after it. Then count: how much of the question the conversation and the session around it have between them, the time that
//! the question names, and what it asks for. The shares are halvings and the usual constants of BM25 for short texts; none was
//! fitted to a set of questions.

use std::collections::HashMap;

use super::answer::{has_it, only_asks, speaker};
use super::question::{Asks, Question};
use crate::protocol::ids::MessageId;
use crate::search::{Marks, Share};
use crate::semantic::Near;
use crate::workspaces::FoundMessage;

/// BM25: how soon more of the same word says nothing more, and how much a long text is held back.
const K1: f32 = 0.9;
const B: f32 = 0.4;
/// What a word in the name of who says it counts; in a text one counts 1.
const AUTHOR: f32 = 1.5;
/// What words of turns beside it count, by how far before and after.
const BEFORE: [f32; 2] = [0.5, 0.125];
const AFTER: [f32; 2] = [0.25, 0.125];
/// For the turn that means most nearly what is asked, as a part of the best by its words; the tenth of these has about half of it.
const MEANING: f32 = 0.7;
const MEANING_RANKS: f32 = 10.0;
/// What of it the turn after it has: who is asked about the same answers.
const MEANING_AFTER: f32 = 0.5;
/// For a conversation, and for a session of it, that has all words of the question; others have their share.
const CONVERSATION: f32 = 0.5;
const SESSION: f32 = 0.25;
/// For turns at the time that the question names, as a part of the best.
const IN_TIME: f32 = 0.25;
/// For turns that have what is asked for.
const HAS_IT: f32 = 0.05;
/// For turns of now; one of a year ago has a third of it.
const RECENT: f32 = 0.01;
/// For turns that only ask.
const ONLY_ASKS: f32 = 0.8;
/// A pause that ends a session.
const SESSION_GAP_MS: i64 = 6 * 3_600_000;
/// Something said this long after a time that is named may be about it.
const AFTERMATH_MS: i64 = 14 * 86_400_000;
const YEAR_MS: f32 = 365.0 * 86_400_000.0;

/// A turn with its figure.
#[derive(Clone, Debug)]
pub(super) struct Ranked {
    pub(super) message: FoundMessage,
    pub(super) score: f32,
}

/// A turn with what it has of the question.
struct Read {
    message: FoundMessage,
    text: Share,
    author: Share,
    /// Whether it stands right after the turn before it in the list.
    joined: bool,
}

/// Orders the turns of these stretches of conversations, which may overlap.
pub(super) fn rank(
    question: &Question,
    (marks, near): (&Marks, &[Near]),
    stretches: Vec<Vec<FoundMessage>>,
    now_ms: i64,
) -> Vec<Ranked> {
    let turns = read(marks, stretches);
    let weights = marks.weights();
    let average = average(&turns);
    let scored: Vec<f32> = (0..turns.len()).map(|at| score(&turns, at, weights, average)).collect();
    let meanings = meanings(&turns, near);
    let conversations =
        coverage(&turns, weights, |one, before| one.message.thread_id == before.message.thread_id);
    let sessions = coverage(&turns, weights, |one, before| {
        one.message.thread_id == before.message.thread_id
            && one.message.created_ms - before.message.created_ms <= SESSION_GAP_MS
    });
    let ranked: Vec<(Ranked, f32)> = turns
        .into_iter()
        .zip(scored)
        .zip(conversations.into_iter().zip(sessions))
        .zip(meanings)
        .filter(|(((_, score), _), meaning)| *score > 0.0 || *meaning > 0.0)
        .map(|(((turn, score), (conversation, session)), meaning)| {
            let score = score * (1.0 + CONVERSATION * conversation) * (1.0 + SESSION * session);
            let asking = if only_asks(&turn.message.content) { ONLY_ASKS } else { 1.0 };
            (Ranked { message: turn.message, score: score * asking }, meaning * asking)
        })
        .collect();
    let best = ranked.iter().map(|(one, _)| one.score).fold(f32::MIN_POSITIVE, f32::max);
    let mut ranked: Vec<Ranked> = ranked
        .into_iter()
        .map(|(one, meaning)| {
            let score = one.score / best + MEANING * meaning + circumstances(question, &one.message, now_ms);
            Ranked { score, ..one }
        })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| b.message.id.cmp(&a.message.id)));
    ranked
}

/// Every turn once, by conversation and in order, with what it has of the question.
fn read(marks: &Marks, stretches: Vec<Vec<FoundMessage>>) -> Vec<Read> {
    let mut once: HashMap<MessageId, FoundMessage> = HashMap::new();
    let mut before: HashMap<MessageId, MessageId> = HashMap::new();
    for stretch in stretches {
        before.extend(stretch.iter().skip(1).map(|one| one.id).zip(stretch.iter().map(|one| one.id)));
        once.extend(stretch.into_iter().map(|message| (message.id, message)));
    }
    let mut all: Vec<FoundMessage> = once.into_values().collect();
    all.sort_by_key(|message| (message.thread_id, message.id));
    let (mut reading, mut last) = (marks.read(), None);
    all.into_iter()
        .map(|message| {
            let joined = last.replace(message.id).is_some_and(|last| before.get(&message.id) == Some(&last));
            let text = reading.share(&message.content);
            let name = message.author.clone().or_else(|| speaker(&message.content)).unwrap_or_default();
            Read { author: reading.share(&name), text, joined, message }
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "lengths of texts need no last digit")]
fn average(turns: &[Read]) -> f32 {
    let words: usize = turns.iter().map(|turn| turn.text.length).sum();
    (words as f32 / turns.len().max(1) as f32).max(1.0)
}

/// BM25F of the turn at a place among the others.
fn score(turns: &[Read], at: usize, weights: &[f32], average: f32) -> f32 {
    let Some(own) = turns.get(at) else { return 0.0 };
    let mut fields = vec![(own, 1.0)];
    let (mut here, mut place) = (own, at);
    for weight in BEFORE {
        let Some(before) = place.checked_sub(1).and_then(|place| turns.get(place)).filter(|_| here.joined)
        else {
            break;
        };
        fields.push((before, weight));
        (here, place) = (before, place - 1);
    }
    for (far, weight) in (at + 1..).zip(AFTER) {
        let Some(after) = turns.get(far).filter(|after| after.joined) else { break };
        fields.push((after, weight));
    }
    let mut sum = 0.0;
    for (word, idf) in weights.iter().enumerate() {
        let texts: f32 =
            fields.iter().map(|(turn, weight)| weight * in_text(&turn.text, word, average)).sum();
        let frequency = texts + AUTHOR * count(&own.author, word);
        sum += idf * frequency / (K1 + frequency);
    }
    sum
}

/// How often a word is in a text, less for a long one.
#[expect(clippy::cast_precision_loss, reason = "lengths of texts need no last digit")]
fn in_text(text: &Share, word: usize, average: f32) -> f32 {
    count(text, word) / (1.0 - B + B * text.length as f32 / average)
}

#[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
fn count(share: &Share, word: usize) -> f32 {
    share.counts.get(word).copied().unwrap_or_default() as f32
}

/// For every turn, what part of the question its group of turns has; `same` says whether a turn goes on with the group of the
/// one before.
fn coverage(turns: &[Read], weights: &[f32], same: impl Fn(&Read, &Read) -> bool) -> Vec<f32> {
    let whole: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    let part = |group: &[Read]| -> f32 {
        let has =
            |word: usize| group.iter().any(|turn| count(&turn.text, word) + count(&turn.author, word) > 0.0);
        let had = weights.iter().enumerate().filter(|(word, _)| has(*word)).map(|(_, weight)| weight);
        had.sum::<f32>() / whole
    };
    let groups = turns.chunk_by(|before, one| same(one, before));
    groups.flat_map(|group| std::iter::repeat_n(part(group), group.len())).collect()
}

/// For every turn, how near it is to what is asked: 1 for the nearest.
fn meanings(turns: &[Read], near: &[Near]) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "there are forty at the most")]
    let by_rank = |rank: usize| MEANING_RANKS / (MEANING_RANKS + rank as f32);
    let own: HashMap<MessageId, f32> =
        near.iter().enumerate().map(|(rank, near)| (near.id, by_rank(rank))).collect();
    let of = |turn: &Read| own.get(&turn.message.id).copied().unwrap_or_default();
    let mut before = 0.0;
    turns
        .iter()
        .map(|turn| {
            let after = if turn.joined { MEANING_AFTER * before } else { 0.0 };
            before = of(turn);
            before.max(after)
        })
        .collect()
}

/// What counts besides words.
fn circumstances(question: &Question, message: &FoundMessage, now_ms: i64) -> f32 {
    let mut sum = 0.0;
    if let Some(window) = question.window {
        let at = message.created_ms;
        if (window.from_ms..window.until_ms).contains(&at) {
            sum += IN_TIME;
        } else if (window.until_ms..window.until_ms + AFTERMATH_MS).contains(&at) {
            sum += IN_TIME / 2.0;
        }
    }
    if question.asks != Asks::Other && has_it(&message.content, question.asks) {
        sum += HAS_IT;
    }
    #[expect(clippy::cast_precision_loss, reason = "an age needs no milliseconds")]
    let age = (now_ms.saturating_sub(message.created_ms)).max(0) as f32;
    sum + RECENT * (-age / YEAR_MS).exp()
}

//! A limit over the last sixty seconds, whenever they began: not a counter that starts anew every minute.

use std::collections::VecDeque;

/// Length of the window in milliseconds.
const WINDOW_MS: i64 = 60_000;

/// The moments of what was taken in the last minute, by a clock that only goes forward: 8 bytes for each, at most as many as
/// the rate allows.
#[derive(Default, Debug)]
pub(super) struct Window {
    taken: VecDeque<i64>,
}

// === impl Window ===

impl Window {
    /// Takes one; its moment, or after how many milliseconds there is room for one.
    pub(super) fn take(&mut self, now_ms: i64, per_minute: u32) -> Result<i64, i64> {
        // Whoever looked at the clock before another and comes after it counts as now.
        let now_ms = self.taken.back().map_or(now_ms, |last| now_ms.max(*last));
        while self.taken.front().is_some_and(|first| now_ms - first >= WINDOW_MS) {
            self.taken.pop_front();
        }
        let limit = usize::try_from(per_minute).unwrap_or(usize::MAX);
        if self.taken.len() < limit {
            self.taken.push_back(now_ms);
            return Ok(now_ms);
        }
        // Where the rate was lowered, more than one has to leave before there is room.
        let leaves = self.taken.get(self.taken.len() - limit.max(1)).copied().unwrap_or(now_ms);
        Err((leaves + WINDOW_MS - now_ms).max(1))
    }

    /// Gives back one that was taken at this moment and was none.
    pub(super) fn give_back(&mut self, taken_ms: i64) {
        if let Some(at) = self.taken.iter().rposition(|moment| *moment == taken_ms) {
            self.taken.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sixty_seconds_have_more_than_the_limit() {
        let mut window = Window::default();
        // Two at the end of one minute, two at the beginning of the next: a counter per minute would take all four.
        assert_eq!(window.take(59_000, 2), Ok(59_000));
        assert_eq!(window.take(59_999, 2), Ok(59_999));
        assert_eq!(window.take(60_001, 2), Err(58_999));
        assert_eq!(window.take(118_999, 2), Err(1));
        assert_eq!(window.take(119_000, 2), Ok(119_000));
        assert_eq!(window.take(119_001, 2), Err(998));
    }

    #[test]
    fn what_is_given_back_makes_room() {
        let mut window = Window::default();
        assert_eq!(window.take(5, 1), Ok(5));
        window.give_back(5);
        assert_eq!(window.take(6, 1), Ok(6));
        window.give_back(99);
        assert_eq!(window.take(7, 1), Err(59_999));
    }

    #[test]
    fn a_lower_rate_and_those_who_come_out_of_order_hold() {
        let mut window = Window::default();
        for at in 0..5 {
            assert_eq!(window.take(at, 5), Ok(at));
        }
        assert_eq!(window.take(100, 2), Err(59_903), "four of five have to leave");
        let mut window = Window::default();
        assert_eq!(window.take(10, 2), Ok(10));
        assert_eq!(window.take(9, 2), Ok(10), "it looked at the clock first and comes second");
        assert_eq!(window.take(8, 2), Err(60_000));
    }
}

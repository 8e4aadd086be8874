//! How useful a skill is: a Beta posterior over outcomes, of which old ones count less. Pure.
//!
//! Before any outcome it is Beta(2, 2): nothing is known, and one outcome does not decide. Each outcome adds its weight to one
//! side, halved for every half-life that has passed since. Ranking uses the lower bound of the interval in which the rate of
//! good outcomes is with 80%: what is little known does not pass what has proven itself.

/// What is counted on each side before any outcome.
const PRIOR: f64 = 2.0;
/// The quantiles of the interval.
const LOW: f64 = 0.1;
const HIGH: f64 = 0.9;
/// Points of the integral over 0 to 1. The narrowest posterior, of [`WEIGHT_MAX`], spans dozens of them.
const POINTS: u32 = 4_096;
/// What all outcomes of a skill weigh at the most.
const WEIGHT_MAX: f64 = 10_000.0;

/// An outcome of using a skill.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Outcome {
    /// Whether it went well.
    pub good: bool,
    /// How much it says, from 0 to 1.
    pub weight: f64,
    /// When it was known, in ms since 1970.
    pub at_ms: i64,
}

/// What outcomes say about a skill.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The expected rate of good outcomes.
    pub mean: f64,
    /// With 90% it is not below this: what ranking uses.
    pub low: f64,
    /// With 90% it is not above this.
    pub high: f64,
    /// How many outcomes it is made of.
    pub evidence: usize,
}

/// The estimate of these outcomes at a time. Outcomes of a clock that was ahead count whole.
#[must_use]
pub fn estimate(outcomes: &[Outcome], half_life_ms: i64, now_ms: i64) -> Estimate {
    #[allow(clippy::cast_precision_loss, reason = "ages in ms")]
    let age = |at_ms: i64| now_ms.saturating_sub(at_ms).max(0) as f64 / half_life_ms.max(1) as f64;
    // What is no number says nothing.
    let weight =
        |outcome: &Outcome| if outcome.weight.is_finite() { outcome.weight.clamp(0.0, 1.0) } else { 0.0 };
    let side = |good: bool| -> f64 {
        let own = outcomes.iter().filter(|outcome| outcome.good == good);
        own.map(|outcome| weight(outcome) * (-age(outcome.at_ms)).exp2()).sum::<f64>().min(WEIGHT_MAX)
    };
    let (alpha, beta) = (PRIOR + side(true), PRIOR + side(false));
    let (low, high) = interval(alpha, beta);
    Estimate { mean: alpha / (alpha + beta), low, high, evidence: outcomes.len() }
}

/// The quantiles of a Beta distribution with both parameters above 1, by its integral.
fn interval(alpha: f64, beta: f64) -> (f64, f64) {
    let mode = (alpha - 1.0) / (alpha + beta - 2.0);
    let log = |x: f64| (alpha - 1.0) * x.ln() + (beta - 1.0) * (1.0 - x).ln();
    let highest = log(mode);
    let middle = |point: u32| (f64::from(point) + 0.5) / f64::from(POINTS);
    let density: Vec<f64> = (0..POINTS).map(|point| (log(middle(point)) - highest).exp()).collect();
    let whole: f64 = density.iter().sum();
    let quantile = |wanted: f64| {
        let mut sum = 0.0;
        for (point, mass) in (0..POINTS).zip(&density) {
            sum += mass;
            if sum >= wanted * whole {
                return middle(point);
            }
        }
        1.0
    };
    (quantile(LOW), quantile(HIGH))
}

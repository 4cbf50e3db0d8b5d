//! Rounds: everyone takes a short turn, then everyone again. What slows the machine down for a while slows all of
//! them, and the ratio of two is taken within each round.

use std::time::Duration;

use super::contenders::Process;

/// How long a run takes.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rounds: usize,
    pub(crate) turn: Duration,
}

impl Pace {
    pub(crate) const FULL: Self = Self { rounds: 41, turn: Duration::from_millis(10) };
    pub(crate) const QUICK: Self = Self { rounds: 5, turn: Duration::from_millis(3) };
}

/// Who takes turns: a process, and which of its rows on how many threads.
pub(crate) struct Turn {
    pub(crate) process: usize,
    pub(crate) row: String,
    pub(crate) threads: u32,
}

/// Nanoseconds of one operation, in each round.
pub(crate) type Times = Vec<f64>;

/// Measures all of these, a turn of each in each round. The processes are there several times over, and each round has
/// the next set of them: where its memory happens to lie makes a process some hundredths faster or slower for as long as
/// it lives.
pub(crate) fn measure(sets: &mut [Vec<Process>], turns: &[Turn], pace: Pace) -> Vec<Times> {
    let first = sets.first_mut().expect("there is one");
    let iterations: Vec<u64> =
        turns.iter().map(|turn| iterations_of(&mut first[turn.process], turn, pace.turn)).collect();
    let mut times = vec![Times::with_capacity(pace.rounds); turns.len()];
    let sets_in_turn = (0..sets.len()).cycle();
    for set in sets_in_turn.take(pace.rounds) {
        let processes = &mut sets[set];
        for ((turn, iterations), times) in turns.iter().zip(&iterations).zip(&mut times) {
            let took = processes[turn.process].time(&turn.row, *iterations, turn.threads);
            times.push(per_operation(took, *iterations) / f64::from(turn.threads));
        }
    }
    times
}

/// How many operations fill a turn.
fn iterations_of(process: &mut Process, turn: &Turn, length: Duration) -> u64 {
    let full = u64::try_from(length.as_nanos()).expect("a turn is short");
    let mut iterations = 1;
    loop {
        let took = process.time(&turn.row, iterations, turn.threads).max(1);
        if took >= full / 4 {
            return (iterations * full / took).max(1);
        }
        iterations *= 4;
    }
}

#[allow(clippy::cast_precision_loss, reason = "nanoseconds of a turn are far below 2^52")]
fn per_operation(took: u64, iterations: u64) -> f64 {
    took as f64 / iterations as f64
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 2)
}

/// The value that so many quarters of all are below.
pub(crate) fn quantile(values: &[f64], quarters: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let (at, rest) = (last * quarters / 4, last * quarters % 4);
    let value = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let fraction = f64::from(u8::try_from(rest).expect("it is below 4")) / 4.0;
    if rest == 0 { value(at) } else { value(at) + (value(at + 1) - value(at)) * fraction }
}

/// The median of the rounds' ratios.
pub(crate) fn paired_ratio(these: &[f64], those: &[f64]) -> f64 {
    let ratios: Vec<f64> = these.iter().zip(those).map(|(this, that)| this / that).collect();
    median(&ratios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!([1, 2, 3].map(|quarters| quantile(&values, quarters)), [2.0, 3.0, 4.0]);
        assert_eq!(median(&[1.0, 2.0]), 1.5);
    }

    #[test]
    fn a_ratio_is_taken_within_rounds() {
        // The machine is ten times as slow in one round: the ratio doesn't know.
        assert_eq!(paired_ratio(&[1.0, 10.0, 1.0], &[2.0, 20.0, 2.0]), 0.5);
    }
}

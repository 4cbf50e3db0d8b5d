//! How a run did, by the run's own numbers alone, as they stand in its results: a run that is over can be judged again.
//!
//! A target is met or it isn't. One that isn't met, and for which `targets.rs` names a limit, is *at its limit* if both
//! hold in this run: the floor, with the share that the library may have above it, wouldn't meet the target either; and
//! ours is within that share. Everything else is missed: what got slower by itself, and a row that nothing was measured
//! of.

use peers::rows::BORROWED;
use serde::Serialize;

use super::build_times;
use super::contenders::{FLOOR, OURS};
use super::report::{Report, Row, rounded};
use super::targets::{Target, What};

/// How a target came out.
#[derive(Serialize)]
pub(crate) struct Verdict {
    pub(crate) row: String,
    pub(crate) kind: &'static str,
    pub(crate) target: f64,
    pub(crate) measured: Option<f64>,
    /// The rival, or the row, that it was measured against.
    pub(crate) against: Option<String>,
    pub(crate) outcome: Outcome,
    /// Of a target that has one whose floor was measured, whether or not it is met.
    pub(crate) limit: Option<Found>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Outcome {
    #[serde(rename = "met")]
    Met,
    #[serde(rename = "at its limit")]
    AtItsLimit,
    #[serde(rename = "missed")]
    Missed,
}

/// A limit, as this run found it.
#[derive(Serialize)]
pub(crate) struct Found {
    pub(crate) floor: String,
    /// Of the floor, in the target's measure.
    pub(crate) measured: f64,
    pub(crate) share: f64,
    /// The two multiplied.
    pub(crate) at_most: f64,
    pub(crate) cause: &'static str,
}

/// What was measured, against whom, and of a target with a limit the floor.
struct Measured {
    ours: f64,
    against: Option<String>,
    floor: Option<f64>,
}

impl Measured {
    fn alone(ours: f64, against: Option<String>) -> Self {
        Self { ours, against, floor: None }
    }
}

/// Which of the three it is.
pub(crate) fn outcome(holds: impl Fn(f64) -> bool, measured: Option<f64>, at_most: Option<f64>) -> Outcome {
    match (measured, at_most) {
        (Some(measured), _) if holds(measured) => Outcome::Met,
        (Some(measured), Some(at_most)) if !holds(at_most) && measured <= at_most => Outcome::AtItsLimit,
        _ => Outcome::Missed,
    }
}

impl Target {
    /// Judges it by this run.
    pub(crate) fn judge(&self, run: &Report) -> Verdict {
        let measured = self.measured(run);
        let floor = measured.as_ref().and_then(|measured| measured.floor);
        let limit = self.limit.as_ref().zip(floor).map(|(limit, measured)| Found {
            floor: limit.floor.clone(),
            measured: rounded(measured, 5),
            share: limit.share,
            at_most: rounded(measured * limit.share, 5),
            cause: limit.cause,
        });
        let ours = measured.as_ref().map(|measured| rounded(measured.ours, 5));
        let holds = |value: f64| match self.what {
            What::Speedup => value >= self.target,
            _ => value <= self.target,
        };
        Verdict {
            row: self.row.clone(),
            kind: self.kind(),
            target: self.target,
            outcome: outcome(holds, ours, limit.as_ref().map(|limit| limit.at_most)),
            measured: ours,
            against: measured.and_then(|measured| measured.against),
            limit,
        }
    }

    fn measured(&self, run: &Report) -> Option<Measured> {
        if let What::BuildTime = self.what {
            let seconds = run.build_seconds.as_ref()?;
            let ratio = build_times::ratio(seconds)?;
            return Some(Measured::alone(ratio, Some(build_times::RIVAL.to_owned())));
        }
        let row = run.rows.iter().find(|row| row.row == self.row)?;
        let borrowed = format!("{OURS}, {BORROWED}");
        let to_row = |other: &str| row.to_rows.get(other).copied();
        Some(match &self.what {
            What::Rival => self.against_rival(row, OURS)?,
            What::RivalBorrowed => self.against_rival(row, &borrowed)?,
            What::Floor => Measured::alone(row.entry(FLOOR)?.ours_to_this?, Some(FLOOR.to_owned())),
            What::Allocations => Measured::alone(row.allocations(OURS)?, None),
            What::AllocationsBorrowed => Measured::alone(row.allocations(&borrowed)?, None),
            What::Row(other) => Measured::alone(to_row(other)?, Some(other.clone())),
            What::RowPerByte { other, lengths } => {
                Measured::alone(to_row(other)? / (lengths.0 / lengths.1), Some(other.clone()))
            }
            What::Speedup => Measured::alone(row.speedup(OURS)?, None),
            What::BuildTime => return None,
        })
    }

    fn against_rival(&self, row: &Row, ours: &str) -> Option<Measured> {
        let to_rival = |name: &str| row.entry(name)?.to_fastest_rival;
        let floor = self.limit.as_ref().and_then(|limit| to_rival(&limit.floor));
        Some(Measured { ours: to_rival(ours)?, against: row.fastest_rival.clone(), floor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn below(target: f64) -> impl Fn(f64) -> bool {
        move |value| value <= target
    }

    #[test]
    fn what_meets_the_target_is_met_whatever_its_limit() {
        assert_eq!(outcome(below(0.5), Some(0.5), None), Outcome::Met);
        assert_eq!(outcome(below(0.5), Some(0.4), Some(0.3)), Outcome::Met);
        assert_eq!(outcome(|value| value >= 1.9, Some(1.9), None), Outcome::Met);
    }

    #[test]
    fn a_limit_above_the_target_holds_ours_to_itself() {
        assert_eq!(outcome(below(0.5), Some(0.6), Some(0.6)), Outcome::AtItsLimit);
        assert_eq!(outcome(below(0.5), Some(0.61), Some(0.6)), Outcome::Missed);
    }

    #[test]
    fn a_limit_within_the_target_excuses_nothing() {
        // The floor with its share would meet the target, so ours has to.
        assert_eq!(outcome(below(0.5), Some(0.51), Some(0.5)), Outcome::Missed);
        assert_eq!(outcome(below(0.5), Some(0.51), None), Outcome::Missed);
    }

    #[test]
    fn what_was_not_measured_is_missed() {
        assert_eq!(outcome(below(0.5), None, None), Outcome::Missed);
        assert_eq!(outcome(below(0.5), None, Some(0.6)), Outcome::Missed);
        assert_eq!(outcome(below(0.5), Some(f64::NAN), Some(0.6)), Outcome::Missed);
    }
}

//! Placeholder until the stages that it measures are there.

fn main() {}

//! A contender's process: a line of the driver's in, a line out.
//!
//! | question | answer |
//! |---|---|
//! | `rows` | the name, then `make`, `read` or `raw` and the row, for each row |
//! | `make`, row | the token |
//! | `read`, row, token | the length of what was read, or `refused`; if read, it is the token that is timed from here on |
//! | `time`, row, iterations, threads | nanoseconds from first to last |
//! | `count`, row | allocations of one operation, or `uncounted` |
//!
//! Fields are separated by tabs. Each measurement begins with some operations that aren't measured: the process before
//! this one on the same processor has left its own in the caches.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::table::{Operation, Table};

pub(crate) fn serve(table: Table) {
    let mut tokens = BTreeMap::new();
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line.expect("the driver writes text");
        let question: Vec<&str> = line.split('\t').collect();
        let answer = answer(&table, &mut tokens, &question);
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("the driver reads");
    }
}

fn answer(table: &Table, tokens: &mut BTreeMap<String, String>, question: &[&str]) -> String {
    let operation = |row: &str| table.rows.get(row).expect("the driver asks for rows that there are");
    match question {
        ["rows"] => {
            let kind = |operation: &Operation| match operation {
                Operation::Make(_) => "make",
                Operation::Read(_) => "read",
                Operation::Raw(_) => "raw",
            };
            let rows = table.rows.iter().map(|(row, operation)| format!("\t{}\t{row}", kind(operation)));
            format!("{}{}", table.name, rows.collect::<String>())
        }
        ["make", row] => match operation(row) {
            Operation::Make(make) => {
                let mut made = String::new();
                make(&mut |token| made.push_str(token));
                made
            }
            _ => panic!("{row} makes no token"),
        },
        ["read", row, token] => match operation(row) {
            Operation::Read(read) => read(token).map_or_else(
                || String::from("refused"),
                |length| {
                    tokens.insert((*row).to_owned(), (*token).to_owned());
                    length.to_string()
                },
            ),
            _ => panic!("{row} reads no token"),
        },
        ["time", row, iterations, threads] => {
            let iterations = iterations.parse().expect("a number");
            let token = tokens.get(*row).map_or("", String::as_str);
            let took = match *threads {
                "1" => time(operation(row), token, iterations),
                threads => {
                    time_threads(operation(row), token, iterations, threads.parse().expect("a number"))
                }
            };
            took.as_nanos().to_string()
        }
        ["count", row] => count(operation(row), tokens.get(*row).map_or("", String::as_str)),
        _ => panic!("{question:?}"),
    }
}

fn repeat(operation: &Operation, token: &str, iterations: u64) {
    match operation {
        Operation::Make(make) => (0..iterations).for_each(|_| {
            make(&mut |token| {
                black_box(token);
            });
        }),
        Operation::Read(read) => (0..iterations).for_each(|_| {
            black_box(read(black_box(token)));
        }),
        Operation::Raw(raw) => (0..iterations).for_each(|_| raw()),
    }
}

fn time(operation: &Operation, token: &str, iterations: u64) -> Duration {
    repeat(operation, token, iterations / 8 + 1);
    let start = Instant::now();
    repeat(operation, token, iterations);
    start.elapsed()
}

/// So many iterations on each of so many threads at once: from the first one's start to the last one's end, by their
/// own clocks, since a thread that only watches may be woken late.
fn time_threads(operation: &Operation, token: &str, iterations: u64, threads: usize) -> Duration {
    let barrier = Barrier::new(threads);
    let run = || {
        repeat(operation, token, iterations / 8 + 1);
        barrier.wait();
        let start = Instant::now();
        repeat(operation, token, iterations);
        (start, Instant::now())
    };
    let spans: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().expect("nothing panics")).collect()
    });
    let first = spans.iter().map(|(start, _)| *start).min();
    let last = spans.iter().map(|(_, end)| *end).max();
    first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
}

#[cfg(feature = "count-allocations")]
fn count(operation: &Operation, token: &str) -> String {
    const REPEATED: u64 = 32;
    repeat(operation, token, 4);
    let counted = allocation_counter::measure(|| repeat(operation, token, REPEATED));
    // Rounded: what one of many does now and then, such as a retry, isn't an operation's own.
    ((counted.count_total + REPEATED / 2) / REPEATED).to_string()
}

#[cfg(not(feature = "count-allocations"))]
fn count(_: &Operation, _: &str) -> String {
    String::from("uncounted")
}

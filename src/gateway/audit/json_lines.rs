//! Events as lines of JSON, to any writer.
//!
//! Each line is written by itself and whole. Where a write fails in the middle of a line, the next event
//! begins a new one, so that one bad line is all that is lost to whoever reads them.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::event::AuditEvent;
use super::sink::AuditSink;

/// Writes each event as a line of JSON, see [`AuditEvent::to_json`] for its members.
///
/// A line is made first; a lock is held while it is written, and then the writer is flushed. A write that
/// fails loses its event, and is [counted](Self::failures).
///
/// Requests wait for the writer. One that may be slow, such as a pipe whose reader stands still, goes behind
/// a [`channel`](super::channel()):
///
/// ```
/// use countersign::gateway::audit::{self, Audit, AuditSink, JsonLines};
///
/// # fn main() -> Result<(), countersign::Error> {
/// let (sink, mut events) = audit::channel(10_000)?;
/// let writer = std::thread::spawn(move || {
///     let lines = JsonLines::new(std::io::stdout());
///     while let Some(event) = events.recv() {
///         lines.record(&event);
///     }
/// });
/// let audit = Audit::builder(sink).build()?;
/// # audit.begin().refused_as("maintenance", 503);
/// drop(audit); // at the end: what is queued is still written
/// # writer.join().unwrap();
/// # Ok(())
/// # }
/// ```
pub struct JsonLines<W> {
    output: Mutex<Output<W>>,
    failures: AtomicU64,
}

struct Output<W> {
    writer: W,
    /// Whether the last line was begun and not ended.
    is_torn: bool,
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes to this writer, which needs no buffer.
    pub fn new(writer: W) -> Self {
        Self { output: Mutex::new(Output { writer, is_torn: false }), failures: AtomicU64::new(0) }
    }

    /// Gives the writer back.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.output.into_inner().unwrap_or_else(PoisonError::into_inner).writer
    }
}

impl<W> JsonLines<W> {
    /// Returns how many events couldn't be written or flushed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

impl<W: Write + Send> AuditSink for JsonLines<W> {
    fn record(&self, event: &AuditEvent<'_>) {
        let mut line = event.to_json();
        line.push('\n');
        // A writer that panicked in the middle of a line has left it torn, which is noted.
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        if output.write_line(line.as_bytes()).is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<W: Write> Output<W> {
    fn write_line(&mut self, line: &[u8]) -> std::io::Result<()> {
        if self.is_torn {
            self.write_bytes(b"\n")?;
        }
        self.write_bytes(line)?;
        self.writer.flush()
    }

    /// Writes bytes whose last one ends a line.
    fn write_bytes(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let was_torn = std::mem::replace(&mut self.is_torn, true);
            match self.writer.write(bytes) {
                Ok(0) => {
                    self.is_torn = was_torn;
                    return Err(ErrorKind::WriteZero.into());
                }
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) => {
                    // An error says that nothing was written by this call.
                    self.is_torn = was_torn;
                    if error.kind() != ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
        self.is_torn = false;
        Ok(())
    }
}

/// Shows how many events were lost.
impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").field("failures", &self.failures()).finish_non_exhaustive()
    }
}

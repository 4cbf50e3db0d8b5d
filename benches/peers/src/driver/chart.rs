//! The figure: one panel per row, one bar per contender, as long as its median time.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::contenders::{FLOOR, OURS};
use super::report::{Entry, Report, Row, time};

const COLUMNS: usize = 2;
/// As wide as a README is shown, so that its text isn't scaled down.
const WIDTH: u32 = 860;
const HEADING: u32 = 92;
/// One bar, and what is above and below the bars of a panel.
const BAR: u32 = 17;
const TITLE: u32 = 40;
/// Of text, in pixels.
const LARGE: f64 = 17.0;
const MIDDLE: f64 = 13.0;
const SMALL: f64 = 12.0;

const OURS_COLOUR: RGBColor = RGBColor(0x0b, 0x6e, 0x99);
const RIVAL_COLOUR: RGBColor = RGBColor(0xa7, 0xb1, 0xb8);
const FLOOR_COLOUR: RGBColor = RGBColor(0xd9, 0xc9, 0x9a);
const INK: RGBColor = RGBColor(0x22, 0x28, 0x2c);

/// Draws a report.
pub(crate) fn draw(report: &Report, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let panels: Vec<&[Row]> = report.rows.chunks(COLUMNS).collect();
    let height = |rows: &[Row]| {
        let bars = rows.iter().map(|row| row.contenders.len()).max().unwrap_or(0);
        TITLE + BAR * u32::try_from(bars).unwrap_or(0)
    };
    let total = HEADING + panels.iter().map(|rows| height(rows)).sum::<u32>() + 12;
    let root = SVGBackend::new(path, (WIDTH, total)).into_drawing_area();
    root.fill(&WHITE)?;
    heading(&root, report)?;
    let mut top = HEADING;
    for rows in panels {
        for (column, row) in rows.iter().enumerate() {
            let width = WIDTH / u32::try_from(COLUMNS)?;
            let left = width * u32::try_from(column)?;
            let area = root.clone().shrink((left, top), (width, height(rows)));
            panel(&area, row, width)?;
        }
        top += height(rows);
    }
    root.present()?;
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

fn text(pixels: f64, colour: RGBColor, horizontal: HPos) -> TextStyle<'static> {
    // Plotters' sizes are of a font's whole height, and its SVG divides them by this.
    ("sans-serif", pixels * 1.24).into_font().color(&colour).pos(Pos::new(horizontal, VPos::Center))
}

fn write(area: &Area<'_>, words: &str, at: (i32, i32), style: TextStyle<'static>) -> Drawn {
    area.draw(&Text::new(words.to_owned(), at, style))?;
    Ok(())
}

fn heading(root: &Area<'_>, report: &Report) -> Drawn {
    let lines = [
        format!("countersign on the stack {}, its rivals, and the primitives alone", report.stack),
        String::from(
            "whole tokens; shorter is faster; behind a row's name: countersign's time ÷ the fastest rival's",
        ),
        format!("medians of {} interleaved rounds; {}, {}", report.rounds, report.date, report.machine),
        report.compiler.clone(),
    ];
    for ((line, size), top) in lines.iter().zip([LARGE, SMALL, SMALL, SMALL]).zip([20, 43, 60, 77]) {
        write(root, line, (14, top), text(size, INK, HPos::Left))?;
    }
    Ok(())
}

fn panel(area: &Area<'_>, row: &Row, width: u32) -> Drawn {
    const NAMES: i32 = 178;
    const TIMES: i32 = 72;
    let ratio = row.ratio.map_or_else(String::new, |ratio| format!(": {ratio:.2}"));
    write(area, &format!("{}{ratio}", row.row), (14, 22), text(MIDDLE, INK, HPos::Left))?;
    let longest = row.contenders.iter().map(|entry| entry.nanoseconds).fold(1.0, f64::max);
    let room = f64::from(i32::try_from(width)? - NAMES - TIMES);
    let mut sorted: Vec<&Entry> = row.contenders.iter().collect();
    sorted.sort_by(|one, other| one.nanoseconds.total_cmp(&other.nanoseconds));
    let bar = i32::try_from(BAR)?;
    let mut top = 34;
    for entry in sorted {
        let colour = match entry.name.as_str() {
            name if name.starts_with(OURS) => OURS_COLOUR,
            name if name.starts_with(FLOOR) => FLOOR_COLOUR,
            _ => RIVAL_COLOUR,
        };
        let middle = top + bar / 2;
        write(area, &entry.name, (NAMES - 6, middle), text(SMALL, INK, HPos::Right))?;
        #[allow(clippy::cast_possible_truncation, reason = "pixels")]
        let end = NAMES + (room * entry.nanoseconds / longest).round().max(1.0) as i32;
        area.draw(&Rectangle::new([(NAMES, top + 2), (end, top + bar - 2)], colour.filled()))?;
        write(area, &time(entry.nanoseconds), (end + 5, middle), text(SMALL, INK, HPos::Left))?;
        top += bar;
    }
    Ok(())
}

//! The history's file beside the store, so that a restart forgets nothing: a line for each minute.
//!
//! It is no record of the store: it says how this machine fared, so it moves to no other one, and
//! costs the store's writer nothing. A line is appended by one write, unsynced, which survives a
//! crash of the process; one that a crash of the machine has torn is left out.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::history::{Fold, History, Point};
use crate::{
    limits::{HISTORY_BYTES_MAX, HISTORY_LINES_MAX, HISTORY_POINT, HISTORY_POINTS_MAX},
    model::{Metric, Timestamp},
};

const FILE: &str = "history";
const FILE_NEW: &str = "history.new";
/// The store's own file: without it the directory is not ours to write in.
const MARKER: &str = "operatoros.json";

/// The file.
pub(super) struct Keeping {
    path: PathBuf,
    new: PathBuf,
    lines: usize,
    /// A failure is told once.
    failed: bool,
}

/// A minute, by the names of its metrics, so that a version with others can read it.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    /// Seconds since 1970.
    at: i64,
    /// The least, the mean and the most.
    #[serde(borrow)]
    metrics: BTreeMap<&'a str, [f32; 3]>,
}

impl Keeping {
    /// Beside the store that lives in that directory; `None` where none does.
    pub(super) fn beside(data_dir: &Path) -> Option<Self> {
        data_dir.join(MARKER).exists().then(|| Self {
            path: data_dir.join(FILE),
            new: data_dir.join(FILE_NEW),
            lines: 0,
            failed: false,
        })
    }

    /// What was kept of the last day. Leaves out what is older or torn.
    pub(super) fn read(mut self, now: Timestamp) -> (Self, Vec<Point>) {
        let text = match read(&self.path) {
            Ok(text) => text,
            Err(error) => {
                self.note(&error);
                return (self, Vec::new());
            }
        };
        let points: Vec<Point> = text.lines().filter_map(point).collect();
        let torn = !(text.is_empty() || text.ends_with('\n'));
        self.lines = text.lines().count();
        let most = i64::try_from(HISTORY_POINTS_MAX).unwrap_or(i64::MAX);
        let now = now.0.div_euclid(1_000) / seconds();
        let (before, len) = (self.lines, points.len());
        let mut kept: Vec<Point> =
            points.into_iter().filter(|point| (now - most..=now).contains(&point.minute)).collect();
        kept.sort_by_key(|point| point.minute);
        if torn || before > HISTORY_LINES_MAX || len < before {
            let mut history = History::default();
            history.recall(kept.iter().cloned());
            self.rewrite(&history);
        }
        (self, kept)
    }

    /// Adds a minute.
    pub(super) fn append(&mut self, point: &Point) {
        let line = line(point);
        let appended = File::options()
            .append(true)
            .create(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        self.lines += 1;
        match appended {
            Ok(()) => self.failed = false,
            Err(error) => self.note(&error),
        }
    }

    /// It holds much that is older than a day.
    pub(super) fn is_long(&self) -> bool {
        self.lines > HISTORY_LINES_MAX
    }

    /// Writes it anew, without what is too old.
    pub(super) fn rewrite(&mut self, history: &History) {
        let text: String = history.points().map(line).collect();
        self.lines = history.points().count();
        if let Err(error) =
            fs::write(&self.new, text).and_then(|()| fs::rename(&self.new, &self.path))
        {
            self.note(&error);
        }
    }

    fn note(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.failed, true) {
            tracing::warn!(%error, "what is measured is not remembered beyond this run");
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    file.take(HISTORY_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn point(line: &str) -> Option<Point> {
    let line: Line<'_> = serde_json::from_str(line).ok()?;
    let fold = |metric: &Metric| match line.metrics.get(metric.name()) {
        Some([min, mean, max]) => Fold { min: *min, mean: *mean, max: *max },
        None => Fold::NONE,
    };
    let folds = Metric::ALL.iter().map(fold).collect();
    Some(Point { minute: line.at.div_euclid(seconds()), folds })
}

fn line(point: &Point) -> String {
    let known = Metric::ALL.iter().zip(&point.folds).filter(|(_, fold)| fold.value().is_some());
    let metrics =
        known.map(|(metric, fold)| (metric.name(), [fold.min, fold.mean, fold.max])).collect();
    let line = Line { at: point.minute * seconds(), metrics };
    serde_json::to_string(&line).expect("numbers with names are JSON") + "\n"
}

fn seconds() -> i64 {
    i64::try_from(HISTORY_POINT.as_secs()).unwrap_or(i64::MAX)
}

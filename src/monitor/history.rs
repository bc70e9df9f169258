//! What was measured in the last day, a point a minute: the least, the mean and the most.
//!
//! Invariant: no clock and no I/O; it never holds more than `HISTORY_POINTS_MAX` points.

use std::{collections::VecDeque, ops::Range};

use crate::{
    limits::{CHART_POINTS_MAX, HISTORY_POINT, HISTORY_POINTS_MAX},
    model::{Metric, Timestamp, Vitals},
};

const METRICS: usize = Metric::ALL.len();

/// Every metric over the last day.
#[derive(Debug, Default)]
pub(super) struct History {
    points: VecDeque<Point>,
    open: Option<Open>,
}

/// One minute.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    /// Minutes since 1970.
    pub(super) minute: i64,
    /// In the order of `Metric::ALL`.
    pub(super) folds: Box<[Fold]>,
}

/// What a metric was in a stretch of time. Of one that adds up, all three are the sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fold {
    pub(super) min: f32,
    pub(super) mean: f32,
    pub(super) max: f32,
}

/// The minute that is not over.
#[derive(Debug)]
struct Open {
    minute: i64,
    sums: [Sum; METRICS],
}

/// What has been measured of a metric so far.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    min: f64,
    max: f64,
    total: f64,
    times: u32,
}

/// How a metric was over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Which.
    pub metric: Metric,
    /// At regular times, oldest first.
    pub points: Vec<ChartPoint>,
    /// How far apart they are, in seconds.
    pub every_s: i64,
    /// The least, the mean and the most of all of it; `None` where nothing was measured.
    pub all: Option<[f64; 3]>,
    /// Everything together, of a metric that adds up.
    pub total: Option<f64>,
}

/// A stretch of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartPoint {
    /// Where it begins.
    pub at: Timestamp,
    /// The least, the mean and the most; `None` where nothing was measured.
    pub value: Option<[f64; 3]>,
}

impl Sum {
    fn add(&mut self, value: f64) {
        if self.times == 0 {
            (self.min, self.max) = (value, value);
        }
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.total += value;
        self.times += 1;
    }

    /// Joins what was folded already, as long as any other.
    fn join(&mut self, [min, mean, max]: [f64; 3]) {
        let times = self.times;
        self.add(mean);
        if times == 0 {
            (self.min, self.max) = (min, max);
        }
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn value(&self) -> Option<[f64; 3]> {
        (self.times > 0).then(|| [self.min, self.total / f64::from(self.times), self.max])
    }
}

impl Fold {
    pub(super) const NONE: Self = Self { min: f32::NAN, mean: f32::NAN, max: f32::NAN };

    #[expect(clippy::cast_possible_truncation, reason = "a chart needs no more digits")]
    fn of(metric: Metric, sum: &Sum) -> Self {
        let Some([min, mean, max]) = sum.value() else { return Self::NONE };
        if metric.adds_up() {
            let total = sum.total as f32;
            return Self { min: total, mean: total, max: total };
        }
        Self { min: min as f32, mean: mean as f32, max: max as f32 }
    }

    pub(super) fn value(self) -> Option<[f64; 3]> {
        let Self { min, mean, max } = self;
        mean.is_finite().then(|| [min.into(), mean.into(), max.into()])
    }
}

impl Open {
    fn of(minute: i64) -> Self {
        Self { minute, sums: [Sum::default(); METRICS] }
    }

    fn point(&self) -> Point {
        let folds = Metric::ALL.iter().zip(&self.sums);
        let folds = folds.map(|(metric, sum)| Fold::of(*metric, sum)).collect();
        Point { minute: self.minute, folds }
    }
}

impl Point {
    fn fold(&self, metric: Metric) -> Fold {
        let at = Metric::ALL.iter().position(|other| *other == metric);
        at.and_then(|at| self.folds.get(at)).copied().unwrap_or(Fold::NONE)
    }
}

impl History {
    /// Adds a measurement. Gives the minute that is over by it, if one is.
    pub(super) fn fold(&mut self, at: Timestamp, vitals: &Vitals) -> Option<Point> {
        let minute = minute(at);
        let over = match &self.open {
            Some(open) if open.minute != minute => self.close(),
            _ => None,
        };
        let open = self.open.get_or_insert_with(|| Open::of(minute));
        for (metric, sum) in Metric::ALL.iter().zip(&mut open.sums) {
            if let Some(value) = metric.of(vitals) {
                sum.add(value);
            }
        }
        over
    }

    /// Ends the minute that is not over.
    pub(super) fn close(&mut self) -> Option<Point> {
        let point = self.open.take()?.point();
        self.push(point.clone());
        Some(point)
    }

    /// Adds what an earlier run remembered, oldest first.
    pub(super) fn recall(&mut self, earlier: impl IntoIterator<Item = Point>) {
        let own = std::mem::take(&mut self.points);
        for point in earlier.into_iter().chain(own) {
            self.push(point);
        }
    }

    /// What it takes: a point has a fold for each metric.
    pub(super) fn memory_bytes(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |_| size_of::<Open>());
        self.points.capacity() * size_of::<Point>()
            + self.points.len() * METRICS * size_of::<Fold>()
            + open
    }

    /// All that is over, oldest first.
    pub(super) fn points(&self) -> impl Iterator<Item = &Point> {
        self.points.iter()
    }

    fn push(&mut self, mut point: Point) {
        // Where the clock was set back, what it told before is not what was.
        while let Some(last) = self.points.pop_back() {
            if last.minute < point.minute {
                self.points.push_back(last);
                break;
            }
            if last.minute == point.minute {
                point = last.joined(&point);
            }
        }
        if self.points.len() == HISTORY_POINTS_MAX {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// How a metric was in that time.
    pub(super) fn chart(&self, metric: Metric, span: &Range<Timestamp>, now: Timestamp) -> Chart {
        let most = i64::try_from(HISTORY_POINTS_MAX).unwrap_or(i64::MAX);
        let last = minute(Timestamp(span.end.0.saturating_sub(1))).min(minute(now));
        // Whole minutes: sixty of them are the last hour.
        let whole = minute(Timestamp(span.start.0.saturating_sub(1))) + 1;
        // Of the minute that has just begun there is next to nothing.
        let first = whole.min(last - 1).max(minute(now) - most);
        let minutes = (last - first + 1).max(1);
        let width = minutes.div_euclid(points_max()) + i64::from(minutes % points_max() > 0);
        let mut chart = Folding::of(metric, first, width, minutes);
        let open = self.open.as_ref().map(Open::point);
        for point in self.points.iter().chain(&open) {
            if (first..=last).contains(&point.minute) {
                chart.add(point);
            }
        }
        chart.whole()
    }
}

impl Point {
    /// The same minute, in two runs.
    fn joined(&self, other: &Self) -> Self {
        let join = |(at, metric): (usize, &Metric)| {
            let mut sum = Sum::default();
            let folds = [self.folds.get(at), other.folds.get(at)];
            folds.into_iter().flatten().filter_map(|fold| fold.value()).for_each(|v| sum.join(v));
            Fold::of(*metric, &sum)
        };
        let folds = Metric::ALL.iter().enumerate().map(join).collect();
        Self { minute: self.minute, folds }
    }
}

/// A chart that is being made.
struct Folding {
    metric: Metric,
    first: i64,
    width: i64,
    stretches: Vec<Sum>,
    all: Sum,
}

impl Folding {
    fn of(metric: Metric, first: i64, width: i64, minutes: i64) -> Self {
        let stretches = usize::try_from((minutes + width - 1) / width).unwrap_or(0);
        let stretches = vec![Sum::default(); stretches.min(CHART_POINTS_MAX)];
        Self { metric, first, width, stretches, all: Sum::default() }
    }

    fn add(&mut self, point: &Point) {
        let Some(value) = point.fold(self.metric).value() else { return };
        self.all.join(value);
        let at = usize::try_from((point.minute - self.first) / self.width).unwrap_or(usize::MAX);
        if let Some(stretch) = self.stretches.get_mut(at) {
            stretch.join(value);
        }
    }

    fn whole(self) -> Chart {
        let seconds = i64::try_from(HISTORY_POINT.as_secs()).unwrap_or(i64::MAX);
        let (metric, first, width) = (self.metric, self.first, self.width);
        let value = |of: &Sum| {
            let value = of.value();
            if metric.adds_up() { value.map(|_| [of.total; 3]) } else { value }
        };
        let point = |(at, stretch): (i64, &Sum)| ChartPoint {
            at: Timestamp((first + at * width) * seconds * 1_000),
            value: value(stretch),
        };
        let total = (metric.adds_up() && self.all.times > 0).then_some(self.all.total);
        Chart {
            metric,
            points: (0..).zip(&self.stretches).map(point).collect(),
            every_s: width * seconds,
            all: self.all.value(),
            total,
        }
    }
}

fn points_max() -> i64 {
    i64::try_from(CHART_POINTS_MAX).unwrap_or(i64::MAX)
}

fn minute(at: Timestamp) -> i64 {
    let point = i64::try_from(HISTORY_POINT.as_millis()).unwrap_or(i64::MAX);
    at.0.div_euclid(point)
}

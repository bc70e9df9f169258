//! A window that slides over time in slices. It knows no clock: it is told how old its meter is.

use std::time::Duration;

/// The last slices of time, each with what was counted in it.
pub(super) struct Window<T> {
    slice: Duration,
    /// Each with its number since the start; a new one takes the place of the oldest.
    slices: Vec<(u64, T)>,
}

impl<T: Default> Window<T> {
    pub(super) fn new(slice: Duration, slices: usize) -> Self {
        let empty = || (0, T::default());
        Self { slice, slices: std::iter::repeat_with(empty).take(slices.max(1)).collect() }
    }

    /// What is counted now.
    pub(super) fn at(&mut self, age: Duration) -> &mut T {
        let number = self.number(age);
        let place = usize::try_from(number % self.slices.len() as u64).unwrap_or(0);
        let (known, counted) = &mut self.slices[place];
        if *known != number {
            (*known, *counted) = (number, T::default());
        }
        counted
    }

    /// What was counted of late, this slice with it.
    pub(super) fn recent(&self, age: Duration) -> impl Iterator<Item = &T> {
        let (number, length) = (self.number(age), self.slices.len() as u64);
        let recent = move |(known, _): &&(u64, T)| number < known + length;
        self.slices.iter().filter(recent).map(|(_, counted)| counted)
    }

    /// The stretch of time that `recent` is about.
    pub(super) fn covered(&self, age: Duration) -> Duration {
        let whole = u32::try_from(self.slices.len() - 1).unwrap_or(u32::MAX);
        let begun =
            u32::try_from(self.number(age)).map_or(age, |n| age.saturating_sub(self.slice * n));
        age.min(self.slice * whole + begun)
    }

    fn number(&self, age: Duration) -> u64 {
        u64::try_from(age.as_millis() / self.slice.as_millis().max(1)).unwrap_or(u64::MAX)
    }
}

//! The ledger: what is spent and what is reserved of each budget.
//!
//! Invariant: all budgets that a turn concerns are looked at and changed under one lock, so turns
//! that begin at the same time cannot have the same tokens twice.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;

use super::{Amount, Budget, Estimate, Exhausted, Grant, Limit, Standing};
use crate::{
    config::Settings,
    model::{Day, PoolName, Timestamp, UserId},
};

/// Knows what is left of every budget. Clones are the same ledger.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// As settings have them now. The book outlives them.
    budgets: ArcSwap<Budgets>,
    book: Mutex<Book>,
}

/// Budgets in the order of their names.
#[derive(Default)]
struct Budgets {
    list: Vec<Budget>,
    /// Budgets that there ever were.
    numbered: u64,
}

/// Budgets of which it is not known yet what was spent.
pub struct Unread {
    ledger: Ledger,
    numbers: Vec<u64>,
}

/// A budget, and whose part of it where it is not shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Purse {
    budget: u64,
    user: Option<UserId>,
    pool: Option<PoolName>,
}

#[derive(Default)]
struct Book {
    tallies: HashMap<Purse, Tally>,
    /// When purses of which nothing is known any more were last forgotten.
    swept: Day,
}

/// What is known of a purse.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// The first day of what `spent` is about.
    since: Day,
    spent: u64,
    reserved: u64,
}

/// What a turn may spend. Dropped, it gives everything back.
pub struct Reservation {
    ledger: Ledger,
    user: UserId,
    pool: PoolName,
    holds: Vec<Hold>,
    cap: Option<Cap>,
}

struct Hold {
    purse: Purse,
    units: u64,
}

/// An answer must be shorter than it might have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Tokens that it may have.
    pub output_tokens: u64,
    /// Because of this budget.
    pub because: Exhausted,
}

impl Ledger {
    /// The budgets that settings describe, with nothing spent.
    pub fn new(settings: &Settings) -> Self {
        let ledger = Self::default();
        ledger.adopt(settings);
        ledger
    }

    /// The budgets of these settings from now on. What is spent and reserved of one that is there
    /// still stays so, whatever its limit; what was spent of the others has to be read.
    pub fn adopt(&self, settings: &Settings) -> Unread {
        let was = self.0.budgets.load_full();
        let mut now = Budgets { list: Vec::new(), numbered: was.numbered };
        let mut numbers = Vec::new();
        for (name, budget) in &settings.budgets {
            let mut budget = Budget::new(name, budget);
            if let Some(before) = was.list.iter().find(|before| budget.continues(before)) {
                budget.number = before.number;
            } else {
                now.numbered += 1;
                budget.number = now.numbered;
                numbers.push(budget.number);
            }
            now.list.push(budget);
        }
        self.0.budgets.store(Arc::new(now));
        Unread { ledger: self.clone(), numbers }
    }

    /// The first day whose spending counts now; `None` where no budget counts any.
    pub fn since(&self, now: Timestamp) -> Option<Day> {
        let budgets = self.0.budgets.load();
        budgets.list.iter().map(|budget| budget.began(Day::of(now))).min()
    }

    /// There is no budget, so nothing has to be reckoned.
    pub fn is_empty(&self) -> bool {
        self.0.budgets.load().list.is_empty()
    }

    /// Some budget counts dollars, so it does not see what has no price.
    pub fn counts_dollars(&self) -> bool {
        let budgets = self.0.budgets.load();
        budgets.list.iter().any(|budget| matches!(budget.limit, Limit::Cost(_)))
    }

    /// Sets aside what a turn may cost, or as much of it as hard budgets have left. All budgets
    /// that are concerned agree, or nothing is reserved.
    pub fn reserve(
        &self,
        user: UserId,
        pool: &PoolName,
        estimate: &Estimate,
        now: Timestamp,
    ) -> Result<Reservation, Exhausted> {
        let (ledger, pool) = (self.clone(), pool.clone());
        let mut reservation = Reservation { ledger, user, pool, holds: Vec::new(), cap: None };
        reservation.fit(estimate, now)?;
        Ok(reservation)
    }

    /// Notes what was spent without a reservation: by an earlier run, or by a turn that broke off.
    pub fn record(&self, user: UserId, pool: &PoolName, amount: &Amount, at: Timestamp) {
        let (budgets, mut book) = (self.0.budgets.load(), self.book());
        for (budget, purse) in budgets.purses(user, pool) {
            book.spend(budget, &purse, amount, at);
        }
    }

    /// How the budgets that concern a user stand; one row for each pool that has its own.
    pub fn standing<'a>(
        &self,
        user: UserId,
        pools: impl IntoIterator<Item = &'a PoolName>,
        now: Timestamp,
    ) -> Vec<Standing> {
        let mut rows: Vec<(u64, Standing)> = Vec::new();
        let (budgets, book) = (self.0.budgets.load(), self.book());
        for pool in pools {
            for (budget, purse) in budgets.purses(user, pool) {
                let of = (purse.budget, &purse.pool);
                if rows.iter().any(|(number, row)| (*number, &row.pool) == of) {
                    continue;
                }
                let tally = book.tallies.get(&purse).copied().unwrap_or_default();
                let row = Standing {
                    budget: budget.name.clone(),
                    pool: purse.pool,
                    limit: budget.limit,
                    per: budget.per,
                    spent: tally.spent_since(budget.began(Day::of(now))),
                    reserved: tally.reserved,
                    renews_at: budget.renews(now),
                };
                rows.push((purse.budget, row));
            }
        }
        rows.sort_by(|(_, one), (_, other)| one.budget.cmp(&other.budget));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budgets {
    /// The budgets that a turn concerns, always in the same order.
    fn purses(&self, user: UserId, pool: &PoolName) -> impl Iterator<Item = (&Budget, Purse)> {
        self.list.iter().filter_map(move |budget| {
            let concerned = budget.user.concerns(&user) && budget.pool.concerns(pool);
            let part = || (budget.user.part(&user), budget.pool.part(pool));
            let (user, pool) = concerned.then(part)?;
            Some((budget, Purse { budget: budget.number, user, pool }))
        })
    }
}

impl Unread {
    /// The first day whose spending counts now; `None` where none of them counts any.
    pub fn since(&self, now: Timestamp) -> Option<Day> {
        let budgets = self.ledger.0.budgets.load();
        self.of(&budgets).map(|budget| budget.began(Day::of(now))).min()
    }

    /// Notes what was spent of them.
    pub fn record(&self, user: UserId, pool: &PoolName, amount: &Amount, at: Timestamp) {
        let (budgets, mut book) = (self.ledger.0.budgets.load(), self.ledger.book());
        for (budget, purse) in budgets.purses(user, pool) {
            if self.numbers.contains(&budget.number) {
                book.spend(budget, &purse, amount, at);
            }
        }
    }

    fn of<'b>(&self, budgets: &'b Budgets) -> impl Iterator<Item = &'b Budget> {
        budgets.list.iter().filter(|budget| self.numbers.contains(&budget.number))
    }
}

impl Reservation {
    /// Makes it right for what is known by now: more, or less. Where not even what is to be read
    /// can be had, it stays as it was.
    pub fn fit(&mut self, estimate: &Estimate, now: Timestamp) -> Result<(), Exhausted> {
        let budgets = self.ledger.0.budgets.load();
        if budgets.list.is_empty() && self.holds.is_empty() {
            return Ok(());
        }
        let mut book = self.ledger.book();
        book.sweep(&budgets.list, Day::of(now));
        let (mut grants, mut refused) = (Vec::new(), Vec::new());
        for (budget, purse) in budgets.purses(self.user, &self.pool) {
            let own = self.holds.iter().find(|hold| hold.purse == purse);
            let own = own.map_or(0, |hold| hold.units);
            match budget.grant(book.left(budget, &purse, now, own), estimate) {
                Some(grant) => grants.push((budget, purse, grant)),
                None => refused.push(budget.exhausted(now)),
            }
        }
        // There is no use in coming back before the last of them renews.
        if let Some(last) = refused.into_iter().max_by_key(|exhausted| exhausted.renews_at) {
            return Err(last);
        }
        let capped = grants.iter().filter_map(|(by, _, grant)| Some((grant.output_tokens?, by)));
        let cap = capped.min_by_key(|(tokens, _)| *tokens);
        let cap = cap.map(|(output_tokens, by)| Cap { output_tokens, because: by.exhausted(now) });
        book.release(&self.holds);
        let hold = |(_, purse, grant): (_, Purse, Grant)| Hold { purse, units: grant.units };
        let holds: Vec<Hold> = grants.into_iter().map(hold).collect();
        for hold in &holds {
            book.tally(&hold.purse).reserved += hold.units;
        }
        drop(book);
        (self.holds, self.cap) = (holds, cap);
        Ok(())
    }

    /// How long the answer may be, where a hard budget has too little left for a longer one.
    pub fn cap(&self) -> Option<&Cap> {
        self.cap.as_ref()
    }

    /// The turn has cost so much, and ended then: what was set aside for it is free again.
    pub fn settle(mut self, amount: &Amount, at: Timestamp) {
        let budgets = self.ledger.0.budgets.load();
        if budgets.list.is_empty() && self.holds.is_empty() {
            return;
        }
        let mut book = self.ledger.book();
        book.release(&self.holds);
        // Also of a budget that came after it was set aside.
        for (budget, purse) in budgets.purses(self.user, &self.pool) {
            book.spend(budget, &purse, amount, at);
        }
        drop(book);
        self.holds.clear();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.holds.is_empty() {
            self.ledger.book().release(&self.holds);
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: Vec<u64> = self.holds.iter().map(|hold| hold.units).collect();
        let mut shown = f.debug_struct("Reservation");
        shown.field("units", &units).field("cap", &self.cap).finish_non_exhaustive()
    }
}

impl Book {
    fn tally(&mut self, purse: &Purse) -> &mut Tally {
        self.tallies.entry(purse.clone()).or_default()
    }

    /// What is neither spent nor reserved by others.
    fn left(&self, budget: &Budget, purse: &Purse, now: Timestamp, own: u64) -> u64 {
        let tally = self.tallies.get(purse).copied().unwrap_or_default();
        let spent = tally.spent_since(budget.began(Day::of(now)));
        budget.limit.most().saturating_sub(spent.saturating_add(tally.reserved - own))
    }

    fn spend(&mut self, budget: &Budget, purse: &Purse, amount: &Amount, at: Timestamp) {
        let since = budget.began(Day::of(at));
        let tally = self.tally(purse);
        if since > tally.since {
            (tally.since, tally.spent) = (since, 0);
        }
        // What ended before the budget was renewed is of no account any more.
        if since == tally.since {
            tally.spent = tally.spent.saturating_add(budget.limit.of(amount));
        }
    }

    fn release(&mut self, holds: &[Hold]) {
        for hold in holds {
            self.tally(&hold.purse).reserved -= hold.units;
        }
    }

    /// Once a day, forgets the purses that are whole again, so that the book is no longer than the
    /// list of those who spend.
    fn sweep(&mut self, budgets: &[Budget], today: Day) {
        if today <= self.swept {
            return;
        }
        self.swept = today;
        self.tallies.retain(|purse, tally| {
            let of = budgets.iter().find(|budget| budget.number == purse.budget);
            let began = of.map(|budget| budget.began(today));
            tally.reserved > 0 || began.is_some_and(|began| tally.since >= began)
        });
    }
}

impl Tally {
    /// What was spent in the stretch of time that began on this day.
    fn spent_since(&self, began: Day) -> u64 {
        if self.since >= began { self.spent } else { 0 }
    }
}

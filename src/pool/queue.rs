//! Who is next: an order over all that waits. It knows no clock, no worker and no lock.
//!
//! The order is total, and the same pushes and pops give the same one:
//!
//! 1. **The lane.** Urgent before high before normal before low; inside a class a person's turn
//!    before a background task. A lane ages: after each `POOL_AGEING_TAKES` takes that passed it
//!    over it counts for one lane higher, until it is taken from. So whatever waits is served in
//!    bounded time, and nothing is taken out of turn twice in a row.
//! 2. **The round.** Inside a lane each user is taken from once a round, however much it has
//!    waiting. Who had nothing waiting joins the round that is under way.
//! 3. **The least.** Of a round, first whoever has the least waiting, then whoever came first. So
//!    somebody's one message is not behind another's five hundred, not even behind the first of
//!    them.
//!
//! Lanes age and not entries: what has waited long because its user sent a lot must not overtake
//! what others have just sent. So that those who send one after the other cannot hold a round open
//! for ever, those who come after it has had twice as many takes as users join the next one.
//!
//! Every push, pop and removal costs a few searches in ordered trees, however many wait.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeSet, HashMap},
};

use crate::{
    limits,
    model::{Priority, UserId},
};

/// Who asks, how soon it is wanted, and whether a person waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// Fairness is between these.
    pub user: UserId,
    /// The class.
    pub priority: Priority,
    /// What it is asked for.
    pub origin: Origin,
}

/// What something is asked for. Inside a class the first comes before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A person looks at it.
    Turn,
    /// It is worked off in the background.
    Task,
}

impl Asker {
    /// A person's turn.
    pub fn turn(user: UserId) -> Self {
        Self { user, priority: Priority::Normal, origin: Origin::Turn }
    }

    /// A background task.
    pub fn task(user: UserId, priority: Priority) -> Self {
        Self { user, priority, origin: Origin::Task }
    }

    fn lane(&self) -> usize {
        let below_the_first = Priority::Urgent as usize - self.priority as usize;
        below_the_first * LANES_PER_CLASS + self.origin as usize
    }
}

const LANES_PER_CLASS: usize = 2;
const LANES: usize = Priority::ALL.len() * LANES_PER_CLASS;

/// Names an entry; a later one is greater.
pub type Ticket = u64;

/// What waits, in order.
#[derive(Debug)]
pub struct Queue<T> {
    lanes: [Lane; LANES],
    entries: HashMap<Ticket, Entry<T>>,
    next: Ticket,
    order: Order,
}

#[derive(Debug)]
struct Entry<T> {
    user: UserId,
    lane: usize,
    item: T,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let lanes = Default::default();
        Self { lanes, entries: HashMap::new(), next: 0, order: Order::default() }
    }
}

impl<T> Queue<T> {
    /// What one that waits takes here: its entry, and its ticket in the line of its user.
    pub(super) const WAITER_BYTES: usize = size_of::<(Ticket, Entry<T>)>() + size_of::<Ticket>();

    /// Puts it where it belongs.
    pub fn push(&mut self, asker: Asker, item: T) -> Ticket {
        let ticket = self.next;
        self.next += 1;
        self.put_back(asker, ticket, item);
        ticket
    }

    /// Puts something where it stood that has been taken: before all of its user's that came later.
    pub fn put_back(&mut self, asker: Asker, ticket: Ticket, item: T) {
        let (user, lane) = (asker.user, asker.lane());
        self.entries.insert(ticket, Entry { user, lane, item });
        self.lanes[lane].enter(user, ticket);
        self.order.lanes[lane].entries += 1;
    }

    /// Takes who is next.
    pub fn pop(&mut self) -> Option<T> {
        let ticket = self.lanes[self.order.take()?].take()?;
        self.entries.remove(&ticket).map(|entry| entry.item)
    }

    /// Takes it out, wherever it stands.
    pub fn remove(&mut self, ticket: Ticket) -> Option<T> {
        let entry = self.entries.remove(&ticket)?;
        self.lanes[entry.lane].leave(entry.user, ticket);
        self.order.leave(entry.lane);
        Some(entry.item)
    }

    /// How many pops until it is taken, if nobody else came. Costs a look at each user of its lane,
    /// and at the next `POOL_FORESEEN_TAKES`; what the ageing of lanes does beyond those is not
    /// foreseen.
    pub fn position(&self, ticket: Ticket) -> Option<u64> {
        let entry = self.entries.get(&ticket)?;
        let inside = self.lanes[entry.lane].before(entry.user, ticket)?;
        Some(self.order.takes_until(entry.lane, inside) as u64)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Nobody waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What came first of those that wait and are meant. Costs a look at each that waits.
    pub fn oldest(&self, is_meant: impl Fn(&T) -> bool) -> Option<&T> {
        let meant = self.entries.iter().filter(|(_, entry)| is_meant(&entry.item));
        meant.min_by_key(|(ticket, _)| **ticket).map(|(_, entry)| &entry.item)
    }

    /// How many of this user's wait.
    pub fn waiting_of(&self, user: UserId) -> usize {
        self.lanes.iter().filter_map(|lane| lane.lines.get(&user)).map(|l| l.tickets.len()).sum()
    }

    /// How many wait in each class, in the order of `Priority::ALL`.
    pub fn by_class(&self) -> [usize; Priority::ALL.len()] {
        let mut classes = [0; Priority::ALL.len()];
        for (lanes, class) in self.order.lanes.chunks(LANES_PER_CLASS).zip(&mut classes) {
            *class = lanes.iter().map(|lane| lane.entries).sum();
        }
        classes
    }
}

/// From which lane it is taken next. It depends on nothing else, so it can be foreseen.
#[derive(Debug, Clone, Default)]
struct Order {
    lanes: [Waiting; LANES],
    /// The last take went to a lane because it had aged.
    out_of_turn: bool,
}

/// What waits in a lane.
#[derive(Debug, Clone, Copy, Default)]
struct Waiting {
    entries: usize,
    /// Takes that went to another lane since this one was taken from.
    passed_over: usize,
}

impl Order {
    /// Takes one entry, and says of which lane.
    fn take(&mut self) -> Option<usize> {
        let (first, aged) = self.next_lanes()?;
        let next = if self.out_of_turn { first } else { aged };
        self.out_of_turn = next != first;
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            lane.passed_over += usize::from(at != next && lane.entries > 0);
        }
        self.lanes[next].passed_over = 0;
        self.lanes[next].entries -= 1;
        Some(next)
    }

    fn leave(&mut self, lane: usize) {
        let lane = &mut self.lanes[lane];
        lane.entries -= 1;
        if lane.entries == 0 {
            lane.passed_over = 0;
        }
    }

    /// How many takes until that of a lane before which so many of it are taken.
    fn takes_until(&self, lane: usize, mut before: usize) -> usize {
        let all: usize = self.lanes.iter().map(|of| of.entries).sum();
        if self.lanes[lane].entries == all {
            return before + 1;
        }
        let mut order = self.clone();
        for takes in 1..=limits::POOL_FORESEEN_TAKES {
            match order.take() {
                Some(taken) if taken == lane && before == 0 => return takes,
                Some(taken) => before -= usize::from(taken == lane),
                None => return takes,
            }
        }
        let above: usize = order.lanes[..lane].iter().map(|above| above.entries).sum();
        limits::POOL_FORESEEN_TAKES + above + before + 1
    }

    /// The first lane where something waits, and the one that counts for the highest: of equals,
    /// that which was passed over more often.
    fn next_lanes(&self) -> Option<(usize, usize)> {
        let waiting = || self.lanes.iter().enumerate().filter(|(_, lane)| lane.entries > 0);
        let aged = waiting().min_by_key(|(at, lane)| {
            let steps = lane.passed_over / limits::POOL_AGEING_TAKES;
            (at.saturating_sub(steps), Reverse(lane.passed_over))
        });
        Some((waiting().next()?.0, aged?.0))
    }
}

/// One class and origin: the users that have something waiting, in the order of their next one.
#[derive(Debug, Default)]
struct Lane {
    lines: HashMap<UserId, Line>,
    order: BTreeSet<Rank>,
    /// The round that is under way: that of the last one taken.
    round: u64,
    /// Takes of it so far.
    taken: usize,
    /// The most users that waited at once in it.
    users: usize,
}

/// What one user has waiting in a lane: one entry a round, the oldest first.
#[derive(Debug)]
struct Line {
    round: u64,
    tickets: BTreeSet<Ticket>,
}

/// Where a user stands in a lane. The ticket is its oldest, so no two are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    round: u64,
    waiting: usize,
    ticket: Ticket,
    user: UserId,
}

impl Line {
    fn rank(&self, user: UserId) -> Option<Rank> {
        let ticket = *self.tickets.first()?;
        Some(Rank { round: self.round, waiting: self.tickets.len(), ticket, user })
    }

    /// How many of these are taken before somebody's entry of that round, of which so many wait by
    /// then.
    fn taken_before(&self, (round, waiting, ticket): (u64, usize, Ticket)) -> usize {
        let Some(rounds) = round.checked_sub(self.round) else { return 0 };
        let rounds = usize::try_from(rounds).unwrap_or(usize::MAX);
        let Some(left @ 1..) = self.tickets.len().checked_sub(rounds) else {
            return self.tickets.len();
        };
        let first = match left.cmp(&waiting) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.tickets.iter().nth(rounds).is_some_and(|own| *own < ticket),
        };
        rounds + usize::from(first)
    }
}

impl Lane {
    fn enter(&mut self, user: UserId, ticket: Ticket) {
        let late = self.taken > 0 && self.taken >= 2 * self.users;
        let round = self.round + u64::from(late);
        let line = self.lines.entry(user).or_insert(Line { round, tickets: BTreeSet::new() });
        if let Some(rank) = line.rank(user) {
            self.order.remove(&rank);
        }
        line.tickets.insert(ticket);
        self.order.extend(line.rank(user));
        self.users = self.users.max(self.lines.len());
    }

    fn leave(&mut self, user: UserId, ticket: Ticket) {
        let Some(line) = self.lines.get_mut(&user) else { return };
        if let Some(rank) = line.rank(user) {
            self.order.remove(&rank);
        }
        line.tickets.remove(&ticket);
        self.stand(user);
    }

    fn take(&mut self) -> Option<Ticket> {
        let rank = self.order.pop_first()?;
        if rank.round > self.round {
            self.round = rank.round;
            self.taken = 0;
            self.users = self.lines.len();
        }
        self.taken += 1;
        let line = self.lines.get_mut(&rank.user)?;
        line.tickets.remove(&rank.ticket);
        line.round += 1;
        self.stand(rank.user);
        Some(rank.ticket)
    }

    /// Gives a user whose line has changed its place in the order, or none where nothing is left.
    fn stand(&mut self, user: UserId) {
        let Some(line) = self.lines.get(&user) else { return };
        match line.rank(user) {
            Some(rank) => self.order.extend([rank]),
            None => drop(self.lines.remove(&user)),
        }
    }

    /// How many of this lane are taken before the entry.
    fn before(&self, user: UserId, ticket: Ticket) -> Option<usize> {
        let line = self.lines.get(&user)?;
        let own = line.tickets.range(..ticket).count();
        let rank = (line.round + own as u64, line.tickets.len() - own, ticket);
        let others = self.lines.iter().filter(|(other, _)| **other != user);
        Some(own + others.map(|(_, other)| other.taken_before(rank)).sum::<usize>())
    }
}

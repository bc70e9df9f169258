//! The words and phrases of sentences about alerts.

use crate::model::Metric;

/// What may stand before everything.
pub(super) const AROUND: &str = "please, pls, hey, hi, hello, ok, okay, operator, gateway, just, so, and, can you, could \
     you, would you, will you, can i, could i, i want you to, i would like you to, id like \
     you to, i need you to, i want to, id like to, i would like to, i need to, we want to, \
     kindly, now";
/// What may stand behind everything.
pub(super) const BEHIND: &str = "please, pls, thanks, thank you, thx, ok, okay, here, in this conversation, in this chat, \
     right away, immediately, at once, asap, at any time, will you, would you, could you";
/// How one asks to be told.
pub(super) const TELLING: &str = "tell me, tell us, alert me, alert us, alert, warn me, warn us, warn, notify me, notify \
     us, notify, let me know, let us know, ping me, ping us, message me, inform me, inform \
     us, text me, shout, give me a heads up, give me a shout, give us a heads up, give me a \
     warning, give me an alert, send me an alert, send me a message, send me a notification, \
     send me a warning, send an alert, send a warning, raise an alert, raise an alarm, sound \
     the alarm, be told, be alerted, be notified, be warned, be informed, get told, get \
     alerted, get notified, get warned, get an alert, get a warning, get a notification, \
     know, drop me a line, say something, say so, remind me, report to me, wake me, wake me \
     up, i want to know, i need to know, i must know, make sure i know, flag it, have me \
     told, hit me up, page me";
/// How one asks for an alert.
pub(super) const SETTING: &str = "set an alert, set up an alert, set alert, set a new alert, set up a new alert, create an \
     alert, create a new alert, create alert, add an alert, add a new alert, add alert, make \
     an alert, make a new alert, make me an alert, new alert, i want an alert, i need an \
     alert, id like an alert, give me an alert, configure an alert, define an alert, put an \
     alert, have an alert, set me an alert, set up alert";
/// What leads to the condition.
pub(super) const CONJUNCTIONS: &str = "when, if, whenever, once, as soon as, in case, should, when ever, anytime, any time, the \
     moment, the moment that, for when, every time, each time, in the event that, the minute, \
     the second, if ever, if and when";
/// How one asks that something be looked at.
pub(super) const WATCHING: &str =
    "watch, monitor, keep an eye on, keep watch on, keep watching, look after, track";
/// What may stand before what is measured.
pub(super) const DETERMINERS: &str = "the, my, our, your, this, total, overall, number of, the number of, amount of, length \
     of, size of, depth of, any, too many";

/// What may stand between the metric and the comparison.
pub(super) const BEING: &str = "is, are, be, was, goes, go, going, gets, get, getting, rises, rise, climbs, climb, \
     grows, grow, becomes, become, stays, stay, remains, remain, has been, have been, has, \
     have, uses, use, takes, take, ever, up, again, jumps, shoots, spikes, increases, length, \
     runs, drops, drop, falls, fall, sinks, dips, shrinks, down, comes, usage, ever gets, in \
     use, reads, should, open, that";
/// More than the number.
pub(super) const ABOVE: &str = "above, over, more than, greater than, higher than, longer than, larger than, bigger \
     than, exceeds, exceed, exceeding, exceeded, beyond, past, passes, crosses, surpasses, \
     tops, deeper than, bigger then, more then, longer then, higher then, greater then, worse \
     than, in excess of, slower than, slower then, fuller than, busier than, takes more than, take \
     more than";
/// The number or more.
pub(super) const REACHING: &str = "at least, reaches, reach, hits, hit, no less than, gets to, goes to, up to, grows to, \
     rises to, climbs to, goes up to";
/// Less than the number.
pub(super) const BELOW: &str = "below, under, less than, lower than, fewer than, shorter than, smaller than, underneath, \
     less then, lower then, fewer then, beneath, emptier than";
/// The number or less.
pub(super) const SINKING: &str =
    "at most, no more than, down to, drops to, falls to, sinks to, goes down to";

pub(super) const PERCENT: &str = "percent, per cent, pct, percents";
/// As people write memory: a KB is 1,024 bytes.
pub(super) const BYTES: &[(u64, &str)] = &[
    (1, "b, byte, bytes"),
    (1 << 10, "kb, kib, kilobyte, kilobytes"),
    (1 << 20, "mb, mib, m, meg, megs, megabyte, megabytes"),
    (1 << 30, "gb, gib, g, gig, gigs, gigabyte, gigabytes"),
    (1 << 40, "tb, tib, terabyte, terabytes"),
];

/// Units of time, in milliseconds.
pub(super) const TIMES: &[(u64, &str)] = &[
    (1, "ms, millisecond, milliseconds, msec"),
    (1_000, "s, sec, secs, second, seconds"),
    (60_000, "min, mins, minute, minutes"),
    (3_600_000, "h, hr, hrs, hour, hours"),
    (86_400_000, "d, day, days"),
    (7 * 86_400_000, "week, weeks"),
];
/// What makes bytes those of a second.
pub(super) const A_SECOND: &str =
    "/ s, / sec, / second, per second, a second, per sec, each second";

/// What may be counted behind the number.
pub(super) const NOUNS: &[(&[Metric], &str)] = &[
    (
        &[Metric::TurnsQueued, Metric::TurnsRunning],
        "turns, messages, requests, items, entries, deep, long, waiting, in it",
    ),
    (
        &[Metric::TasksQueued, Metric::TasksRunning],
        "tasks, jobs, items, entries, deep, long, waiting, in it",
    ),
    (&[Metric::Connections], "connections, clients, open"),
    (&[Metric::Conversations], "conversations, open"),
    (&[Metric::Sessions], "users, people"),
    (&[Metric::OpenFiles], "files, descriptors, open"),
    (&[Metric::Memory, Metric::MachineMemory], "of memory, of ram, memory, used, in use"),
    (&[Metric::MachineCpu, Metric::Cpu, Metric::Swap], "used, in use, busy, usage"),
    (&[Metric::DiskUsed], "full, used, in use"),
    (&[Metric::DiskFree], "free, left, of space, available"),
    (&[Metric::Commit, Metric::StoreBytes], "to commit, to write, big, large"),
    (&[Metric::Tokens], "tokens per second, tokens a second, tokens"),
    (&[Metric::FirstTokenP95], "to begin, to start, to come, to arrive, for the first word"),
];

/// What alerts are called.
pub(super) const ALERTS: &str = "alerts";
/// What one of them is called.
pub(super) const ALERT: &str = "alert";

/// How one takes an alert back.
pub(super) const REMOVING: &str = "stop, no more, remove, delete, cancel, drop, clear, turn off, switch off, disable, end, \
     get rid of, kill, take back, unset, take down, discard, erase";
/// How one asks for a while without them.
pub(super) const MUTING: &str =
    "mute, unmute, silence, snooze, pause, suspend, quiet, hush, hold, unpause, resume";
/// How long that shall be, beside a number.
pub(super) const A_WHILE: &str = "for, until, till, now, today, tonight, tomorrow, a, while, an, hour, hours, minute, minutes, \
     day, days, the, night, moment, am, pm, and, it, over";
/// How one asks for another number.
pub(super) const CHANGING: &str = "change, edit, set, adjust, modify, update, raise, lower, alter, make, reset, move, increase, \
     decrease, put";
/// What the other number may be.
pub(super) const ANOTHER: &str = "to, at, from, by, above, below, over, under, its, threshold, %, percent, b, kb, mb, gb, tb, ms, \
     s, seconds, second, minutes, minute, hours, hour, days, day, instead, of, and, say";
/// How one asks how an alert is.
pub(super) const LOOKING: &str = "show me, show, see, view, display, print, list, get, open, check, describe, give me, what is, \
     whats, what about, how is, details of, details about, details on, tell me about";

/// How one asks not to be told any more.
pub(super) const ENDING: &str = "stop telling me about, stop telling us about, stop telling me when, stop telling me if, \
     stop alerting me about, stop alerting me on, stop alerting me when, stop alerting on, \
     stop alerting about, stop warning me about, stop warning me when, stop notifying me \
     about, stop notifying me when, stop notifying me of, stop pinging me about, stop \
     messaging me about, stop watching, stop monitoring, no more alerts about, no more alerts \
     on, no more alerts for, stop the alerts about, stop the alerts on, stop the alerts for, \
     stop alerts about, stop alerts for, stop alerts on, quit telling me about, quit alerting \
     me about, quit watching";
/// How one forbids it.
pub(super) const FORBIDDING: &str = "dont, do not, you neednt, no need to, you dont have to, never";
/// What is forbidden.
pub(super) const TELLING_OF: &str = "tell me about, tell us about, alert me about, alert me on, alert me when, warn me about, \
     warn me when, notify me about, notify me of, notify me when, ping me about, message me \
     about, watch, tell me when, tell me if";
/// How one asks to be told of all alerts.
pub(super) const KEEPING: &str = "keep me posted on, keep me posted about, keep us posted on, keep me updated on, keep me \
     updated about, keep me informed about, keep me informed of, keep me up to date on, keep \
     me in the loop on, keep me in the loop about, subscribe to, subscribe me to, subscribe, \
     sign me up for, send me, push, push me, post, stream, follow, notify me of, notify me \
     about, notify me on, tell me about, tell me of, tell me when there is, tell me when \
     there are, tell me when, tell me if there is, tell me if there are, tell me whenever \
     there is, let me know about, let me know of, let me know when there is, let me know if \
     there are, let me know if there is, turn on, switch on, enable, inform me of, inform me \
     about, i want to see, watch, i want to follow, follow all";

/// How a question about alerts begins.
pub(super) const LIST_BEGINS: &str = "show, list, display, see, view, give me, get, which, what, any, are, is, do, did, were, \
     how many, my, active, open, current, alerts, alert list, alert history, alert log, alert \
     status, all alerts, the alerts, recent, latest, have, has, tell me which, tell me what, \
     tell me the, tell me my, there were, whats, system alerts, gateway alerts, let me see, \
     check, alert overview, where, where are, where can i, where do i, where are all";
/// What else may stand in it.
pub(super) const LISTING: &str = "show, list, display, see, view, give, get, me, us, which, what, any, all, the, my, our, \
     of, are, is, there, were, was, have, has, had, do, did, i, we, you, active, open, \
     current, currently, firing, raised, set, set up, right now, now, up, still, going on, \
     going off, recent, latest, history, log, how many, been, fired, ongoing, existing, \
     unresolved, outstanding, triggered, system, gateway, whats, tell, let, check, status, \
     overview, at the moment, in force, running, come up, happened, go off, a, please, for \
     me, configured, defined, on, where, can, find";

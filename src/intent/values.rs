//! The words for the values in slots, as tables; a comma separates them.

use super::slots::{Component, Period, Priority, TaskStatus, Unit};

/// Numbers in words.
pub(super) const NUMBERS: &[(u32, &str)] = &[
    (0, "zero"),
    (1, "one, a single, single"),
    (2, "two, a couple, a couple of, couple, couple of, a pair of, twice"),
    (3, "three"),
    (4, "four"),
    (5, "five"),
    (6, "six, half a dozen"),
    (7, "seven"),
    (8, "eight"),
    (9, "nine"),
    (10, "ten"),
    (11, "eleven"),
    (12, "twelve, a dozen, dozen"),
    (13, "thirteen"),
    (14, "fourteen"),
    (15, "fifteen"),
    (16, "sixteen"),
    (17, "seventeen"),
    (18, "eighteen"),
    (19, "nineteen"),
    (20, "twenty"),
    (30, "thirty"),
    (40, "forty"),
    (50, "fifty"),
    (60, "sixty"),
    (70, "seventy"),
    (80, "eighty"),
    (90, "ninety"),
    (100, "hundred, a hundred, one hundred"),
];

/// The number of that name: `ten`.
pub fn number_called(word: &str) -> Option<u32> {
    let called = |phrases: &str| phrases.split(", ").any(|name| name == word);
    NUMBERS.iter().find(|(_, phrases)| called(phrases)).map(|(number, _)| *number)
}

/// Months, by their short and their long names.
const MONTHS: &[[&str; 2]] = &[
    ["jan", "january"],
    ["feb", "february"],
    ["mar", "march"],
    ["apr", "april"],
    ["may", "may"],
    ["jun", "june"],
    ["jul", "july"],
    ["aug", "august"],
    ["sep", "september"],
    ["oct", "october"],
    ["nov", "november"],
    ["dec", "december"],
];

/// The month of that name, from 1 on.
pub fn month_called(word: &str) -> Option<u32> {
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&word)).map(|(month, _)| month)
}

/// Units of time, in seconds.
pub(super) const UNITS: &[(u32, &str)] = &[
    (1, "second, seconds, sec, secs, s"),
    (30, "half a minute, half minute, half-minute"),
    (60, "minute, minutes, min, mins, m, minutely"),
    (90, "minute and a half, a minute and a half"),
    (120, "other minute, couple of minutes"),
    (900, "quarter of an hour, quarter hour, quarter of hour"),
    (1_800, "half an hour, half hour, half-hour, half a hour"),
    (5_400, "hour and a half, an hour and a half"),
    (HOUR, "hour, hours, hr, hrs, h, hourly"),
    (DAY, "day, days, daily"),
    (WEEK, "week, weeks, weekly"),
    (MONTH, "month, months, monthly"),
    (YEAR, "year, years, yearly"),
];

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;
const MONTH: u32 = 30 * DAY;
const YEAR: u32 = 365 * DAY;

/// The unit that periods are counted in, of so many seconds.
pub(super) fn unit(seconds: u32) -> Option<Unit> {
    match seconds {
        MINUTE => Some(Unit::Minute),
        HOUR => Some(Unit::Hour),
        DAY => Some(Unit::Day),
        WEEK => Some(Unit::Week),
        MONTH => Some(Unit::Month),
        YEAR => Some(Unit::Year),
        _ => None,
    }
}

/// Whole minutes that are no unit by themselves: `half an hour`, `an hour and a half`.
pub(super) fn minutes(seconds: u32) -> Option<u32> {
    let minutes = seconds / MINUTE;
    (seconds < DAY && seconds.is_multiple_of(MINUTE) && minutes > 1).then_some(minutes)
}

/// Stretches of the past that have a name.
pub(super) const PERIODS: &[(Period, &str)] = &[
    (Period::Today, "today, tonight, this morning, this afternoon, this evening, todays"),
    (Period::Yesterday, "yesterday, last night, yesterdays"),
];

/// How tasks stand.
pub(super) const STATUSES: &[(TaskStatus, &str)] = &[
    (
        TaskStatus::Queued,
        "havent started, have not started, not yet started, havent been started, pending work, \
         outstanding work, queued work, queued, pending, waiting, in the queue, in queue, \
         scheduled, outstanding, queued up, not started, in line, enqueued, lined up, \
         backlogged, on hold, yet to start, not started yet",
    ),
    (
        TaskStatus::Running,
        "what are you working on, running, active, in progress, ongoing, executing, being \
         processed, under way, underway, in flight, being worked on, working on, in process, \
         processing, being executed, working",
    ),
    (TaskStatus::Completed, "completed, done, finished, succeeded, successful, complete, ready"),
    (
        TaskStatus::Failed,
        "failed, failing, broken, errored, crashed, unsuccessful, in error, fail, failures, \
         failure, errored out, errors, dead letters, dead letter list, dead letter queue, list of \
         dead letters, dead letter tasks",
    ),
    (
        TaskStatus::Cancelled,
        "cancelled, canceled, aborted, killed, terminated, called off, dropped, stopped",
    ),
];

/// How soon a task is wanted.
pub(super) const PRIORITIES: &[(Priority, &str)] = &[
    (
        Priority::Low,
        "low, lowest, minor, can wait, unimportant, not urgent, not important, no rush, no \
         hurry, the back of the queue, deprioritise, deprioritize, less urgent, less important, \
         non urgent",
    ),
    (Priority::Normal, "normal, medium, default, regular, standard, ordinary, usual, average"),
    (
        Priority::High,
        "high, important, higher, elevated, more important, more urgent, prioritise, prioritize, \
         expedite, fast track, escalate, speed up",
    ),
    (
        Priority::Urgent,
        "urgent, critical, asap, top, highest, immediate, emergency, maximum, max, as soon as \
         possible, immediately, right away, urgently, straight away, at once, first, very \
         urgent, most urgent, most important, the front of the queue, front of the queue, the \
         top of the queue, top of the queue, the front, the top",
    ),
];

/// Parts of the gateway whose health can be asked for.
pub(super) const COMPONENTS: &[(Component, &str)] = &[
    (Component::Memory, "memory, ram, mem, rss, heap"),
    (
        Component::Cpu,
        "cpu, processor, cpus, processors, load average, cores, system load, server load",
    ),
    (
        Component::Disk,
        "disk, storage, disk space, drive, disks, hard disk, hard drive, storage space, \
         filesystem, file system",
    ),
    (
        Component::Database,
        "database, db, data store, datastore, database connection, db connection, store",
    ),
    (
        Component::Uptime,
        "uptime, up time, time since restart, last restart, last reboot, last restarted, last \
         rebooted, when did you start, when were you started, when did you last restart, time \
         since start",
    ),
    (
        Component::Network,
        "network, connectivity, network connection, internet connection, bandwidth",
    ),
    (
        Component::Settings,
        "settings, configuration, config, settings file, config file, configuration file, \
         operatoros.toml, toml",
    ),
];

/// What the built-in pools, and the demonstrations named like them, are also called. What stands
/// behind is only meant beside a word such as `pool`: one may want to talk to a real doctor.
pub(super) const NAMES: &[(&str, &str, &str)] = &[
    ("healthcare", "health care, health", "medical, medicine, doctor, doctors, clinical, medic"),
    ("financial", "finance, finances, fin", "money, economics, banking, investment, investing"),
    ("sports", "sport", "athletics, sporting, athletic"),
    ("business", "biz, businesses", "corporate, commercial, company, startup, enterprise"),
    ("general", "generic, generalist, general purpose", "everyday, catch all, misc, default"),
];

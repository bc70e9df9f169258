//! Health checks: how each part is, why, and what to do about it. Nothing is asked of anybody here:
//! what is known already is enough.
//!
//! A new check is a `Part`, what it is judged by in `Vitals` or `Signs`, and a function in this list.

mod providers;

use crate::{
    limits,
    model::{Certificate, Check, Gauges, Part, State, Timestamp, Unit, Vitals, amount},
};

use super::gateway::Signs;

/// What a check looks at, and says.
type Look = fn(&Vitals, &Signs) -> Check;

const CHECKS: &[Look] =
    &[store, disk, memory, files, providers, queue, tasks, event_loop, clock, settings];

/// How each part is.
pub(super) fn checks(vitals: &Vitals, signs: &Signs) -> Vec<Check> {
    let shown = vitals.gauges.certificate.map(certificate);
    CHECKS.iter().map(|look| look(vitals, signs)).chain(shown).collect()
}

fn store(_: &Vitals, signs: &Signs) -> Check {
    let bad = |says, advice| Check::bad(Part::Store, State::Failing, says, advice);
    if !signs.store.writable {
        return bad(
            "it reads, but cannot write, so new messages are refused",
            "free space on its disk, or mend the disk; it then goes on by itself",
        );
    }
    if !signs.probes.readable {
        return bad(
            "it cannot be read",
            "look at the log and at the disk of the data directory; restart once the disk is well",
        );
    }
    Check::ok(Part::Store, "reads and writes")
}

fn disk(vitals: &Vitals, signs: &Signs) -> Check {
    let free = signs.store.free_bytes.or(vitals.disk_bytes.map(|(free, _)| free));
    let Some(free) = free else { return unknown(Part::Disk) };
    let says = format!("{} free", show(Unit::Bytes, free));
    let advice = "free space on the disk of the data directory, or move it with data_dir";
    if free < limits::STORE_FREE_BYTES_MIN {
        Check::bad(Part::Disk, State::Failing, says, advice)
    } else if free < limits::DISK_FREE_BYTES_LOW {
        Check::bad(Part::Disk, State::Degraded, says, advice)
    } else {
        Check::ok(Part::Disk, says)
    }
}

fn memory(vitals: &Vitals, _: &Signs) -> Check {
    let Some((used, whole)) = vitals.machine_memory_bytes.filter(|(_, whole)| *whole > 0) else {
        return unknown(Part::Memory);
    };
    let of = format!("{} of {} in use", show(Unit::Bytes, used), show(Unit::Bytes, whole));
    let says = match vitals.memory_bytes {
        Some(own) => format!("{of}, {} of it by the gateway", show(Unit::Bytes, own)),
        None => of,
    };
    let bounds = (limits::MEMORY_PERCENT_SHORT, limits::MEMORY_PERCENT_EXHAUSTED);
    let state = judge(percent(used, whole), bounds);
    let largest = vitals.memory_parts.largest();
    let says = match largest.first().filter(|_| state != State::Ok) {
        Some((part, bytes)) => {
            format!("{says}, most by {}: {}", part.words(), show(Unit::Bytes, *bytes))
        }
        None => says,
    };
    let advice = "stop what else takes memory on the machine, or give it more";
    told(Part::Memory, state, says, advice)
}

fn files(vitals: &Vitals, _: &Signs) -> Check {
    let (Some(open), Some(most)) = (vitals.open_files, vitals.open_files_max) else {
        return unknown(Part::Files);
    };
    let says = format!("{open} of {most} descriptors in use");
    let bounds = (limits::FILES_PERCENT_SHORT, limits::FILES_PERCENT_EXHAUSTED);
    let state = judge(percent(open as u64, most as u64), bounds);
    let advice = "raise the limit of open files (`ulimit -n`, `LimitNOFILE`)";
    told(Part::Files, state, says, advice)
}

fn providers(_: &Vitals, signs: &Signs) -> Check {
    providers::check(signs)
}

fn queue(vitals: &Vitals, _: &Signs) -> Check {
    let Gauges { queue_age, turns_open, turns_running, .. } = vitals.gauges;
    if queue_age.is_zero() {
        return Check::ok(Part::Queue, "nobody waits for a worker");
    }
    let waiting = turns_open.saturating_sub(turns_running);
    let says = format!("{waiting} turns wait, the longest for {:.1} s", queue_age.as_secs_f64());
    let bounds = (limits::QUEUE_AGE_LONG.as_secs_f64(), limits::QUEUE_AGE_TOO_LONG.as_secs_f64());
    let state = judge(queue_age.as_secs_f64(), bounds);
    told(Part::Queue, state, says, "give the pool more workers: /pools shows which, /scale does it")
}

fn tasks(vitals: &Vitals, _: &Signs) -> Check {
    let Gauges { task_lag, tasks_queued, tasks_running, .. } = vitals.gauges;
    let says = match task_lag.as_secs() {
        0 => format!("{tasks_running} run, {tasks_queued} wait for their time or for others"),
        late => format!("{tasks_queued} wait, the most overdue is {late} s late"),
    };
    let late = task_lag > limits::TASK_LAG_LONG;
    let state = if late { State::Degraded } else { State::Ok };
    told(
        Part::Tasks,
        state,
        says,
        "/pools shows which pool is busy: give it more workers, or tasks with tasks.workers",
    )
}

fn event_loop(vitals: &Vitals, _: &Signs) -> Check {
    let lag = vitals.loop_lag;
    let says = format!("at most {} late", amount(Unit::Milliseconds, lag.as_secs_f64() * 1_000.0));
    let bounds = (limits::LOOP_LAG_LONG.as_secs_f64(), limits::LOOP_LAG_TOO_LONG.as_secs_f64());
    let state = judge(lag.as_secs_f64(), bounds);
    told(Part::Loop, state, says, "the machine is too busy: give it more cores, or less to do")
}

fn clock(_: &Vitals, signs: &Signs) -> Check {
    match signs.probes.clock_jumped_ms {
        None => Check::ok(Part::Clock, "goes as time does"),
        Some(ms) => {
            let way = if ms > 0 { "ahead" } else { "back" };
            let says = format!("was set {way} by {} s", ms.unsigned_abs() / 1_000);
            let advice = "have the machine's time kept by NTP; tasks that were set for a time \
                          may run early or late";
            Check::bad(Part::Clock, State::Degraded, says, advice)
        }
    }
}

/// Why the file was refused may name what stands in it, so `/health settings` tells it and no probe.
fn settings(_: &Vitals, signs: &Signs) -> Check {
    match (&signs.settings.refused, signs.settings.waiting.len()) {
        (Some(_), _) => Check::bad(
            Part::Settings,
            State::Degraded,
            "their file was refused; what held before still does",
            "mend the file, `/health settings` says where; it is read again by itself",
        ),
        (None, 0) => Check::ok(Part::Settings, "as their file has them"),
        (None, waiting) => {
            let says = format!("{waiting} changes take effect after a restart");
            Check::ok(Part::Settings, says)
        }
    }
}

/// Where the port speaks TLS.
fn certificate(shown: Certificate) -> Check {
    let Certificate { from, until, now, refused } = shown;
    let at = |time: Timestamp| time.to_utc().format("%Y-%m-%d %H:%M UTC");
    let renew = "have it renewed (certbot, cert-manager); new files are used without a restart";
    let (state, says, advice) = if now < from {
        let says = format!("is not good before {}, so clients refuse it", at(from));
        (State::Failing, says, "set the machine's clock right, or wait")
    } else if now > until {
        (State::Failing, format!("ran out on {}, so clients refuse it", at(until)), renew)
    } else {
        let left = show(Unit::Seconds, shown.left().as_secs());
        let short = shown.left() < limits::CERTIFICATE_LEFT_SHORT;
        let state = if short { State::Degraded } else { State::Ok };
        (state, format!("good for {left}, until {}", at(until)), renew)
    };
    let Some(because) = refused else { return told(Part::Certificate, state, says, advice) };
    let says = format!("{says}; its newer files were refused: {because}");
    let advice = "mend the files, the log says which; they are read again by themselves";
    Check::bad(Part::Certificate, state.max(State::Degraded), says, advice)
}

fn unknown(part: Part) -> Check {
    Check::ok(part, "the system does not tell")
}

fn told(part: Part, state: State, says: String, advice: &'static str) -> Check {
    match state {
        State::Ok => Check::ok(part, says),
        _ => Check::bad(part, state, says, advice),
    }
}

/// How well something is that should stay below both.
fn judge(value: f64, (degraded, failing): (f64, f64)) -> State {
    match value {
        value if value >= failing => State::Failing,
        value if value >= degraded => State::Degraded,
        _ => State::Ok,
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 of anything is beyond what is measured")]
fn percent(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64 * 100.0
}

#[expect(clippy::cast_precision_loss, reason = "2^53 of anything is beyond what is measured")]
fn show(unit: Unit, number: u64) -> String {
    amount(unit, number as f64)
}

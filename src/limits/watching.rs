//! Bounds of what watches the gateway: meters, samples, checks, alerts.

use std::time::Duration;

use super::STORE_FREE_BYTES_MIN;

// ---- what is metered ----------------------------------------------------------------------

/// What is told as lately is counted in slices of this length.
pub const METER_SLICE: Duration = Duration::from_secs(30);
/// So many of them are lately.
pub const METER_SLICES: usize = 10;
/// A rate is counted in slices of this length.
pub const METER_RATE_SLICE: Duration = Duration::from_secs(5);
/// So many of them are the last minute.
pub const METER_RATE_SLICES: usize = 12;
/// Pools, and models, from which on those that no settings name any more are forgotten.
pub const METERS_MAX: usize = 1_024;

// ---- the monitor --------------------------------------------------------------------------

/// Milliseconds between two measurements, at the least.
pub const SAMPLE_EVERY_MS_MIN: u32 = 500;
/// Milliseconds between two measurements, at the most.
pub const SAMPLE_EVERY_MS_MAX: u32 = 60_000;
/// How often it is looked whether the event loop keeps up, and whether something has changed that
/// is told at once.
pub const PULSE_EVERY: Duration = Duration::from_millis(250);
/// How often that is measured which costs more: open files, and whether the store reads.
pub const SLOW_SAMPLE_EVERY: Duration = Duration::from_secs(10);
/// Milliseconds between two `status` frames that a subscriber may ask for, at the most.
pub const STATUS_EVERY_MS_MAX: u32 = 60 * 60 * 1_000;
/// Seconds between two probes of a provider that settings may ask for, at the most.
pub const PROBE_SECONDS_MAX: u32 = 24 * 60 * 60;
/// A probe of a provider must be over by then.
pub const PROBE_WITHIN: Duration = Duration::from_secs(10);
/// How soon a provider that could not be reached is probed again; doubles with each time.
pub const PROBE_AGAIN_FIRST: Duration = Duration::from_secs(5);
/// The longest such pause.
pub const PROBE_AGAIN_MAX: Duration = Duration::from_secs(60);
/// The longest pause that a provider may ask of who probes it.
pub const PROBE_REST_MAX: Duration = Duration::from_secs(60 * 60);
/// By how much of its pause, in percent, a probe may come sooner, so that those of many gateways
/// that began together spread.
pub const PROBE_JITTER_PERCENT: u32 = 10;
/// What is read of a provider's list of models.
pub const PROBE_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Models of a provider that one probe asks for by name, where its list does not have them.
pub const PROBE_MODELS_MAX: usize = 16;
/// One point of the history: what was measured meanwhile is folded into it.
pub const HISTORY_POINT: Duration = Duration::from_secs(60);
/// Points of the history that are kept: a day. A point takes 12 bytes for each metric, so all of
/// them take about half a megabyte.
pub const HISTORY_POINTS_MAX: usize = 24 * 60;
/// Lines of the history's file, beyond which the old ones are left out.
pub const HISTORY_LINES_MAX: usize = 2 * HISTORY_POINTS_MAX;
/// The history's file is not read beyond this: two days of lines of the longest kind.
pub const HISTORY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Points of a chart, as text and as data.
pub const CHART_POINTS_MAX: usize = 60;
/// Free space below which the disk is called low.
pub const DISK_FREE_BYTES_LOW: u64 = 512 * 1024 * 1024;
/// Memory of the machine in use, in percent, from which it is called short, and from which it is
/// called exhausted.
pub const MEMORY_PERCENT_SHORT: f64 = 90.0;
/// See `MEMORY_PERCENT_SHORT`.
pub const MEMORY_PERCENT_EXHAUSTED: f64 = 97.0;
/// What an open connection takes in memory, as a thousand idle ones did.
pub const CONNECTION_BYTES_USUAL: u64 = 7 * 1024;
/// Descriptors in use, in percent, from which they are called short.
pub const FILES_PERCENT_SHORT: f64 = 80.0;
/// See `FILES_PERCENT_SHORT`.
pub const FILES_PERCENT_EXHAUSTED: f64 = 95.0;
/// A turn that waits longer than this for a worker says that there are too few.
pub const QUEUE_AGE_LONG: Duration = Duration::from_secs(10);
/// One that waits longer than this will hardly be answered in time.
pub const QUEUE_AGE_TOO_LONG: Duration = Duration::from_secs(60);
/// A background task that is later than this says that there are too few workers for them.
pub const TASK_LAG_LONG: Duration = Duration::from_secs(5 * 60);
/// An event loop that is later than this does not keep up.
pub const LOOP_LAG_LONG: Duration = Duration::from_millis(500);
/// One that is later than this is stuck.
pub const LOOP_LAG_TOO_LONG: Duration = Duration::from_secs(5);
/// A certificate that runs out sooner than this should have been renewed by now.
pub const CERTIFICATE_LEFT_SHORT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A wall clock that goes wrong by more than this from one look to the next was set.
pub const CLOCK_JUMP_MS: u64 = 5_000;
/// How long that is told.
pub const CLOCK_JUMP_TOLD: Duration = Duration::from_secs(10 * 60);

// ---- alerts -------------------------------------------------------------------------------

/// Rules that settings may define, with the built-in ones.
pub const ALERTS_MAX: usize = 64;
/// Watches of the whole gateway.
pub const WATCHES_MAX: usize = 2_000;
/// Watches of one user.
pub const WATCHES_PER_USER_MAX: usize = 20;
/// For how long a value may have to be beyond a threshold before that is told.
pub const ALERT_FOR_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a watch wants its value to be well again before it says so.
pub const WATCH_CLEAR_FOR: Duration = Duration::from_secs(10);
/// What comes back this soon after it was well again is still the same incident.
pub const INCIDENT_RETURNS_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Between two things that are told of one incident, but for its first end.
pub const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);
/// How often the topic shows the newest value of an open incident.
pub const INCIDENT_UPDATE_EVERY: Duration = Duration::from_secs(30);
/// Incidents that are kept of the system, and of each user; the newest.
pub const INCIDENTS_KEPT_MAX: usize = 500;
/// Incidents that one list shows.
pub const INCIDENTS_LISTED_MAX: usize = 20;
/// Requests that wait for the one who owns the alerts.
pub const ALERT_COMMANDS_WAITING_MAX: usize = 256;
/// Alerts that are being told at the same time.
pub const ALERTS_TOLD_AT_ONCE_MAX: usize = 16;
/// While an alert cannot be told, how often that is tried again.
pub const ALERT_RETRY_EVERY: Duration = Duration::from_secs(1);
/// Incidents that wait for the webhook; of each its newest state.
pub const WEBHOOK_WAITING_MAX: usize = INCIDENTS_KEPT_MAX;
/// Posts of one state of an incident.
pub const WEBHOOK_ATTEMPTS_MAX: u32 = 10;
/// The pause before a second post; doubles with each.
pub const WEBHOOK_PAUSE_FIRST: Duration = Duration::from_secs(1);
/// The longest pause between two posts.
pub const WEBHOOK_PAUSE_MAX: Duration = Duration::from_secs(5 * 60);
/// A connection to the webhook must stand by then.
pub const WEBHOOK_CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The webhook must have answered by then.
pub const WEBHOOK_ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// The key of its signature, as the Standard Webhooks specification bounds it.
pub const WEBHOOK_KEY_BYTES_MIN: usize = 24;
/// See `WEBHOOK_KEY_BYTES_MIN`.
pub const WEBHOOK_KEY_BYTES_MAX: usize = 64;

const _: () = assert!(PULSE_EVERY.as_millis() * 2 <= SAMPLE_EVERY_MS_MIN as u128);
const _: () = assert!(PROBE_AGAIN_FIRST.as_secs() <= PROBE_AGAIN_MAX.as_secs());
const _: () = assert!(STORE_FREE_BYTES_MIN < DISK_FREE_BYTES_LOW);
const _: () = assert!(CHART_POINTS_MAX <= HISTORY_POINTS_MAX);
const _: () = assert!(WATCHES_PER_USER_MAX <= WATCHES_MAX);
const _: () = assert!(INCIDENT_QUIET.as_secs() < INCIDENT_RETURNS_WITHIN.as_secs());
const _: () = assert!(INCIDENTS_LISTED_MAX <= INCIDENTS_KEPT_MAX);

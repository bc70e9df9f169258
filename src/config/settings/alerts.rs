//! Alerts: what is watched for, and who is told of it outside.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    limits::{WEBHOOK_KEY_BYTES_MAX, WEBHOOK_KEY_BYTES_MIN},
    model::{Condition, Metric, Severity, Side},
};

/// One rule: `above` or `below`, one of both.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// What is looked at.
    pub metric: String,
    /// It needs attention above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// It needs attention below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Seconds for which it must have been so.
    #[serde(default = "minute")]
    pub for_seconds: u64,
    /// It is well again from here on; unset: a tenth back.
    #[serde(default)]
    pub clear: Option<f64>,
    /// Seconds for which it must have been so.
    #[serde(default = "minute")]
    pub clear_for_seconds: u64,
    /// How much it matters.
    #[serde(default = "warning")]
    pub severity: Severity,
    /// Whether it is looked at.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

impl AlertSettings {
    /// What it watches for; `None` where it says too little, which no checked settings do.
    pub fn condition(&self) -> Option<Condition> {
        let (side, threshold) = match (self.above, self.below) {
            (Some(threshold), _) => (Side::Above, threshold),
            (None, Some(threshold)) => (Side::Below, threshold),
            (None, None) => return None,
        };
        let metric = Metric::named(&self.metric)?;
        let usual = || Condition::usual_clear(metric, side, threshold);
        Some(Condition {
            metric,
            side,
            threshold,
            for_ms: self.for_seconds * 1_000,
            clear: self.clear.unwrap_or_else(usual),
            clear_for_ms: self.clear_for_seconds * 1_000,
        })
    }
}

fn minute() -> u64 {
    60
}

fn warning() -> Severity {
    Severity::Warning
}

fn enabled() -> bool {
    true
}

/// Who is told of the system's alerts outside, as the Standard Webhooks specification says.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where they are posted to.
    pub url: Option<String>,
    /// What they are signed with: `whsec_` and 24 to 64 bytes in base64.
    #[serde(skip_serializing)]
    pub secret: Option<SecretString>,
}

impl WebhookSettings {
    /// The bytes that sign; `None` where there are none, or they are not as they should be.
    pub fn key(&self) -> Option<Vec<u8>> {
        let secret = self.secret.as_ref()?.expose_secret().strip_prefix("whsec_")?;
        let key = STANDARD.decode(secret).ok()?;
        (WEBHOOK_KEY_BYTES_MIN..=WEBHOOK_KEY_BYTES_MAX).contains(&key.len()).then_some(key)
    }
}

enum Threshold {
    Above(f64),
    Below(f64),
}

/// Seconds.
const WEEK: f64 = 604_800.0;

/// What is worth a look on any machine.
pub(super) fn default_alerts() -> BTreeMap<String, AlertSettings> {
    use Threshold::{Above, Below};
    let rule = |name: &str, metric: Metric, threshold: Threshold, for_seconds, severity| {
        let (above, below) = match threshold {
            Above(threshold) => (Some(threshold), None),
            Below(threshold) => (None, Some(threshold)),
        };
        let rule = AlertSettings {
            metric: metric.name().to_owned(),
            above,
            below,
            for_seconds,
            clear: None,
            clear_for_seconds: minute(),
            severity,
            enabled: true,
        };
        (name.to_owned(), rule)
    };
    BTreeMap::from([
        rule("cpu", Metric::MachineCpu, Above(95.0), 300, Severity::Warning),
        rule("memory", Metric::MachineMemory, Above(95.0), 60, Severity::Critical),
        rule("swap", Metric::Swap, Above(80.0), 300, Severity::Warning),
        rule("connections", Metric::Connections, Above(18_000.0), 60, Severity::Warning),
        rule("disk", Metric::DiskUsed, Above(90.0), 60, Severity::Critical),
        rule("open-files", Metric::OpenFiles, Above(18_000.0), 60, Severity::Critical),
        rule("turns-queued", Metric::TurnsQueued, Above(500.0), 60, Severity::Warning),
        rule("queue-age", Metric::QueueAge, Above(60_000.0), 30, Severity::Warning),
        rule("tasks-queued", Metric::TasksQueued, Above(100_000.0), 300, Severity::Warning),
        rule("errors", Metric::ErrorRate, Above(20.0), 120, Severity::Warning),
        rule("first-token", Metric::FirstTokenP95, Above(20_000.0), 120, Severity::Warning),
        rule("models-down", Metric::ModelsDown, Above(0.0), 60, Severity::Warning),
        rule("providers-down", Metric::ProvidersDown, Above(0.0), 60, Severity::Warning),
        rule("loop-lag", Metric::LoopLag, Above(250.0), 30, Severity::Warning),
        rule("checks-failing", Metric::ChecksFailing, Above(0.0), 30, Severity::Critical),
        rule("certificate", Metric::CertificateExpires, Below(WEEK), 60, Severity::Critical),
    ])
}

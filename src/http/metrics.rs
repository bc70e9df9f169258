//! `GET /metrics`: everything that is counted and measured, as Prometheus reads it.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Front, Peer, exposition::Exposition};
use crate::{
    auth::{Authority, bearer},
    config::LiveSettings,
    conversation::Workshop,
    meter::{AttemptFigures, Figures, TurnFigures},
    model::{Day, Timestamp, Vitals},
    pool::Pool,
    wire,
};

/// Who may read it: whoever asks from this machine, or has the token; anybody, where there is none
/// or the settings say so.
pub(super) struct Door {
    authority: Authority,
    live: LiveSettings,
}

/// A proxy on this machine speaks for somebody elsewhere.
const FORWARDED: &[&str] = &["forwarded", "x-forwarded-for", "x-real-ip"];

impl Door {
    pub(super) fn new(live: LiveSettings) -> Self {
        Self { authority: Authority::new(live.now().token.clone()), live }
    }

    fn lets_in(&self, peer: Peer, headers: &HeaderMap) -> bool {
        let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
        let near = peer.0.ip().to_canonical().is_loopback() && !forwarded;
        let open = self.live.now().monitor.metrics_public || self.authority.anonymous().is_ok();
        open || near || bearer(headers).is_some_and(|token| self.authority.bearer(token).is_ok())
    }
}

/// The media type that Prometheus wants.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(
    State(front): State<Front>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    if !front.door.lets_in(peer, &headers) {
        let ask = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, ask, "the token, please\n").into_response();
    }
    ([(header::CONTENT_TYPE, TEXT)], tell(&front)).into_response()
}

fn tell(front: &Front) -> String {
    let (vitals, checks) = front.monitor.look();
    let workshop = front.registry.workshop();
    let figures = workshop.pools.meter().figures(Day::of(workshop.clock.now()));
    let mut out = Exposition::default();
    out.one("operatoros_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    process(&mut out, &vitals, front.monitor.began());
    gateway(&mut out, &vitals);
    for check in &checks {
        let labels = [("check", check.part.word())];
        out.one("operatoros_check_state", &labels, f64::from(check.state as u8));
    }
    pools(&mut out, workshop, &figures);
    models(&mut out, workshop, &figures);
    providers(&mut out, front);
    machine(&mut out, &vitals);
    out.text()
}

fn process(out: &mut Exposition, vitals: &Vitals, began: Timestamp) {
    let seconds = |ms: u64| number(ms) / 1_000.0;
    out.maybe("process_cpu_seconds_total", vitals.cpu_time_ms.map(seconds));
    out.maybe("process_resident_memory_bytes", vitals.memory_bytes.map(number));
    for (part, bytes) in vitals.memory_parts.iter() {
        out.one("operatoros_memory_part_bytes", &[("part", part.name())], number(bytes));
    }
    out.maybe("process_open_fds", vitals.open_files.map(count));
    out.maybe("process_max_fds", vitals.open_files_max.map(count));
    let began = seconds(u64::try_from(began.0).unwrap_or_default());
    out.one("process_start_time_seconds", &[], began);
}

fn gateway(out: &mut Exposition, vitals: &Vitals) {
    let gauges = &vitals.gauges;
    out.one("operatoros_connections", &[], count(gauges.connections));
    out.one("operatoros_sessions", &[], count(gauges.sessions));
    out.one("operatoros_conversations", &[], count(gauges.conversations));
    out.one("operatoros_turns_open", &[], count(gauges.turns_open));
    out.one("operatoros_tasks_running", &[], count(gauges.tasks_running));
    out.one("operatoros_tasks_waiting", &[], count(gauges.tasks_queued));
    out.one("operatoros_task_lag_seconds", &[], gauges.task_lag.as_secs_f64());
    out.one("operatoros_loop_lag_seconds", &[], vitals.loop_lag.as_secs_f64());
    out.maybe("operatoros_store_bytes", vitals.store_bytes.map(number));
    let left = gauges.certificate.map(|certificate| certificate.left().as_secs_f64());
    out.maybe("operatoros_certificate_expires_seconds", left);
    if let Some([half, most]) = vitals.commit {
        for (quantile, took) in [("0.5", half), ("0.95", most)] {
            let labels = [("quantile", quantile)];
            out.one("operatoros_store_commit_seconds", &labels, took.as_secs_f64());
        }
    }
}

fn pools(out: &mut Exposition, workshop: &Workshop, figures: &Figures) {
    for pool in workshop.pools.iter() {
        let figures = figures.pools.get(&pool.name).cloned().unwrap_or_default();
        one_pool(out, &pool, &figures);
    }
}

fn one_pool(out: &mut Exposition, pool: &Pool, figures: &TurnFigures) {
    let labels = [("pool", pool.name.as_str())];
    let (load, ended) = (pool.load(), &figures.ended);
    out.one("operatoros_pool_workers", &labels, f64::from(load.workers));
    out.one("operatoros_pool_running", &labels, f64::from(load.running));
    out.one("operatoros_pool_waiting", &labels, count(load.waiting()));
    let oldest = pool.oldest_turn().unwrap_or_default();
    out.one("operatoros_pool_oldest_wait_seconds", &labels, oldest.as_secs_f64());
    for (outcome, times) in [
        ("completed", ended.completed),
        ("failed", ended.failed),
        ("cancelled", ended.cancelled),
        ("interrupted", ended.interrupted),
    ] {
        let labels = [labels[0], ("outcome", outcome)];
        out.one("operatoros_turns_total", &labels, number(times));
    }
    out.histogram("operatoros_first_token_seconds", &labels, &figures.first_token);
    out.histogram("operatoros_turn_seconds", &labels, &figures.duration);
    out.one("operatoros_answer_bytes_total", &labels, number(figures.written_bytes));
    out.one("operatoros_tokens_per_second", &labels, figures.tokens_per_second);
    out.one("operatoros_hedges_total", &labels, number(figures.hedges));
    out.one("operatoros_hedges_won_total", &labels, number(figures.hedges_won));
    out.one("operatoros_cost_today_dollars", &labels, figures.cost_today.usd());
    for (tool, calls) in &figures.calls {
        let labels = [labels[0], ("tool", &**tool)];
        let failed = calls.failed.iter().map(|(reason, n)| (wire::reason_code(*reason), *n));
        for (outcome, times) in [("found", calls.found)].into_iter().chain(failed) {
            let labels = [labels[0], labels[1], ("outcome", outcome)];
            out.one("operatoros_tool_calls_total", &labels, number(times));
        }
        out.histogram("operatoros_tool_seconds", &labels, &calls.duration);
    }
}

fn models(out: &mut Exposition, workshop: &Workshop, figures: &Figures) {
    // What several pools ask is told once.
    let mut told = std::collections::BTreeSet::new();
    for leg in workshop.pools.iter().flat_map(|pool| pool.legs()) {
        let key = (leg.provider.clone(), leg.model.clone());
        if !told.insert(key.clone()) {
            continue;
        }
        let labels = [("provider", key.0.as_str()), ("model", &*key.1)];
        let known = figures.models.get(&key).cloned().unwrap_or_default();
        out.one("operatoros_model_up", &labels, f64::from(u8::from(leg.is_asked())));
        one_model(out, labels, &known);
    }
}

fn one_model(out: &mut Exposition, labels: [(&str, &str); 2], figures: &AttemptFigures) {
    out.one("operatoros_attempts_total", &labels, number(figures.attempts));
    out.one("operatoros_attempts_answered_total", &labels, number(figures.answered));
    for (reason, times) in &figures.failed {
        let labels = [labels[0], labels[1], ("reason", wire::reason_code(*reason))];
        out.one("operatoros_attempts_failed_total", &labels, number(*times));
    }
    out.histogram("operatoros_attempt_first_token_seconds", &labels, &figures.first_token);
}

fn providers(out: &mut Exposition, front: &Front) {
    for (provider, finding) in front.monitor.findings() {
        let labels = [("provider", provider.as_str())];
        out.one("operatoros_provider_up", &labels, f64::from(u8::from(finding.is_up())));
        if let Some(took) = finding.took() {
            out.one("operatoros_provider_probe_seconds", &labels, took.as_secs_f64());
        }
    }
}

fn machine(out: &mut Exposition, vitals: &Vitals) {
    let share = |percent: f32| f64::from(percent) / 100.0;
    out.maybe("operatoros_machine_cpu_ratio", vitals.machine_cpu_percent.map(share));
    let pair = |of: Option<(u64, u64)>| (of.map(|of| number(of.0)), of.map(|of| number(of.1)));
    let (used, whole) = pair(vitals.machine_memory_bytes);
    out.maybe("operatoros_machine_memory_used_bytes", used);
    out.maybe("operatoros_machine_memory_bytes", whole);
    let (used, whole) = pair(vitals.swap_bytes);
    out.maybe("operatoros_machine_swap_used_bytes", used);
    out.maybe("operatoros_machine_swap_bytes", whole);
    let (free, whole) = pair(vitals.disk_bytes);
    out.maybe("operatoros_disk_free_bytes", free);
    out.maybe("operatoros_disk_bytes", whole);
    out.maybe("operatoros_machine_load1", vitals.load.map(|[one, ..]| one));
    let [received, sent] = vitals.network_total_bytes.map_or([None, None], |of| of.map(Some));
    out.maybe("operatoros_machine_network_receive_bytes_total", received.map(number));
    out.maybe("operatoros_machine_network_transmit_bytes_total", sent.map(number));
}

fn count(things: usize) -> f64 {
    number(things as u64)
}

#[expect(clippy::cast_precision_loss, reason = "2^53 of anything is beyond what is counted")]
fn number(whole: u64) -> f64 {
    whole as f64
}

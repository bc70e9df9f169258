//! The life of one rule: when it is raised, told, updated, cleared and forgotten.
//!
//! Invariants: it depends on values and their times alone; what is told alternates between there
//! and well again; of one incident nothing is told twice within `limits::INCIDENT_QUIET`, but for its
//! first end.

use std::sync::Arc;

use crate::{
    limits::{INCIDENT_QUIET, INCIDENT_RETURNS_WITHIN, INCIDENT_UPDATE_EVERY},
    model::{Condition, Incident, IncidentId, Severity, Timestamp, UserId},
};

/// What is watched for, and for whom.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) alert: Arc<str>,
    pub(super) watch: Option<(UserId, u64)>,
    pub(super) severity: Severity,
    pub(super) condition: Condition,
}

/// How it stands with a rule.
#[derive(Debug)]
pub(super) struct Course {
    rule: Rule,
    /// Since when its condition has been met, while nothing is open.
    met_since: Option<Timestamp>,
    /// Since when it has been well again, while something is open.
    clear_since: Option<Timestamp>,
    incident: Option<Incident>,
    shown_at: Timestamp,
}

/// What a value changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Something that is not told yet.
    Quiet,
    /// An open incident has another value.
    Updated,
    /// There is something to tell.
    News,
}

impl Course {
    /// Goes on with the incident that it left.
    pub(super) fn new(rule: Rule, left: Option<Incident>) -> Self {
        let shown_at = left.as_ref().map(|left| left.news_at).unwrap_or_default();
        Self { rule, met_since: None, clear_since: None, incident: left, shown_at }
    }

    /// What another rule of the same name goes on with.
    pub(super) fn into_incident(self) -> Option<Incident> {
        self.incident
    }

    pub(super) fn rule(&self) -> &Rule {
        &self.rule
    }

    /// What is open, or was until a moment ago.
    pub(super) fn incident(&self) -> Option<&Incident> {
        self.incident.as_ref()
    }

    pub(super) fn incident_mut(&mut self) -> Option<&mut Incident> {
        self.incident.as_mut()
    }

    /// Takes the next value; what is not measured changes nothing.
    pub(super) fn step(&mut self, at: Timestamp, value: Option<f64>) -> Option<Step> {
        let Some(value) = value else {
            (self.met_since, self.clear_since) = (None, None);
            return None;
        };
        self.set_back(at);
        let open = self.incident.as_ref().is_some_and(Incident::is_open);
        let turned = if open { self.clear(at, value) } else { self.raise(at, value) };
        let incident = self.incident.as_mut()?;
        if speak(incident, at) {
            self.shown_at = at;
            return Some(Step::News);
        }
        if turned {
            return Some(Step::Quiet);
        }
        if incident.is_open() {
            let due = at.since(self.shown_at) >= INCIDENT_UPDATE_EVERY && incident.says_open();
            return take_value(incident, value, due).then(|| {
                self.shown_at = at;
                Step::Updated
            });
        }
        let over = incident.cleared_at.is_some_and(|cleared| {
            at.since(cleared) >= INCIDENT_RETURNS_WITHIN && !incident.says_open()
        });
        if over {
            self.incident = None;
        }
        None
    }

    /// Nobody watches any more. What was open is over.
    pub(super) fn end(self, at: Timestamp) -> Option<Incident> {
        let mut incident = self.incident.filter(Incident::is_unsettled)?;
        incident.cleared_at.get_or_insert(at);
        if incident.says_open() {
            incident.news += 1;
            incident.news_at = at;
        }
        Some(incident)
    }

    /// Whether it was raised.
    fn raise(&mut self, at: Timestamp, value: f64) -> bool {
        let condition = self.rule.condition;
        if !condition.is_met(value) {
            self.met_since = None;
            return false;
        }
        let since = *self.met_since.get_or_insert(at);
        if at.since(since).as_millis() < u128::from(condition.for_ms) {
            return false;
        }
        (self.met_since, self.clear_since) = (None, None);
        if let Some(incident) = &mut self.incident {
            *incident = Incident {
                condition,
                severity: self.rule.severity,
                value,
                cleared_at: None,
                returns: incident.returns + 1,
                ..incident.clone()
            };
            beyond(incident, value);
        } else {
            self.incident = Some(self.begun(at, value));
        }
        true
    }

    fn begun(&self, at: Timestamp, value: f64) -> Incident {
        let Rule { alert, watch, severity, condition } = self.rule.clone();
        Incident {
            id: IncidentId::new(),
            alert,
            watch,
            severity,
            condition,
            value,
            worst: value,
            since: at,
            cleared_at: None,
            returns: 0,
            news: 0,
            news_at: at,
            told: 0,
            delivered: 0,
        }
    }

    /// Whether it was cleared.
    fn clear(&mut self, at: Timestamp, value: f64) -> bool {
        let condition = self.rule.condition;
        if !condition.is_clear(value) {
            self.clear_since = None;
            return false;
        }
        let since = *self.clear_since.get_or_insert(at);
        if at.since(since).as_millis() < u128::from(condition.clear_for_ms) {
            return false;
        }
        (self.met_since, self.clear_since) = (None, None);
        if let Some(incident) = &mut self.incident {
            incident.value = value;
            incident.cleared_at = Some(at);
        }
        true
    }

    /// A clock that was set back must not make anybody wait for what it showed before.
    fn set_back(&mut self, at: Timestamp) {
        let earlier = |time: &mut Timestamp| *time = (*time).min(at);
        self.met_since.iter_mut().for_each(earlier);
        self.clear_since.iter_mut().for_each(earlier);
        earlier(&mut self.shown_at);
        if let Some(incident) = &mut self.incident {
            earlier(&mut incident.news_at);
            incident.cleared_at.iter_mut().for_each(earlier);
        }
    }
}

/// Whether there is something to tell: a beginning and its first end at once, what follows them when
/// it has been quiet for a while.
fn speak(incident: &mut Incident, at: Timestamp) -> bool {
    let first = incident.news <= 1;
    let differs = incident.is_open() != incident.says_open();
    if !differs || !(first || at.since(incident.news_at) >= INCIDENT_QUIET) {
        return false;
    }
    incident.news += 1;
    incident.news_at = at;
    true
}

/// Whether the incident shows another value.
fn take_value(incident: &mut Incident, value: f64, due: bool) -> bool {
    beyond(incident, value);
    #[expect(clippy::float_cmp, reason = "the same measurement is the same to the bit")]
    let other = incident.value != value;
    if due && other {
        incident.value = value;
    }
    due && other
}

fn beyond(incident: &mut Incident, value: f64) {
    let further = match incident.condition.side {
        crate::model::Side::Above => value > incident.worst,
        crate::model::Side::Below => value < incident.worst,
    };
    if further {
        incident.worst = value;
    }
}

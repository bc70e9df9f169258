//! The system's rules as the settings say, at the start and when the settings are read anew.
//!
//! Invariant: a rule that stays as it was goes on as it was; one that says something else keeps what is
//! open; of one that is no more what is open is over.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    StartError,
    course::{Course, Rule},
    owner::Owner,
    webhook::{Courier, Hook},
};
use crate::{
    config::{AlertSettings, WebhookSettings},
    model::{Clock, Incident},
};

/// Other rules, and whom to tell: all is made that may fail, and nothing has changed yet.
pub struct NewRules {
    system: Vec<Rule>,
    webhook: Webhook,
}

/// Who outside is told from now on.
enum Webhook {
    AsItWas,
    Nobody,
    Told(Box<Hook>),
}

impl NewRules {
    /// What these settings say; `webhook` where that has changed.
    pub fn of(
        rules: &BTreeMap<String, AlertSettings>,
        webhook: Option<&WebhookSettings>,
        clock: &Clock,
    ) -> Result<Self, StartError> {
        let webhook = match webhook {
            None => Webhook::AsItWas,
            Some(settings) => Hook::of(settings, clock)?
                .map_or(Webhook::Nobody, |hook| Webhook::Told(Box::new(hook))),
        };
        Ok(Self { system: system(rules), webhook })
    }
}

/// The rules that are in force.
pub(super) fn system(rules: &BTreeMap<String, AlertSettings>) -> Vec<Rule> {
    let rule = |(name, settings): (&String, &AlertSettings)| {
        let condition = settings.condition().filter(|_| settings.enabled)?;
        let (alert, severity): (Arc<str>, _) = (name.as_str().into(), settings.severity);
        Some(Rule { alert, watch: None, severity, condition })
    };
    rules.iter().filter_map(rule).collect()
}

impl Owner {
    /// Goes on with other rules.
    pub(super) async fn adopt(&mut self, new: NewRules) {
        let NewRules { system, webhook } = new;
        self.tell_outside(webhook);
        let now = self.now();
        let mut before = std::mem::take(&mut self.system);
        for rule in system {
            let known = before.iter().position(|course| course.rule().alert == rule.alert);
            let course = match known.map(|at| before.swap_remove(at)) {
                Some(course) if *course.rule() == rule => course,
                Some(course) => Course::new(rule, course.into_incident()),
                None => Course::new(rule, None),
            };
            self.system.push(course);
        }
        let ended: Vec<Incident> =
            before.into_iter().filter_map(|course| course.end(now)).collect();
        if ended.is_empty() {
            return;
        }
        self.keep(ended.clone()).await;
        for incident in &ended {
            self.deliver(incident.clone());
        }
        self.board.show(now, ended, self.active());
    }

    /// What waits to be posted goes to the new address.
    fn tell_outside(&mut self, webhook: Webhook) {
        let hook = match webhook {
            Webhook::AsItWas => return,
            Webhook::Nobody => None,
            Webhook::Told(hook) => Some(hook),
        };
        let waiting = self.courier.take().map(Courier::retire).unwrap_or_default();
        self.courier = hook.map(|hook| Courier::with(*hook, self.registry.workshop()));
        for incident in waiting {
            self.deliver(incident);
        }
    }
}

//! Rules that change while alerts are open, and who outside is told of them.

use std::{collections::BTreeMap, time::Duration};

use super::{
    owner::{Play, rules},
    webhook::{FAILED, House, Outcome},
};
use crate::{
    alert::{Alerts, NewRules},
    config::{AlertSettings, WebhookSettings},
    conversation::tests::stage::settle,
    model::{Clock, Timestamp},
};

fn new_rules(
    rules: &BTreeMap<String, AlertSettings>,
    webhook: Option<&WebhookSettings>,
) -> NewRules {
    NewRules::of(rules, webhook, &Clock::at(Timestamp(0))).unwrap()
}

async fn adopt(alerts: &Alerts, rules: &BTreeMap<String, AlertSettings>) {
    alerts.adopt(new_rules(rules, None)).await;
    settle().await;
}

/// The rule `crowded`, with this threshold.
fn above(threshold: f64) -> BTreeMap<String, AlertSettings> {
    let mut rules = rules();
    rules.get_mut("crowded").unwrap().above = Some(threshold);
    rules
}

fn crowded(open: bool) -> Vec<(String, bool)> {
    vec![("crowded".to_owned(), open)]
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_changes_keeps_what_is_open() {
    let mut play = Play::new().await;
    play.measure(9, 0).await;
    assert_eq!(play.shown(), (1, crowded(true), 1));
    adopt(&play.alerts, &above(5.0)).await;
    adopt(&play.alerts, &above(7.0)).await;
    play.measure(9, 0).await;
    assert_eq!(play.shown(), (1, crowded(true), 1), "it is open, and not raised again");
    play.measure(6, 0).await;
    assert_eq!(play.shown().1, crowded(false), "by the new threshold it is over");
}

#[tokio::test(start_paused = true)]
async fn what_a_rule_that_is_gone_had_open_is_over() {
    let mut play = Play::new().await;
    play.measure(9, 0).await;
    adopt(&play.alerts, &BTreeMap::new()).await;
    assert_eq!(play.shown(), (2, crowded(false), 0));
    play.measure(9, 0).await;
    assert_eq!(play.shown().0, 2, "nobody watches it");
    adopt(&play.alerts, &rules()).await;
    play.measure(9, 0).await;
    assert_eq!(play.shown(), (3, crowded(true), 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_posted_once_nobody_is_to_be_told() {
    let house = House::new(&[FAILED, Outcome::Delivered]).await;
    house.measure(2, 9).await;
    assert_eq!(house.receiver.news(), [1], "it failed, and waits");
    let nobody = WebhookSettings::default();
    house.alerts.adopt(new_rules(&rules(), Some(&nobody))).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    house.measure(4, 1).await;
    assert_eq!(house.receiver.news(), [1]);
}

#[test]
fn a_webhook_that_cannot_be_is_refused_before_anything_changes() {
    let settings = WebhookSettings { url: Some("https://a.example/".to_owned()), secret: None };
    assert!(NewRules::of(&BTreeMap::new(), Some(&settings), &Clock::at(Timestamp(0))).is_err());
}

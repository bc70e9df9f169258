//! What every store must do about alerts.

use super::{ConversationId, Expect, Store, Timestamp, UserId, Write, commit};
use crate::{
    limits::INCIDENTS_KEPT_MAX,
    model::{Condition, Incident, IncidentId, Metric, Severity, Side, Watch},
};

/// Runs this part of the suite.
pub(super) async fn hold(store: &dyn Store) {
    a_watch_is_kept_until_it_is_forgotten(store).await;
    an_incident_is_found_while_it_is_unsettled(store).await;
    what_was_told_never_becomes_less(store).await;
    the_newest_incidents_are_kept(store).await;
}

async fn a_watch_is_kept_until_it_is_forgotten(store: &dyn Store) {
    let user = UserId::new();
    let (one, two) = (watch(user, 1), watch(user, 2));
    put(store, [Write::Watch(two.clone()), Write::Watch(one.clone())]).await;
    let own = async || {
        let all = store.watches().await.unwrap();
        all.into_iter().filter(|watch| watch.user == user).collect::<Vec<_>>()
    };
    assert_eq!(own().await, [one.clone(), two]);
    put(store, [Write::ForgetWatch(user, 2), Write::ForgetWatch(user, 3)]).await;
    assert_eq!(own().await, [one]);
}

async fn an_incident_is_found_while_it_is_unsettled(store: &dyn Store) {
    let user = UserId::new();
    let cleared_at = Some(Timestamp(9));
    let rows = [
        (None, None, (1, 0, 1), true),
        (None, cleared_at, (2, 0, 1), true),
        (None, cleared_at, (2, 0, 2), false),
        (None, cleared_at, (3, 0, 3), true),
        (Some((user, 1)), None, (1, 1, 0), true),
        (Some((user, 1)), cleared_at, (2, 1, 0), true),
        (Some((user, 1)), cleared_at, (2, 2, 0), false),
    ];
    for (watch, cleared_at, (news, told, delivered), expected) in rows {
        let incident = Incident { cleared_at, news, told, delivered, ..incident(watch) };
        put(store, [Write::Incident(incident.clone())]).await;
        let found = store.unsettled_incidents().await.unwrap().contains(&incident);
        assert_eq!(found, expected, "{incident:?}");
    }
    let own = store.incidents(Some(user), 9).await.unwrap();
    let news: Vec<_> = own.iter().map(|incident| (incident.news, incident.told)).collect();
    assert_eq!(news, [(2, 2), (2, 1), (1, 1)], "newest first");
    assert_eq!(store.incidents(Some(user), 1).await.unwrap().len(), 1);
    assert_eq!(store.incidents(Some(UserId::new()), 9).await.unwrap(), []);
}

async fn what_was_told_never_becomes_less(store: &dyn Store) {
    let user = UserId::new();
    let of_user = Incident { news: 2, ..incident(Some((user, 1))) };
    let of_system = Incident { news: 2, ..incident(None) };
    put(store, [&of_user, &of_system].map(|of| Write::Incident(of.clone()))).await;
    put(store, [Write::IncidentTold(user, of_user.id, 2)]).await;
    put(store, [Write::IncidentDelivered(of_system.id, 1)]).await;
    put(store, [Write::IncidentTold(user, IncidentId::new(), 2)]).await;
    // Whoever did not know of it yet writes the record as it was.
    put(store, [&of_user, &of_system].map(|of| Write::Incident(of.clone()))).await;
    assert_eq!(store.incidents(Some(user), 1).await.unwrap()[0].told, 2);
    assert_eq!(store.incidents(None, 1).await.unwrap()[0].delivered, 1);
}

async fn the_newest_incidents_are_kept(store: &dyn Store) {
    let user = UserId::new();
    let open = incident(Some((user, 1)));
    put(store, [Write::Incident(open.clone())]).await;
    let settled = |_| Incident {
        cleared_at: Some(Timestamp(9)),
        news: 2,
        told: 2,
        ..incident(Some((user, 1)))
    };
    let more: Vec<_> = (0..INCIDENTS_KEPT_MAX + 9).map(settled).collect();
    for some in more.chunks(64) {
        commit(store, Expect::Nothing, some.iter().cloned().map(Write::Incident).collect())
            .await
            .unwrap();
    }
    let kept = store.incidents(Some(user), usize::MAX).await.unwrap();
    assert_eq!(kept.len(), INCIDENTS_KEPT_MAX + 1);
    assert_eq!(kept.first(), more.last());
    assert_eq!(kept.last(), Some(&open), "an open one stays");
}

async fn put<const N: usize>(store: &dyn Store, writes: [Write; N]) {
    commit(store, Expect::Nothing, writes.into()).await.unwrap();
}

/// A watch with a value in each field.
pub(in crate::store) fn watch(user: UserId, number: u64) -> Watch {
    let conversation = ConversationId::new();
    Watch { user, number, conversation, condition: condition(), created_at: Timestamp(7) }
}

/// An incident that is open.
pub(crate) fn incident(watch: Option<(UserId, u64)>) -> Incident {
    Incident {
        id: IncidentId::new(),
        alert: "a \"name\"".into(),
        watch,
        severity: Severity::Critical,
        condition: condition(),
        value: 91.5,
        worst: 99.25,
        since: Timestamp(-1),
        cleared_at: None,
        returns: 3,
        news: 1,
        news_at: Timestamp(4),
        told: 0,
        delivered: 0,
    }
}

fn condition() -> Condition {
    Condition {
        metric: Metric::Memory,
        side: Side::Below,
        threshold: 1e9,
        for_ms: 60_000,
        clear: 1.1e9,
        clear_for_ms: 1,
    }
}

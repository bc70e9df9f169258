//! Pools that change, come and go while conversations go on.

use std::sync::Arc;

use super::stage::{Call, Stage, settle};
use crate::{
    auth::Authority,
    conversation::{Ask, Change, Handle, Refusal},
    model::{ConversationId, Event, Routing, UserId},
    store::Store,
};

fn me() -> UserId {
    Authority::new(None).anonymous().unwrap().user
}

async fn ask(handle: &Handle, pool: Option<&str>) -> Result<(), Refusal> {
    let (text, pool) = ("question".into(), pool.map(Into::into));
    let ask = Ask { text, pool, ..Ask::default() };
    handle.ask(ask).known().await.map(drop)
}

async fn next(stage: &mut Stage) -> Call {
    stage.calls.recv().await.expect("somebody is asked")
}

/// Which pools answered, why, and what they said.
async fn told(stage: &Stage, id: ConversationId) -> (Vec<(String, Routing)>, Vec<Arc<str>>) {
    let events = stage.store.events(id, 0, 99).await.unwrap();
    let started = events.iter().filter_map(|shown| match &shown.event {
        Event::TurnStarted { pool, routing, .. } => Some((pool.to_string(), routing.clone())),
        _ => None,
    });
    let messages = stage.store.messages(id, None, 99).await.unwrap();
    let answers = messages.into_iter().filter(|message| message.status.is_some());
    (started.collect(), answers.map(|answer| answer.text).collect())
}

#[tokio::test(start_paused = true)]
async fn what_runs_and_waits_outlives_its_pool() {
    let mut stage = Stage::new();
    let (id, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    let (other, beside) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    ask(&handle, Some("small")).await.unwrap();
    let running = next(&mut stage).await;
    running.say("before ");
    settle().await;
    // One waits behind it, one in the queue of the pool.
    ask(&handle, Some("small")).await.unwrap();
    ask(&beside, Some("small")).await.unwrap();
    stage.adopt(|settings| drop(settings.pools.remove("small")));
    running.say("and after");
    running.end();
    for _ in 0..2 {
        let waited = next(&mut stage).await;
        assert_eq!(&*waited.request.system, "Be brief.");
        waited.say("whole");
        waited.end();
        settle().await;
    }
    assert_eq!(told(&stage, id).await.1, ["before and after".into(), "whole".into()]);
    assert_eq!(told(&stage, other).await.1, ["whole".into()]);
    let refused = ask(&handle, Some("small")).await;
    assert!(
        matches!(refused, Err(Refusal::UnknownPool(there)) if &*there == "general, reset, tools")
    );
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_answered_as_the_settings_are_by_then() {
    let mut stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    ask(&handle, Some("small")).await.unwrap();
    ask(&handle, Some("small")).await.unwrap();
    let running = next(&mut stage).await;
    stage.adopt(|settings| {
        let small = settings.pools.get_mut("small").unwrap();
        (small.prompt, small.route) = ("Be long.".to_owned(), vec!["second/large".to_owned()]);
    });
    assert_eq!(&*running.request.system, "Be brief.");
    running.end();
    let waited = next(&mut stage).await;
    assert_eq!((&*waited.request.system, &*waited.request.model), ("Be long.", "large"));
}

#[tokio::test(start_paused = true)]
async fn a_conversation_whose_pool_is_no_more_falls_back_and_says_so() {
    let mut stage = Stage::new();
    let (id, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    let pinned = Change { pool: Some("small".into()), ..Change::default() };
    handle.change(pinned).known().await.unwrap();
    ask(&handle, None).await.unwrap();
    next(&mut stage).await.end();
    settle().await;
    let small = stage.registry.workshop().pools.get("small").unwrap();
    stage.adopt(|settings| drop(settings.pools.remove("small")));
    ask(&handle, None).await.unwrap();
    next(&mut stage).await.end();
    settle().await;
    drop(small);
    stage.adopt(|settings| {
        let like = settings.pools["general"].clone();
        settings.pools.insert("small".to_owned(), like);
    });
    ask(&handle, None).await.unwrap();
    next(&mut stage).await.end();
    settle().await;
    let (started, _) = told(&stage, id).await;
    let pools: Vec<_> = started.iter().map(|(pool, routing)| (&**pool, &*routing.by)).collect();
    assert_eq!(pools, [("small", "pinned"), ("general", "default"), ("small", "pinned")]);
    let because = &started[1].1.because;
    assert!(
        because.starts_with("small is pinned here, but there is no such pool now; "),
        "{because}"
    );
}

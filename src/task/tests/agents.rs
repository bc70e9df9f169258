//! Which agent does a task, and what is kept of its answer.

use std::collections::BTreeMap;

use super::play::Play;
use crate::config::AgentSettings;

/// Two workers; `small` has the agents `baker` and `chef`, and `reset` has a `chef` as well.
async fn staffed() -> Play {
    let mut play = Play::new(2).await;
    staff(&mut play, &[("small", &["baker", "chef"]), ("reset", &["chef"])]);
    play
}

fn staff(play: &mut Play, pools: &[(&str, &[&str])]) {
    play.stage.adopt(|settings| {
        for (name, pool) in &mut settings.pools {
            let agents = pools.iter().find(|(of, _)| of == name).map_or(&[][..], |(_, all)| all);
            let one = |agent: &&str| ((*agent).to_owned(), AgentSettings::default());
            pool.agents = agents.iter().map(one).collect::<BTreeMap<_, _>>();
            pool.default_agent = agents.first().map(ToString::to_string);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_named_as_in_a_message_and_has_its_pool() {
    let mut play = staffed().await;
    play.check(
        "submit agent=baker          | 1 running 1
         submit pool=reset agent=chef | 2 running 1
         submit agent=butcher        | ! No agent has that name there. There are: none in general.
         submit pool=small agent=odd | ! No agent has that name there. There are: baker, chef.
         submit pool=none agent=chef | ! No pool has that name. There are: general, reset, small, tools.",
    )
    .await;
    assert_eq!(play.who(1).await, "small/baker");
    assert_eq!(play.who(2).await, "reset/chef");
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_changed_and_goes_with_its_pool() {
    let mut play = staffed().await;
    play.check(
        "submit in=60 agent=baker    | 1 queued 0
         update 1 agent=chef         |
         update 1 agent=odd          | ! No agent has that name there. There are: baker, chef.",
    )
    .await;
    assert_eq!(play.who(1).await, "small/chef");
    play.check("update 1 low |").await;
    assert_eq!(play.who(1).await, "small/chef");
    play.check("update 1 pool=reset |").await;
    assert_eq!(play.who(1).await, "reset/");
    play.check("wait 60 | 1 running 1").await;
    assert_eq!(play.who(1).await, "reset/chef");
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_gone_leaves_its_tasks_to_the_pool() {
    let mut play = staffed().await;
    play.check("submit in=60 agent=baker | 1 queued 0").await;
    staff(&mut play, &[("small", &["chef"])]);
    play.check("wait 60 | 1 running 1").await;
    assert_eq!(play.who(1).await, "small/chef");
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_the_answer_is_kept_with_the_task() {
    let mut play = staffed().await;
    play.check(
        "submit agent=baker attempts=1 | 1 running 1
         say 1 Bread.                  |
         end 1                         | 1 succeeded 1, “Task 1 is done: Bread. / Answered by baker of small.”
         submit attempts=1             | 2 running 1
         say 2 So                      |
         fail 2                        | 2 failed 1, “Task 2 failed: No provider of the pool's route could be reached. / It was tried 1 times.”",
    )
    .await;
    assert_eq!(play.answer(1).await, "first/first 4+2 Some(Stop)");
    assert_eq!(play.answer(2).await, "first/first 3+1 None");
}

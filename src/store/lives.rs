//! Random lives of a store: sled and memory must not be told apart.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    Batch, Expect, LocalStore, Store, Turn, Write,
    conformance::{account, conversation, message, turn},
};
use crate::model::{
    Conversation, Day, Event, Message, MessageId, Sequenced, Spend, Timestamp, TurnId, TurnRef,
    UserId,
};

/// One step of a random life of a store, over a handful of conversations and turns.
#[derive(Debug, Clone)]
enum Step {
    Commit { expect: Option<u64>, of: usize, writes: Vec<(u8, u16)> },
    Checkpoint { turn: usize, offset: u64, length: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let commit = (
        proptest::option::of(0..3_u64),
        0..3_usize,
        proptest::collection::vec((0..9_u8, any::<u16>()), 0..6),
    )
        .prop_map(|(expect, of, writes)| Step::Commit { expect, of, writes });
    let checkpoint = (0..4_usize, 0..4_u64, 0..4_usize)
        .prop_map(|(turn, offset, length)| Step::Checkpoint { turn, offset, length });
    proptest::collection::vec(prop_oneof![3 => commit, 1 => checkpoint], 1..40)
}

/// The things that the steps are about; the same for both stores.
struct Cast {
    conversations: [Conversation; 3],
    turns: [Turn; 4],
    messages: [MessageId; 4],
}

impl Cast {
    fn new() -> Self {
        let user = UserId::new();
        let mut conversations = [0; 3].map(|_| conversation(user, 0));
        let whole = TurnRef { conversation: conversations[0].id, turn: TurnId::new() };
        conversations[2].part_of = Some(whole);
        let turns = [0, 1, 2, 0].map(|of: usize| turn(conversations[of].id));
        Self { conversations, turns, messages: [0; 4].map(|_| MessageId::new()) }
    }

    fn write(&self, of: usize, kind: u8, n: u16) -> Write {
        let held = &self.conversations[of];
        let pick = usize::from(n % 4);
        match kind {
            0 | 1 => Write::Conversation(Conversation { epoch: u64::from(n % 3), ..held.clone() }),
            2 => {
                let text = "t".repeat(usize::from(n));
                let turn = self.turns[pick].turn;
                let id = self.messages[pick];
                Write::Message(Message { id, turn, ..message(held.id, None, &text) })
            }
            3 => {
                let event = Event::TurnCancelled { turn: self.turns[pick].turn, length: 0 };
                let (seq, at) = (u64::from(n % 8), Timestamp(0));
                let (conversation, epoch) = (held.id, 1);
                Write::Event(Arc::new(Sequenced { conversation, epoch, seq, at, event }))
            }
            4 | 5 => Write::OpenTurn(self.turns[pick].clone()),
            6 => Write::CloseTurn(self.turns[pick].turn),
            7 => {
                let spend = Spend { turns: 1, input: n.into(), ..Spend::default() };
                Write::Spend(account(held.user, i32::from(n % 2)), spend)
            }
            _ => Write::Delete(held.id),
        }
    }

    async fn run(&self, store: &dyn Store, step: &Step) -> String {
        match step {
            Step::Commit { expect, of, writes } => {
                let id = self.conversations[*of].id;
                let expect = expect.map_or(Expect::Nothing, |epoch| Expect::Epoch(id, epoch));
                let writes = writes.iter().map(|(kind, n)| self.write(*of, *kind, *n)).collect();
                format!("{:?}", store.commit(Batch { expect, writes }).await)
            }
            Step::Checkpoint { turn, offset, length } => {
                assert!(store.checkpoint(self.turns[*turn].turn, *offset, &"c".repeat(*length)));
                String::new()
            }
        }
    }

    async fn see(&self, store: &dyn Store) -> Vec<String> {
        let mut seen = Vec::new();
        for held in &self.conversations {
            seen.push(format!("{:?}", store.conversation(held.id).await));
            seen.push(format!("{:?}", store.messages(held.id, None, 99).await));
            seen.push(format!("{:?}", store.events(held.id, 0, 99).await));
            seen.push(format!("{:?}", store.open_turns(Some(held.id)).await));
        }
        for turn in &self.turns {
            seen.push(format!("{:?}", store.turn(turn.turn).await));
            seen.push(format!("{:?}", store.checkpointed(turn.turn).await));
        }
        seen.push(format!("{:?}", store.spent(None, Day(0)..Day(9)).await));
        seen.push(format!("{:?}", store.conversations(self.conversations[0].user, None, 9).await));
        seen
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sled_does_what_memory_does_also_after_a_restart(steps in steps()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let cast = Cast::new();
            let memory = LocalStore::in_memory().unwrap();
            let sled = LocalStore::open(dir.path()).unwrap();
            for step in &steps {
                assert_eq!(cast.run(&sled, step).await, cast.run(&memory, step).await);
            }
            for store in [&memory, &sled] {
                // Whatever was handed over before this one has been done once it is answered.
                let last = Batch { expect: Expect::Nothing, writes: vec![] };
                store.commit(last).await.unwrap();
            }
            assert_eq!(cast.see(&sled).await, cast.see(&memory).await);
            drop(sled);
            let sled = LocalStore::open(dir.path()).unwrap();
            assert_eq!(cast.see(&sled).await, cast.see(&memory).await);
        });
    }
}

//! Nobody sees, follows, changes or learns of another user's conversation.

use super::peer::{House, Talk};
use crate::wire::SUBPROTOCOL_JSON;

#[tokio::test(start_paused = true)]
async fn whatever_is_asked_of_anothers_conversation_it_does_not_exist() {
    let house = House::guarded();
    let mut alice = house.connect(Some("alice"), Some(SUBPROTOCOL_JSON));
    alice.send(r#"{"type":"message.send","id":"1","key":"k","text":"mine"}"#);
    let frames = alice.frames().await;
    let id = |key: &str| {
        let found = frames.iter().find_map(|frame| frame["result"][key].as_str());
        found.expect("a reply").to_owned()
    };
    let (conversation, turn) = (id("conversation"), id("turn"));
    let mut mallory = Talk::over(house, Some("mallory"), Some(SUBPROTOCOL_JSON));
    mallory.check("| welcome").await;
    for asked in [
        r#""message.send","conversation":"CNV","text":"a""#,
        r#""message.send","conversation":"CNV","text":"/status""#,
        r#""turn.cancel","turn":"TRN""#,
        r#""turn.retry","turn":"TRN""#,
        r#""conversation.get","conversation":"CNV""#,
        r#""conversation.update","conversation":"CNV","title":"T""#,
        r#""conversation.fork","conversation":"CNV""#,
        r#""conversation.delete","conversation":"CNV""#,
        r#""conversation.history","conversation":"CNV""#,
        r#""conversation.follow","conversation":"CNV""#,
        r#""conversation.follow","conversation":"CNV","epoch":1,"seq":0"#,
        r#""conversation.unfollow","conversation":"CNV""#,
    ] {
        let asked = asked.replace("CNV", &conversation).replace("TRN", &turn);
        mallory.check(&format!(r#"{{"id":"1","type":{asked}}} | error 1 not_found"#)).await;
    }
    let resume = format!(
        r#"{{"type":"hello","resume":[{{"conversation":"{conversation}","epoch":1,"seq":0}}]}}"#
    );
    mallory
        .check(&format!(
            r#"{resume}                                                 | error - not_found
            {{"type":"conversation.list","id":"2"}}                     | reply 2 0 rows
            {{"type":"message.send","id":"3","key":"k","text":"hers"}}  | 1 message.accepted, 2 turn.started, reply 3 running"#
        ))
        .await;
    assert!(alice.frames().await.is_empty(), "alice saw nothing of it");
}

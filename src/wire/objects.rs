//! The model's nouns as the protocol's objects.

use operatoros_protocol as protocol;

use super::complaint;
use crate::model;

pub(super) fn conversation(of: &model::Conversation) -> protocol::Conversation {
    protocol::Conversation {
        conversation: of.id.to_string(),
        title: of.title.clone(),
        pool: of.pool.as_ref().map(ToString::to_string),
        agent: of.agent.as_ref().map(ToString::to_string),
        created_at: of.created_at.to_utc().into(),
        updated_at: of.updated_at.to_utc().into(),
        messages: of.messages,
        head: of.head.map(|head| head.to_string()),
        part_of: of.part_of.map(turn_ref),
    }
}

fn turn_ref(of: model::TurnRef) -> protocol::TurnRef {
    protocol::TurnRef { conversation: of.conversation.to_string(), turn: of.turn.to_string() }
}

fn specialists(of: &[model::Specialist]) -> Vec<protocol::Specialist> {
    let told = of.iter().map(|one| protocol::Specialist {
        pool: one.pool.to_string(),
        conversation: one.conversation.to_string(),
        turn: one.turn.to_string(),
    });
    told.collect()
}

pub(super) fn message(of: &model::Message) -> protocol::Message {
    protocol::Message {
        message: of.id.to_string(),
        turn: of.turn.to_string(),
        role: match of.role {
            model::Role::User => protocol::Role::User,
            model::Role::Assistant => protocol::Role::Assistant,
        },
        text: of.text.clone(),
        at: of.at.to_utc().into(),
        parent: of.parent.map(|parent| parent.to_string()),
        status: of.status.map(|status| match status {
            model::AnswerStatus::Running => protocol::AnswerStatus::Running,
            model::AnswerStatus::Completed => protocol::AnswerStatus::Completed,
            model::AnswerStatus::Failed => protocol::AnswerStatus::Failed,
            model::AnswerStatus::Cancelled => protocol::AnswerStatus::Cancelled,
            model::AnswerStatus::Interrupted => protocol::AnswerStatus::Interrupted,
        }),
        pool: of.pool.as_ref().map(ToString::to_string),
        agent: of.agent.as_ref().map(ToString::to_string),
        provider: of.provider.as_ref().map(ToString::to_string),
        model: of.model.clone(),
        usage: of.usage.map(usage),
        finish_reason: of.finish_reason.map(finish_reason),
        metadata: of.metadata.clone(),
        specialists: specialists(&of.specialists),
    }
}

pub(super) fn event(of: &model::Event) -> protocol::Event {
    use model::Event;
    match of {
        Event::TurnStarted {
            turn,
            pool,
            agent,
            provider,
            model,
            routing,
            specialists: of,
            part_of,
        } => protocol::Event::TurnStarted {
            turn: turn.to_string(),
            pool: pool.to_string(),
            agent: agent.as_ref().map(ToString::to_string),
            provider: provider.to_string(),
            model: model.clone(),
            routing: protocol::Routing {
                by: routing.by.clone(),
                confidence: routing.confidence,
                because: routing.because.clone(),
                scores: routing.scores.iter().map(|(p, s)| (p.to_string(), *s)).collect(),
                words: routing.words.clone(),
                second: routing.second.as_ref().map(ToString::to_string),
            },
            specialists: specialists(of),
            parent: part_of.map(turn_ref),
        },
        Event::TurnTool { turn, tool, phase, call, summary, error } => protocol::Event::TurnTool {
            turn: turn.to_string(),
            tool: tool.clone(),
            phase: match phase {
                model::ToolPhase::Started => protocol::ToolPhase::Started,
                model::ToolPhase::Finished => protocol::ToolPhase::Finished,
                model::ToolPhase::Failed => protocol::ToolPhase::Failed,
            },
            call: call.clone(),
            summary: summary.clone(),
            error: error.as_ref().map(failure),
        },
        Event::CommandResult { turn, intent, slots, text, data } => {
            protocol::Event::CommandResult {
                turn: turn.to_string(),
                intent: intent.clone(),
                slots: slots.clone(),
                text: text.clone(),
                data: data.clone(),
            }
        }
        Event::ConversationUpdated { title, pool, agent, head } => {
            protocol::Event::ConversationUpdated {
                title: title.clone(),
                pool: pool.as_ref().map(ToString::to_string),
                agent: agent.as_ref().map(ToString::to_string),
                head: head.map(|head| head.to_string()),
            }
        }
        Event::ConversationDeleted => protocol::Event::ConversationDeleted {},
        of_a_turn => turn_event(of_a_turn),
    }
}

/// How a turn comes along, from its message to its end.
fn turn_event(of: &model::Event) -> protocol::Event {
    use model::Event;
    match of {
        Event::MessageAccepted { message, turn, text, key } => protocol::Event::MessageAccepted {
            message: message.to_string(),
            turn: turn.to_string(),
            text: text.clone(),
            key: key.clone(),
        },
        Event::TurnQueued { turn, position } => {
            protocol::Event::TurnQueued { turn: turn.to_string(), position: *position }
        }
        Event::TurnReset { turn, because } => protocol::Event::TurnReset {
            turn: turn.to_string(),
            because: complaint::code(*because),
        },
        Event::TurnCompleted {
            turn,
            finish_reason: reason,
            usage: tokens,
            cost_usd,
            length,
            timing,
            provider,
            model,
        } => protocol::Event::TurnCompleted {
            turn: turn.to_string(),
            finish_reason: finish_reason(*reason),
            usage: usage(*tokens),
            cost_usd: *cost_usd,
            length: *length,
            timing_ms: protocol::Timing {
                queued: timing.queued,
                first_token: timing.first_token,
                total: timing.total,
            },
            provider: Some(provider.to_string()),
            model: Some(model.clone()),
        },
        Event::TurnFailed { turn, error, length } => protocol::Event::TurnFailed {
            turn: turn.to_string(),
            error: failure(error),
            length: *length,
        },
        Event::TurnCancelled { turn, length } => {
            protocol::Event::TurnCancelled { turn: turn.to_string(), length: *length }
        }
        Event::TurnInterrupted { turn, length } => {
            protocol::Event::TurnInterrupted { turn: turn.to_string(), length: *length }
        }
        _ => protocol::Event::Other(serde_json::Map::new()),
    }
}

pub(super) fn failure(of: &model::TurnError) -> protocol::Failure {
    let code = complaint::code(of.reason);
    protocol::Failure {
        code,
        message: code.meaning().to_owned(),
        retryable: of.retryable,
        retry_after_ms: of.retry_after_ms,
    }
}

pub(super) fn usage(of: model::Usage) -> protocol::Usage {
    protocol::Usage {
        input: of.input,
        output: of.output,
        cached: (of.cached > 0).then_some(of.cached),
        estimated: of.estimated.then_some(true),
    }
}

pub(super) fn finish_reason(of: model::FinishReason) -> protocol::FinishReason {
    match of {
        model::FinishReason::Stop => protocol::FinishReason::Stop,
        model::FinishReason::Length => protocol::FinishReason::Length,
        model::FinishReason::ToolCalls => protocol::FinishReason::ToolCalls,
        model::FinishReason::ContentFilter => protocol::FinishReason::ContentFilter,
        model::FinishReason::Refusal => protocol::FinishReason::Refusal,
        model::FinishReason::Command => protocol::FinishReason::Command,
    }
}

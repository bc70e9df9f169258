//! Every limit of the gateway, with its unit in its name, in one place.
//!
//! Invariant: nothing queues, buffers, retries or loops without a constant from here.

mod tools;
mod watching;

use std::time::Duration;

pub use tools::*;
pub use watching::*;

// ---- the socket ---------------------------------------------------------------------------

/// One frame from a client (WebSocket message after reassembly).
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
/// A frame that is still read, so that its sender can be told that it is too large.
pub const FRAME_BYTES_READ_MAX: usize = 4 * FRAME_BYTES_MAX;
/// The text of one message.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// The `id` that a client gives a frame.
pub const FRAME_ID_BYTES_MAX: usize = 64;
/// An idempotency key.
pub const KEY_BYTES_MAX: usize = 128;
/// A conversation's title.
pub const TITLE_BYTES_MAX: usize = 200;
/// A message's `metadata`, as JSON.
pub const METADATA_BYTES_MAX: usize = 4 * 1024;
/// What a socket reads at a time; an idle connection costs about this much more.
pub const READ_BUFFER_BYTES: usize = 2 * 1024;
/// What is read from feeds before it is flushed to a reader: all that a stalled one can hold.
pub const DELIVERY_BYTES: usize = 64 * 1024;
/// What a socket's write buffer may ever hold: one delivery and the largest reply, as JSON.
pub const WRITE_BUFFER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most text one `turn.delta` carries.
pub const DELTA_BYTES_MAX: usize = 64 * 1024;
/// Replies that one connection may have outstanding.
pub const REPLIES_OUTSTANDING_MAX: usize = 64;
/// Conversations that one connection follows.
pub const FOLLOWED_CONVERSATIONS_MAX: usize = 4_096;
/// Entries of one `hello.resume`; more of them would not fit into a frame.
pub const RESUME_ENTRIES_MAX: usize = 1_024;
/// Frames a connection may send in one burst.
pub const FRAMES_BURST_MAX: u32 = 1_000;
/// Frames a second that a connection may send for ever.
pub const FRAMES_PER_SECOND_MAX: u32 = 500;
/// Refusals for rate, beyond the frames admitted meanwhile, before the connection is closed with 4029.
pub const RATE_REFUSALS_MAX: u32 = 1_000;
/// Bad frames a minute before the connection is closed with 4500.
pub const BAD_FRAMES_PER_MINUTE_MAX: u32 = 20;
/// Connections of the whole gateway.
pub const CONNECTIONS_MAX: usize = 20_000;
/// Silence after which the server pings.
pub const PING_AFTER: Duration = Duration::from_secs(25);
/// Silence after which the server closes.
pub const CLOSE_AFTER: Duration = Duration::from_secs(60);
/// A connection has this long to say who it is.
pub const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// One write to a socket may take this long before the reader counts as gone.
pub const WRITE_WITHIN: Duration = Duration::from_secs(60);
/// The closing handshake may take this long.
pub const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// A request's head at the most.
pub const HTTP_HEAD_BYTES_MAX: usize = 16 * 1024;
/// A request's head must have arrived within this time.
pub const HTTP_HEAD_WITHIN: Duration = Duration::from_secs(10);
/// A connection that asks plainly is closed after this time; one that has become a socket stays.
pub const HTTP_LIVES: Duration = Duration::from_secs(60);
/// Connections that ask plainly, agree on TLS or are about to become a socket.
pub const HTTP_CONNECTIONS_MAX: usize = CONNECTIONS_MAX;
/// TLS must be agreed on within this time.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Connections that are agreeing on TLS; beyond it a new one is closed at once. One costs up to
/// some 20 KiB, and half a millisecond of a core where its certificate has an RSA key.
pub const HANDSHAKES_MAX: usize = 4_096;
/// The certificate's file, with its chain, and that of its key.
pub const CERTIFICATE_BYTES_MAX: u64 = 256 * 1024;
/// Longest line that text mode holds back while it waits for the end of a sentence.
pub const TEXT_LINE_BYTES_MAX: usize = 2 * 1024;
/// A ticket can be used for this long.
pub const TICKET_LIVES: Duration = Duration::from_secs(60);
/// Tickets that wait to be used.
pub const TICKETS_MAX: usize = 10_000;

// ---- conversations ------------------------------------------------------------------------

/// Turns that wait behind the running one in a conversation.
pub const QUEUED_TURNS_MAX: usize = 32;
/// Commands that wait for a conversation's attention.
pub const COMMANDS_WAITING_MAX: usize = 128;
/// Events that a feed keeps in memory for readers that are a little behind.
pub const FEED_EVENTS_MAX: usize = 256;
/// Finished answers that a feed keeps in memory, in bytes of text.
pub const FEED_TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Encoded slices a feed keeps for readers at the same cursor.
pub const FEED_SHARED_SLICES_MAX: usize = 4;
/// Events read from the store for one reader's catch-up before it gets a snapshot instead.
pub const CATCHUP_EVENTS_MAX: usize = 1_024;
/// Events of a catch-up that are read at a time.
pub const CATCHUP_ROWS: usize = 64;
/// Text of answers that a catch-up reads at a time, in bytes; one answer more may be beyond it.
pub const CATCHUP_TEXT_BYTES: usize = 256 * 1024;
/// Messages in a snapshot.
pub const SNAPSHOT_MESSAGES_MAX: usize = 50;
/// Text in a snapshot's messages, in bytes; older ones are left to `conversation.history`.
pub const SNAPSHOT_BYTES_MAX: usize = 512 * 1024;
/// One answer's text.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The share of the gateway's time that each open turn's text may take: so often, on average over
/// all of them, a piece is told to readers; beyond it the text of each answer gathers.
pub const PIECE_EVERY: Duration = Duration::from_micros(50);
/// How long the text of an answer gathers at the most. Nobody reads faster.
pub const GATHER_MAX: Duration = Duration::from_millis(50);
/// What is shorter than this is not waited for: timers have a grain of a millisecond.
pub const GATHER_MIN: Duration = Duration::from_millis(1);
/// Text that arrived before its turn's start was durable.
pub const EARLY_TEXT_BYTES_MAX: usize = 256 * 1024;
/// Live conversations.
pub const CONVERSATIONS_LIVE_MAX: usize = 50_000;
/// A conversation that nobody watches leaves memory after this long.
pub const CONVERSATION_IDLE: Duration = Duration::from_secs(30);
/// New text is checkpointed at least this often while an answer grows.
pub const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);
/// New text is checkpointed when it has grown by this much.
pub const CHECKPOINT_BYTES: usize = 4 * 1024;
/// How long an idempotency key is remembered.
pub const KEY_LIVES: Duration = Duration::from_secs(24 * 60 * 60);
/// Text that a fork copies, in bytes; what is older stays behind.
pub const FORK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Messages of history that one turn may read.
pub const CONTEXT_MESSAGES_MAX: usize = 2_000;
/// Specialists that one message may ask. They ask nobody in turn.
pub const SPECIALISTS_MAX: usize = 8;
/// What is told of one specialist's answer to whoever makes one of all, in bytes; less where that
/// would not fit the pool's window.
pub const SPECIALIST_TOLD_BYTES_MAX: usize = 64 * 1024;

// ---- pages --------------------------------------------------------------------------------

/// Rows of a page when the client names no number.
pub const PAGE_ROWS: usize = 50;
/// Rows of a page at the most.
pub const PAGE_ROWS_MAX: usize = 200;
/// Text of a page of history, in bytes; what is beyond comes with the next page.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

// ---- the operator -------------------------------------------------------------------------

/// How often it is looked whether something changed about the pools, while somebody subscribes.
pub const POOLS_EVERY: Duration = Duration::from_millis(500);
/// Conversations that the operator lists; numbers beyond are not understood.
pub const LISTED_ROWS: usize = 20;
/// Conversations that one search looks through, newest first.
pub const SEARCH_CONVERSATIONS_MAX: usize = 500;
/// Messages that one search reads, to the end of the conversation it is in by then.
pub const SEARCH_MESSAGES_MAX: usize = 20_000;
/// What one search finds at the most.
pub const SEARCH_HITS_MAX: usize = 10;
/// What a command may want of its connection that has not been done yet.
pub const HERE_WAITING_MAX: usize = 4;
/// Demonstrations that run at the same time.
pub const DEMOS_RUNNING_MAX: usize = 1_000;
/// Between two steps of a demonstration.
pub const DEMO_PAUSE: Duration = Duration::from_secs(4);
/// The answer to one step of a demonstration may take so long before it goes on.
pub const DEMO_STEP_MAX: Duration = Duration::from_secs(60);

// ---- the store ----------------------------------------------------------------------------

/// Jobs that wait for the store's writer before nothing new may begin. From half of it on, growing text
/// waits where it grows.
pub const STORE_JOBS_MAX: usize = 4_096;
/// While nothing can be written, how often the store looks whether that has changed.
pub const STORE_RETRY_EVERY: Duration = Duration::from_secs(1);
/// The newest commits whose times are kept, to tell how long one takes.
pub const STORE_COMMITS_TIMED: usize = 128;
/// Batches that share one flush.
pub const STORE_GROUP_MAX: usize = 1_024;
/// Bytes of one group; a larger one is split.
pub const STORE_GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;
/// sled's page cache.
pub const STORE_CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// The pieces in which a large record is kept. sled moves a page (up to 19 values) that outgrows
/// 128 KiB into a file of its own that it never syncs; pieces of this size keep every page below.
pub const STORE_PIECE_BYTES: usize = 6 * 1024;
/// Free space, beyond four times the group at hand, below which nothing is written: sled cannot
/// be used any more once it has met a full disk itself.
pub const STORE_FREE_BYTES_MIN: u64 = 32 * 1024 * 1024;
/// Room set aside for opening sled on a full disk, to read on: it then writes a snapshot, about a
/// hundredth of what it holds.
pub const STORE_RESERVE_BYTES: u64 = 8 * 1024 * 1024;
/// A database up to this size that was not closed, or was touched since, is opened as a copy before
/// the original is: sled takes one with a damaged beginning for empty and overwrites it. Copying
/// costs up to three tenths of a second.
pub const STORE_REHEARSED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// A database up to this size is also read from end to end before it is opened.
pub const STORE_READ_THROUGH_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// The text of open turns, beyond which what was forgotten is left out; or twice what is of use,
/// where that is more. One open turn has up to `ANSWER_BYTES_MAX`.
pub const STORE_DRAFTS_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What is read of it, or copied, at a time.
pub const STORE_DRAFTS_WINDOW_BYTES: usize = 256 * 1024;
/// Text of growing answers that is kept in memory while their file cannot be written. Beyond it they are
/// not kept for a crash any more.
pub const STORE_DRAFTS_UNWRITTEN_MAX: usize = 4 * 1024 * 1024;
/// How long the text of a growing answer may wait for more, so that one write takes all of it.
pub const STORE_DRAFTS_GATHER: Duration = Duration::from_millis(20);
/// Expired idempotency keys that one group forgets.
pub const STORE_KEYS_PURGED_MAX: usize = 64;
/// Records of one step of a long scan (a delete, an export).
pub const STORE_SCAN_ROWS: usize = 256;
/// A line of an import.
pub const IMPORT_LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

// ---- providers and pools ------------------------------------------------------------------

/// One server-sent event.
pub const SSE_EVENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The body of a provider's error that is read to classify it.
pub const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;
/// The arguments of one tool call.
pub const TOOL_ARGUMENTS_BYTES_MAX: usize = 256 * 1024;
/// Tool calls of one answer.
pub const TOOL_CALLS_MAX: usize = 64;
/// What one answer wants to have sent again with its tool calls.
pub const REPLAY_BYTES_MAX: usize = 512 * 1024;
/// Models of one provider that are known to take no tools.
pub const TOOLLESS_MODELS_MAX: usize = 256;
/// Reasoning text that is kept beside an answer.
pub const REASONING_BYTES_MAX: usize = 256 * 1024;
/// Rounds over a route before a turn fails.
pub const ROUTE_ROUNDS_MAX: u32 = 3;
/// First pause between two rounds; doubles, with jitter.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// Longest pause between two rounds. Source: the official SDKs' cap.
pub const BACKOFF_MAX: Duration = Duration::from_secs(8);
/// A provider that asks for a longer pause than this is not waited for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(20);
/// A provider is left alone for this long at the most because it asked for it.
pub const REST_MAX: Duration = Duration::from_secs(60 * 60);
/// Failures in a row after which a model is not asked for a while.
pub const BREAKER_FAILURES_MAX: u32 = 5;
/// How long it is not asked the first time; twice as long each time that it fails again.
pub const BREAKER_OPEN_FIRST: Duration = Duration::from_secs(5);
/// The same where its key is refused or its account is empty.
pub const BREAKER_OPEN_GRAVE: Duration = Duration::from_secs(60);
/// It is asked again after this long at the latest.
pub const BREAKER_OPEN_MAX: Duration = Duration::from_secs(10 * 60);
/// How long the one request that is let through is taken to need.
pub const BREAKER_PROBE_ASSUMED: Duration = Duration::from_secs(1);
/// How long a model's time to the first piece is trusted before the model is tried again.
pub const LATENCY_LIVES: Duration = Duration::from_secs(60);
/// How long a turn waits for room at a provider that has as many requests as it may.
pub const PROVIDER_ROOM_WITHIN: Duration = Duration::from_secs(30);
/// Times an answer may start over under `turn.reset`.
pub const RESETS_MAX: u32 = 1;
/// Turns and tasks that wait for a worker of one pool.
pub const POOL_QUEUE_MAX: usize = 20_000;
/// How many of them may be one user's, so that nobody fills the queue alone.
pub const POOL_QUEUE_USER_MAX: usize = 10_000;
/// Takes that pass a lane of a pool's queue over before it counts for one lane higher.
pub const POOL_AGEING_TAKES: usize = 8;
/// Takes of a pool's queue that are foreseen, with the ageing of its lanes, for a position in it.
pub const POOL_FORESEEN_TAKES: usize = 1_000;
/// Who waits looks for its position so often, times the root of the position: all who wait together
/// look about a thousand times a second where the queue is full, and near the front it is live.
pub const POSITION_EVERY: Duration = Duration::from_millis(250);
/// How long a worker is taken to be busy before the first one has come back.
pub const POOL_SERVICE_ASSUMED: Duration = Duration::from_secs(5);
/// Who finds a pool's queue full is told to come back within this time, however long the queue.
pub const POOL_RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
/// Pools that settings may define.
pub const POOLS_MAX: usize = 64;
/// Agents that settings may define for one pool.
pub const AGENTS_MAX: usize = 16;
/// Budgets that settings may define.
pub const BUDGETS_MAX: usize = 64;
/// The shortest answer that is worth asking for; OpenAI's Responses take no smaller maximum.
pub const ANSWER_TOKENS_MIN: u64 = 16;

// ---- background tasks ---------------------------------------------------------------------

/// Tasks of the whole gateway that have not ended.
pub const TASKS_OPEN_MAX: usize = 250_000;
/// Tasks of one user that have not ended.
pub const TASKS_OPEN_PER_USER_MAX: usize = 125_000;
/// Attempts that may be under way at a time, over all pools.
pub const TASK_WORKERS_MAX: u32 = 1_024;
/// Tasks that wait in the queue of one pool at a time; the others of the same pool wait behind them,
/// where they cost it nothing.
pub const TASKS_IN_QUEUE_OF_POOL_MAX: usize = 32;
/// Attempts that one task may take.
pub const TASK_ATTEMPTS_MAX: u32 = 20;
/// Tasks that one task may wait for.
pub const TASK_DEPENDENCIES_MAX: usize = 32;
/// What comes of a task; what is longer is cut.
pub const TASK_RESULT_BYTES_MAX: usize = 256 * 1024;
/// What is said of it where it was asked for; `task.get` has the rest.
pub const TASK_TOLD_BYTES_MAX: usize = 16 * 1024;
/// When a task is done again, as it is written.
pub const TASK_RULE_BYTES_MAX: usize = 200;
/// The shortest time between two runs of a task that recurs.
pub const TASK_EVERY_MIN: Duration = Duration::from_secs(60);
/// How far ahead a task may be set.
pub const TASK_AHEAD_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
/// Seconds that one attempt may be given; one at the least.
pub const TASK_TIME_LIMIT_SECONDS_MAX: u32 = 24 * 60 * 60;
/// The pause before a second attempt; doubles with each.
pub const TASK_PAUSE_FIRST: Duration = Duration::from_secs(2);
/// The longest pause between two attempts.
pub const TASK_PAUSE_MAX: Duration = Duration::from_secs(5 * 60);
/// How often it is told how far a running task is.
pub const TASK_PROGRESS_EVERY: Duration = Duration::from_secs(5);
/// Requests that wait for the one who owns the tasks.
pub const TASK_COMMANDS_WAITING_MAX: usize = 1_024;
/// Requests that wait until a task that is under way has been stopped.
pub const TASK_COMMANDS_HELD_MAX: usize = 16;
/// Outcomes that are being told at the same time.
pub const TASKS_TOLD_AT_ONCE_MAX: usize = 32;
/// While an outcome cannot be told, or a task's state not be kept, how often that is tried again.
pub const TASK_RETRY_EVERY: Duration = Duration::from_secs(1);
/// While a budget has no room for a task, how often that is looked at again.
pub const TASK_BUDGET_LOOK_EVERY: Duration = Duration::from_secs(60);
/// Tasks of one status that one page looks through for those that fit.
pub const TASKS_LOOKED_AT_MAX: usize = 2_048;
/// Tasks that one command takes back.
pub const TASKS_CANCELLED_MAX: usize = 1_000;
/// How many of them at a time.
pub const TASKS_CANCELLED_AT_ONCE: usize = 64;
/// Changes of one user's tasks that a subscriber may be behind.
pub const TASK_CHANGES_MAX: usize = 16_384;
/// Encoded changes that are kept for subscribers, in bytes; older ones are read again.
pub const TASK_CHANGES_BYTES_MAX: usize = 512 * 1024;

// ---- understanding ------------------------------------------------------------------------

/// Words of a text that are looked at for a command; what is beyond can only be its free text.
pub const COMMAND_WORDS_MAX: usize = 32;
/// Characters of a word that may be a misspelt one; a longer one is what it is.
pub const MISSPELT_CHARS_MAX: usize = 16;
/// Misspelt words of one command.
pub const MISSPELT_WORDS_MAX: usize = 2;
/// Tasks that one command may name.
pub const COMMAND_TASKS_MAX: usize = 100;

/// Words at the beginning of a text, and bytes at its end, among which a time may stand.
pub const TIMED_WORDS_MAX: usize = 40;
/// The same for the end of a text.
pub const TIMED_TAIL_BYTES: usize = 128;

// ---- routing ------------------------------------------------------------------------------

/// How much of a message is read to find its pool: what it is about is said by then.
pub const ROUTED_BYTES_MAX: usize = 2 * 1024;
/// Clauses that are read each by itself, to find whether it is about the matters of several pools.
pub const ROUTED_CLAUSES_MAX: usize = 12;
/// Words that are read of it, and pieces of words.
pub const ROUTED_WORDS_MAX: usize = 256;
/// A longer word is none.
pub const WORD_BYTES_MAX: usize = 48;
/// Words that are named as the ones that carried a decision.
pub const CARRYING_WORDS_MAX: usize = 4;
/// Pools whose probability is shown with a decision.
pub const ROUTING_SCORES_MAX: usize = 3;
/// Keywords of one pool, and its examples.
pub const POOL_WORDS_MAX: usize = 1_000;
/// One keyword, and one example.
pub const POOL_WORD_BYTES_MAX: usize = 2 * 1024;
/// One line that `route` and `calibrate` read: a message, written as JSON writes it at worst.
pub const LABELLED_LINE_BYTES_MAX: usize = 8 * TEXT_BYTES_MAX;
/// Labelled messages that a calibration reads.
pub const LABELLED_MAX: usize = 200_000;
/// Labelled messages of one pool, below which nothing can be learnt.
pub const LABELLED_MIN: usize = 5;

// ---- settings -----------------------------------------------------------------------------

/// The settings file.
pub const SETTINGS_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How much of a bad value an error repeats.
pub const SETTING_SHOWN_CHARS_MAX: usize = 80;
/// How often it is looked at for a change. It is read when it looked the same twice.
pub const SETTINGS_LOOK_EVERY: Duration = Duration::from_millis(500);
/// Those who may wait for the settings to be read anew.
pub const RELOADS_WAITING_MAX: usize = 16;
/// Changed settings that are named.
pub const SETTINGS_NAMED_MAX: usize = 12;
/// The name of a pool or of a provider.
pub const NAME_BYTES_MAX: usize = 32;
/// The shortest token that is worth its name.
pub const TOKEN_CHARS_MIN: usize = 8;
/// Seconds that a drain may be given.
pub const DRAIN_SECONDS_MAX: u32 = 3_600;
/// Milliseconds of any timeout that can be set: a day.
pub const TIMEOUT_MS_MAX: u32 = 24 * 60 * 60 * 1_000;
/// The smallest window that holds a system prompt and a question.
pub const WINDOW_TOKENS_MIN: u32 = 1_024;
/// The largest window that can be set.
pub const WINDOW_TOKENS_MAX: u32 = 100_000_000;
/// Workers of one pool at the most.
pub const WORKERS_MAX: u32 = 100_000;
/// Words of an offline answer, and words a second, at the most.
pub const OFFLINE_WORDS_MAX: u32 = 1_000_000;
/// Dollars for a million tokens at the most.
pub const PRICE_MAX: u32 = 1_000_000;
/// Tokens of a budget at the most.
pub const BUDGET_TOKENS_MAX: u32 = 4_000_000_000;
/// Dollars of a budget at the most.
pub const BUDGET_DOLLARS_MAX: u32 = 100_000_000;

// ---- going down ---------------------------------------------------------------------------

/// How long the last events may take to reach their readers once every turn has ended.
pub const FAREWELL_WITHIN: Duration = Duration::from_secs(3);

const _: () = assert!(FRAME_BYTES_MAX >= TEXT_BYTES_MAX * 2);
const _: () = assert!(WRITE_BUFFER_BYTES_MAX >= (PAGE_BYTES_MAX + DELIVERY_BYTES) * 6);
const _: () = assert!(RESUME_ENTRIES_MAX * 200 <= FRAME_BYTES_MAX);
const _: () = assert!(RESUME_ENTRIES_MAX <= FOLLOWED_CONVERSATIONS_MAX);
const _: () = assert!(FRAME_BYTES_MAX <= WRITE_BUFFER_BYTES_MAX);
const _: () = assert!(POOL_WORD_BYTES_MAX <= ROUTED_BYTES_MAX);
const _: () = assert!(HANDSHAKES_MAX <= CONNECTIONS_MAX);
const _: () = assert!(PAGE_ROWS <= PAGE_ROWS_MAX);
const _: () = assert!(POOL_QUEUE_USER_MAX < POOL_QUEUE_MAX);
const _: () = assert!(TOOL_ARGUMENTS_BYTES_MAX < SSE_EVENT_BYTES_MAX);
const _: () = assert!(REPLAY_BYTES_MAX < SSE_EVENT_BYTES_MAX);
const _: () = assert!(SNAPSHOT_BYTES_MAX <= PAGE_BYTES_MAX);
const _: () = assert!(PING_AFTER.as_secs() * 2 < CLOSE_AFTER.as_secs());
const _: () = assert!(STORE_GROUP_MAX <= STORE_JOBS_MAX);
const _: () = assert!(STORE_SCAN_ROWS <= STORE_JOBS_MAX / 2);
const _: () = assert!(STORE_READ_THROUGH_BYTES_MAX <= STORE_REHEARSED_BYTES_MAX);
const _: () = assert!(STORE_DRAFTS_GATHER.as_millis() * 4 < CHECKPOINT_EVERY.as_millis());
const _: () = assert!(GATHER_MAX.as_millis() * 4 < CHECKPOINT_EVERY.as_millis());
const _: () = assert!(STORE_PIECE_BYTES * 20 < 128 * 1024);
const _: () = assert!(EARLY_TEXT_BYTES_MAX < ANSWER_BYTES_MAX);
const _: () = assert!(TASKS_IN_QUEUE_OF_POOL_MAX < POOL_QUEUE_USER_MAX);
const _: () = assert!(TASKS_OPEN_PER_USER_MAX <= TASKS_OPEN_MAX);
const _: () = assert!(TASK_RESULT_BYTES_MAX + TEXT_BYTES_MAX <= PAGE_BYTES_MAX);
const _: () = assert!(TASK_TOLD_BYTES_MAX <= TASK_RESULT_BYTES_MAX);
const _: () = assert!(TASK_CHANGES_MAX >= PAGE_ROWS);

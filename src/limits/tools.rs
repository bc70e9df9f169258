//! Bounds of tools, and of the sources of data that they ask.

use std::time::Duration;

/// How often an answer may stop for tools. After that the model is told of them, and may call none.
pub const TOOL_ROUNDS_MAX: u32 = 6;
/// Tool calls of one round that are carried out; the others are refused.
pub const TOOL_CALLS_AT_ONCE_MAX: usize = 8;
/// One call of a tool.
pub const TOOL_TIME_MAX: Duration = Duration::from_secs(20);
/// What a model is told by one call of a tool.
pub const TOOL_OUTPUT_BYTES_MAX: usize = 16 * 1024;
/// An expression that is to be worked out.
pub const EXPRESSION_BYTES_MAX: usize = 512;
/// Brackets and exponents of one, within each other.
pub const EXPRESSION_DEPTH_MAX: usize = 64;
/// What readers are told of one.
pub const TOOL_SUMMARY_BYTES_MAX: usize = 200;
/// A connection to a source of data.
pub const SOURCE_CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Its whole answer.
pub const SOURCE_ANSWER_WITHIN: Duration = Duration::from_secs(7);
/// How long a question waits for its turn where a source allows so many in a time.
pub const SOURCE_TURN_WITHIN: Duration = Duration::from_secs(2);
/// An answer of a source. ESPN's scoreboard of a Saturday in college takes more than two.
pub const SOURCE_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Answers of one source that are kept to be told again.
pub const SOURCE_ANSWERS_MAX: usize = 256;
/// All of them together, as they came.
pub const SOURCE_ANSWERS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a source is left alone that says it was asked too often, but not until when.
pub const SOURCE_REST_ASSUMED: Duration = Duration::from_secs(60);
/// How long it is left alone at the most.
pub const SOURCE_REST_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How often settings may have a source asked in a minute, and in a day.
pub const SOURCE_REQUESTS_MAX: u32 = 100_000;
/// The symbol of a security.
pub const SYMBOL_BYTES_MAX: usize = 20;
/// Characters of a name by which a symbol is looked for.
pub const MARKET_QUERY_CHARS_MAX: usize = 64;
/// Days of history, in days of the calendar; Massive's free plan has two years.
pub const MARKET_DAYS_MAX: u32 = 720;
/// A week has a trading day, whatever the holidays.
pub const MARKET_DAYS_MIN: u32 = 7;
/// Where nobody says how many.
pub const MARKET_DAYS_ASSUMED: u32 = 30;
/// Within so many days are two trading days, whatever the holidays.
pub const MARKET_CLOSED_DAYS_MAX: u32 = 12;
/// Closes that are told one by one.
pub const MARKET_ROWS_MAX: usize = 30;
/// News that are told at once.
pub const MARKET_REPORTS_MAX: usize = 10;
/// Symbols that are told for a name.
pub const MARKET_LISTINGS_MAX: usize = 8;
/// Characters of a title or a name that somebody else has written.
pub const MARKET_WORDS_CHARS_MAX: usize = 200;
/// How long a price of this minute may be told again.
pub const MARKET_MOMENT_KEEPS: Duration = Duration::from_secs(15);
/// The same for the close of a day.
pub const MARKET_CLOSE_KEEPS: Duration = Duration::from_secs(10 * 60);
/// The same for the closes of many.
pub const MARKET_HISTORY_KEEPS: Duration = Duration::from_secs(60 * 60);
/// The same for news.
pub const MARKET_NEWS_KEEPS: Duration = Duration::from_secs(10 * 60);
/// The same for the symbols of a name.
pub const MARKET_NAMES_KEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a plan that refused the prices of this minute is taken not to have them.
pub const MARKET_UNCOVERED_FOR: Duration = Duration::from_secs(6 * 60 * 60);
/// A source whose requests of this day are spent, but that does not say when its day ends, is asked
/// again this often.
pub const MARKET_DAY_LOOKED_AT_EVERY: Duration = Duration::from_secs(60 * 60);
/// A name of a team, a bookmaker or a league, as a source or a model writes it.
pub const SPORTS_NAME_CHARS_MAX: usize = 64;
/// Lines that a model is told of games.
pub const SPORTS_LINES_MAX: usize = 80;
/// What a model is told of games.
pub const SPORTS_TEXT_BYTES_MAX: usize = 12 * 1024;
/// How long scores are told again. ESPN must not be asked more often, and The Odds API charges.
pub const SCORES_KEPT: Duration = Duration::from_secs(30);
/// How many days of results The Odds API keeps.
pub const SCORES_DAYS_BACK: u64 = 3;
/// How far from now a game is that is told to whoever names no day.
pub const SCORES_NEAR: Duration = Duration::from_secs(24 * 60 * 60);
/// How long odds are told again; the source looks no more often itself before a game begins.
pub const ODDS_KEPT: Duration = Duration::from_secs(60);
/// Bookmakers that are told in each market of a game.
pub const ODDS_BOOKMAKERS_MAX: usize = 5;
/// So many credits are few.
pub const ODDS_CREDITS_LOW: u64 = 50;
/// How long The Odds API is left alone when its credits are used up: they may be bought.
pub const ODDS_CREDITS_REST: Duration = Duration::from_secs(60 * 60);
/// Requests to ESPN in a minute. Nobody says what it allows.
pub const ESPN_REQUESTS_PER_MINUTE_MAX: u32 = 60;

// Two questions fit into a call, so that another source can be asked when one has said nothing. Only
// where Massive is slow to say that its plan has no price of this minute, and then to tell the last
// close, what is left is little.
const _: () = assert!(
    (SOURCE_ANSWER_WITHIN.as_secs() + SOURCE_TURN_WITHIN.as_secs()) * 2 < TOOL_TIME_MAX.as_secs()
);
const _: () = assert!(SOURCE_BODY_BYTES_MAX <= SOURCE_ANSWERS_BYTES_MAX);
// The lists stop short of where they would be cut, and say that there is more.
const _: () = assert!(SPORTS_TEXT_BYTES_MAX + 1024 <= TOOL_OUTPUT_BYTES_MAX);

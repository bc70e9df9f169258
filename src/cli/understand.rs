//! `route` and `calibrate`: where messages belong, and learning it from labelled ones.
//!
//! Invariant: `--jsonl` answers each line of its input by one line, in the same order.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    config::Settings,
    limits::{LABELLED_LINE_BYTES_MAX, LABELLED_MAX},
    model::{AgentName, PoolName},
    route::{self, CalibrateError, Context, Labelled, RouteError, Router},
};

/// What is to be routed.
#[derive(Debug, Args)]
pub struct Route {
    /// The messages
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    pub messages: Vec<String>,
    /// Read them from the standard input instead, as lines of {"text": …}
    #[arg(long)]
    pub jsonl: bool,
}

/// What is to be learnt from.
#[derive(Debug, Args)]
pub struct Calibrate {
    /// Lines of {"text": …, "domain": …}; - is the standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where the weights go, for `[routing] weights` to name
    #[arg(short, long, value_name = "FILE", default_value = "weights.json")]
    pub output: PathBuf,
    /// Fit nothing: report how well the messages are routed as things are
    #[arg(long, conflicts_with = "output")]
    pub report: bool,
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum UnderstandError {
    /// The settings make no router.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The messages are not fit to learn from.
    #[error(transparent)]
    Calibrate(#[from] CalibrateError),
    /// Some lines were answered by an error.
    #[error("lines that could not be read: {0}; each was answered by what is wrong with it")]
    BadLines(usize),
    /// A line of a file cannot be read.
    #[error("{}:{line}: {because}", file.display())]
    BadLine {
        /// Which file.
        file: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        because: BadLine,
    },
    /// More than can be learnt from at once.
    #[error("there are more than {LABELLED_MAX} messages")]
    TooMany,
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nobody takes what is written.
    #[error("the answer cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    /// It is no such object.
    #[error("is not as it should be: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is too long.
    #[error("is longer than {LABELLED_LINE_BYTES_MAX} bytes")]
    TooLong,
}

/// Where a message belongs.
#[derive(Serialize)]
struct Answer<'a> {
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    confidence: f32,
    because: &'a str,
    /// Those who are asked first, where several are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    specialists: Vec<&'a str>,
}

#[derive(Serialize)]
struct Complaint {
    error: String,
}

#[derive(Deserialize)]
struct Message {
    text: String,
}

/// Says where messages belong.
pub fn route(
    asked: &Route,
    settings: &Settings,
    output: &mut impl Write,
) -> Result<(), UnderstandError> {
    let router = Router::of(settings)?;
    if asked.jsonl {
        return route_lines(&router, &mut io::stdin().lock(), output);
    }
    for message in &asked.messages {
        answer(&router, message, output)?;
    }
    Ok(())
}

/// The same for lines, as they come.
fn route_lines(
    router: &Router,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<(), UnderstandError> {
    let mut bad = 0;
    let mut number = 0;
    while let Some(line) = next_line(input)? {
        number += 1;
        match line.and_then(|line| Ok(serde_json::from_slice::<Message>(&line)?)) {
            Ok(message) => answer(router, &message.text, output)?,
            Err(because) => {
                bad += 1;
                write_line(output, &Complaint { error: format!("line {number} {because}") })?;
            }
        }
    }
    if bad > 0 { Err(UnderstandError::BadLines(bad)) } else { Ok(()) }
}

fn answer(router: &Router, text: &str, output: &mut impl Write) -> io::Result<()> {
    let choice = router.choose(text, Context { several: true, ..Context::default() });
    let confidence = choice.routing.confidence.unwrap_or(0.0);
    let (domain, because) = (choice.pool.as_str(), &*choice.routing.because);
    let agent = choice.agent.as_ref().map(AgentName::as_str);
    let specialists = choice.specialists.iter().map(PoolName::as_str).collect();
    write_line(output, &Answer { domain, agent, confidence, because, specialists })
}

fn write_line(output: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(line)?;
    line.push(b'\n');
    output.write_all(&line)
}

/// The next line that is not empty; `None` at the end. One that is too long is read to its end.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Result<Vec<u8>, BadLine>>> {
    loop {
        let mut line = Vec::new();
        let most = LABELLED_LINE_BYTES_MAX as u64;
        if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.len() == LABELLED_LINE_BYTES_MAX && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            return Ok(Some(Err(BadLine::TooLong)));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(Ok(line)));
        }
    }
}

/// Learns where messages belong, and tells how well.
pub fn calibrate(
    asked: &Calibrate,
    settings: &Settings,
    output: &mut impl Write,
) -> Result<(), UnderstandError> {
    let mut labelled = Vec::new();
    for file in &asked.files {
        let unreadable = |source| UnderstandError::File { file: file.clone(), source };
        if file.as_os_str() == "-" {
            read_labelled(file, &mut io::stdin().lock(), &mut labelled)?;
        } else {
            let mut input = BufReader::new(File::open(file).map_err(unreadable)?);
            read_labelled(file, &mut input, &mut labelled)?;
        }
    }
    if asked.report {
        let report = route::measure(&Router::of(settings)?, &labelled);
        return Ok(writeln!(output, "{report}")?);
    }
    let (weights, report) = route::calibrate(&settings.pools, &labelled)?;
    let unwritable = |source| UnderstandError::File { file: asked.output.clone(), source };
    std::fs::write(&asked.output, weights.to_text()).map_err(unwritable)?;
    writeln!(
        output,
        "Each message as routed by weights that were fitted without it:\n\n{report}\n"
    )?;
    let path = asked.output.display();
    Ok(writeln!(output, "The weights are in {path}; `[routing] weights = \"{path}\"` uses them.")?)
}

fn read_labelled(
    file: &Path,
    input: &mut impl BufRead,
    labelled: &mut Vec<Labelled>,
) -> Result<(), UnderstandError> {
    let unreadable = |source| UnderstandError::File { file: file.to_owned(), source };
    let mut number = 0;
    while let Some(line) = next_line(input).map_err(unreadable)? {
        number += 1;
        let read = line.and_then(|line| Ok(serde_json::from_slice(&line)?));
        let bad =
            |because| UnderstandError::BadLine { file: file.to_owned(), line: number, because };
        labelled.push(read.map_err(bad)?);
        if labelled.len() > LABELLED_MAX {
            return Err(UnderstandError::TooMany);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &str) -> (Vec<serde_json::Value>, bool) {
        let router = Router::of(&Settings::default()).unwrap();
        let mut output = Vec::new();
        let done = route_lines(&router, &mut input.as_bytes(), &mut output);
        let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        (lines.map(|line| serde_json::from_slice(line).unwrap()).collect(), done.is_ok())
    }

    #[test]
    fn each_line_is_answered_in_its_place() {
        let (lines, whole) = answers(
            "{\"text\": \"symptoms of measles\"}\n\n{\"text\": \"\", \"domain\": \"x\"}\r\n{\"text\": \"who won the world cup\"}",
        );
        let domains: Vec<_> = lines.iter().map(|line| line["domain"].as_str().unwrap()).collect();
        assert_eq!(domains, ["healthcare", "general", "sports"]);
        assert!(whole && lines[0]["confidence"].as_f64().unwrap() > 0.5, "{lines:?}");
        assert!(lines[0]["because"].as_str().unwrap().contains("`measles`"), "{lines:?}");
    }

    #[test]
    fn a_bad_line_is_answered_by_what_is_wrong_and_the_next_is_read() {
        let long = "x".repeat(2 * LABELLED_LINE_BYTES_MAX);
        let (lines, whole) = answers(&format!("no\n{{}}\n{long}\n{{\"text\": \"hello\"}}\n"));
        let error = |at: usize| lines[at]["error"].as_str().unwrap().to_owned();
        assert!(error(0).starts_with("line 1 is not as it should be: expected"), "{lines:?}");
        assert!(error(1).contains("missing field `text`"), "{lines:?}");
        assert!(error(2).starts_with("line 3 is longer than"), "{lines:?}");
        assert!(lines[3]["domain"] == "general" && !whole, "{lines:?}");
    }

    #[test]
    fn labelled_messages_are_fitted_to_a_file_that_settings_can_name() {
        let dir = tempfile::tempdir().unwrap();
        let (file, output) = (dir.path().join("labelled.jsonl"), dir.path().join("weights.json"));
        let line =
            |text: &str, domain: &str| format!("{{\"text\":\"{text}\",\"domain\":\"{domain}\"}}\n");
        let health = ["fever", "a sore throat", "insulin", "broken arm", "which pills"];
        let money = ["my mortgage", "shares", "a savings account", "income tax", "bonds"];
        let text: String = health
            .iter()
            .map(|text| line(text, "healthcare"))
            .chain(money.iter().map(|text| line(text, "financial")))
            .collect();
        std::fs::write(&file, &text).unwrap();
        let asked = Calibrate { files: vec![file.clone()], output: output.clone(), report: false };
        let mut settings = Settings::default();
        let mut told = Vec::new();
        calibrate(&asked, &settings, &mut told).unwrap();
        assert!(String::from_utf8(told).unwrap().contains("macro-F1 1.000"));
        settings.routing.weights = output.to_string_lossy().into_owned();
        let router = Router::of(&settings).unwrap();
        assert_eq!(
            router.choose("which pills against fever", Context::default()).pool.as_str(),
            "healthcare"
        );

        std::fs::write(&file, text + "{\"text\": 1}").unwrap();
        let error = calibrate(&asked, &settings, &mut Vec::new()).unwrap_err().to_string();
        assert!(
            error.contains("labelled.jsonl:11: is not as it should be: invalid type"),
            "{error}"
        );
        settings.pools.remove("financial");
        let error = Router::of(&settings).unwrap_err().to_string();
        assert!(error.contains("has weights for financial, which is no pool"), "{error}");
        settings.routing.weights = "not-there.json".to_owned();
        let error = Router::of(&settings).unwrap_err().to_string();
        assert!(error.starts_with("routing.weights: not-there.json cannot be read"), "{error}");
    }
}

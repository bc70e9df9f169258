//! The house rules: what the compiler does not hold, held by a test, so that nobody argues about it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{spanned::Spanned, visit::Visit};

const FILE_LINES_MAX: usize = 500;
const BODY_LINES_MAX: usize = 70;

/// Modules, lowest first. Each imports only from rows above its own; those of one row do not know
/// each other. Where one floor has several rows, they are steps of it.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["limits"]),
    (0, &["model"]),
    (0, &["config", "lifecycle"]),
    (0, &["meter"]),
    (1, &["wire", "store", "provider", "tool", "auth"]),
    (2, &["route", "intent", "pool", "budget"]),
    (3, &["conversation"]),
    (4, &["task", "monitor"]),
    (4, &["alert"]),
    (4, &["operator"]),
    (5, &["connection", "http"]),
    (6, &["app", "cli", "telemetry"]),
    (6, &["main"]),
];

/// The crate of wire types, and who may know it: the gateway's edge, and what stands outside.
const WIRE_CRATE: &str = "operatoros_protocol";
const WIRE_ALLOWED: &[&str] = &[
    "src/wire.rs",
    "src/wire/",
    "src/cli.rs",
    "src/cli/",
    "protocol/",
    "tests/",
    "benches/",
    "examples/",
];

/// A name that says nothing: whatever is in such a file belongs beside what uses it.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"];

/// Where sources are; of `examples` and `benches`, whatever is Rust.
const SOURCES: &[&str] = &["src", "protocol/src", "tests", "examples", "benches"];

/// Kinds of text in which somebody may name a place that only exists on one machine; a script and a
/// licence have no ending.
const TEXTS: &[&str] =
    &["", "md", "rs", "toml", "txt", "js", "mjs", "json", "py", "html", "sh", "yml", "yaml"];
const OWN_PLACES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/tmp/", "wt"),
    concat!("../", "shared"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
];
/// Directories that hold nothing of ours.
const NOT_OURS: &[&str] = &["target", "node_modules", "__pycache__", "operatoros-data"];

/// Where a rule is broken (from 1), and which one.
type Finding = (usize, String);
/// A rule looks at one file: its path from the project's root, and its text.
type Rule = fn(path: &str, text: &str) -> Vec<Finding>;

const SOURCE_RULES: &[Rule] =
    &[first_line, file_length, body_length, floors, names, wire_types_stay_at_the_edge];

#[test]
fn the_house_is_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut sources = 0;
    for file in files_below(root) {
        let Ok(path) = file.strip_prefix(root) else { continue };
        let path = path.to_string_lossy().replace('\\', "/");
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        // `.git` may be a file; it is no text of ours.
        if path.starts_with('.') && !path.contains('/') || !TEXTS.contains(&&*extension) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a text is UTF-8");
        let mut rules = vec![no_own_places as Rule];
        if extension == "rs" && SOURCES.iter().any(|dir| Path::new(&path).starts_with(dir)) {
            rules.extend(SOURCE_RULES);
            sources += 1;
        }
        let findings = rules.iter().flat_map(|rule| rule(&path, &text));
        found.extend(findings.map(|(line, rule)| format!("{path}:{line}: {rule}")));
    }
    assert!(sources > 10, "the sources were not found below {}", root.display());
    assert!(found.is_empty(), "house rules are broken:\n{}", found.join("\n"));
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("the project can be read") {
        let path = entry.expect("the project can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            // `.ci` is ours; what else begins with a dot belongs to a tool.
            if name == ".ci" || !(name.starts_with('.') || NOT_OURS.contains(&&*name)) {
                files.extend(files_below(&path));
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

// ---- the rules --------------------------------------------------------------------------------

fn first_line(_: &str, text: &str) -> Vec<Finding> {
    if text.starts_with("//! ") {
        return Vec::new();
    }
    vec![(1, "the first line of a file is a `//!` that says what it is for".to_owned())]
}

fn file_length(_: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    vec![(FILE_LINES_MAX + 1, format!("a file has at most {FILE_LINES_MAX} lines, not {lines}"))]
}

fn body_length(_: &str, text: &str) -> Vec<Finding> {
    let mut bodies = Bodies(Vec::new());
    match syn::parse_file(text) {
        Ok(file) => bodies.visit_file(&file),
        Err(error) => bodies.0.push((error.span().start().line, format!("is not Rust: {error}"))),
    }
    bodies.0
}

struct Bodies(Vec<Finding>);

impl Bodies {
    fn measure(&mut self, name: &syn::Ident, body: &syn::Block) {
        let span = body.span();
        let lines = span.end().line.saturating_sub(span.start().line + 1);
        if lines > BODY_LINES_MAX {
            let rule = format!("a body has at most {BODY_LINES_MAX} lines, `{name}` has {lines}");
            self.0.push((name.span().start().line, rule));
        }
    }
}

impl<'ast> Visit<'ast> for Bodies {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig.ident, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig.ident, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.measure(&item.sig.ident, body);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

fn floors(path: &str, text: &str) -> Vec<Finding> {
    let Some(inside) = path.strip_prefix("src/").and_then(|rest| rest.strip_suffix(".rs")) else {
        return Vec::new();
    };
    // `lib` only declares the modules.
    let module = inside.split('/').next().unwrap_or_default();
    if module == "lib" {
        return Vec::new();
    }
    let Some(own) = row(module) else {
        return vec![(1, format!("module `{module}` has no floor in the table of this test"))];
    };
    let mut findings = Vec::new();
    for import in imports(text, inside.split('/').count()) {
        let rule = match row(&import.module) {
            _ if import.module == module => continue,
            Some(row) if row < own => continue,
            Some(row) => format!(
                "`{module}` (floor {}) may not import `{}` (floor {}): only from lower floors",
                FLOORS[own].0, import.module, FLOORS[row].0
            ),
            None => format!("`crate::{}` has no floor in the table of this test", import.module),
        };
        findings.push((import.line, rule));
    }
    findings
}

fn row(module: &str) -> Option<usize> {
    FLOORS.iter().position(|(_, modules)| modules.contains(&module))
}

fn names(path: &str, _: &str) -> Vec<Finding> {
    let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
    if stem == "mod" {
        return vec![(1, "no mod.rs: the file of a module carries its name".to_owned())];
    }
    if EMPTY_NAMES.contains(&&*stem) {
        return vec![(1, format!("`{stem}` says nothing: name the file after what is in it"))];
    }
    Vec::new()
}

fn wire_types_stay_at_the_edge(path: &str, text: &str) -> Vec<Finding> {
    if WIRE_ALLOWED.iter().any(|allowed| path.starts_with(allowed)) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    find_ident(tokens(text), WIRE_CRATE, &mut lines);
    let rule = format!("`{WIRE_CRATE}` is known only to {}", WIRE_ALLOWED.join(", "));
    lines.into_iter().map(|line| (line, rule.clone())).collect()
}

fn find_ident(tokens: TokenStream, name: &str, lines: &mut Vec<usize>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => find_ident(group.stream(), name, lines),
            TokenTree::Ident(ident) if ident == name => lines.push(ident.span().start().line),
            _ => {}
        }
    }
}

fn no_own_places(_: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, words) in text.lines().enumerate() {
        let places = OWN_PLACES.iter().filter(|place| words.contains(**place));
        let rule = |place| format!("`{place}` is a place on one machine, not of the project");
        findings.extend(places.map(|place| (line + 1, rule(place))));
    }
    findings
}

// ---- what a file imports ----------------------------------------------------------------------

/// A module of the crate's root that a file names.
struct Import {
    module: String,
    line: usize,
}

/// Every path into the crate's root, in `use`, in code and in the tokens of macros, which `syn`
/// leaves unread. `depth` is how many `super` lead from the file to the root.
fn imports(text: &str, depth: usize) -> Vec<Import> {
    let mut imports = Vec::new();
    read(&tokens(text).into_iter().collect::<Vec<_>>(), depth, &mut imports);
    imports
}

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_default()
}

fn read(tokens: &[TokenTree], depth: usize, imports: &mut Vec<Import>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(ident) if begins_path(ident) && !continues(tokens, at) => {
                at = read_path(tokens, at, depth, imports);
                continue;
            }
            // The root is one `super` further from inside a `mod name { … }`.
            TokenTree::Group(group) => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                read(&inside, depth + usize::from(is_module_body(tokens, at)), imports);
            }
            _ => {}
        }
        at += 1;
    }
}

/// `self` may stand before a `super`.
fn begins_path(ident: &proc_macro2::Ident) -> bool {
    ["crate", "super", "self", "operatoros"].iter().any(|name| ident == name)
}

/// Whether the token is a later part of a path: `a::crate_like`.
fn continues(tokens: &[TokenTree], at: usize) -> bool {
    at >= 3
        && is_colon(tokens.get(at - 1))
        && is_colon(tokens.get(at - 2))
        && matches!(tokens.get(at - 3), Some(TokenTree::Ident(_)))
}

fn is_module_body(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2
        && matches!(&tokens[at], TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
        && matches!(&tokens[at - 2], TokenTree::Ident(word) if word == "mod")
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Reads `crate::a::…` or `super::{a, super::b}` and returns where it ends.
fn read_path(tokens: &[TokenTree], start: usize, depth: usize, imports: &mut Vec<Import>) -> usize {
    let mut at = start;
    let mut left = depth;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) if ident == "crate" || ident == "operatoros" => left = 0,
            Some(TokenTree::Ident(ident)) if ident == "super" => left = left.saturating_sub(1),
            Some(TokenTree::Ident(ident)) if ident == "self" => {}
            Some(TokenTree::Ident(ident)) => {
                if left == 0 {
                    let line = ident.span().start().line;
                    imports.push(Import { module: ident.to_string(), line });
                }
                return at + 1;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                for branch in inside.split(is_comma).filter(|branch| !branch.is_empty()) {
                    read_path(branch, 0, left, imports);
                }
                return at + 1;
            }
            _ => return at.max(start + 1),
        }
        if !(is_colon(tokens.get(at + 1)) && is_colon(tokens.get(at + 2))) {
            return at + 1;
        }
        at += 3;
    }
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')
}

// ---- the rules can fail -----------------------------------------------------------------------

#[track_caller]
fn check(rule: Rule, path: &str, text: &str, expected: &[(usize, &str)]) {
    let found = rule(path, text);
    let fits = found.len() == expected.len()
        && found.iter().zip(expected).all(|(f, e)| f.0 == e.0 && f.1.contains(e.1));
    assert!(fits, "{path}\n{text}\nfound {found:?}\nexpected {expected:?}");
}

#[test]
fn a_file_without_a_first_line_is_found() {
    check(first_line, "src/a.rs", "//! Says it.\n", &[]);
    check(first_line, "src/a.rs", "\n//! Says it.\n", &[(1, "first line")]);
    check(first_line, "src/a.rs", "// Says it.\n", &[(1, "first line")]);
    check(first_line, "src/a.rs", "", &[(1, "first line")]);
}

#[test]
fn a_long_file_is_found() {
    check(file_length, "src/a.rs", &"\n".repeat(500), &[]);
    check(file_length, "src/a.rs", &"\n".repeat(501), &[(501, "not 501")]);
}

#[test]
fn a_long_body_is_found() {
    let body = |lines: usize| format!("{{{}}}", "\n".repeat(lines + 1));
    let (fits, long) = (body(70), body(71));
    check(body_length, "src/a.rs", &format!("fn a() {fits}"), &[]);
    for text in [
        format!("\nfn a() {long}"),
        format!("impl A {{\nfn a() {long} }}"),
        format!("trait A {{\nfn b();fn a() {long} }}"),
        format!("mod tests {{\nasync fn a() {long} }}"),
        format!("fn b() {{\nfn a() {long} }}"),
    ] {
        let found = body_length("src/a.rs", &text);
        let inner = found.iter().find(|(_, rule)| rule.contains("`a` has 71"));
        assert_eq!(inner.map(|(line, _)| *line), Some(2), "{text}: {found:?}");
    }
    check(body_length, "src/a.rs", "fn fn", &[(1, "is not Rust")]);
}

#[test]
fn an_import_from_above_is_found() {
    let pool: &[(usize, &str)] = &[(1, "`store` (floor 1) may not import `pool` (floor 2)")];
    for text in [
        "use crate::pool::Pool;",
        "use crate::pool;",
        "use crate::{limits::X, pool::{A, B}};",
        "pub use crate::pool as p;",
        "fn f() { crate::pool::run() }",
        "fn f() { format!(\"{}\", crate::pool::run()) }",
        "use super::pool::Pool;",
        "use self::super::pool::Pool;",
        "mod tests { use super::super::pool::Pool; }",
        "mod tests { use super::{super::pool::Pool, x}; }",
        "impl crate::pool::T for X {}",
    ] {
        check(floors, "src/store.rs", text, pool);
    }
    check(floors, "src/store/sled/key.rs", "use super::super::super::pool::Pool;", pool);
    for text in [
        "use crate::{limits, model::{self, X}, config::Settings};",
        "use crate::store::sled;",
        "mod tests { use super::*; use super::pool; }",
        "/// As crate::pool says.\nfn f() { let pool = self.pool; }",
        "use other::crate_like::pool;",
        "pub(crate) fn f() {}",
    ] {
        check(floors, "src/store.rs", text, &[]);
    }
    check(floors, "src/store/sled.rs", "use super::pool;", &[]);
    check(floors, "src/lib.rs", "pub mod pool; use crate::pool;", &[]);
    check(floors, "tests/a.rs", "use crate::pool;", &[]);
}

#[test]
fn the_same_floor_is_not_lower() {
    let two: &[(usize, &str)] = &[(1, "may not import")];
    check(floors, "src/wire.rs", "use crate::store::Store;", two);
    check(floors, "src/model.rs", "use crate::config::Settings;", two);
    check(floors, "src/limits.rs", "use crate::model::X;", two);
    check(floors, "src/lifecycle.rs", "use crate::config::Settings;", two);
    check(floors, "src/config.rs", "use crate::{limits, model};", &[]);
    check(floors, "src/cli.rs", "use crate::app::run;", two);
    check(floors, "src/main.rs", "use operatoros::{app, cli};", &[]);
    check(floors, "src/app.rs", "fn f() { operatoros::cli::x() }", two);
}

#[test]
fn a_module_without_a_floor_is_found() {
    check(floors, "src/drawer.rs", "", &[(1, "`drawer` has no floor")]);
    check(floors, "src/app.rs", "\nuse crate::drawer::X;", &[(2, "`crate::drawer` has no floor")]);
}

#[test]
fn a_name_that_says_nothing_is_found() {
    check(names, "src/store/mod.rs", "", &[(1, "no mod.rs")]);
    for path in ["src/utils.rs", "src/store/helpers.rs", "tests/common.rs", "src/manager.rs"] {
        check(names, path, "", &[(1, "says nothing")]);
    }
    check(names, "src/model.rs", "", &[]);
}

#[test]
fn a_wire_type_inside_is_found() {
    let known: &[(usize, &str)] = &[(1, "is known only to")];
    let text = "use operatoros_protocol::Frame;";
    for path in ["src/pool.rs", "src/wired.rs", "src/main.rs"] {
        check(wire_types_stay_at_the_edge, path, text, known);
    }
    for path in ["src/wire.rs", "src/wire/frame.rs", "src/cli/chat.rs", "tests/socket.rs"] {
        check(wire_types_stay_at_the_edge, path, text, &[]);
    }
    check(wire_types_stay_at_the_edge, "src/pool.rs", "// operatoros_protocol", &[]);
    check(wire_types_stay_at_the_edge, "src/pool.rs", "vec![::operatoros_protocol::X]", known);
}

#[test]
fn a_place_on_one_machine_is_found() {
    for place in OWN_PLACES {
        let text = format!("# Title\n\nSee {place}notes.\n");
        check(no_own_places, "docs/a.md", &text, &[(3, "a place on one machine")]);
    }
    check(no_own_places, "docs/a.md", "See https://example.com/workshop.", &[]);
}

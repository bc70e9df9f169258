//! The frozen examples, as the specification shows them.

use std::{fs, path::Path};

use operatoros_protocol::{ClientFrame, ServerFrame};

/// The frozen example of a frame, on one line.
pub(crate) fn of(name: &str) -> Option<String> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let read = |way: &str| fs::read_to_string(golden.join(way).join(format!("{name}.json"))).ok();
    let client = || Some(ClientFrame::parse(&read("client")?).ok()?.to_json());
    let server = || Some(ServerFrame::parse(&read("server")?).ok()?.to_json());
    client().or_else(server)
}

//! Writes the published documents anew: `cargo run -p operatoros-protocol --example generate`.

mod example;

use std::{fs, path::Path};

use operatoros_protocol::documents;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(home.join("schema"))?;
    for (path, document) in [
        ("schema/client-frame.json", documents::client_schema()),
        ("schema/server-frame.json", documents::server_schema()),
        ("asyncapi.json", documents::asyncapi()),
    ] {
        fs::write(home.join(path), format!("{document:#}\n"))?;
    }
    let spec = home.join("SPEC.md");
    fs::write(&spec, documents::spec(&fs::read_to_string(&spec)?, &example::of)?)?;
    Ok(())
}

//! Writes `schemas/` afresh from the types of this crate.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    fs::create_dir_all(&folder)?;
    for (name, content) in muster_wire::schema::files() {
        fs::write(folder.join(&name), content)?;
        writeln!(io::stdout(), "schemas/{name}")?;
    }
    Ok(())
}

//! schemathesis, which asks an API everything that its description allows and more: installed by pip, under `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools;

/// The program in the versions that `tests/schemathesis` pins; installed where it is not there yet.
pub(crate) fn find(root: &Path) -> Result<PathBuf, String> {
    let (wanted, folder) = (root.join("tests/schemathesis/requirements.txt"), root.join("target/schemathesis"));
    let (program, installed) = (folder.join("bin/schemathesis"), folder.join("requirements.txt"));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    if program.is_file() && read(&wanted) == read(&installed) {
        return Ok(program);
    }
    let python = tools::find(&["python3"]).ok_or("python3 is not installed: apt-get install -y python3-venv")?;
    let venv = tools::run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder));
    venv.map_err(|why| format!("no room of its own for Python: apt-get install -y python3-venv\n{why}"))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    let pip = pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"]);
    tools::run(pip.arg(&wanted)).map_err(|why| format!("pip cannot install it (is there a network?)\n{why}"))?;
    std::fs::copy(&wanted, &installed).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(program)
}

//! Small libraries that lie to the real program about the machine it runs on.

use std::path::Path;
use std::process::Command;

/// About the time of day: so many seconds as the file that LIE_FILE names says.
pub(crate) const OF_THE_TIME: &str = include_str!("chaos/faults/lie.c");

/// Lets a lie be told to a command. It is built in a folder, by the compiler that builds the program as well.
pub(crate) fn tell(command: &mut Command, lie: &str, folder: &Path) {
    let (source, library) = (folder.join("lie.c"), folder.join("lie.so"));
    std::fs::write(&source, lie).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").output();
    assert!(built.as_ref().is_ok_and(|output| output.status.success()), "{built:?}");
    command.env("LD_PRELOAD", library);
}

//! What the database's files looked like when it was closed: whether anybody touched them since.
//!
//! Invariant: it exists only while the database is closed; every change makes it untrue, by a time
//! that a program cannot set.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

const NAME: &str = "seal";

/// Notes that these files are as they should be.
pub(super) fn put(dir: &Path, files: &[PathBuf]) -> io::Result<()> {
    let mut file = File::create(dir.join(NAME))?;
    file.write_all(&looks(files)?)?;
    file.sync_all()
}

/// Whether the files are still as they were when that was noted.
pub(super) fn holds(dir: &Path, files: &[PathBuf]) -> bool {
    let noted = fs::read(dir.join(NAME));
    noted.is_ok_and(|noted| looks(files).is_ok_and(|looks| looks.as_slice() == noted))
}

/// Before the files are opened for writing.
pub(super) fn lift(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn looks(files: &[PathBuf]) -> io::Result<[u8; 32]> {
    let mut files = files.to_vec();
    files.sort();
    let mut hash = blake3::Hasher::new();
    for path in files {
        let meta = fs::metadata(&path)?;
        let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(&[0]);
        hash.update(&meta.ino().to_be_bytes());
        hash.update(&meta.len().to_be_bytes());
        for time in times {
            hash.update(&time.to_be_bytes());
        }
    }
    Ok(*hash.finalize().as_bytes())
}

//! What an executable needs to run: its loader and its shared libraries. Also its build id.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::elf::{ELF_NOTE_GNU, FileHeader32, FileHeader64, NT_GNU_BUILD_ID};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind, ReadCache};

/// What the headers of an executable say. Reading them costs the same for any size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headers {
    /// Path of the loader (`PT_INTERP`). `None`: linked statically.
    pub(super) interpreter: Option<PathBuf>,
    /// Hash over the content that the linker left in the file (`NT_GNU_BUILD_ID`), in hex.
    pub(super) build_id: Option<String>,
}

/// Reads the headers of an executable. Fails where the file is no ELF file.
pub(super) fn headers(executable: &Path) -> io::Result<Headers> {
    let data = ReadCache::new(File::open(executable)?);
    let headers = match FileKind::parse(&data) {
        Ok(FileKind::Elf64) => parse::<FileHeader64<Endianness>>(&data),
        Ok(FileKind::Elf32) => parse::<FileHeader32<Endianness>>(&data),
        Ok(_) | Err(_) => return Err(invalid("it is no ELF executable")),
    };
    headers.map_err(|cause| invalid(&cause.to_string()))
}

fn parse<Header: FileHeader<Endian = Endianness>>(data: &ReadCache<File>) -> object::Result<Headers> {
    let header = Header::parse(data)?;
    let endian = header.endian()?;
    let mut headers = Headers { interpreter: None, build_id: None };
    for segment in header.program_headers(endian, data)? {
        if let Some(path) = segment.interpreter(endian, data)? {
            headers.interpreter = Some(PathBuf::from(String::from_utf8_lossy(path).into_owned()));
        }
        let Some(mut notes) = segment.notes(endian, data)? else { continue };
        while let Some(note) = notes.next()? {
            if note.name() == ELF_NOTE_GNU && note.n_type(endian) == NT_GNU_BUILD_ID {
                headers.build_id = Some(hexadecimal(note.desc()));
            }
        }
    }
    Ok(headers)
}

/// Bytes in lower-case hex.
pub(in crate::engine) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes any text");
        text
    })
}

/// Absolute paths of all that the loader maps for this executable, the loader itself first. Empty where it is static.
///
/// The loader is asked, as it knows its own search order; asking runs nothing of the executable. Its environment is
/// empty, so what is found here is found in a container too.
pub(super) fn libraries(executable: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(interpreter) = headers(executable)?.interpreter else { return Ok(Vec::new()) };
    let output = Command::new(&interpreter).arg("--list").arg(executable).env_clear().output()?;
    if !output.status.success() {
        let cause = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(invalid(&format!("its loader `{}` refuses it: {cause}", interpreter.display())));
    }
    let mut found = vec![interpreter];
    for library in listed(&String::from_utf8_lossy(&output.stdout))? {
        if !found.contains(&library) {
            found.push(library);
        }
    }
    Ok(found)
}

/// Reads what `ld.so --list` prints: `NAME => PATH (0x…)`, `PATH (0x…)` or, for what the kernel gives, `NAME (0x…)`.
fn listed(listing: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for line in listing.lines().map(str::trim) {
        let (name, place) = line.split_once(" => ").unwrap_or((line, line));
        if place == "not found" {
            return Err(invalid(&format!("it needs the library `{name}`, which is not on this host")));
        }
        let path = place.rsplit_once(" (0x").map_or(place, |(path, _)| path);
        if path.starts_with('/') {
            paths.push(PathBuf::from(path));
        }
    }
    Ok(paths)
}

fn invalid(cause: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{headers, libraries, listed};

    fn this_test() -> PathBuf {
        std::env::current_exe().expect("a test runs from a file")
    }

    #[test]
    fn this_test_binary_has_a_loader_and_a_build_id() {
        let headers = headers(&this_test()).expect("an ELF file");
        assert!(headers.interpreter.is_some_and(|path| path.is_absolute()));
        assert!(headers.build_id.is_some_and(|id| id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn the_libraries_of_this_test_binary_are_files_of_this_host_with_the_loader_first() {
        let found = libraries(&this_test()).expect("libraries");
        assert_eq!(Some(&found[0]), headers(&this_test()).expect("an ELF file").interpreter.as_ref());
        assert!(found.iter().any(|path| path.to_string_lossy().contains("libc.so")), "{found:?}");
        assert!(found.iter().all(|path| path.is_file()), "{found:?}");
    }

    #[test]
    fn a_file_that_is_no_executable_is_refused() {
        let refusal = headers(Path::new("Cargo.toml")).expect_err("Cargo.toml is text");
        assert_eq!(refusal.to_string(), "it is no ELF executable");
    }

    #[test]
    fn a_listing_gives_paths_and_leaves_out_what_the_kernel_gives() {
        let listing = "\tlinux-vdso.so.1 (0x00007f29941e6000)\n\
                       \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2993f7d000)\n\
                       \t/lib64/ld-linux-x86-64.so.2 (0x00007f29941e8000)\n";
        let expected = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(listed(listing).expect("all found"), expected);
    }

    #[test]
    fn a_library_that_is_missing_is_named() {
        let refusal = listed("\tlibodd.so.3 => not found\n").expect_err("a library is missing");
        assert_eq!(refusal.to_string(), "it needs the library `libodd.so.3`, which is not on this host");
    }
}

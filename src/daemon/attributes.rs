//! Extended attributes of a file: access lists, labels of security modules, notes of people. The file that takes another's
//! place has to have them, too: without its access list the same mode lets others in.

use std::ffi::CString;
use std::fs::File;
use std::io;

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

/// Name and value.
pub(super) type Attribute = (CString, Vec<u8>);

/// The access list, which a new file may have from its folder.
const ACCESS_LIST: &str = "system.posix_acl_access";

/// The kernel has neither longer lists nor longer values (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX`).
const LARGEST: usize = 1 << 16;

/// Signatures of what is in the file: those of the old text are wrong for the new one, and the kernel makes them itself.
const SIGNATURES: [&[u8]; 2] = [b"security.ima", b"security.evm"];

/// What a file has. Nothing where its file system knows no attributes.
pub(super) fn of(file: &File) -> io::Result<Vec<Attribute>> {
    let names = match all(|buffer| flistxattr(file, buffer)) {
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
        names => names?,
    };
    let mut attributes = Vec::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty() && !SIGNATURES.contains(name)) {
        let name = CString::new(name)?;
        match all(|buffer| fgetxattr(file, &name, buffer)) {
            // Some are listed for everybody and told to few.
            Err(Errno::NODATA | Errno::ACCESS | Errno::PERM) => {}
            value => attributes.push((name, value?)),
        }
    }
    Ok(attributes)
}

/// Gives a file these, and no access list of its folder's. An error names the attribute.
pub(super) fn give(file: &File, attributes: &[Attribute]) -> Result<(), (String, io::Error)> {
    let failed = |name: &str| {
        let name = name.to_owned();
        move |error: Errno| (name, error.into())
    };
    let present = of(file).map_err(|error| ("list".to_owned(), error))?;
    let is_list = |attribute: &&Attribute| attribute.0.as_bytes() == ACCESS_LIST.as_bytes();
    if present.iter().any(|attribute| is_list(&attribute)) && !attributes.iter().any(|attribute| is_list(&attribute)) {
        fremovexattr(file, ACCESS_LIST).map_err(failed(ACCESS_LIST))?;
    }
    // What is right already needs no right to set it.
    for (name, value) in attributes.iter().filter(|attribute| !present.contains(attribute)) {
        fsetxattr(file, name, value, XattrFlags::empty()).map_err(failed(&name.to_string_lossy()))?;
    }
    Ok(())
}

/// What a call writes into a buffer that nothing is too large for.
fn all(call: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut buffer = vec![0; LARGEST];
    let length = call(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

//! The draft of a request.

use crate::catalog::domain::Catalog;
use crate::kernel::error::{Error, Result, Violation};
use crate::proto::opsp::catalog::v1 as pb;

/// Reads a draft; every fault of it at once.
pub fn read(files: &[pb::CatalogFile]) -> Result<Catalog> {
    let [file] = files else {
        return Err(Error::invalid(
            "files",
            "目前只接受一个文件 catalog.toml",
            "must be one file, catalog.toml, so far",
        ));
    };
    let field = "files[0].content";
    let violation =
        |fault: &dyn std::fmt::Display| Violation::new(field, fault.to_string(), fault.to_string());
    Catalog::parse(&file.content)
        .map_err(|faults| Error::Invalid(faults.iter().map(|fault| violation(fault)).collect()))
}

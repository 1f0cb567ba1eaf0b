//! The draft of a request.

use crate::catalog::convert;
use crate::catalog::domain::Catalog;
use crate::catalog::{import, publish};
use crate::kernel::error::Result;
use crate::proto::opsp::catalog::v1 as pb;

/// Reads a draft; its faults as an import tells them.
pub fn read(files: &[pb::CatalogFile]) -> Result<Catalog> {
    import::parse(&convert::files(files)).map_err(|faults| publish::refused(&faults))
}

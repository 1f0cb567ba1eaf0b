//! 导入: publishes a version of an area's catalogue or of its list of institutions, or tells everything against it.

use super::domain::{Catalog, Fault, InstitutionList};
use super::import::{Draft, File};
use super::store::{self, Catalogs, Collection};
use crate::db::work::Work;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Result, Violation};
use crate::kernel::region::Region;
use time::OffsetDateTime;

/// So many faults are told in a refusal: its details travel in trailers, which are bounded.
const TOLD_MAX: usize = 20;

/// What an import came to.
pub enum Imported<T> {
    /// It is published, now or before with the same content.
    Done {
        /// What it says.
        content: T,
        /// SHA-256 over it.
        sha256: String,
        /// When it was published.
        published_at: OffsetDateTime,
    },
    /// Nothing was written: everything that is wrong.
    Faulty(Vec<Fault>),
}

/// Publishes a catalogue for this call's area. The same content again changes nothing.
pub async fn catalog(work: &Work, catalogs: &Catalogs, files: &[File]) -> Result<Imported<Catalog>> {
    let (mut draft, read) = Draft::catalog(files);
    let Some(catalog) = read else { return Ok(Imported::Faulty(draft.faults())) };
    let area = own_area(work, &mut draft, &catalog.area)?;
    if !catalog.institutions.is_empty() && catalogs.now().has_list(&area) {
        draft.tell(
            "institutions",
            "本统筹区的定点机构名录由 ImportInstitutions 维护，请从目录中删去此部分",
            "the area keeps its list of institutions with ImportInstitutions: leave this part out",
        );
    }
    let (_, sha256) = store::body(&catalog)?;
    let known =
        Known { work, collection: Collection::Catalogs, area: &catalog.area, version: &catalog.version };
    let published = known.same(&mut draft, &sha256).await?;
    let catalog = match draft.finish(Some(catalog)) {
        Ok(catalog) => catalog,
        Err(faults) => return Ok(Imported::Faulty(faults)),
    };
    if published.is_none() {
        store::publish(work, &catalog, files).await?;
    }
    let published_at = published.unwrap_or_else(|| work.now());
    Ok(Imported::Done { content: catalog, sha256, published_at })
}

/// Publishes a list of institutions for this call's area. The same content again changes nothing.
pub async fn institutions(
    work: &Work,
    catalogs: &Catalogs,
    files: &[File],
) -> Result<Imported<InstitutionList>> {
    let (mut draft, read) = Draft::institutions(files);
    let Some(list) = read else { return Ok(Imported::Faulty(draft.faults())) };
    let area = own_area(work, &mut draft, &list.area)?;
    let from = parse_date(&list.in_force_from).unwrap_or_else(|| work.today());
    // A list may come before the first day of the catalogue that it is for.
    let published = catalogs.now().of_day(&area, from.max(work.today()), None);
    let diseases: Vec<_> = published.iter().flat_map(|published| &published.catalog.diseases).collect();
    let known: Vec<_> = diseases.iter().map(|disease| disease.code.as_str()).collect();
    draft.judge(|findings| list.check(findings, &known));
    let (_, sha256) = store::body(&list)?;
    let known = Known { work, collection: Collection::Lists, area: &list.area, version: &list.version };
    let published = known.same(&mut draft, &sha256).await?;
    let list = match draft.finish(Some(list)) {
        Ok(list) => list,
        Err(faults) => return Ok(Imported::Faulty(faults)),
    };
    if published.is_none() {
        store::publish_list(work, &list, files).await?;
    }
    let published_at = published.unwrap_or_else(|| work.now());
    Ok(Imported::Done { content: list, sha256, published_at })
}

/// The files must be for the area that the call names.
fn own_area(work: &Work, draft: &mut Draft, area: &str) -> Result<Region> {
    let own = work.area()?;
    if Region::find(area).is_some_and(|area| area.pooling() == area && area != *own) {
        draft.tell(
            "area",
            format!("与请求的 areas/{own} 不一致"),
            format!("is not the areas/{own} of the request"),
        );
    }
    Ok(own.clone())
}

/// A version that is perhaps published already.
struct Known<'a> {
    work: &'a Work,
    collection: Collection,
    area: &'a str,
    version: &'a str,
}

impl Known<'_> {
    /// When the same content was published under the same version; other content under it is a fault.
    async fn same(&self, draft: &mut Draft, sha256: &str) -> Result<Option<OffsetDateTime>> {
        match store::find(self.work, self.collection, self.area, self.version).await? {
            Some((published, at)) if published == sha256 => Ok(Some(at)),
            Some(_) => {
                let version = self.version;
                draft.tell(
                    "version",
                    format!("版本 {version} 已以不同内容发布；已发布的版本不可更改，请换一个版本号"),
                    format!(
                        "version {version} is published with other content, which never changes: take another"
                    ),
                );
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

/// The refusal of an import that was meant: the first faults, and how to see all.
pub fn refused(faults: &[Fault]) -> Error {
    let count = faults.len();
    let told = count.min(TOLD_MAX);
    let mut violations = vec![Violation::new(
        "files",
        format!("共 {count} 处错误，列出前 {told} 处；以 validate_only 调用导入可得全部"),
        format!(
            "hold {count} faults, of which the first {told} follow: call the import with validate_only for all"
        ),
    )];
    violations.extend(faults.iter().take(TOLD_MAX).map(|fault| {
        let field = format!("{}:{} {}", fault.file, fault.line, fault.path);
        Violation::new(field.trim_end(), fault.zh.as_str(), fault.en.as_str())
    }));
    Error::Invalid(violations)
}

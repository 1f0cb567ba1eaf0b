//! 导入: publishes a version of an area's catalogue or of its list of institutions, or tells everything against it.

use super::domain::{Catalog, Fault, InstitutionList};
use super::import::{Draft, File};
use super::published::Snapshot;
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
    own_area(work, &mut draft, &catalog.area)?;
    let (_, sha256) = store::body(&catalog)?;
    let known =
        Known { work, collection: Collection::Catalogs, area: &catalog.area, version: &catalog.version };
    let published = known.same(&mut draft, &sha256).await?;
    if published.is_none() {
        // Another instance may have published a list a moment ago.
        catalogs.take_up(&work.conn()).await?;
        institutions_once(&mut draft, &catalog, &catalogs.now());
    }
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
    let (_, sha256) = store::body(&list)?;
    let known = Known { work, collection: Collection::Lists, area: &list.area, version: &list.version };
    let published = known.same(&mut draft, &sha256).await?;
    if published.is_none() {
        catalogs.take_up(&work.conn()).await?;
        let from = parse_date(&list.in_force_from).unwrap_or_else(|| work.today());
        // A list may come before the first day of the catalogue that it is for.
        let current = catalogs.now().of_day(&area, from.max(work.today()), None);
        let diseases: Vec<_> = current.iter().flat_map(|current| &current.catalog.diseases).collect();
        let known: Vec<_> = diseases.iter().map(|disease| disease.code.as_str()).collect();
        draft.judge(|findings| list.check(findings, &known));
    }
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

/// Reads a draft that is only tried: it must be one that could be published.
pub fn draft(snapshot: &Snapshot, files: &[File]) -> Result<Catalog> {
    let (mut draft, read) = Draft::catalog(files);
    if let Some(catalog) = &read {
        institutions_once(&mut draft, catalog, snapshot);
    }
    draft.finish(read).map_err(|faults| refused(&faults))
}

/// The institutions of a day come from one place: from the area's list, where there is one on the first day of the
/// catalogue, else from the catalogue. Without any nothing could be paid.
fn institutions_once(draft: &mut Draft, catalog: &Catalog, snapshot: &Snapshot) {
    let Some((area, from)) = Region::find(&catalog.area).zip(parse_date(&catalog.in_force_from)) else {
        return;
    };
    let has_list = snapshot.has_list(&area, from);
    draft.judge(|findings| match catalog.institutions.is_empty() {
        false if has_list => findings.add(
            "institutions",
            "本统筹区的定点机构名录由 ImportInstitutions 维护，请从目录中删去此部分",
            "the area keeps its list of institutions with ImportInstitutions: leave this part out",
        ),
        true if !has_list && findings.sound("institutions", &[]) => findings.add(
            "institutions",
            "目录生效之日本统筹区没有定点机构名录，目录中须列明定点机构",
            "the area has no list of institutions on the catalogue's first day: the catalogue must name them",
        ),
        _ => {}
    });
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

//! Published catalogues and lists of institutions in memory, and which of them holds on a day as it was known at an
//! instant. They never change; new ones are taken up while the server runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::domain::{Catalog, InstitutionList};
use crate::kernel::region::Region;

/// When something that was published holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// 统筹区.
    pub area: Region,
    /// First day on which it is in force.
    pub from: Date,
    /// SHA-256 over its content, hexadecimal.
    pub sha256: String,
    /// When it was published.
    pub published_at: OffsetDateTime,
}

impl Edition {
    fn holds(&self, pooling: &Region, day: Date, known_at: Option<OffsetDateTime>) -> bool {
        self.area == *pooling && self.from <= day && known_at.is_none_or(|known| self.published_at <= known)
    }
}

/// A published catalogue, with the institutions that go with it.
#[derive(Clone, Debug)]
pub struct Published {
    /// What it says.
    pub catalog: Catalog,
    /// 统筹区.
    pub area: Region,
    /// First day on which it is in force.
    pub from: Date,
    /// SHA-256 over its content, hexadecimal.
    pub sha256: String,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// Version of the list from which its institutions are; its own version where they are its own.
    pub institutions_version: String,
    /// SHA-256 over that list, hexadecimal; its own where they are its own.
    pub institutions_sha256: String,
}

/// Version and hash of the catalogue that a decision rests on, as the decision names it. Both are empty in what was
/// journalled before it was named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cited {
    /// Its version.
    pub catalog_version: String,
    /// Its hash.
    pub catalog_sha256: String,
}

/// A published list of institutions.
#[derive(Debug)]
pub struct PublishedList {
    /// What it says.
    pub list: InstitutionList,
    /// When it holds.
    pub edition: Edition,
}

/// Everything that is published at a moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Catalogues, as they were published.
    pub catalogs: Vec<Arc<Published>>,
    /// Lists of institutions.
    pub lists: Vec<Arc<PublishedList>>,
    /// Catalogues with institutions of a list, by the places of both: made when they are first asked for.
    joined: Mutex<HashMap<(usize, usize), Arc<Published>>>,
}

impl Snapshot {
    /// Of these.
    pub fn new(catalogs: Vec<Arc<Published>>, lists: Vec<Arc<PublishedList>>) -> Self {
        Self { catalogs, lists, joined: Mutex::default() }
    }

    /// How much there is. Nothing is ever taken away.
    pub fn size(&self) -> usize {
        self.catalogs.len() + self.lists.len()
    }

    /// The catalogue in force on a day, as it was known at an instant: of those published by then the one with the latest
    /// first day, and of several with the same the one published last.
    pub fn of_day(
        &self,
        area: &Region,
        day: Date,
        known_at: Option<OffsetDateTime>,
    ) -> Option<Arc<Published>> {
        self.last_begun(area, day, known_at, |_| true)
    }

    /// The catalogue in force on a day, or where that does not satisfy the last one before it that does.
    pub fn latest(
        &self,
        area: &Region,
        day: Date,
        satisfies: impl Fn(&Catalog) -> bool,
    ) -> Option<Arc<Published>> {
        self.last_begun(area, day, None, satisfies)
    }

    fn last_begun(
        &self,
        area: &Region,
        day: Date,
        known_at: Option<OffsetDateTime>,
        satisfies: impl Fn(&Catalog) -> bool,
    ) -> Option<Arc<Published>> {
        let pooling = area.pooling();
        let holds = |published: &Published| {
            let known = known_at.is_none_or(|known| published.published_at <= known);
            published.area == pooling && published.from <= day && known && satisfies(&published.catalog)
        };
        let catalogs = self.catalogs.iter().enumerate().filter(|(_, published)| holds(published));
        let found = catalogs.max_by_key(|(_, published)| (published.from, published.published_at))?;
        Some(self.with_institutions(found, day, known_at))
    }

    /// The very catalogue that something was decided under, whatever was published since, with the institutions of the
    /// day.
    pub fn named(&self, area: &Region, day: Date, sha256: &str) -> Option<Arc<Published>> {
        let pooling = area.pooling();
        let mut catalogs = self.catalogs.iter().enumerate();
        let found =
            catalogs.find(|(_, published)| published.area == pooling && published.sha256 == sha256)?;
        Some(self.with_institutions(found, day, None))
    }

    /// The very catalogue with the very institutions by which something was paid, by the hashes of both.
    pub fn paid_by(
        &self,
        area: &Region,
        catalog_sha256: &str,
        institutions_sha256: &str,
    ) -> Option<Arc<Published>> {
        let pooling = area.pooling();
        let mut catalogs = self.catalogs.iter().enumerate();
        let (place, published) = catalogs
            .find(|(_, published)| published.area == pooling && published.sha256 == catalog_sha256)?;
        if published.institutions_sha256 == institutions_sha256 {
            return Some(published.clone());
        }
        let mut lists = self.lists.iter().enumerate();
        let list = lists
            .find(|(_, list)| list.edition.area == pooling && list.edition.sha256 == institutions_sha256)?;
        Some(self.join((place, published), list))
    }

    fn with_institutions(
        &self,
        found: (usize, &Arc<Published>),
        day: Date,
        known_at: Option<OffsetDateTime>,
    ) -> Arc<Published> {
        let lists = self.lists.iter().enumerate();
        let list = lists
            .filter(|(_, list)| list.edition.holds(&found.1.area, day, known_at))
            .max_by_key(|(_, list)| (list.edition.from, list.edition.published_at));
        list.map_or_else(|| found.1.clone(), |list| self.join(found, list))
    }

    fn join(
        &self,
        (place, published): (usize, &Arc<Published>),
        (list_place, list): (usize, &Arc<PublishedList>),
    ) -> Arc<Published> {
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        let found = joined.entry((place, list_place)).or_insert_with(|| Arc::new(published.with(list)));
        found.clone()
    }

    /// Whether an area has a list of institutions of its own on a day.
    pub fn has_list(&self, area: &Region, day: Date) -> bool {
        self.lists.iter().any(|list| list.edition.holds(area, day, None))
    }
}

impl Published {
    /// How a decision that rests on it names it.
    pub fn cited(&self) -> Cited {
        Cited { catalog_version: self.catalog.version.clone(), catalog_sha256: self.sha256.clone() }
    }

    fn with(&self, PublishedList { list, edition }: &PublishedList) -> Self {
        // What is half made up is a sample.
        let (institutions, sample) = (list.institutions.clone(), self.catalog.sample || list.sample);
        let catalog = Catalog { institutions, sample, ..self.catalog.clone() };
        Self {
            catalog,
            institutions_version: list.version.clone(),
            institutions_sha256: edition.sha256.clone(),
            ..self.clone()
        }
    }

    /// The sample as it is published, for tests.
    #[cfg(test)]
    pub fn sample() -> Self {
        let catalog = Catalog::parse(super::domain::SAMPLE).unwrap();
        let body = serde_json::to_string(&catalog).unwrap();
        Self {
            area: Region::find(&catalog.area).unwrap(),
            from: crate::kernel::calendar::parse_date(&catalog.in_force_from).unwrap(),
            sha256: Catalog::sha256(&body),
            published_at: OffsetDateTime::UNIX_EPOCH,
            institutions_version: catalog.version.clone(),
            institutions_sha256: Catalog::sha256(&body),
            catalog,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    fn published(version: &str, from: Date, published_at: OffsetDateTime) -> Arc<Published> {
        let sample = Published::sample();
        let catalog = Catalog { version: version.to_owned(), ..sample.catalog.clone() };
        let sha256 = format!("hash of {version}");
        Arc::new(Published {
            catalog,
            from,
            published_at,
            institutions_version: version.to_owned(),
            institutions_sha256: sha256.clone(),
            sha256,
            ..sample
        })
    }

    #[test]
    fn both_axes_of_time_choose_the_version() {
        let first = datetime!(2025-01-10 00:00 UTC);
        let later = datetime!(2025-02-10 00:00 UTC);
        let snapshot = Snapshot::new(
            vec![
                published("a", date!(2025 - 01 - 01), first),
                published("b", date!(2025 - 03 - 01), first),
                published("a-corrected", date!(2025 - 01 - 01), later),
            ],
            Vec::new(),
        );
        let area = Region::find("620902").unwrap();
        let version =
            |day, known| snapshot.of_day(&area, day, known).map(|found| found.catalog.version.clone());
        let check = |day, known, expected: &str| {
            assert_eq!(version(day, known).as_deref().unwrap_or("none"), expected, "{day} {known:?}");
        };
        check(date!(2025 - 02 - 28), None, "a-corrected");
        check(date!(2025 - 02 - 28), Some(first), "a");
        check(date!(2025 - 03 - 01), None, "b");
        check(date!(2025 - 03 - 01), Some(first - time::Duration::SECOND), "none");
        check(date!(2024 - 12 - 31), None, "none");
    }

    #[test]
    fn what_was_decided_under_a_catalogue_stays_under_it() {
        let first = datetime!(2025-01-10 00:00 UTC);
        let named = |version: &str, at| published(version, date!(2025 - 01 - 01), at);
        let correction = named("a-corrected", first + time::Duration::DAY);
        let snapshot = Snapshot::new(vec![named("a", first), correction], Vec::new());
        let area = Region::find("620902").unwrap();
        let found = |sha256: &str| {
            let found = snapshot.named(&area, date!(2025 - 03 - 01), sha256);
            found.map(|found| found.catalog.version.clone())
        };
        assert_eq!(found("hash of a").as_deref(), Some("a"));
        assert_eq!(found("hash of nothing"), None);
    }

    #[test]
    fn a_list_holds_instead_of_the_catalogues_own_from_its_first_day() {
        let at = datetime!(2025-01-10 00:00 UTC);
        let mut own = Arc::unwrap_or_clone(published("a", date!(2025 - 01 - 01), at));
        own.catalog.sample = false;
        let own = Arc::new(own);
        let institutions = own.catalog.institutions[..2].to_vec();
        let list = InstitutionList {
            area: "620900".to_owned(),
            version: "list-1".to_owned(),
            in_force_from: "2025-06-01".to_owned(),
            sample: true,
            source: "样例".to_owned(),
            institutions,
        };
        let edition = Edition {
            area: own.area.clone(),
            from: date!(2025 - 06 - 01),
            sha256: "hash of list-1".to_owned(),
            published_at: at,
        };
        let area = own.area.clone();
        let snapshot = Snapshot::new(vec![own], vec![Arc::new(PublishedList { list, edition })]);
        let count = |day| {
            let found = snapshot.of_day(&area, day, None).unwrap();
            (found.catalog.institutions.len(), found.institutions_version.clone(), found.catalog.sample)
        };
        assert_eq!(count(date!(2025 - 05 - 31)), (8, "a".to_owned(), false));
        assert_eq!(
            count(date!(2025 - 06 - 01)),
            (2, "list-1".to_owned(), true),
            "a sample list makes a sample"
        );
        let has_list = |day| snapshot.has_list(&area, day);
        assert_eq!((has_list(date!(2025 - 05 - 31)), has_list(date!(2025 - 06 - 01))), (false, true));
        // Both are found by their hashes, on whatever day, and nothing else is.
        let paid_by = |institutions: &str| {
            let found = snapshot.paid_by(&area, "hash of a", institutions)?;
            Some((found.catalog.institutions.len(), found.institutions_sha256.clone()))
        };
        assert_eq!(paid_by("hash of a"), Some((8, "hash of a".to_owned())));
        assert_eq!(paid_by("hash of list-1"), Some((2, "hash of list-1".to_owned())));
        assert_eq!(paid_by(""), None);
        assert!(snapshot.paid_by(&area, "hash of list-1", "hash of list-1").is_none());
    }
}

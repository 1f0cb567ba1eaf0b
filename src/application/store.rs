//! Applications in their tables. The body is sealed; the columns beside it are for those who search.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use super::domain::{Application, Event, LineState};
use super::row::{application, line};
use crate::catalog::domain::Insutype;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::deadline::domain::{Kind, Subject};
use crate::deadline::store as deadline;
use crate::kernel::access::Person;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::region::Region;
use crate::kernel::step::Step;

/// An application as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The application.
    pub application: Application,
    /// Its version.
    pub version: i64,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

impl Stored {
    /// The same, when it is what the caller has read. An empty etag asks for no comparison.
    pub fn unless_stale(self, etag: &str) -> Result<Self> {
        if etag.is_empty() || etag == self.etag() { Ok(self) } else { Err(Error::Stale) }
    }

    /// Its etag.
    pub fn etag(&self) -> String {
        self.version.to_string()
    }
}

/// `insured/{psn_no}/applications/{id}`.
pub fn name(person: &Person, id: Id) -> String {
    format!("{}/applications/{id}", person.name())
}

/// One application of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let person = view.person()?;
    let key = (person.psn_no.as_str().to_owned(), id.0);
    let row = application::Entity::find_by_id(key).one(&view.conn()).await.map_err(failed)?;
    parse(view, row.ok_or_else(|| Error::NotFound(name(person, id)))?)
}

/// Applications of this call's person, newest first, before an id.
pub async fn list(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    let mut find =
        application::Entity::find().filter(application::Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    if let Some(before) = before {
        find = find.filter(application::Column::Id.lt(before.0));
    }
    let rows =
        find.order_by_desc(application::Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| parse(view, row)).collect()
}

/// Applications with the experts, or waiting for their applicant, in this call's area, and others of it that are named,
/// oldest first, after an id: each with its person.
pub async fn under_review(
    view: &View,
    others: &[Id],
    after: Option<Id>,
    most: u64,
) -> Result<Vec<(PsnNo, Id)>> {
    use application::Column;
    let mut find = application::Entity::find()
        .select_only()
        .columns([Column::PsnNo, Column::Id])
        .filter(Column::Area.starts_with(view.area()?.prefix()))
        .filter(
            Condition::any()
                .add(Column::State.is_in(["accepted", "awaiting_supplement"]))
                .add(Column::Id.is_in(others.iter().map(|id| id.0))),
        );
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.0));
    }
    let rows: Vec<(String, uuid::Uuid)> =
        find.order_by_asc(Column::Id).limit(most).into_tuple().all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|(psn_no, id)| Ok((PsnNo::parse(&psn_no)?, Id(id)))).collect()
}

/// Diseases of this call's person that are applied for and neither decided against nor granted; drafts count. What
/// the application `except` asks for is left out.
pub async fn open_codes(view: &View, except: Option<Id>) -> Result<Vec<String>> {
    let open = [LineState::Pending, LineState::Approved, LineState::InNotice].map(LineState::word);
    let mut find = line::Entity::find()
        .filter(line::Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(line::Column::State.is_in(open));
    if let Some(except) = except {
        find = find.filter(line::Column::ApplicationId.ne(except.0));
    }
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    Ok(rows.into_iter().map(|row| row.opsp_dise_code).collect())
}

/// Applications of all people that are neither drafts nor at their end, person by person, after one of them.
pub async fn undecided(view: &View, after: Option<&(PsnNo, Id)>, most: u64) -> Result<Vec<(PsnNo, Id)>> {
    use application::{Column, Entity};
    let mut find =
        Entity::find().filter(Column::State.is_in(["submitted", "accepted", "awaiting_supplement"]));
    if let Some((psn_no, id)) = after {
        let same = Condition::all().add(Column::PsnNo.eq(psn_no.as_str())).add(Column::Id.gt(id.0));
        find = find.filter(Condition::any().add(Column::PsnNo.gt(psn_no.as_str())).add(same));
    }
    let find = find.order_by_asc(Column::PsnNo).order_by_asc(Column::Id).limit(most);
    let rows = find.all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(|row| Ok((PsnNo::parse(&row.psn_no)?, Id(row.id)))).collect()
}

/// Saves a new application with its event.
pub async fn create(
    work: &Work,
    calendar: &Calendar,
    step: Step<impl Into<Application>, Event>,
) -> Result<Stored> {
    let application = step.state.into();
    let person = work.person()?;
    let case = application.case();
    let row = application::ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(case.id.0),
        area: Set(case.area.as_str().to_owned()),
        insutype: Set(case.insutype.code()),
        state: Set(application.word().to_owned()),
        body: Set(work.seal(&name(person, case.id), &application)?),
        version: Set(1),
        created_at: Set(micros(case.created_at)),
        updated_at: Set(micros(work.now())),
    };
    work.insert(row, Entry::new(name(person, case.id), 1, &step.event)?).await?;
    save_lines(work, &application).await?;
    keep_deadlines(work, calendar, &application).await?;
    Ok(Stored { application, version: 1, updated_at: work.now() })
}

/// Saves a step of an application that was read in `version`.
pub async fn save(
    work: &Work,
    calendar: &Calendar,
    version: i64,
    step: Step<impl Into<Application>, Event>,
) -> Result<Stored> {
    use application::Column;
    let application = step.state.into();
    let person = work.person()?;
    let case = application.case();
    let id = case.id;
    let update = application::Entity::update_many()
        .col_expr(Column::Area, Expr::value(case.area.as_str()))
        .col_expr(Column::Insutype, Expr::value(case.insutype.code()))
        .col_expr(Column::State, Expr::value(application.word()))
        .col_expr(Column::Body, Expr::value(work.seal(&name(person, id), &application)?))
        .col_expr(Column::Version, Expr::value(version + 1))
        .col_expr(Column::UpdatedAt, Expr::value(micros(work.now())))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(name(person, id), version + 1, &step.event)?).await?;
    save_lines(work, &application).await?;
    keep_deadlines(work, calendar, &application).await?;
    Ok(Stored { application, version: version + 1, updated_at: work.now() })
}

async fn save_lines(work: &Work, application: &Application) -> Result<()> {
    let (person, case) = (work.person()?, application.case());
    let closed = matches!(application, Application::Withdrawn(_) | Application::Refused(_));
    let mut kept = Vec::new();
    for found in application.lines().into_iter().filter(|_| !closed) {
        let row = line::ActiveModel {
            psn_no: Set(person.psn_no.as_str().to_owned()),
            application_id: Set(case.id.0),
            opsp_dise_code: Set(found.code.clone()),
            area: Set(case.area.as_str().to_owned()),
            insutype: Set(case.insutype.code()),
            state: Set(found.state.word().to_owned()),
        };
        let key = [line::Column::PsnNo, line::Column::ApplicationId, line::Column::OpspDiseCode];
        let changing = [line::Column::Area, line::Column::Insutype, line::Column::State];
        let upsert = OnConflict::columns(key).update_columns(changing).to_owned();
        work.upsert_part(line::Entity::insert(row).on_conflict(upsert)).await?;
        kept.push(found.code);
    }
    let gone = line::Entity::delete_many()
        .filter(line::Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(line::Column::ApplicationId.eq(case.id.0))
        .filter(line::Column::OpspDiseCode.is_not_in(kept));
    work.delete_part(gone).await
}

/// Copies the clocks of an application among the deadlines.
pub async fn keep_deadlines(work: &Work, calendar: &Calendar, application: &Application) -> Result<()> {
    let (person, case) = (work.person()?, application.case());
    let subject = |kind| Subject {
        name: name(person, case.id),
        id: case.id,
        kind,
        area: case.area.clone(),
        officer: application.officer().to_owned(),
        codes: application.form().codes(),
        state: application.word().to_owned(),
        within: None,
    };
    let acceptance = application.acceptance_clock();
    deadline::keep(work, calendar, &subject(Kind::Acceptance), acceptance.as_ref()).await?;
    deadline::keep(work, calendar, &subject(Kind::Review), application.clock()).await?;
    deadline::follow(work, calendar, case.id, application.clock()).await
}

fn parse(view: &View, row: application::Model) -> Result<Stored> {
    let place = format!("insured/{}/applications/{}", row.psn_no, row.id);
    let application: Application = view.open(&place, &row.body)?;
    if application.word() != row.state || application.case().id.0 != row.id {
        return Err(Error::internal(format!(
            "application {}: impossible row in state {}",
            row.id, row.state
        )));
    }
    Ok(Stored { application, version: row.version, updated_at: from_micros(row.updated_at) })
}

impl From<super::domain::Draft> for Application {
    fn from(state: super::domain::Draft) -> Self {
        Self::Draft(state)
    }
}

impl From<super::domain::Submitted> for Application {
    fn from(state: super::domain::Submitted) -> Self {
        Self::Submitted(state)
    }
}

impl From<super::domain::Accepted> for Application {
    fn from(state: super::domain::Accepted) -> Self {
        Self::Accepted(state)
    }
}

impl From<super::domain::Awaiting> for Application {
    fn from(state: super::domain::Awaiting) -> Self {
        Self::AwaitingSupplement(state)
    }
}

impl From<super::domain::Decided> for Application {
    fn from(state: super::domain::Decided) -> Self {
        Self::Decided(state)
    }
}

impl From<super::domain::Refused> for Application {
    fn from(state: super::domain::Refused) -> Self {
        Self::Refused(state)
    }
}

impl From<super::domain::Withdrawn> for Application {
    fn from(state: super::domain::Withdrawn) -> Self {
        Self::Withdrawn(state)
    }
}

/// An approved line that waits for a notice.
#[derive(Clone, Debug)]
pub struct ApprovedLine {
    /// The person.
    pub psn_no: PsnNo,
    /// The application.
    pub application: Id,
    /// 病种代码.
    pub code: String,
}

/// The approved lines of an insured kind in an area and its parts, person by person.
pub async fn approved_lines(view: &View, area: &Region, insutype: Insutype) -> Result<Vec<ApprovedLine>> {
    let rows = line::Entity::find()
        .filter(line::Column::State.eq(LineState::Approved.word()))
        .filter(line::Column::Insutype.eq(insutype.code()))
        .order_by_asc(line::Column::PsnNo)
        .order_by_asc(line::Column::ApplicationId)
        .order_by_asc(line::Column::OpspDiseCode)
        .all(&view.conn())
        .await
        .map_err(failed)?;
    let inside = |row: &line::Model| Region::find(&row.area).is_some_and(|found| area.contains(&found));
    let parsed = |row: line::Model| {
        let psn_no = PsnNo::parse(&row.psn_no)?;
        Ok(ApprovedLine { psn_no, application: Id(row.application_id), code: row.opsp_dise_code })
    };
    rows.into_iter().filter(inside).map(parsed).collect()
}

//! The stream of an import. One task reads and prepares rows, another stores those that have arrived, all together:
//! while it does so the next ones arrive. Nobody waits for a batch to fill, and nothing is answered before it is stored
//! for good. What waits in between is bounded in rows and in bytes, whatever the sender does.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tonic::{Status, Streaming};

use super::convert;
use super::domain::Stated;
use super::refusal::NotTaken;
use super::store::{Prepared, prepare};
use super::take_over::{Outcome, many, one};
use crate::db::Db;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::proto::opsp::insured::v1 as pb;
use crate::rpc::status::{Language, status};

/// Most rows of one transaction, and most that wait for the next one.
const ROWS: usize = 1_000;
/// Most KiB of rows that are read and not yet stored.
const KIB: u32 = 8 << 10;

type Answer = std::result::Result<pb::ImportInsuredResponse, Status>;

/// Who imports, and where.
#[derive(Clone)]
pub struct Import {
    /// The database.
    pub db: Db,
    /// True once the server takes no new calls.
    pub draining: watch::Receiver<bool>,
    /// Who sends the rows.
    pub actor: Actor,
    /// The language of refusals.
    pub language: Language,
}

/// A row on its way, with its share of what may wait.
struct Waiting {
    row: i64,
    found: Result<Prepared, Vec<Refusal>>,
    _share: OwnedSemaphorePermit,
}

impl Import {
    /// Takes over a stream of rows. When the answers are dropped, what was not answered is given up.
    pub fn run(self, input: Streaming<pb::ImportInsuredRequest>) -> BoxStream<'static, Answer> {
        let (rows_in, rows) = mpsc::channel(ROWS);
        let (answers_in, answers) = mpsc::channel(ROWS);
        let mut tasks = JoinSet::new();
        tasks.spawn(self.clone().read(input, rows_in));
        tasks.spawn(self.clone().store(rows, answers_in));
        let language = self.language;
        let next = move |(mut answers, mut tasks): (mpsc::Receiver<Answer>, JoinSet<()>)| async move {
            if let Some(answer) = answers.recv().await {
                return Some((answer, (answers, tasks)));
            }
            // No more answers: a task that came down must not look like the end of the rows.
            while let Some(ended) = tasks.join_next().await {
                if let Err(error) = ended {
                    let error = status(Error::Internal(error.into()), language);
                    return Some((Err(error), (answers, tasks)));
                }
            }
            None
        };
        stream::unfold((answers, tasks), next).boxed()
    }

    async fn read(
        mut self,
        mut input: Streaming<pb::ImportInsuredRequest>,
        rows: mpsc::Sender<Result<Waiting, Status>>,
    ) {
        let shares = Arc::new(Semaphore::new(usize::try_from(KIB).unwrap_or(0)));
        loop {
            let waiting = match self.next(&mut input, &shares).await {
                Ok(Some(waiting)) => Ok(waiting),
                Ok(None) => return,
                Err(status) => Err(status),
            };
            let ended = waiting.is_err();
            if rows.send(waiting).await.is_err() || ended {
                return;
            }
        }
    }

    async fn next(
        &mut self,
        input: &mut Streaming<pb::ImportInsuredRequest>,
        shares: &Arc<Semaphore>,
    ) -> Result<Option<Waiting>, Status> {
        let told = |error| status(error, self.language);
        let message = tokio::select! {
            message = input.message() => message?,
            // What was answered is done; the rest can be sent to another instance.
            _ = self.draining.wait_for(|draining| *draining) => {
                return Err(told(Error::Unavailable("the server is going down")));
            }
        };
        let Some(row) = message else { return Ok(None) };
        let kib = u32::try_from(row.encoded_len() >> 10).unwrap_or(KIB).saturating_add(1).min(KIB);
        let share = Arc::clone(shares).acquire_many_owned(kib).await;
        let share = share.map_err(|closed| told(Error::Internal(closed.into())))?;
        let found = self.prepare(&row).map_err(told)?;
        Ok(Some(Waiting { row: row.row, found, _share: share }))
    }

    /// The row as it will be stored, or everything that stands against it before anything is looked up.
    fn prepare(&self, row: &pb::ImportInsuredRequest) -> Result<Result<Prepared, Vec<Refusal>>> {
        let today = local_day(self.db.time().now());
        let mut refusals = convert::shape(row)?;
        if refusals.iter().all(|refusal| refusal.subject != "insu_admdvs")
            && Region::find(&row.insu_admdvs).is_none()
        {
            refusals.push(NotTaken::AreaUnknown.into());
        }
        let mut insured = convert::insured(row);
        if let Some(insured) = &mut insured {
            let mut faults = Vec::new();
            // Of a list that is too long, or has an item that cannot be read, nothing else can be said.
            let shapeless =
                |told: &Refusal| ["spells", "payments"].iter().any(|list| told.subject.starts_with(list));
            if !refusals.iter().any(shapeless) {
                match convert::history(row, insured, today) {
                    Ok(history) => insured.history = history,
                    Err(wrong) => faults = wrong,
                }
            }
            let own = insured.faults(today);
            faults.retain(|fault| own.iter().all(|told| told.subject != fault.subject));
            faults.extend(own);
            if !self.actor.holds(&insured.insu_admdvs) {
                faults.push(NotTaken::AreaOutOfReach.into());
            }
            faults.retain(|fault| refusals.iter().all(|told| told.subject != fault.subject));
            refusals.extend(convert::told(faults));
        }
        match insured {
            Some(mut insured) if refusals.is_empty() => {
                // As a new person's row is stored. What else is known of one who is there is added to it later.
                insured.stated = Stated::since(today);
                prepare(self.db.keys(), self.db.random(), insured).map(Ok)
            }
            None if refusals.is_empty() => Err(Error::internal("a row of the right shape has no person")),
            Some(_) | None => Ok(Err(refusals)),
        }
    }

    async fn store(self, mut rows: mpsc::Receiver<Result<Waiting, Status>>, answers: mpsc::Sender<Answer>) {
        let mut arrived = Vec::new();
        while rows.recv_many(&mut arrived, ROWS).await > 0 {
            if !self.store_all(std::mem::take(&mut arrived), &answers).await {
                return;
            }
        }
    }

    /// Stores what has arrived and answers it in order. False when nothing more is to be done.
    async fn store_all(&self, arrived: Vec<Result<Waiting, Status>>, answers: &mpsc::Sender<Answer>) -> bool {
        let good = arrived.iter().flatten().filter_map(|waiting| waiting.found.as_ref().ok());
        let good: Vec<&Prepared> = good.collect();
        let mut together = match good.as_slice() {
            // One alone is run again when it loses a race: there is nobody to be kept apart from.
            [] | [_] => None,
            rows => self.together(rows).await.map(Vec::into_iter),
        };
        for waiting in arrived {
            let answer = match waiting {
                Err(ended) => Err(ended),
                Ok(Waiting { row, found: Err(refusals), .. }) => {
                    Ok(convert::result(row, Outcome::Refused(refusals)))
                }
                Ok(Waiting { row, found: Ok(prepared), .. }) => {
                    let outcome = match together.as_mut().and_then(Iterator::next) {
                        Some(outcome) => Ok(outcome),
                        None => self.alone(row, &prepared).await,
                    };
                    // Not the row's fault: the stream ends, and what was not answered can be sent again.
                    outcome
                        .map(|outcome| convert::result(row, outcome))
                        .map_err(|error| status(error, self.language))
                }
            };
            let ended = answer.is_err();
            if answers.send(answer).await.is_err() || ended {
                return false;
            }
        }
        true
    }

    /// The outcome of a row that is stored alone. What is wrong with what is stored of its person, or with the row in the
    /// eyes of the database, is the operator's to mend: it must not keep the rows after it from being stored, now and
    /// whenever they are sent. Any other failure is not the row's, and would befall the next one too.
    async fn alone(&self, row: i64, prepared: &Prepared) -> Result<Outcome> {
        match one(&self.db, &self.actor, prepared).await {
            Err(error) if error.is_of_row() => {
                tracing::error!(row, %error, "a row of an import failed on a broken invariant");
                Ok(NotTaken::RowFailed.into())
            }
            done => done,
        }
    }

    /// The outcomes of rows that are stored in one transaction; none when it fails, for then each is stored alone, so
    /// that one row's bad luck touches no other.
    async fn together(&self, rows: &[&Prepared]) -> Option<Vec<Outcome>> {
        match many(&self.db, &self.actor, rows).await {
            Ok(outcomes) => Some(outcomes),
            Err(error) => {
                tracing::info!(rows = rows.len(), %error, "rows of an import are stored one by one");
                None
            }
        }
    }
}

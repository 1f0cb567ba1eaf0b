//! SettlementService.

use tonic::Request;

use super::calculation::Line;
use super::domain::{Bill, BillKey, Reversed, Settled, Settlement};
use super::preview::{self, Preview};
use super::store::name;
use super::{query, reverse, settle};
use crate::app::App;
use crate::db::Db;
use crate::kernel::access::Person;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, name_parts};
use crate::kernel::money::Money;
use crate::proto::opsp::settlement::v1 as pb;
use crate::rpc::call::{Answer, Serves, read, write};
use crate::rpc::parse::{date_message, day, timestamp};

/// The service.
pub struct Service(pub App);

impl Serves for Service {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

#[tonic::async_trait]
impl pb::settlement_service_server::SettlementService for Service {
    async fn preview_settlement(
        &self,
        request: Request<pb::PreviewSettlementRequest>,
    ) -> Answer<pb::Settlement> {
        read(self, request, |service, view, input| {
            Box::pin(async move {
                let bill = bill(input.bill.as_ref())?;
                let person = view.person()?;
                Ok(match preview::preview(view, &service.0.catalogs, bill).await? {
                    Preview::Again(settlement) => message(person, &settlement),
                    Preview::New(settlement) => pb::Settlement {
                        name: String::new(),
                        setl_id: String::new(),
                        state: pb::SettlementState::Unspecified.into(),
                        settle_time: None,
                        ..message(person, &settlement)
                    },
                })
            })
        })
        .await
    }

    async fn settle(&self, request: Request<pb::SettleRequest>) -> Answer<pb::Settlement> {
        write(self, request, |service, work, input| {
            Box::pin(async move {
                let bill = bill(input.bill.as_ref())?;
                let stored = settle::settle(work, &service.0.catalogs, bill).await?;
                Ok(message(work.person()?, &stored.settlement))
            })
        })
        .await
    }

    async fn reverse_settlement(
        &self,
        request: Request<pb::ReverseSettlementRequest>,
    ) -> Answer<pb::Settlement> {
        write(self, request, |_, work, input| {
            Box::pin(async move {
                let bill = BillKey {
                    fixmedins_code: input.fixmedins_code.clone(),
                    medins_setl_id: input.medins_setl_id.clone(),
                };
                let stored = reverse::reverse(work, bill).await?;
                Ok(message(work.person()?, &stored.settlement))
            })
        })
        .await
    }

    async fn get_settlement(&self, request: Request<pb::GetSettlementRequest>) -> Answer<pb::Settlement> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let [_, id] = name_parts(&input.name, ["insured", "settlements"])?;
                let id = Id::parse(id).map_err(|_| Error::not_found(&input.name))?;
                let stored = query::get(view, id).await?;
                Ok(message(view.person()?, &stored.settlement))
            })
        })
        .await
    }

    async fn list_settlements(
        &self,
        request: Request<pb::ListSettlementsRequest>,
    ) -> Answer<pb::ListSettlementsResponse> {
        read(self, request, |_, view, input| {
            Box::pin(async move {
                let paged = query::list(view, input.page_size, &input.page_token).await?;
                let person = view.person()?;
                Ok(pb::ListSettlementsResponse {
                    settlements: paged
                        .items
                        .iter()
                        .map(|stored| message(person, &stored.settlement))
                        .collect(),
                    next_page_token: paged.next_page_token,
                })
            })
        })
        .await
    }
}

/// The bill of a request. Whose it is, the call knows already.
fn bill(message: Option<&pb::Bill>) -> Result<Bill> {
    let message = message.ok_or_else(|| Error::invalid("bill", "必填", "is required"))?;
    Ok(Bill {
        code: message.opsp_dise_code.clone(),
        key: BillKey {
            fixmedins_code: message.fixmedins_code.clone(),
            medins_setl_id: message.medins_setl_id.clone(),
        },
        mdtrt_id: message.mdtrt_id.clone(),
        service_day: day("bill.service_day", message.service_day.as_ref())?,
        total: Money(message.medfee_sumamt_fen),
        in_scope: Money(message.inscp_scp_amt_fen),
    })
}

fn message(person: &Person, settlement: &Settlement) -> pb::Settlement {
    let id = settlement.id();
    let (state, settled, reversed_at) = match settlement {
        Settlement::Settled(settled) => (pb::SettlementState::Settled, Some(settled), None),
        Settlement::Reversed(Reversed { settled, reversed_at }) => {
            (pb::SettlementState::Reversed, Some(settled), Some(*reversed_at))
        }
        Settlement::Unseen(unseen) => (pb::SettlementState::Reversed, None, Some(unseen.reversed_at)),
    };
    let (key, psn_no) = (settlement.key(), person.psn_no.as_str().to_owned());
    let known = pb::Settlement {
        name: name(person, id),
        setl_id: id.base32(),
        state: state.into(),
        bill: Some(pb::Bill {
            psn_no,
            fixmedins_code: key.fixmedins_code.clone(),
            medins_setl_id: key.medins_setl_id.clone(),
            ..Default::default()
        }),
        reverse_time: reversed_at.map(timestamp),
        ..Default::default()
    };
    match settled {
        Some(settled) => with_amounts(known, settled),
        None => known,
    }
}

fn with_amounts(known: pb::Settlement, settled: &Settled) -> pb::Settlement {
    let Settled { bill, calculated, source, .. } = settled;
    pb::Settlement {
        bill: Some(pb::Bill {
            opsp_dise_code: bill.code.clone(),
            mdtrt_id: bill.mdtrt_id.clone(),
            service_day: Some(date_message(bill.service_day)),
            medfee_sumamt_fen: bill.total.0,
            inscp_scp_amt_fen: bill.in_scope.0,
            ..known.bill.unwrap_or_default()
        }),
        act_pay_dedc_fen: calculated.deductible.0,
        pool_prop_selfpay_bp: calculated.ratio.0,
        fund_pay_sumamt_fen: calculated.fund.0,
        psn_part_amt_fen: calculated.person.0,
        left_fen: calculated.left.0,
        explanation: calculated.explanation.iter().map(line).collect(),
        catalog_version: source.catalog_version.clone(),
        catalog_sha256: source.catalog_sha256.clone(),
        institutions_version: source.institutions_version.clone(),
        institutions_sha256: source.institutions_sha256.clone(),
        sample: source.sample,
        settle_time: Some(timestamp(settled.settled_at)),
        place: settled.place.word().to_owned(),
        ..known
    }
}

fn line(line: &Line) -> pb::ExplanationLine {
    pb::ExplanationLine {
        step: line.step.word().to_owned(),
        text_zh: line.zh.clone(),
        text_en: line.en.clone(),
        amount_fen: line.amount.0,
    }
}

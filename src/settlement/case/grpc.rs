//! `InsuredService.GetCase`.

use futures_util::future::BoxFuture;
use time::Date;
use tonic::Request;

use super::domain::{self, At, Item, Kind, Known, Waits};
use super::gather::gather;
use crate::app::App;
use crate::benefit::grpc::kind_use;
use crate::catalog::grpc::insutype;
use crate::db::Db;
use crate::kernel::mask;
use crate::proto::opsp::benefit::v1::Accumulator;
use crate::proto::opsp::insured::v1 as pb;
use crate::rpc::call::{Answer, Serves, read};
use crate::rpc::parse::{date_message, reason};

struct Cases(App);

impl Serves for Cases {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

/// `InsuredService.GetCase`.
pub fn get_case(app: App, request: Request<pb::GetCaseRequest>) -> BoxFuture<'static, Answer<pb::Case>> {
    Box::pin(async move {
        read(&Cases(app), request, |service, view, _| {
            Box::pin(async move {
                let (person, today) = (view.person()?, view.today());
                let known = gather(view, &service.0).await?;
                let calendar = service.0.calendar.now();
                let case = domain::case(At { person, today, calendar: &calendar }, &known);
                Ok(message(&known, case, today))
            })
        })
        .await
    })
}

fn message(known: &Known, case: domain::Case, today: Date) -> pb::Case {
    let insured = &known.insured;
    pb::Case {
        name: format!("insured/{}", insured.psn_no),
        masked_name: mask::name(&insured.psn_name),
        masked_certno: mask::certno(&insured.certno),
        insutype: insutype(insured.insutype_on(today)),
        psn_type: insured.psn_type_on(today).to_owned(),
        insu_admdvs: insured.insu_admdvs.to_string(),
        day: Some(date_message(today)),
        insured: case.reasons.is_empty(),
        reasons: case.reasons.iter().map(reason).collect(),
        items: case.items.into_iter().map(item).collect(),
        more: case.more,
        next_zh: case.next.zh,
        next_en: case.next.en,
        sample: known.published.as_ref().is_some_and(|published| published.catalog.sample),
    }
}

fn item(item: Item) -> pb::CaseItem {
    let term = item.term;
    let accumulator = term.year.map(|(key, used, limit)| Accumulator {
        year: key.year,
        opsp_dise_code: key.code,
        insutype: insutype(key.insutype),
        limit_fen: limit.0,
        used_fen: used.fund().0,
        left_fen: limit.less(used.fund()).0,
        deductible_used_fen: used.deductible().0,
        kinds: used.kinds.iter().map(kind_use).collect(),
    });
    pb::CaseItem {
        kind: kind(item.kind).into(),
        name: item.name,
        state: item.state.to_owned(),
        opsp_dise_code: item.code,
        opsp_dise_name: item.disease,
        application: item.application,
        text_zh: item.text.zh,
        text_en: item.text.en,
        waits_for: waits_for(item.waits_for).into(),
        until: item.until.map(|due| date_message(due.date)),
        provisional: item.until.is_some_and(|due| due.provisional),
        next_zh: item.next.zh,
        next_en: item.next.en,
        reasons: item.reasons.iter().map(reason).collect(),
        remedies: item.remedies,
        begndate: term.begndate.map(date_message),
        enddate: term.enddate.map(date_message),
        requalify_on: term.requalify_on.map(date_message),
        certificate: term.certificate,
        accumulator,
    }
}

fn kind(kind: Kind) -> pb::CaseItemKind {
    match kind {
        Kind::Line => pb::CaseItemKind::Line,
        Kind::Benefit => pb::CaseItemKind::Benefit,
        Kind::Filing => pb::CaseItemKind::Filing,
        Kind::Requalification => pb::CaseItemKind::Requalification,
    }
}

fn waits_for(waits: Waits) -> pb::CaseWaitsFor {
    match waits {
        Waits::Nobody => pb::CaseWaitsFor::Nobody,
        Waits::Applicant => pb::CaseWaitsFor::Applicant,
        Waits::Bureau => pb::CaseWaitsFor::Bureau,
        Waits::Experts => pb::CaseWaitsFor::Experts,
        Waits::Public => pb::CaseWaitsFor::Public,
        Waits::Institution => pb::CaseWaitsFor::Institution,
    }
}

//! Between the contract's words and ours.

use time::Date;

use super::domain::{History, Insured, Payment, Spell, Stated};
use super::refusal::NotTaken;
use super::store::Stored;
use super::take_over::Outcome;
use crate::catalog::domain::Insutype;
use crate::catalog::grpc::insutype;
use crate::kernel::error::{Error, Refusal, Result, Violation};
use crate::kernel::id::PsnNo;
use crate::kernel::period::Period;
use crate::kernel::region::Region;
use crate::proto::google::r#type::Date as DateMessage;
use crate::proto::opsp::insured::v1 as pb;
use crate::rpc::parse::{check, date_message, reason, to_date};

/// So much is told of what is wrong with a row: a row of many wrong items must not fill the memory and the answer.
const TOLD_MAX: usize = 50;

/// What is told of everything that is wrong with a row: the first of it, and how much more there is.
pub fn told(mut refusals: Vec<Refusal>) -> Vec<Refusal> {
    let more = refusals.len().saturating_sub(TOLD_MAX);
    if more > 0 {
        refusals.truncate(TOLD_MAX);
        refusals.push(Refusal::new(
            "MORE",
            format!("另有 {more} 项未列出，请先处理已列出的各项后再试。"),
            format!("{more} more are not listed: put these right first, then try again."),
        ));
    }
    refusals
}

/// Everything that the contract's rules find wrong with a row.
pub fn shape(row: &pb::ImportInsuredRequest) -> Result<Vec<Refusal>> {
    let violations = match check(row) {
        Ok(()) => return Ok(Vec::new()),
        Err(Error::Invalid(violations)) => violations,
        Err(error) => return Err(error),
    };
    let refusal = |wrong: &Violation| {
        let (zh, en) = (format!("{} {}。", wrong.field, wrong.zh), format!("{} {}.", wrong.field, wrong.en));
        Refusal::new("ROW_INVALID", zh, en).about(&wrong.field)
    };
    Ok(told(violations.iter().map(refusal).collect()))
}

/// The person of a row, as far as its fields can be read at all.
pub fn insured(row: &pb::ImportInsuredRequest) -> Option<Insured> {
    Some(Insured {
        psn_no: PsnNo::parse(&row.psn_no).ok()?,
        psn_cert_type: row.psn_cert_type.clone(),
        certno: row.certno.clone(),
        psn_name: row.psn_name.clone(),
        male: row.gend == "1",
        brdy: row.brdy.as_ref().and_then(to_date)?,
        tel: row.tel.clone(),
        addr: row.addr.clone(),
        insutype: Insutype::from_code(row.insutype)?,
        psn_type: row.psn_type.clone(),
        psn_insu_stas: row.psn_insu_stas.clone(),
        psn_clct_stas: row.psn_clct_stas.clone(),
        insu_admdvs: Region::find(&row.insu_admdvs)?,
        death_date: row.death_date.as_ref().and_then(to_date),
        history: History::default(),
        stated: Stated::default(),
    })
}

/// The history of a row: two dates, or spells and payments; everything that is wrong with it at once.
pub fn history(
    row: &pb::ImportInsuredRequest,
    insured: &Insured,
    today: Date,
) -> Result<History, Vec<Refusal>> {
    let since = row.insured_since.as_ref().and_then(to_date);
    let paid_until = row.paid_until.as_ref().and_then(to_date);
    let told = !row.spells.is_empty();
    let mut faults = Vec::new();
    let mut wrong = |field: &str, zh: &str, en: &str| {
        faults.push(Refusal::new("ROW_INVALID", zh, en).about(field));
    };
    match since {
        None if !told => {
            wrong(
                "insured_since",
                "insured_since 与 spells 须填其一。",
                "either insured_since or spells is needed.",
            );
        }
        Some(_) if told => {
            wrong("insured_since", "已填 spells，不得再填。", "must be unset where spells are told.");
        }
        _ => {}
    }
    match paid_until {
        None if !told && row.payments.is_empty() => {
            wrong(
                "paid_until",
                "paid_until 与 payments 须填其一。",
                "either paid_until or payments is needed.",
            );
        }
        Some(_) if told || !row.payments.is_empty() => {
            wrong(
                "paid_until",
                "已填 spells 或 payments，不得再填。",
                "must be unset where spells or payments are told.",
            );
        }
        _ => {}
    }
    let spells = spells(row).unwrap_or_else(|unknown| {
        faults.extend(unknown);
        Vec::new()
    });
    let payments: Vec<_> = row.payments.iter().filter_map(payment).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let Some(spell) = since.map(|since| insured.spell(Period::since(since))) else {
        return History::read(spells, payments, insured.brdy, today);
    };
    let read = History::read(vec![spell.clone()], payments, insured.brdy, today)
        .map_err(|faults| faults.into_iter().map(of_row).collect::<Vec<_>>())?;
    Ok(paid_until.map_or(read, |paid_until| History::since(spell, paid_until)))
}

/// A fault of the one spell that the row itself states, told of the row's own field.
fn of_row(fault: Refusal) -> Refusal {
    match fault.subject.as_str() {
        "spells[0].begndate" => fault.about("insured_since"),
        "spells[0].psn_type" => fault.about("psn_type"),
        _ => fault,
    }
}

fn spells(row: &pb::ImportInsuredRequest) -> Result<Vec<Spell>, Vec<Refusal>> {
    let (mut spells, mut unknown) = (Vec::new(), Vec::new());
    for (index, spell) in row.spells.iter().enumerate() {
        match Region::find(&spell.insu_admdvs) {
            None => {
                let refusal = Refusal::from(NotTaken::AreaUnknown);
                unknown.push(refusal.about(format!("spells[{index}].insu_admdvs")));
            }
            Some(area) => spells.extend(spell_of(spell, area)),
        }
    }
    if unknown.is_empty() { Ok(spells) } else { Err(unknown) }
}

fn spell_of(spell: &pb::Spell, insu_admdvs: Region) -> Option<Spell> {
    Some(Spell {
        insutype: Insutype::from_code(spell.insutype)?,
        psn_type: spell.psn_type.clone(),
        insu_admdvs,
        period: Period { from: day(&spell.begndate)?, to: day(&spell.enddate) },
    })
}

fn payment(payment: &pb::Payment) -> Option<Payment> {
    let (from, to) = (day(&payment.begndate)?, day(&payment.enddate)?);
    Some(Payment { from, to, paid_on: day(&payment.paid_on), owed: payment.owed })
}

fn day(message: &Option<DateMessage>) -> Option<Date> {
    message.as_ref().and_then(to_date)
}

/// What was done with a row, in the contract's words.
pub fn result(row: i64, outcome: Outcome) -> pb::ImportInsuredResponse {
    use pb::import_insured_response::Outcome as Word;
    let (word, refusals) = match outcome {
        Outcome::Created => (Word::Created, Vec::new()),
        Outcome::Updated => (Word::Updated, Vec::new()),
        Outcome::Unchanged => (Word::Unchanged, Vec::new()),
        Outcome::Refused(refusals) => (Word::Refused, refusals),
    };
    pb::ImportInsuredResponse { row, outcome: word.into(), reasons: refusals.iter().map(reason).collect() }
}

/// A person in the contract's words, as of a day.
pub fn message(stored: &Stored, today: Date) -> pb::Insured {
    let (insured, history) = (&stored.insured, &stored.insured.history);
    pb::Insured {
        name: format!("insured/{}", insured.psn_no),
        psn_no: insured.psn_no.to_string(),
        psn_cert_type: insured.psn_cert_type.clone(),
        certno: insured.certno.clone(),
        psn_name: insured.psn_name.clone(),
        gend: if insured.male { "1" } else { "2" }.to_owned(),
        brdy: Some(date_message(insured.brdy)),
        tel: insured.tel.clone(),
        addr: insured.addr.clone(),
        insutype: insutype(insured.insutype),
        psn_type: insured.psn_type.clone(),
        psn_insu_stas: insured.psn_insu_stas.clone(),
        psn_clct_stas: insured.psn_clct_stas.clone(),
        insu_admdvs: insured.insu_admdvs.to_string(),
        insured_since: history.continuous_since(today, &insured.insu_admdvs).map(date_message),
        paid_until: history
            .payments()
            .iter()
            .rev()
            .find(|payment| !payment.owed)
            .map(|paid| date_message(paid.to)),
        etag: stored.version.to_string(),
        spells: history.spells().iter().map(spell_message).collect(),
        payments: history.payments().iter().map(payment_message).collect(),
        death_date: insured.death_date.map(date_message),
    }
}

fn spell_message(spell: &Spell) -> pb::Spell {
    pb::Spell {
        insutype: insutype(spell.insutype),
        psn_type: spell.psn_type.clone(),
        insu_admdvs: spell.insu_admdvs.to_string(),
        begndate: Some(date_message(spell.period.from)),
        enddate: spell.period.to.map(date_message),
    }
}

fn payment_message(payment: &Payment) -> pb::Payment {
    pb::Payment {
        begndate: Some(date_message(payment.from)),
        enddate: Some(date_message(payment.to)),
        paid_on: payment.paid_on.map(date_message),
        owed: payment.owed,
    }
}

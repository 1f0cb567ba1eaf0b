//! The two people, the catalogue, the experts.

use anyhow::{Context, ensure};
use time::Duration;
use tokio_stream::iter;

use super::clients::{by_operator, for_subject};
use super::{Demo, Told};
use crate::demo::case::request_id;
use crate::proto::opsp::{
    catalog::v1 as catalog, common::v1 as common, insured::v1 as insured, review::v1 as review,
};
use crate::rpc::parse::date_message;

/// How the experts sign in, where they work, what they judge.
pub const EXPERTS: [(&str, &str, &str); 5] = [
    ("expert.zhao", "赵敏", "H62098200001"),
    ("expert.qian", "钱伟", "H62098100001"),
    ("expert.sun", "孙丽", "H62098200001"),
    ("expert.zhou", "周强", "H62092200001"),
    ("expert.wu", "吴静", "H62092100001"),
];

/// 人员信息: both people come from the platform.
pub async fn import(demo: &mut Demo) -> Told {
    let today = demo.today();
    let rows: Vec<_> = demo
        .case
        .people()
        .into_iter()
        .zip(1..)
        .map(|(person, row)| insured::ImportInsuredRequest {
            row,
            psn_no: person.psn_no,
            psn_cert_type: "01".to_owned(),
            certno: person.certno,
            psn_name: person.psn_name.to_owned(),
            gend: if person.employee { "1" } else { "2" }.to_owned(),
            brdy: Some(date_message(person.brdy)),
            tel: "13900000000".to_owned(),
            addr: "甘肃省酒泉市肃州区样例路1号".to_owned(),
            insutype: if person.employee { common::Insutype::Employee } else { common::Insutype::Resident }
                .into(),
            psn_type: if person.employee { "1201" } else { "1501" }.to_owned(),
            psn_insu_stas: "1".to_owned(),
            psn_clct_stas: "1".to_owned(),
            insu_admdvs: "620902".to_owned(),
            insured_since: Some(date_message(today - Duration::days(3650))),
            paid_until: Some(date_message(today + Duration::days(730))),
            ..Default::default()
        })
        .collect();
    let mut answers = demo.clients.insured().import_insured(iter(rows)).await?.into_inner();
    let mut told = Vec::new();
    while let Some(answer) = answers.message().await? {
        let outcome = answer.outcome();
        ensure!(answer.reasons.is_empty(), "row {} was refused: {:?}", answer.row, answer.reasons);
        told.push(format!("InsuredService/ImportInsured   row {} {}", answer.row, outcome.as_str_name()));
    }
    ensure!(told.len() == 2, "{} answers to two rows", told.len());
    Ok(told)
}

/// 病种目录 and eligibility.
pub async fn catalogue(demo: &mut Demo) -> Told {
    let mut count = 0;
    let mut token = String::new();
    loop {
        let request = catalog::ListDiseasesRequest {
            parent: "areas/620900".to_owned(),
            page_size: 30,
            page_token: token,
            ..Default::default()
        };
        let page = demo.clients.catalog().list_diseases(request).await?.into_inner();
        count += page.diseases.len();
        ensure!(
            page.diseases.iter().all(|disease| disease.sample),
            "a disease of the sample does not say so"
        );
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let mut told =
        vec![format!("CatalogService/ListDiseases    {count} diseases, sample catalogue (样例，非正式目录)")];
    for person in demo.case.people() {
        let request = insured::CheckEligibilityRequest {
            parent: format!("insured/{}", person.psn_no),
            opsp_dise_codes: vec![person.code.to_owned()],
        };
        let request = for_subject(&person.psn_no, request)?;
        let answer = demo.clients.portal_insured().check_eligibility(request).await?.into_inner();
        ensure!(answer.eligible, "{} is not eligible: {:?}", person.key, answer.reasons);
        told.push(format!("InsuredService/CheckEligibility {} {}: eligible", person.key, person.code));
    }
    Ok(told)
}

/// 评审专家: registered once in a data folder; later runs find them there.
pub async fn experts(demo: &mut Demo) -> Told {
    let list = review::ListExpertsRequest {
        parent: "areas/620900".to_owned(),
        page_size: 200,
        page_token: String::new(),
    };
    let there =
        demo.clients.review().list_experts(by_operator("officer.li", list)?).await?.into_inner().experts;
    let mut told = Vec::new();
    for (operator, name, institution) in EXPERTS {
        if let Some(expert) = there.iter().find(|expert| expert.operator == operator) {
            demo.case.keep(&expert.name, operator);
            told.push(format!("ReviewService/ListExperts       {operator} at {}", expert.fixmedins_code));
            continue;
        }
        let request = review::CreateExpertRequest {
            parent: "areas/620900".to_owned(),
            expert_name: name.to_owned(),
            operator: operator.to_owned(),
            fixmedins_code: institution.to_owned(),
            specialties: Vec::new(),
            diag_dr_codg: String::new(),
            request_id: request_id(&format!("expert {operator}")),
            validate_only: false,
            ..Default::default()
        };
        let expert = demo.clients.review().create_expert(by_operator("officer.li", request)?).await;
        let expert = expert.with_context(|| format!("expert {operator}"))?.into_inner();
        demo.case.keep(&expert.name, operator);
        told.push(format!("ReviewService/CreateExpert      {operator} at {institution}"));
    }
    Ok(told)
}

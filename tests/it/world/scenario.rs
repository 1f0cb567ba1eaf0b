//! The way of a case, in steps that tests can stop at.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::insured::v1 as insured;
use opsp::proto::opsp::material::v1 as material;
use opsp::proto::opsp::notice::v1 as notice;
use opsp::proto::opsp::review::v1 as review;
use opsp::proto::opsp::settlement::v1 as settlement;
use opsp::rpc::parse::{date_message, to_date};
use time::macros::date;
use time::{Date, Duration};
use tokio_stream::iter;
use tonic::Status;

use application::application_service_client::ApplicationServiceClient;
use benefit::benefit_service_client::BenefitServiceClient;
use catalog::catalog_service_client::CatalogServiceClient;
use insured::insured_service_client::InsuredServiceClient;
use material::material_service_client::MaterialServiceClient;
use notice::notice_service_client::NoticeServiceClient;
use review::review_service_client::ReviewServiceClient;

use super::opinion::opinions;
use super::{OFFICER, OTHER_OFFICER, World, files, request_id, unique};

/// A tertiary hospital of the sample, in 肃州.
pub const HOSPITAL: &str = "H62090200001";
/// A tertiary hospital of the sample, in 兰州.
pub const ELSEWHERE: &str = "H62010200001";
/// Where the experts of a scenario work.
pub const EXPERT_HOSPITALS: [&str; 4] = ["H62098200001", "H62098100001", "H62092200001", "H62092100001"];

/// A row that imports somebody: 职工, insured and paid up. Made up, with numbers that pass the checks.
pub fn row() -> insured::ImportInsuredRequest {
    let number = unique();
    let brdy = date!(1950 - 01 - 01) + Duration::days(i64::try_from(number / 400).expect("a small number"));
    let sequence = (number % 400) * 2 + 1;
    let digits = format!("620902{}{:02}{:02}{sequence:03}", brdy.year(), u8::from(brdy.month()), brdy.day());
    let check = char::from(opsp::kernel::identity::check_digit(&digits));
    insured::ImportInsuredRequest {
        row: 1,
        psn_no: format!("62099{number:09}"),
        psn_cert_type: "01".to_owned(),
        certno: format!("{digits}{check}"),
        psn_name: "欧阳测试".to_owned(),
        gend: "1".to_owned(),
        brdy: Some(date_message(brdy)),
        tel: "13912345678".to_owned(),
        addr: "酒泉市肃州区样例路".to_owned(),
        insutype: common::Insutype::Employee.into(),
        psn_type: "1101".to_owned(),
        psn_insu_stas: "1".to_owned(),
        psn_clct_stas: "1".to_owned(),
        insu_admdvs: "620902".to_owned(),
        insured_since: Some(date_message(date!(2010 - 01 - 01))),
        paid_until: Some(date_message(date!(2030 - 12 - 31))),
        ..Default::default()
    }
}

/// The same for 居民.
pub fn resident_row() -> insured::ImportInsuredRequest {
    insured::ImportInsuredRequest {
        insutype: common::Insutype::Resident.into(),
        psn_type: "1501".to_owned(),
        ..row()
    }
}

impl World {
    /// Imports rows as the platform; the answers in order.
    pub async fn import(
        &self,
        rows: Vec<insured::ImportInsuredRequest>,
    ) -> Vec<insured::ImportInsuredResponse> {
        let mut stream = InsuredServiceClient::new(self.platform())
            .import_insured(iter(rows))
            .await
            .expect("the import begins")
            .into_inner();
        let mut answers = Vec::new();
        while let Some(answer) = stream.message().await.expect("the import goes on") {
            answers.push(answer);
        }
        answers
    }

    /// Imports one person; gives psn_no.
    pub async fn person(&self, row: insured::ImportInsuredRequest) -> String {
        let psn_no = row.psn_no.clone();
        let answers = self.import(vec![row]).await;
        assert_eq!(
            answers[0].outcome(),
            insured::import_insured_response::Outcome::Created,
            "{:?}",
            answers[0].reasons
        );
        psn_no
    }

    /// Uploads a file.
    pub async fn upload(
        &self,
        psn_no: &str,
        header: material::UploadHeader,
        content: &[u8],
    ) -> Result<material::Material, Status> {
        use material::upload_material_request::Part;
        let chunks = content.chunks(64 << 10).map(|chunk| Part::Chunk(chunk.to_vec()));
        let parts: Vec<_> = std::iter::once(Part::Header(header))
            .chain(chunks)
            .map(|part| material::UploadMaterialRequest { part: Some(part) })
            .collect();
        let answer = MaterialServiceClient::new(self.portal(psn_no)).upload_material(iter(parts)).await?;
        Ok(answer.into_inner())
    }

    /// A header for a file of the test's hospital, issued a week ago.
    pub fn header(&self, psn_no: &str, kind: catalog::MaterialKind, title: &str) -> material::UploadHeader {
        material::UploadHeader {
            parent: format!("insured/{psn_no}"),
            request_id: request_id(),
            kind: kind.into(),
            title: title.to_owned(),
            media_type: String::new(),
            issued_on: Some(date_message(self.today() - Duration::days(7))),
            fixmedins_code: HOSPITAL.to_owned(),
            sealed: true,
            offset: 0,
        }
    }

    /// Everything on a disease's checklist.
    pub async fn upload_checklist(&self, psn_no: &str, code: &str) -> Vec<String> {
        self.upload_checklists(psn_no, &[code]).await
    }

    /// Everything on the checklists of some diseases, what is on several of them once.
    pub async fn upload_checklists(&self, psn_no: &str, codes: &[&str]) -> Vec<String> {
        let mut lines = Vec::new();
        for code in codes {
            let request = catalog::GetDiseaseRequest {
                name: format!("areas/620900/diseases/{code}"),
                ..Default::default()
            };
            let disease = CatalogServiceClient::new(self.public()).get_disease(request).await;
            for required in disease.expect("the disease").into_inner().materials {
                let line = (required.kind(), required.title);
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        let mut names = Vec::new();
        for (kind, title) in lines {
            let content = files::pdf(&format!("{psn_no} {}", names.len()));
            let stored = self.upload(psn_no, self.header(psn_no, kind, &title), &content).await;
            names.push(stored.expect("the upload").name);
        }
        names
    }

    /// What a draft says of one disease.
    pub fn form(&self, code: &str, materials: Vec<String>) -> application::ApplicationInput {
        application::ApplicationInput {
            appy_rea: "长期门诊治疗".to_owned(),
            tel: "13912345678".to_owned(),
            agent: None,
            lines: vec![application::LineInput {
                opsp_dise_code: code.to_owned(),
                ide_fixmedins_no: HOSPITAL.to_owned(),
                hosp_ide_date: Some(date_message(self.today() - Duration::days(10))),
                diag_dr_codg: "D1".to_owned(),
                diag_dr_name: "李医生".to_owned(),
            }],
            materials,
            dcla_souc: "03".to_owned(),
            ..Default::default()
        }
    }

    /// A draft; gives its name.
    pub async fn draft(&self, psn_no: &str, form: application::ApplicationInput) -> Result<String, Status> {
        let request = application::CreateApplicationRequest {
            parent: format!("insured/{psn_no}"),
            application: Some(form),
            request_id: request_id(),
            validate_only: false,
        };
        let made = ApplicationServiceClient::new(self.portal(psn_no)).create_application(request).await?;
        Ok(made.into_inner().name)
    }

    /// Submits a draft.
    pub async fn submit(&self, name: &str) -> Result<application::Application, Status> {
        let psn_no = psn_no(name);
        let request = application::SubmitApplicationRequest {
            name: name.to_owned(),
            etag: String::new(),
            request_id: request_id(),
            validate_only: false,
        };
        Ok(ApplicationServiceClient::new(self.portal(psn_no)).submit_application(request).await?.into_inner())
    }

    /// A submitted application for one disease; gives its name.
    pub async fn submitted(&self, psn_no: &str, code: &str) -> String {
        let materials = self.upload_checklist(psn_no, code).await;
        let name = self.draft(psn_no, self.form(code, materials)).await.expect("the draft");
        self.submit(&name).await.expect("the submission");
        name
    }

    /// Four experts at four institutions; gives their operators by expert name.
    pub async fn experts(&self) -> Vec<(String, String)> {
        let mut experts = Vec::new();
        for (index, hospital) in EXPERT_HOSPITALS.iter().enumerate() {
            let operator = format!("expert.{index}");
            let request = review::CreateExpertRequest {
                parent: "areas/620900".to_owned(),
                expert_name: "专家".to_owned(),
                operator: operator.clone(),
                fixmedins_code: (*hospital).to_owned(),
                specialties: Vec::new(),
                diag_dr_codg: String::new(),
                request_id: request_id(),
                validate_only: false,
                ..Default::default()
            };
            let made = ReviewServiceClient::new(self.bureau(OFFICER))
                .create_expert(request)
                .await
                .expect("the expert");
            experts.push((made.into_inner().name, operator));
        }
        experts
    }

    /// 受理.
    pub async fn accept(&self, name: &str) -> Result<application::Application, Status> {
        let request = review::AcceptApplicationRequest {
            name: name.to_owned(),
            request_id: request_id(),
            validate_only: false,
        };
        Ok(ReviewServiceClient::new(self.bureau(OFFICER)).accept_application(request).await?.into_inner())
    }

    /// 不予受理.
    pub async fn refuse(&self, name: &str) -> Result<application::Application, Status> {
        let request = review::RefuseAcceptanceRequest {
            name: name.to_owned(),
            reason: "材料与申请病种无关。".to_owned(),
            request_id: request_id(),
            validate_only: false,
        };
        Ok(ReviewServiceClient::new(self.bureau(OFFICER)).refuse_acceptance(request).await?.into_inner())
    }

    /// Draws experts.
    pub async fn assign(&self, name: &str) -> Result<review::Panel, Status> {
        let request = review::AssignExpertsRequest {
            name: name.to_owned(),
            request_id: request_id(),
            validate_only: false,
        };
        Ok(ReviewServiceClient::new(self.bureau(OFFICER)).assign_experts(request).await?.into_inner())
    }

    /// The tasks of an expert.
    pub async fn tasks(&self, operator: &str) -> Vec<review::ReviewTask> {
        let request = review::ListReviewTasksRequest {
            parent: "areas/620900".to_owned(),
            page_size: 200,
            page_token: String::new(),
            include_answered: true,
        };
        let list = ReviewServiceClient::new(self.bureau(operator)).list_review_tasks(request).await;
        list.expect("the tasks").into_inner().tasks
    }

    /// An expert's opinion on all lines of a task.
    pub async fn opinion(&self, operator: &str, task: &str, met: bool) -> Result<review::ReviewTask, Status> {
        let seen = self.tasks(operator).await.into_iter().find(|seen| seen.name == task);
        let opinions = seen.map_or_else(Vec::new, |seen| {
            let codes = seen.lines.iter().map(|line| line.opsp_dise_code.as_str()).filter(|_| met);
            opinions(&seen, &codes.collect::<Vec<_>>())
        });
        let request = review::SubmitOpinionRequest {
            name: task.to_owned(),
            opinions,
            request_id: request_id(),
            validate_only: false,
        };
        Ok(ReviewServiceClient::new(self.bureau(operator)).submit_opinion(request).await?.into_inner())
    }

    /// The officer's confirmation.
    pub async fn confirm(&self, name: &str) -> Result<application::Application, Status> {
        let request = review::ConfirmDecisionRequest {
            name: name.to_owned(),
            request_id: request_id(),
            validate_only: false,
        };
        Ok(ReviewServiceClient::new(self.bureau(OTHER_OFFICER)).confirm_decision(request).await?.into_inner())
    }

    /// From submitted to decided, all experts agreeing.
    pub async fn decide(
        &self,
        name: &str,
        experts: &[(String, String)],
        met: bool,
    ) -> application::Application {
        self.accept(name).await.expect("the acceptance");
        let panel = self.assign(name).await.expect("the panel");
        for member in &panel.members {
            let (_, operator) =
                experts.iter().find(|(expert, _)| *expert == member.expert).expect("a known expert");
            self.opinion(operator, &member.review_task, met).await.expect("the opinion");
        }
        self.confirm(name).await.expect("the confirmation")
    }

    /// Opens a notice and writes its entries; gives its name.
    pub async fn notice(&self, kind: common::Insutype) -> String {
        let request = notice::OpenNoticeRequest {
            parent: "areas/620900".to_owned(),
            insutype: kind.into(),
            request_id: request_id(),
            validate_only: false,
        };
        let opened =
            NoticeServiceClient::new(self.bureau(OFFICER)).open_notice(request).await.expect("the notice");
        self.job("open-notices").await;
        opened.into_inner().name
    }

    /// A notice as it stands, as the bureau sees it.
    pub async fn get_notice(&self, name: &str) -> notice::Notice {
        let request = notice::GetNoticeRequest { name: name.to_owned() };
        let found = NoticeServiceClient::new(self.bureau(OFFICER)).get_notice(request).await;
        found.expect("the notice").into_inner()
    }

    /// The entries of a notice, as the bureau sees them.
    pub async fn entries(&self, name: &str) -> Vec<notice::Entry> {
        let request =
            notice::ListEntriesRequest { parent: name.to_owned(), page_size: 200, page_token: String::new() };
        let list = NoticeServiceClient::new(self.bureau(OFFICER)).list_entries(request).await;
        list.expect("the entries").into_inner().entries
    }

    /// Somebody objects to an entry, each time somebody else.
    pub async fn object(&self, entry: &str) -> Result<notice::Objection, Status> {
        let request = notice::FileObjectionRequest {
            parent: entry.to_owned(),
            ground: "该人员病历存疑，请核实其真实性。".to_owned(),
            objector_name: "某某".to_owned(),
            objector_tel: format!("138{:08}", unique()),
            request_id: request_id(),
            validate_only: false,
        };
        Ok(NoticeServiceClient::new(self.public()).file_objection(request).await?.into_inner())
    }

    /// Resolves an objection.
    pub async fn resolve(&self, objection: &str, upheld: bool) -> Result<notice::Objection, Status> {
        let request = notice::ResolveObjectionRequest {
            name: objection.to_owned(),
            upheld,
            resolution: "已核实。".to_owned(),
            request_id: request_id(),
            validate_only: false,
            consequence: notice::ObjectionConsequence::Unspecified.into(),
            finding: finding(upheld),
        };
        Ok(NoticeServiceClient::new(self.bureau(OFFICER)).resolve_objection(request).await?.into_inner())
    }

    /// Lets a notice's days pass and does what is due then.
    pub async fn close(&self, notice: &str) {
        let due = self.get_notice(notice).await.deadline.and_then(|deadline| deadline.due_date);
        let due = due.as_ref().and_then(to_date).expect("an open notice has a last day");
        self.wait_until(due.next_day().expect("a next day"));
        self.after_close().await;
    }

    /// What is due after a notice closed or an objection was resolved.
    pub async fn after_close(&self) {
        for job in ["close-notices", "grant-benefits", "issue-certificates"] {
            self.job(job).await;
        }
    }

    /// A person with a benefit for a disease, the whole way through; gives psn_no and the benefit.
    pub async fn granted(
        &self,
        row: insured::ImportInsuredRequest,
        code: &str,
    ) -> (String, benefit::Benefit) {
        let kind = row.insutype();
        let psn_no = self.person(row).await;
        let name = self.submitted(&psn_no, code).await;
        let experts = self.experts().await;
        self.decide(&name, &experts, true).await;
        let notice = self.notice(kind).await;
        self.close(&notice).await;
        let benefit = self.benefits(&psn_no).await.into_iter().next().expect("the benefit");
        (psn_no, benefit)
    }

    /// The benefits of a person.
    pub async fn benefits(&self, psn_no: &str) -> Vec<benefit::Benefit> {
        let request = benefit::ListBenefitsRequest {
            parent: format!("insured/{psn_no}"),
            page_size: 0,
            page_token: String::new(),
        };
        let list = BenefitServiceClient::new(self.platform()).list_benefits(request).await;
        list.expect("the benefits").into_inner().benefits
    }

    /// Whether a benefit is in force on a day, and the reasons why not.
    pub async fn in_force(&self, psn_no: &str, code: &str, day: Option<Date>) -> (bool, Vec<String>) {
        let request = benefit::CheckBenefitRequest {
            psn_no: psn_no.to_owned(),
            opsp_dise_code: code.to_owned(),
            service_day: day.map(date_message),
        };
        let answer = BenefitServiceClient::new(self.platform())
            .check_benefit(request)
            .await
            .expect("the check")
            .into_inner();
        (answer.in_force, answer.reasons.into_iter().map(|reason| reason.reason).collect())
    }

    /// A bill of today.
    pub fn bill(&self, psn_no: &str, code: &str, number: &str, fen: i64) -> settlement::Bill {
        settlement::Bill {
            psn_no: psn_no.to_owned(),
            opsp_dise_code: code.to_owned(),
            fixmedins_code: HOSPITAL.to_owned(),
            mdtrt_id: format!("V{number}"),
            medins_setl_id: number.to_owned(),
            service_day: Some(date_message(self.today())),
            medfee_sumamt_fen: fen,
            inscp_scp_amt_fen: fen,
        }
    }
}

/// The psn_no in a name.
pub fn psn_no(name: &str) -> &str {
    name.split('/').nth(1).expect("a name below insured/")
}

/// What the person concerned is told of an objection that is upheld.
pub fn finding(upheld: bool) -> String {
    if upheld { "检查报告与病历不符。".to_owned() } else { String::new() }
}

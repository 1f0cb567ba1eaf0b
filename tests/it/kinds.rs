//! 申请类型: applications that build on a benefit, for a further disease or for another one instead.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::rpc::parse::{date_message, to_date};
use rstest::rstest;
use time::Date;
use tonic::{Code, Status};

use application::application_service_client::ApplicationServiceClient;
use application::{Application, ApplicationInput, ApplicationKind, ApplicationState, LineState};
use benefit::benefit_service_client::BenefitServiceClient;
use catalog::MaterialKind;
use catalog::catalog_service_client::CatalogServiceClient;

use crate::deadlines::events;
use crate::paper::through;
use crate::undo::undo;
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, files, refused, request_id, wrong_fields};

/// The benefit that all of these build on, and a disease that cannot be held beside its own.
const HELD: &str = "M01600";
const INSTEAD: &str = "M01603";

/// Everything on a disease's checklist that the earlier application cannot have brought: what grows old, and the form.
async fn fresh_papers(world: &World, psn_no: &str, code: &str) -> Vec<String> {
    let request =
        catalog::GetDiseaseRequest { name: format!("areas/620900/diseases/{code}"), ..Default::default() };
    let disease = CatalogServiceClient::new(world.public()).get_disease(request).await.unwrap().into_inner();
    let fresh = |paper: &catalog::RequiredMaterial| {
        paper.months_max > 0 || paper.kind() == MaterialKind::ApplicationForm
    };
    let (fresh, lasting): (Vec<_>, Vec<_>) = disease.materials.into_iter().partition(fresh);
    assert_eq!(lasting.len(), 3, "both sides of the identity card and the insurance card");
    let mut names = Vec::new();
    for paper in fresh {
        let header = world.header(psn_no, paper.kind(), &paper.title);
        let content = files::pdf(&format!("{psn_no} {code} {}", paper.title));
        names.push(world.upload(psn_no, header, &content).await.unwrap().name);
    }
    names
}

fn input(
    world: &World,
    code: &str,
    papers: &[String],
    kind: ApplicationKind,
    benefit: &str,
) -> ApplicationInput {
    let kind = kind.into();
    ApplicationInput { kind, benefit: benefit.to_owned(), ..world.form(code, papers.to_vec()) }
}

async fn get(world: &World, psn_no: &str, name: &str) -> Application {
    let request = application::GetApplicationRequest { name: name.to_owned() };
    let mut portal = ApplicationServiceClient::new(world.portal(psn_no));
    portal.get_application(request).await.unwrap().into_inner()
}

async fn update(
    world: &World,
    psn_no: &str,
    name: &str,
    said: ApplicationInput,
) -> Result<Application, Status> {
    let request = application::UpdateApplicationRequest {
        name: name.to_owned(),
        application: Some(said),
        etag: String::new(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = ApplicationServiceClient::new(world.portal(psn_no));
    Ok(portal.update_application(request).await?.into_inner())
}

/// From the decision on, until the benefit is there.
async fn grant(world: &World) {
    let notice = world.notice(Insutype::Employee).await;
    world.close(&notice).await;
}

async fn of(world: &World, psn_no: &str, code: &str) -> benefit::Benefit {
    let found = world.benefits(psn_no).await.into_iter().find(|held| held.opsp_dise_code == code);
    found.unwrap_or_else(|| panic!("no benefit for {code}"))
}

fn day(message: Option<&opsp::proto::google::r#type::Date>) -> Option<Date> {
    message.and_then(to_date)
}

/// A person with a benefit, and the experts who found it.
struct Case {
    world: World,
    psn_no: String,
    held: benefit::Benefit,
    experts: Vec<(String, String)>,
}

impl Case {
    async fn begin(engine: Engine) -> Self {
        let world = World::start(engine).await;
        let psn_no = world.person(row()).await;
        let name = world.submitted(&psn_no, HELD).await;
        let experts = world.experts().await;
        world.decide(&name, &experts, true).await;
        grant(&world).await;
        let held = of(&world, &psn_no, HELD).await;
        Self { world, psn_no, held, experts }
    }

    /// What an application for another disease instead says.
    async fn changed(&self) -> ApplicationInput {
        let papers = fresh_papers(&self.world, &self.psn_no, INSTEAD).await;
        input(&self.world, INSTEAD, &papers, ApplicationKind::Changed, &self.held.name)
    }

    async fn draft(&self, said: ApplicationInput) -> Result<String, Status> {
        self.world.draft(&self.psn_no, said).await
    }

    async fn of(&self, code: &str) -> benefit::Benefit {
        of(&self.world, &self.psn_no, code).await
    }

    async fn in_force(&self, code: &str) -> bool {
        self.world.in_force(&self.psn_no, code, None).await.0
    }

    async fn withdraw(&self, name: String) {
        let (request_id, validate_only) = (request_id(), false);
        let request = application::WithdrawApplicationRequest { name, request_id, validate_only };
        let mut portal = ApplicationServiceClient::new(self.world.portal(&self.psn_no));
        portal.withdraw_application(request).await.unwrap();
    }

    async fn end(&self, ground: benefit::EndGround, last: Date) -> Result<benefit::Benefit, Status> {
        let request = benefit::EndBenefitRequest {
            name: self.held.name.clone(),
            enddate: Some(date_message(last)),
            ground: ground.into(),
            request_id: request_id(),
            validate_only: false,
        };
        let mut bureau = BenefitServiceClient::new(self.world.bureau(OFFICER));
        Ok(bureau.end_benefit(request).await?.into_inner())
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_further_disease_needs_no_paper_twice(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let case = Case::begin(engine).await;
    let (world, psn_no, held) = (&case.world, &case.psn_no, &case.held);
    let earlier = get(world, psn_no, &held.application).await;
    assert_eq!((earlier.kind(), earlier.benefit.as_str()), (ApplicationKind::New, ""));
    let papers = fresh_papers(world, psn_no, "M03900").await;
    let name = case.draft(input(world, "M03900", &papers, ApplicationKind::New, "")).await.unwrap();
    refused(world.submit(&name).await, Code::FailedPrecondition, "MATERIAL_MISSING");

    let added = input(world, "M03900", &papers, ApplicationKind::Added, &held.name);
    let draft = update(world, psn_no, &name, added.clone()).await.unwrap();
    assert_eq!((draft.kind(), &draft.benefit), (ApplicationKind::Added, &held.name));
    let (own, carried) = draft.materials.split_at(papers.len());
    assert_eq!(own, papers);
    assert_eq!(carried.len(), 3, "what does not grow old is there already");
    assert!(carried.iter().all(|paper| earlier.materials.contains(paper)));
    // Whoever brings a new card is not given the old one beside it.
    let header = world.header(psn_no, MaterialKind::IdCardFront, "新身份证");
    let card = world.upload(psn_no, header, &files::pdf("a new card")).await.unwrap().name;
    let renewed = ApplicationInput { materials: [papers.clone(), vec![card]].concat(), ..added.clone() };
    let draft = update(world, psn_no, &name, renewed).await.unwrap();
    assert_eq!(draft.materials.len(), papers.len() + 3);
    assert_eq!(carried.iter().filter(|paper| draft.materials.contains(paper)).count(), 2);
    update(world, psn_no, &name, added).await.unwrap();

    let form = catalog::GetFormRequest {
        parent: format!("insured/{psn_no}"),
        kind: catalog::FormKind::Application.into(),
        application: name.clone(),
        ..Default::default()
    };
    let form = CatalogServiceClient::new(world.portal(psn_no)).get_form(form).await.unwrap().into_inner();
    let printed = String::from_utf8(through("pdftotext", &["-layout", "-", "-"], &form.pdf)).unwrap();
    let flat: String = printed.chars().filter(|letter| !letter.is_whitespace()).collect();
    assert!(flat.contains("□首次申请■增加病种□病情变化"), "{flat}");

    let sent = world.submit(&name).await.unwrap();
    assert_eq!((sent.state(), sent.kind()), (ApplicationState::Submitted, ApplicationKind::Added));
    assert_eq!(sent.materials[papers.len()..], *carried);
    world.decide(&name, &case.experts, true).await;
    grant(world).await;
    assert!(case.in_force(HELD).await && case.in_force("M03900").await, "both are held");
    assert!(case.of("M03900").await.replaces.is_empty() && case.of(HELD).await.replaced_by.is_empty());
    assert_eq!(world.replay_all().await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_disease_takes_the_place_of_the_first_once_it_is_granted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let case = Case::begin(engine).await;
    let world = &case.world;
    let said = case.changed().await;
    let new = ApplicationInput { kind: ApplicationKind::New.into(), benefit: String::new(), ..said.clone() };
    refused(case.draft(new).await, Code::FailedPrecondition, "DISEASES_EXCLUDE_EACH_OTHER");
    let name = case.draft(said.clone()).await.unwrap();
    world.submit(&name).await.unwrap();

    // Rejected, the old one stays; a second officer takes that back, although the two exclude each other.
    let rejected = world.decide(&name, &case.experts, false).await;
    assert_eq!(rejected.lines[0].state(), LineState::Rejected);
    assert!(case.in_force(HELD).await);
    let back = undo(world, OFFICER, &name).await.unwrap();
    assert_eq!((back.state(), back.kind()), (ApplicationState::Accepted, ApplicationKind::Changed));
    // What the experts found stands: she applies anew.
    case.withdraw(name).await;
    let name = case.draft(said).await.unwrap();
    world.submit(&name).await.unwrap();
    world.decide(&name, &case.experts, true).await;
    assert!(case.in_force(HELD).await, "it is approved and not granted");
    grant(world).await;

    let (old, new) = (case.of(HELD).await, case.of(INSTEAD).await);
    let begins = day(new.begndate.as_ref()).unwrap();
    assert_eq!(day(old.enddate.as_ref()), begins.previous_day());
    assert_eq!((&old.replaced_by, &new.replaces), (&new.name, &old.name));
    assert!(old.replaces.is_empty() && new.replaced_by.is_empty() && new.enddate.is_none());
    assert!(!case.in_force(HELD).await && case.in_force(INSTEAD).await);
    let last = begins.previous_day();
    assert!(world.in_force(&case.psn_no, HELD, last).await.0, "each day has one of them");
    assert!(!world.in_force(&case.psn_no, INSTEAD, last).await.0);
    let ended = events(world, &["benefit.ended"]).await;
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].1["ground"], "changed");
    assert!(new.name.ends_with(ended[0].1["replaced_by"].as_str().unwrap()), "{:?}", ended[0].1);
    let granted = events(world, &["benefit.granted"]).await;
    assert!(granted[0].1.get("replaces").is_none());
    assert!(old.name.ends_with(granted[1].1["replaces"].as_str().unwrap()), "{:?}", granted[1].1);
    assert_eq!(world.replay_all().await, 4, "two decisions, one undone, and the first");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_ended_meanwhile_stays_as_it_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let case = Case::begin(engine).await;
    let world = &case.world;
    let name = case.draft(case.changed().await).await.unwrap();
    world.submit(&name).await.unwrap();
    let last = world.today();
    case.end(benefit::EndGround::Recovered, last).await.unwrap();
    world.wait_days(1);
    world.decide(&name, &case.experts, true).await;
    grant(world).await;
    let (old, new) = (case.of(HELD).await, case.of(INSTEAD).await);
    assert_eq!((day(old.enddate.as_ref()), old.replaced_by.as_str()), (Some(last), ""));
    assert!(new.replaces.is_empty() && case.in_force(INSTEAD).await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_with_what_to_do(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let case = Case::begin(engine).await;
    let (world, held) = (&case.world, case.held.name.as_str());
    let say = |code: &str, kind, benefit: &str| input(world, code, &[], kind, benefit);
    let (new, added, changed) = (ApplicationKind::New, ApplicationKind::Added, ApplicationKind::Changed);
    for said in [
        say("M03900", new, held),
        say("M03900", ApplicationKind::Unspecified, held),
        say("M03900", added, ""),
        say("M03900", changed, ""),
    ] {
        assert_eq!(wrong_fields(case.draft(said).await), ["application.benefit"]);
    }
    let mut unread = say("M03900", added, "insured/1/benefit/2");
    unread.kind = 9;
    assert_eq!(wrong_fields(case.draft(unread).await), ["application.kind", "application.benefit"]);

    let other = held.replace(&case.psn_no, "404");
    refused(case.draft(say("M03900", added, &other)).await, Code::NotFound, "NOT_FOUND");
    let reject = |code: &'static str, kind, benefit: String, reason: &'static str| {
        let said = say(code, kind, &benefit);
        let case = &case;
        async move { refused(case.draft(said).await, Code::FailedPrecondition, reason) }
    };
    let unknown = case.held.application.replace("/applications/", "/benefits/");
    reject("M03900", added, unknown, "BENEFIT_NOT_IN_FORCE").await;
    reject(HELD, added, held.to_owned(), "BENEFIT_ALREADY_HELD").await;
    reject(HELD, changed, held.to_owned(), "CHANGE_SAME_DISEASE").await;
    let mut several = say(INSTEAD, changed, held);
    several.lines.extend(say("M03900", new, "").lines);
    refused(case.draft(several).await, Code::FailedPrecondition, "CHANGE_ONE_DISEASE");
    let by_hand = case.end(benefit::EndGround::Changed, world.today()).await;
    assert_eq!(wrong_fields(by_hand), ["ground"]);

    // Withdrawn, it leaves the benefit as it is, and can be applied for again.
    let name = case.draft(say(INSTEAD, changed, held)).await.unwrap();
    reject(INSTEAD, changed, held.to_owned(), "APPLICATION_UNDER_WAY").await;
    case.withdraw(name).await;
    assert!(case.in_force(HELD).await);
    let name = case.draft(case.changed().await).await.unwrap();
    // Nor does it hold once the benefit is suspended.
    let suspend = benefit::SuspendBenefitRequest {
        name: held.to_owned(),
        begndate: Some(date_message(world.today())),
        enddate: None,
        ground: benefit::SuspensionGround::Audit.into(),
        reason: "核查".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    BenefitServiceClient::new(world.bureau(OFFICER)).suspend_benefit(suspend).await.unwrap();
    refused(world.submit(&name).await, Code::FailedPrecondition, "BENEFIT_NOT_IN_FORCE");
}

//! Blind review (盲审): no answer that an expert can get tells who the applicant is, or what the other experts found.
//! Every method that the contract opens to experts is called, with every name that there is in a full case.

use std::collections::BTreeMap;

use http::uri::PathAndQuery;
use opsp::config::CallerConfig;
use opsp::contract::access;
use opsp::kernel::access::Role;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::review::v1 as review;
use prost::Message;
use prost::bytes::{Buf, BufMut};
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MethodDescriptor, Value};
use rstest::rstest;
use sha2::{Digest, Sha256};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

use crate::quality::{rated, reviews};
use crate::world::opinion::opinions;
use crate::world::redaction::{Case, NOTED, holds, photo, redact, redactions};
use crate::world::scenario::row;
use crate::world::{
    Caller, Engine, OFFICER, World, connect, files, postgres_database, present, request_id, token,
};

/// The caller that is the experts' alone.
const EXPERTS: &str = "experts";
/// The method by which opinions are given.
const SUBMIT: &str = "/opsp.review.v1.ReviewService/SubmitOpinion";
/// What an expert wrote, for the bureau alone.
const WRITTEN: &str = "仅供经办机构：第一位专家所见";
/// The other words that may tell somebody: the agent, the doctor, the applicant's own words.
const TELLING: [&str; 6] =
    ["代办人赵六", "620982197512310020", "13800000077", "钱大夫", "DR-QIAN-77", "因家住敦煌莫高镇"];

/// Messages as bytes, whatever they are.
#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut message = vec![0; from.remaining()];
        from.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}

/// A server with a back office that is the experts' alone: theirs is the only role that a call can be answered in.
async fn world(engine: Engine) -> World {
    let database = if engine == Engine::Postgres { postgres_database().await } else { String::new() };
    World::start_on(&database, |config| {
        let token = Sha256::digest(token(EXPERTS)).iter().map(|byte| format!("{byte:02x}")).collect();
        let areas = config.callers["bureau"].areas.clone();
        let experts = CallerConfig {
            roles: vec![Role::Expert],
            areas,
            operators: Vec::new(),
            token_sha256: vec![token],
        };
        config.callers.insert(EXPERTS.to_owned(), experts);
    })
    .await
}

/// Everything that comes back of a call: messages, headers, trailers, refusals. And whether it was answered.
async fn call(caller: &Caller, path: &str, request: Vec<u8>) -> (bool, Vec<u8>) {
    let mut client = tonic::client::Grpc::new(caller.clone());
    client.ready().await.expect("the channel is ready");
    let path = PathAndQuery::try_from(path).expect("a path");
    let mut came = Vec::new();
    let refusal = |status: Status, came: &mut Vec<u8>| {
        came.extend(format!("{:?} {}", status.metadata(), status.message()).into_bytes());
        came.extend_from_slice(status.details());
        false
    };
    let answer = match client.server_streaming(Request::new(request), path, Raw).await {
        Ok(answer) => answer,
        Err(status) => return (refusal(status, &mut came), came),
    };
    came.extend(format!("{:?}", answer.metadata()).into_bytes());
    let mut stream = answer.into_inner();
    loop {
        match stream.message().await {
            Ok(Some(message)) => came.extend(message),
            Ok(None) => break,
            Err(status) => return (refusal(status, &mut came), came),
        }
    }
    let trailers = stream.trailers().await.expect("trailers");
    came.extend(format!("{trailers:?}").into_bytes());
    (true, came)
}

/// A request about a name, its other fields filled where they have to be.
fn about(method: &MethodDescriptor, name: &str) -> Vec<u8> {
    let mut message = DynamicMessage::new(method.input());
    for field in method.input().fields().filter(|field| !field.is_list()) {
        let value = match (field.kind(), field.name()) {
            (Kind::String, "name" | "parent") => Value::String(name.to_owned()),
            (Kind::String, "request_id") => Value::String(request_id()),
            (Kind::String, "text" | "reason" | "note") => Value::String("说明".to_owned()),
            (Kind::Enum(_), _) => Value::EnumNumber(1),
            (Kind::Bool, other) => Value::Bool(other != "validate_only"),
            _ => continue,
        };
        message.set_field(&field, value);
    }
    message.encode_to_vec()
}

/// The methods that the contract opens to experts; those that change something last.
fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(opsp::server::DESCRIPTORS).expect("the descriptors decode");
    let all = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let mut open: Vec<_> = all
        .filter(|method| access(&path(method)).is_some_and(|access| access.roles.contains(&Role::Expert)))
        .collect();
    // Who has given an opinion gives no task back.
    let writes = |method: &MethodDescriptor| method.input().get_field_by_name("request_id").is_some();
    open.sort_by_key(|method| (writes(method), method.name() == "SubmitOpinion"));
    open
}

fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// A case with everything in it that may tell somebody: gives what must never reach an expert.
async fn full_case(world: &World) -> (Case, Vec<String>) {
    let mut row = row();
    row.psn_name = "欧阳盲审".to_owned();
    row.tel = "13912340077".to_owned();
    row.addr = "酒泉市肃州区无名路七十七号".to_owned();
    let person = world.person(row.clone()).await;
    let mut materials = world.upload_checklist(&person, "M01600").await;
    let own = format!("{} 的化验单", row.psn_name);
    let upload = async |kind, title: &str, content: &[u8]| {
        world.upload(&person, world.header(&person, kind, title), content).await.unwrap().name
    };
    let photo = upload(MaterialKind::ExamReport, &own, &photo()).await;
    let telling = format!("{} {} {}", row.certno, row.tel, person);
    let paper = upload(MaterialKind::Other, "随访", &files::pdf(&telling)).await;
    materials.extend([photo.clone(), paper.clone()]);
    let mut form = world.form("M01600", materials.clone());
    let [agent, agents_certno, agents_tel, doctor, doctors_code, reason] = TELLING.map(str::to_owned);
    (form.tel, form.appy_rea) = (row.tel.clone(), reason);
    (form.lines[0].diag_dr_name, form.lines[0].diag_dr_codg) = (doctor, doctors_code);
    form.agent = Some(common::Agent {
        agnter_name: agent,
        agnter_cert_type: "01".to_owned(),
        agnter_certno: agents_certno,
        agnter_tel: agents_tel,
        agnter_rlts: "2".to_owned(),
        agnter_addr: row.addr.clone(),
    });
    let name = world.draft(&person, form).await.unwrap();
    world.submit(&name).await.unwrap();
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();
    let ids = materials.iter().chain([&name]).filter_map(|name| name.rsplit('/').next());
    let mut private: Vec<_> = ids.map(str::to_owned).collect();
    private.extend([person.clone(), row.psn_name, row.certno, row.tel, row.addr, own, "insured/".to_owned()]);
    private.extend(TELLING.map(str::to_owned));
    private.extend([NOTED.to_owned(), WRITTEN.to_owned()]);
    let case = Case { person, name, experts, panel, photo, paper };
    (case, private)
}

/// The officer redacts everything but the last paper.
async fn redact_all_but_one(world: &World, case: &Case) {
    let clean = case.copy(world, &files::pdf("of nobody")).await;
    let found = redactions(world, &case.name).await.redactions;
    for one in &found[..found.len() - 1] {
        let request = if one.material == case.photo {
            case.blackened(&one.material, &[[0, 0, 5_000, 5_000]])
        } else {
            case.replaced(&one.material, &clean)
        };
        redact(world, request).await.unwrap();
    }
}

/// An opinion on a task, with words for the bureau alone.
fn written(task: &review::ReviewTask) -> Vec<u8> {
    let mut said = opinions(task, &["M01600"]);
    said.iter_mut().for_each(|opinion| opinion.text = WRITTEN.to_owned());
    let request = review::SubmitOpinionRequest {
        name: task.name.clone(),
        opinions: said,
        request_id: request_id(),
        validate_only: false,
    };
    request.encode_to_vec()
}

/// The words of some that are in what came.
fn leaks<'a>(came: &[u8], private: &'a [String]) -> Vec<&'a String> {
    private.iter().filter(|word| holds(came, word.as_bytes())).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_tells_an_expert_who_the_applicant_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let channel = connect(world.running.address).await;
    let expert = |operator: &str| present(&channel, EXPERTS, &[("x-opsp-operator", operator)]);
    let (case, private) = full_case(&world).await;
    redact_all_but_one(&world, &case).await;
    let methods = methods();
    let submit =
        methods.iter().find(|method| method.name() == "SubmitOpinion").expect("experts give opinions");

    // The search finds what is there: the bureau's answers are full of it.
    let get = application::GetApplicationRequest { name: case.name.clone() }.encode_to_vec();
    let bureau = world.bureau(OFFICER);
    let (_, came) = call(&bureau, "/opsp.application.v1.ApplicationService/GetApplication", get).await;
    let shown = leaks(&came, &private);
    for word in [&case.person, &"insured/".to_owned(), &TELLING[0].to_owned(), &TELLING[3].to_owned()] {
        assert!(shown.contains(&word), "{word} is not found in what the bureau gets");
    }

    let (first, task) = case.seat(&world, 0).await;
    let (given, came) = call(&expert(&first), &path(submit), written(&task)).await;
    assert!(given);
    // It is the expert's own opinion, and still no word of it comes back.
    assert_eq!(leaks(&came, &private), Vec::<&String>::new());

    let mut answered = BTreeMap::from([(submit.full_name().to_owned(), 1)]);
    let seats = [case.seat(&world, 0).await, case.seat(&world, 1).await];
    // The second one gives the task back the first time, and has nothing to look for there the second.
    for seat in [1, 0] {
        let (operator, task) = &seats[seat];
        look(&expert(operator), &names(&case), task, &private, &mut answered).await;
    }
    assert_answered(&answered);
    let ((operator, task), mut gone) = (&seats[1], BTreeMap::new());
    look(&expert(operator), &names(&case), task, &private, &mut gone).await;
    for files in ["DownloadTaskMaterial", "GetTaskThumbnail"] {
        assert_eq!(
            gone[&format!("opsp.review.v1.ReviewService.{files}")],
            0,
            "{operator} has left the panel"
        );
    }
}

/// All names that there are: of the case, of its panel's tasks and of their materials.
fn names(case: &Case) -> Vec<String> {
    let mut names = vec!["areas/620900".to_owned(), "areas/620900/diseases/M01600".to_owned()];
    names.extend([&case.name, &case.photo, &case.paper, &case.person].map(String::clone));
    for member in &case.panel.members {
        names.push(member.review_task.clone());
        names.extend((0..20).map(|number| format!("{}/materials/{number}", member.review_task)));
    }
    names
}

/// Calls every method that is open to an expert with every name, and gives the opinion; nothing that comes back may tell.
async fn look(
    caller: &Caller,
    names: &[String],
    task: &review::ReviewTask,
    private: &[String],
    answered: &mut BTreeMap<String, usize>,
) {
    for method in &methods() {
        let mut requests: Vec<_> = names.iter().map(|name| about(method, name)).collect();
        if method.name() == "SubmitOpinion" {
            requests.push(written(task));
        }
        for request in requests {
            let (is_answered, came) = call(caller, &path(method), request).await;
            let found = leaks(&came, private);
            assert!(found.is_empty(), "{} tells the expert of {} {found:?}", method.name(), task.name);
            *answered.entry(method.full_name().to_owned()).or_default() += usize::from(is_answered);
        }
    }
}

/// Every method was answered, so that something was looked at.
fn assert_answered(answered: &BTreeMap<String, usize>) {
    let of = |method: &MethodDescriptor| answered.get(method.full_name()).copied().unwrap_or(0);
    let methods = methods();
    let silent: Vec<_> =
        methods.iter().filter(|method| of(method) == 0).map(|method| method.name()).collect();
    assert!(silent.is_empty(), "never answered, so never looked at: {silent:?}; {answered:?}");
    let files = methods.iter().find(|method| method.name() == "DownloadTaskMaterial");
    assert!(files.is_some_and(|method| of(method) >= 6), "{answered:?}");
}

/// 质量抽查: nor does an answer about a task of a second panel tell, or that it is one, or what was decided.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_on_a_second_panel_tells_what_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    let channel = connect(world.running.address).await;
    let expert = |operator: &str| present(&channel, EXPERTS, &[("x-opsp-operator", operator)]);
    let (case, mut private) = full_case(&world).await;
    redact_all_but_one(&world, &case).await;
    for seat in [0, 1] {
        let (operator, task) = case.seat(&world, seat).await;
        world.opinion(&operator, &task.name, true).await.unwrap();
    }
    world.confirm(&case.name).await.unwrap();
    let review = reviews(&world, review::QualityState::Waiting).await.remove(0);
    let second = review.panel.unwrap();
    private.extend(["quality", "抽查", "approved"].map(str::to_owned));
    private.extend(review.name.rsplit('/').next().map(str::to_owned));
    let case = Case { panel: second, ..case };
    let (first, task) = case.seat(&world, 0).await;
    let (given, came) = call(&expert(&first), SUBMIT, written(&task)).await;
    assert!(given && leaks(&came, &private).is_empty());
    let mut answered = BTreeMap::from([("opsp.review.v1.ReviewService.SubmitOpinion".to_owned(), 1)]);
    for seat in [1, 0] {
        let (operator, task) = case.seat(&world, seat).await;
        look(&expert(&operator), &names(&case), &task, &private, &mut answered).await;
    }
    assert_answered(&answered);
}

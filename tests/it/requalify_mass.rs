//! 年度复审 of a whole city, all due on the same day. Cut off three times it comes to the same end as in one go.
//!
//! `REQUALIFY` is how many benefits; time and peak memory are printed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opsp::benefit::requalification::run::run;
use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::benefit::v1::benefit_service_client::BenefitServiceClient;
use opsp::proto::opsp::insured::v1::ImportInsuredRequest;
use opsp::rpc::parse::date_message;
use opsp::settlement::query::last_settled;
use rstest::rstest;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use time::macros::date;

use crate::requalification::with_paper;
use crate::rows::sql;
use crate::world::chance::size;
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, request_id};

const DUE: time::Date = date!(2026 - 03 - 11);

/// People with a benefit each: by the last digit of their number 0 are paid up no more, 1 have settled nothing, 2 have a
/// disease that asks for a paper; the others are insured and use it.
async fn seed(world: &World, engine: Engine, count: u64) {
    for chunk in (0..count).collect::<Vec<_>>().chunks(5_000) {
        let person = |number: &u64| ImportInsuredRequest {
            psn_no: format!("R{number:08}"),
            paid_until: Some(date_message(if number.is_multiple_of(10) {
                date!(2025 - 12 - 31)
            } else {
                date!(2030 - 12 - 31)
            })),
            ..row()
        };
        world.import(chunk.iter().map(person).collect()).await;
    }
    let id = if engine == Engine::Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let benefits = format!(
        "INSERT INTO benefit (psn_no, id, area, insutype, opsp_dise_code, begndate, requalify_on, suspensions, \
         application_id, entry_id, notice_entry, certificate_id, version, created_at) \
         SELECT psn_no, {id}, insu_admdvs, insutype, \
         CASE WHEN psn_no LIKE '%2' THEN 'M01600' ELSE 'M03900' END, '2025-03-11', '{DUE}', \
         '{{\"list\":[],\"remarks\":\"\"}}', {id}, {id}, '', {id}, 1, 0 FROM insured"
    );
    sql(world, &benefits).await;
    let bills = format!(
        "INSERT INTO settlement (psn_no, id, benefit_id, state, opsp_dise_code, insutype, fixmedins_code, mdtrt_id, \
         medins_setl_id, service_day, place, medfee_sumamt_fen, inscp_scp_amt_fen, act_pay_dedc_fen, \
         pool_prop_selfpay_bp, fund_pay_sumamt_fen, psn_part_amt_fen, left_fen, explanation, catalog_version, \
         catalog_sha256, institutions_version, institutions_sha256, sample, version, created_at) \
         SELECT psn_no, {id}, id, 'settled', opsp_dise_code, insutype, 'H62090200001', '', 'S', '2025-10-10', 'home', \
         10000, 10000, 0, 7000, 7000, 3000, 0, '[]', '', '', '', '', FALSE, 1, 0 FROM benefit \
         WHERE psn_no NOT LIKE '%1'"
    );
    sql(world, &bills).await;
}

pub async fn query(world: &World, statement: &str) -> Vec<sea_orm::QueryResult> {
    let view = world.running.app.db.view(&Actor::system(), Owner::Nobody).await.unwrap();
    let backend = if world.running.app.db.is_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite };
    view.conn().query_all_raw(Statement::from_string(backend, statement.to_owned())).await.unwrap()
}

/// How every benefit and every round stands, and how often what has happened.
async fn end_state(world: &World) -> (Vec<String>, BTreeMap<String, i64>) {
    let rows = query(
        world,
        "SELECT b.psn_no || ' ' || coalesce(b.requalify_on, '-') || ' ' || b.suspensions || ' ' || b.version || ' ' || \
         coalesce(r.state, '-') || ' ' || coalesce(r.delivered_on, '-') || ' ' || coalesce(r.next_on, '-') || ' ' || \
         coalesce(r.version, 0) AS said \
         FROM benefit b LEFT JOIN requalification r ON r.psn_no = b.psn_no AND r.benefit_id = b.id ORDER BY b.psn_no",
    );
    let said = rows.await.iter().map(|row| row.try_get("", "said").unwrap()).collect();
    let rows = query(
        world,
        "SELECT event, count(*) AS times FROM journal WHERE event LIKE 'requalification.%' \
         OR event LIKE 'benefit.%' GROUP BY event",
    );
    let counted = rows.await;
    let times =
        counted.iter().map(|row| (row.try_get("", "event").unwrap(), row.try_get("", "times").unwrap()));
    (said, times.collect())
}

async fn rounds(world: &World) -> i64 {
    query(world, "SELECT count(*) AS n FROM requalification").await[0].try_get("", "n").unwrap()
}

/// Does all that a day asks for, cut off after each of these times first.
async fn work_through(world: &World, cuts: &[Duration]) {
    let app = &world.running.app;
    let mut cuts = cuts.iter();
    loop {
        let lease = app.db.lease("mass", "test", 600).await.unwrap().expect("nobody else has it");
        if lease.bookmark == format!("{} done", world.today()) {
            app.db.release(lease, 0, "").await.unwrap();
            return;
        }
        match cuts.next() {
            Some(cut) => {
                let ended = tokio::time::timeout(*cut, run(app, &lease, last_settled)).await;
                println!("cut off after {cut:?}: {} rounds ({})", rounds(world).await, ended.is_err());
            }
            None => {
                run(app, &lease, last_settled).await.unwrap();
            }
        }
        app.db.release(lease, 0, "").await.unwrap();
    }
}

/// The notices of some of those who were asked were delivered.
async fn deliver(world: &World) {
    let open = query(
        world,
        "SELECT psn_no, id FROM requalification WHERE state = 'open' AND psn_no LIKE '%01' ORDER BY psn_no LIMIT 50",
    );
    for row in open.await {
        let (psn_no, id): (String, uuid::Uuid) =
            (row.try_get("", "psn_no").unwrap(), row.try_get("", "id").unwrap());
        let request = benefit::ConfirmDeliveryRequest {
            name: format!("insured/{psn_no}/requalifications/{id}"),
            way: benefit::DeliveryWay::Letter.into(),
            delivered_on: Some(date_message(world.today())),
            request_id: request_id(),
            validate_only: false,
        };
        BenefitServiceClient::new(world.bureau(OFFICER)).confirm_delivery(request).await.unwrap();
    }
}

/// The whole year of a city; gives how it ended.
async fn year(engine: Engine, count: u64, cuts: &[Duration]) -> (Vec<String>, BTreeMap<String, i64>) {
    let world = World::start(engine).await;
    with_paper(&world).await;
    // The server's own worker is to leave it alone, for the time that this takes.
    while world.running.app.db.lease("requalify", "test", 100_000).await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seed(&world, engine, count).await;
    world.wait_until(DUE - time::Duration::days(60));
    let began = Instant::now();
    work_through(&world, cuts).await;
    let took = began.elapsed();
    println!("{engine:?}: {count} benefits, {} cuts: opened or renewed in {took:.1?}", cuts.len());
    let open = query(&world, "SELECT count(*) AS n FROM requalification WHERE state = 'open'").await;
    let open: i64 = open[0].try_get("", "n").unwrap();
    assert_eq!(u64::try_from(open).unwrap(), count.div_ceil(10) * 3, "of ten three are asked");
    assert_eq!(u64::try_from(rounds(&world).await).unwrap(), count);
    for day in [DUE - time::Duration::days(30), DUE, DUE + time::Duration::days(31)] {
        if day > DUE {
            deliver(&world).await;
        }
        world.wait_until(day);
        work_through(&world, cuts).await;
    }
    let end = end_state(&world).await;
    world.stop().await;
    end
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|line| line.starts_with("VmHWM:")).unwrap().to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_that_was_cut_off_three_times_ends_as_in_one_go(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let count = size("REQUALIFY", 300);
    let whole = year(engine, count, &[]).await;
    println!("{}", peak());
    // Within a run, which ends by itself after five seconds.
    let cuts = [40, 15, 7].map(|part| Duration::from_millis((count / part).clamp(3, 4_700 - part * 40)));
    let cut = year(engine, count, &cuts).await;
    assert_eq!(whole.1, cut.1);
    assert!(whole.0 == cut.0, "they end in different states");
    assert_eq!(whole.1["requalification.lapsed"], whole.1["benefit.lapsed"]);
    println!("{}", peak());
}

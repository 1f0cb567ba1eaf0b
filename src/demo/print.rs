//! What the demo says to the person who watches it.

use anyhow::Context;
use time::Date;

use super::Demo;
use crate::proto::opsp::common::v1 as common;
use crate::rpc::parse::to_date;

/// One line outside the steps.
pub fn line(what: &str, text: &str) {
    println!("{what:>5} {text}");
}

/// The head of a step.
pub fn heading(number: usize, of: usize, name: &str, today: Date) {
    println!("{number:>2}/{of} {today} {name}");
}

/// A day.
pub fn day(day: Date) -> String {
    format!("{day} ({})", day.weekday())
}

/// 分 as 元.
pub fn yuan(fen: i64) -> String {
    crate::kernel::money::Money(fen).yuan()
}

/// A deadline in one line.
pub fn deadline(deadline: Option<&common::Deadline>) -> String {
    let Some(deadline) = deadline else { return "no deadline".to_owned() };
    let left = deadline.working_days_left;
    match deadline.due_date.as_ref().and_then(to_date) {
        Some(due) => format!(
            "due {due}{}, {left} working days left",
            if deadline.provisional { " (provisional)" } else { "" }
        ),
        None => format!("clock stands still, {left} working days left"),
    }
}

/// What came out.
pub fn summary(demo: &Demo) -> anyhow::Result<()> {
    let kept = |key: &str| demo.case.kept(key);
    println!();
    line("done", &format!("two people, from the import to the settlement, until {}", demo.today()));
    line(
        "",
        &format!(
            "employee (职工): fund paid {} 元 this year, {} 元 left",
            kept("sum.used")?,
            kept("sum.left")?
        ),
    );
    line("", &format!("certificate (待遇认定证明): {}", kept("pdf")?));
    line("", &format!("events in the log: {}", kept("events")?));
    line("", "all rules of the catalogue are a SAMPLE (样例), none is official");
    Ok(())
}

/// Commands that work as pasted while the server is up.
pub fn grpcurl(demo: &Demo) -> anyhow::Result<()> {
    let folder = std::fs::canonicalize(&demo.data_dir).context("data folder")?;
    let tls = folder.join("tls");
    let address = demo.running.address;
    let benefit = demo.case.kept("employee.benefit")?;
    let psn_no = benefit.split('/').nth(1).unwrap_or_default();
    let call = |caller: &str, headers: &str, body: &str, method: &str| {
        let tls = tls.display();
        let data = if body.is_empty() { String::new() } else { format!(" -d '{body}'") };
        println!(
            "grpcurl -cacert {tls}/ca.pem -cert {tls}/{caller}.pem -key {tls}/{caller}.key{headers}{data} {address} {method}\n"
        );
    };
    println!("\nThe server stays up until Ctrl-C. Try, in another terminal:\n");
    println!(
        "PATH=$HOME/.cache/opsp/venv/bin:$PATH   # grpcurl, as tests/demo --serve and tests/run install it\n"
    );
    call("ops", "", "", "list");
    call("ops", "", "", "describe opsp.settlement.v1.SettlementService.Settle");
    call("ops", "", "", "grpc.health.v1.Health/Check");
    call("ops", "", "", "opsp.ops.v1.OpsService/GetServerInfo");
    call(
        "platform",
        "",
        r#"{"name":"areas/620900/diseases/M01600"}"#,
        "opsp.catalog.v1.CatalogService/GetDisease",
    );
    let check = format!(r#"{{"psn_no":"{psn_no}","opsp_dise_code":"M01600"}}"#);
    call("platform", "", &check, "opsp.benefit.v1.BenefitService/CheckBenefit");
    let parent = format!(r#"{{"parent":"insured/{psn_no}"}}"#);
    let subject = format!(" -H 'x-opsp-subject: {psn_no}'");
    call("portal", &subject, &parent, "opsp.application.v1.ApplicationService/ListApplications");
    let officer = " -H 'x-opsp-operator: officer.li'";
    call("bureau", officer, r#"{"parent":"areas/620900"}"#, "opsp.review.v1.ReviewService/ListDeadlines");
    call("platform", "", r#"{"after":0,"page_size":5}"#, "opsp.event.v1.EventService/ListEvents");
    Ok(())
}

//! Timed work: what is due is done, by one instance at a time, safe to do twice.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use crate::app::App;
use crate::ops::jobs::{JobSpec, Jobs, forget_answers, run_once, sequence};
use crate::{benefit, certificate, deadline, material, notice, ops, review, settlement};

/// How often each job looks whether something is due.
const TICK: Duration = Duration::from_secs(1);
/// How long commits are gathered before the log is continued.
const GATHER: Duration = Duration::from_millis(20);

/// The jobs, in the order in which one causes the next.
pub const JOBS: Jobs = &[
    JobSpec {
        name: "open-notices",
        description: "Writes the entries of notices that were opened (公示开始).",
        run: |app, _| Box::pin(notice::open::run(app)),
        is_long: false,
    },
    JobSpec {
        name: "close-notices",
        description: "Closes notices whose days are over (公示期满).",
        run: |app, _| Box::pin(notice::close::run(app)),
        is_long: false,
    },
    JobSpec {
        name: "withdraw-notices",
        description: "Takes the entries of notices out that were withdrawn (撤回公示).",
        run: |app, _| Box::pin(notice::withdraw::run(app)),
        is_long: false,
    },
    JobSpec {
        name: "grant-benefits",
        description: "Grants the benefit of each undisputed entry (待遇生效).",
        run: |app, _| Box::pin(benefit::grant::run(app)),
        is_long: false,
    },
    JobSpec {
        name: "issue-certificates",
        description: "Issues the certificate of each new benefit (签发证明).",
        run: |app, _| Box::pin(certificate::issue::run(app)),
        is_long: false,
    },
    JobSpec {
        name: "replace-certificates",
        description: "Issues a new certificate where the old one does not say any more how it is (换发证明).",
        run: |app, lease| Box::pin(certificate::replace::run(app, lease)),
        is_long: true,
    },
    JobSpec {
        name: "publish-status-list",
        description: "Signs the list of certificates that are not valid, for those who check offline (状态清单).",
        run: |app, lease| Box::pin(certificate::status::publish::run(app, lease)),
        is_long: true,
    },
    JobSpec {
        name: "sequence",
        description: "Continues the event log from the journal.",
        run: sequence,
        is_long: false,
    },
    JobSpec {
        name: "follow-insured",
        description: "Has benefits follow the insurance of their people (待遇随参保变更).",
        run: |app, lease| Box::pin(benefit::following::run::run(app, lease)),
        is_long: true,
    },
    JobSpec {
        name: "refile-deadlines",
        description: "Takes clocks of an earlier version among the deadlines, once (补登时限).",
        run: |app, lease| Box::pin(ops::refile::run(app, lease)),
        is_long: true,
    },
    JobSpec {
        name: "derive-deadlines",
        description: "Derives due dates anew after a calendar was imported (重新推算时限).",
        run: |app, _| Box::pin(deadline::sweep::derive::run(app)),
        is_long: false,
    },
    JobSpec {
        name: "escalate-deadlines",
        description: "Tells that few working days are left of a deadline, and that it was missed (督办).",
        run: |app, _| Box::pin(deadline::sweep::escalate::run(app)),
        is_long: false,
    },
    JobSpec {
        name: "replace-overdue-experts",
        description: "Draws somebody instead of each expert who did not answer in time (超期更换专家).",
        run: |app, lease| Box::pin(review::overdue::run(app, lease)),
        is_long: false,
    },
    JobSpec {
        name: "requalify",
        description: "Renews benefits by data, asks people for what data cannot answer, reminds, and has lapse what nobody answered (年度复审).",
        run: |app, lease| {
            Box::pin(benefit::requalification::run::run(app, lease, settlement::query::last_settled))
        },
        is_long: true,
    },
    JobSpec {
        name: "fill-quality-panels",
        description: "Draws experts for second panels that lack some, once a day (质量抽查补抽专家).",
        run: |app, lease| Box::pin(review::quality::fill::run(app, lease)),
        is_long: false,
    },
    JobSpec {
        name: "forget-answers",
        description: "Forgets answers to repeated requests after their days.",
        run: forget_answers,
        is_long: false,
    },
    JobSpec {
        name: "collect-objects",
        description: "Deletes content that no material has, and uploads that were never finished (清理文件).",
        run: |app, lease| Box::pin(material::collect::run(app, lease)),
        is_long: true,
    },
];

/// Does what is due until the server stops. The jobs of which one causes the next go round together; one that may take
/// long goes round alone, and none of the others waits for it.
pub async fn run(app: App, jobs: Jobs, stopped: watch::Receiver<bool>) {
    let holder = format!("opsp-{}", app.db.new_id());
    let (alone, together): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| job.is_long);
    let alone = join_all(alone.into_iter().map(|job| long(&app, job, &holder, stopped.clone())));
    tokio::join!(short(&app, &together, &holder, stopped.clone()), alone);
}

async fn short(app: &App, jobs: &[&JobSpec], holder: &str, mut stopped: watch::Receiver<bool>) {
    let mut due = ticks();
    loop {
        let only = tokio::select! {
            () = raised(&mut stopped) => return,
            _ = due.tick() => None,
            () = app.db.committed().notified() => Some("sequence"),
        };
        if only.is_some() {
            tokio::time::sleep(GATHER).await;
        }
        for job in jobs.iter().filter(|job| only.is_none_or(|name| name == job.name)) {
            if *stopped.borrow() {
                return;
            }
            run_job(app, job, holder).await;
        }
    }
}

async fn long(app: &App, job: &JobSpec, holder: &str, mut stopped: watch::Receiver<bool>) {
    let mut due = ticks();
    loop {
        tokio::select! {
            () = raised(&mut stopped) => return,
            _ = due.tick() => run_job(app, job, holder).await,
        }
    }
}

fn ticks() -> Interval {
    let mut due = tokio::time::interval(TICK);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due
}

/// Waits until a flag is raised, or nobody can raise it any more.
pub async fn raised(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|raised| *raised).await.is_err() {
        tracing::debug!("the stop signal's sender is gone");
    }
}

async fn run_job(app: &App, job: &JobSpec, holder: &str) {
    // One job that comes down must not take the others with it; its lease runs out by itself.
    let run = AssertUnwindSafe(run_once(app, job, holder)).catch_unwind();
    let Ok(ran) = run.await else {
        tracing::error!(job = job.name, "a job panicked and is tried again");
        return;
    };
    match ran {
        Ok(Some(done)) if done > 0 => tracing::debug!(job = job.name, done, "a job did what was due"),
        Ok(_) => {}
        Err(error) => tracing::warn!(
            job = job.name,
            %error,
            "a job failed and is tried again"
        ),
    }
}

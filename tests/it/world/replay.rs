//! Every decision of a world, made again: whenever a world ends, so that no test can forget it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use opsp::proto::opsp::event::v1::ListEventsRequest;
use opsp::proto::opsp::event::v1::event_service_client::EventServiceClient;
use opsp::proto::opsp::review::v1 as review;
use review::review_service_client::ReviewServiceClient;
use tokio::runtime::Handle;
use tonic::Status;
use tonic::transport::Channel;

use super::{Caller, World, present, run_job};

/// Events of decisions.
const DECISIONS: [&str; 3] = ["application.decided", "application.refused", "application.decision_undone"];

/// How many decisions of each application of this test run were made again.
static AGAIN: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// Makes every decision of its world again when it goes, unless the world says that it was tampered with.
pub struct Ending {
    channel: Channel,
    tampered: bool,
}

impl Ending {
    /// For the server behind a channel.
    pub fn new(channel: Channel) -> Self {
        Self { channel, tampered: false }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // A test that fails has said why.
        if self.tampered || std::thread::panicking() {
            return;
        }
        let runtime = Handle::try_current().expect("a world ends in its runtime");
        let done =
            tokio::task::block_in_place(|| runtime.block_on(replay_all(&present(&self.channel, "ops", &[]))));
        if done > 0 {
            let all: usize = AGAIN.lock().expect("the count").values().sum();
            println!("{done} decisions replayed; {all} in this run so far");
        }
    }
}

impl World {
    /// A world whose rows the test changes behind the server's back, or whose database it takes away: nothing is made
    /// again at its end.
    pub fn tampered(mut self) -> Self {
        self.ending.tampered = true;
        self
    }

    /// Makes the decisions on an application again.
    pub async fn replay(&self, name: &str) -> Result<review::ReplayDecisionResponse, Status> {
        replay(&self.ops(), name).await
    }

    /// Makes every decision that the log of this world has again, and finds all equal; gives how many there are.
    pub async fn replay_all(&self) -> usize {
        replay_all(&self.ops()).await
    }
}

async fn replay(ops: &Caller, name: &str) -> Result<review::ReplayDecisionResponse, Status> {
    let request = review::ReplayDecisionRequest { name: name.to_owned() };
    Ok(ReviewServiceClient::new(ops.clone()).replay_decision(request).await?.into_inner())
}

async fn replay_all(ops: &Caller) -> usize {
    run_job(ops, "sequence").await;
    let mut decisions: BTreeMap<String, usize> = BTreeMap::new();
    let mut after = 0;
    loop {
        let request = ListEventsRequest { after, page_size: 1000 };
        let page = EventServiceClient::new(ops.clone()).list_events(request).await.expect("the events");
        let page = page.into_inner();
        if page.last_position == after {
            break;
        }
        after = page.last_position;
        for event in page.events.into_iter().filter(|event| DECISIONS.contains(&event.r#type.as_str())) {
            *decisions.entry(event.resource).or_default() += 1;
        }
    }
    for (name, count) in &decisions {
        let replayed = replay(ops, name).await.expect("the replay");
        assert!(replayed.equal, "{name}: {replayed:#?}");
        assert_eq!(replayed.receipts.len(), *count, "a receipt a decision: {name}");
    }
    let done = decisions.values().sum();
    AGAIN.lock().expect("the count").extend(decisions);
    done
}

//! Every decision of a world, made again.

use std::collections::BTreeMap;

use opsp::proto::opsp::event::v1::ListEventsRequest;
use opsp::proto::opsp::event::v1::event_service_client::EventServiceClient;
use opsp::proto::opsp::review::v1 as review;
use review::review_service_client::ReviewServiceClient;
use tonic::Status;

use super::World;

/// Events of decisions.
const DECISIONS: [&str; 3] = ["application.decided", "application.refused", "application.decision_undone"];

impl World {
    /// Makes the decisions on an application again.
    pub async fn replay(&self, name: &str) -> Result<review::ReplayDecisionResponse, Status> {
        let request = review::ReplayDecisionRequest { name: name.to_owned() };
        Ok(ReviewServiceClient::new(self.ops()).replay_decision(request).await?.into_inner())
    }

    /// Makes every decision that the log of this world has again, and finds all equal; gives how many there are.
    pub async fn replay_all(&self) -> usize {
        self.job("sequence").await;
        let mut decisions: BTreeMap<String, usize> = BTreeMap::new();
        let mut after = 0;
        loop {
            let request = ListEventsRequest { after, page_size: 1000 };
            let page = EventServiceClient::new(self.ops()).list_events(request).await.expect("the events");
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
            let replayed = self.replay(name).await.expect("the replay");
            assert!(replayed.equal, "{name}: {replayed:#?}");
            assert_eq!(replayed.receipts.len(), *count, "a receipt a decision: {name}");
        }
        decisions.values().sum()
    }
}

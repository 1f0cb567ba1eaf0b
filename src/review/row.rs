//! The tables `expert`, `panel`, `review_task` and `review_task_claim`.

/// Experts. What names or describes them is sealed.
pub mod expert {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "expert")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub operator: String,
        pub fixmedins_code: String,
        pub body: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The panel on which the decision on an application rests. A second one lies in its quality review.
pub mod panel {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "panel")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub application_id: Uuid,
        pub body: Vec<u8>,
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Tasks of experts.
pub mod task {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "review_task")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub application_id: Uuid,
        pub area: String,
        pub expert_id: Uuid,
        pub operator: String,
        pub state: String,
        pub body: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
        /// When it ended: was answered, or closed.
        pub answered_at: Option<i64>,
        /// The quality review that it serves; none where the decision rests on it.
        pub quality_id: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whose application a task is about: its name does not say.
pub mod claim {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "review_task_claim")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub psn_no: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

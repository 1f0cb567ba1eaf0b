//! The table `settlement`.

use sea_orm::entity::prelude::*;

/// Settlements, reversed ones, and reversals of bills that were never seen.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "settlement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub benefit_id: Option<Uuid>,
    pub state: String,
    pub opsp_dise_code: String,
    pub insutype: i16,
    pub fixmedins_code: String,
    pub mdtrt_id: String,
    pub medins_setl_id: String,
    pub service_day: Option<String>,
    pub place: String,
    pub medfee_sumamt_fen: i64,
    pub inscp_scp_amt_fen: i64,
    pub act_pay_dedc_fen: i64,
    pub pool_prop_selfpay_bp: i32,
    pub fund_pay_sumamt_fen: i64,
    pub psn_part_amt_fen: i64,
    pub left_fen: i64,
    pub explanation: String,
    pub catalog_version: String,
    pub catalog_sha256: String,
    pub institutions_version: String,
    pub institutions_sha256: String,
    pub sample: bool,
    pub version: i64,
    pub created_at: i64,
    pub reversed_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

//! The table `judgement`.

use sea_orm::entity::prelude::*;

/// What an expert found of a decided line, held against others. No text, and nothing of the applicant but the number. The
/// flags are 1 or 0, to be summed up.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "judgement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub opsp_dise_code: String,
    /// `areas/{admdvs}/experts/{id}`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub expert: String,
    /// 参保地 when it was submitted.
    pub area: String,
    /// The day of the confirmation.
    pub confirmed_on: String,
    /// Whether the expert found it met.
    pub met: i16,
    /// Whether the expert's own panel found the same.
    pub agrees: i16,
    /// Whether a second panel has judged the line after the expert's.
    pub judged: i16,
    /// Whether by that panel's finding it would be decided as by the expert's.
    pub judged_agrees: i16,
}

impl ActiveModelBehavior for ActiveModel {}

//! Driver errors in, ours out. Their text goes to the log and never to a caller.

use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::kernel::error::Error;

const AWAY: &str = "the database is away";

pub(super) fn from_db(error: DbErr) -> Error {
    if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
        return Error::Conflict;
    }
    match &error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => {
            tracing::warn!(error = %error, "database connection failed");
            Error::Unavailable(AWAY)
        }
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            from_sqlx(cause, &error)
        }
        DbErr::RecordNotUpdated => Error::Conflict,
        DbErr::Exec(RuntimeErr::Internal(_))
        | DbErr::Query(RuntimeErr::Internal(_))
        | DbErr::TryIntoErr { .. }
        | DbErr::ConvertFromU64(_)
        | DbErr::UnpackInsertId
        | DbErr::UpdateGetPrimaryKey
        | DbErr::RecordNotFound(_)
        | DbErr::AttrNotSet(_)
        | DbErr::Custom(_)
        | DbErr::Type(_)
        | DbErr::Json(_)
        | DbErr::Migration(_)
        | DbErr::RecordNotInserted
        | DbErr::BackendNotSupported { .. }
        | DbErr::KeyArityMismatch { .. }
        | DbErr::PrimaryKeyNotSet { .. }
        | DbErr::RbacError(_)
        | DbErr::AccessDenied { .. }
        | DbErr::MutexPoisonError => Error::Internal(error.into()),
        // The enum is open: one that a later version adds is a broken invariant until it is named here.
        _ => Error::Internal(error.into()),
    }
}

fn from_sqlx(cause: &sqlx::Error, error: &DbErr) -> Error {
    match cause {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => {
            tracing::warn!(error = %error, "database is away");
            Error::Unavailable(AWAY)
        }
        sqlx::Error::Database(database) => match database.code().as_deref() {
            // Serialization failure, deadlock; SQLite busy and its variants.
            Some("40001" | "40P01" | "5" | "261" | "517") => Error::Conflict,
            // Waited too long for somebody's lock; ran longer than any caller waits.
            Some("55P03") => Error::Unavailable("another call holds what this one needs"),
            Some("57014") => Error::TooLate,
            // Shutting down, starting up, crashed, too many connections, read-only standby.
            Some("57P01" | "57P02" | "57P03" | "53300" | "25006") => {
                tracing::warn!(error = %error, "database is away");
                Error::Unavailable(AWAY)
            }
            Some(code) if is_of_row(code) => Error::internal(format!("database: {error}")).of_row(),
            _ => Error::internal(format!("database: {error}")),
        },
        _ => Error::internal(format!("database: {error}")),
    }
}

/// Whether the database finds fault with the values of a row: data exceptions and broken constraints on PostgreSQL; a
/// constraint, a value that is too big or of another type on SQLite, whose codes are extended above the low byte.
fn is_of_row(code: &str) -> bool {
    let of_sqlite = |code: u32| matches!(code & 0xff, 18..=20);
    match code.len() {
        5 => code.starts_with("22") || code.starts_with("23"),
        _ => code.parse().is_ok_and(of_sqlite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_blame_a_row() {
        // Too long, not null, check; CHECK, NOT NULL, RAISE in a trigger, too big, another type.
        for code in ["22001", "23502", "23514", "275", "1299", "1811", "18", "20"] {
            assert!(is_of_row(code), "{code}");
        }
        // No such table, no right, disk full, out of memory; an error, disk I/O, corrupt, full, read-only.
        for code in ["42P01", "42501", "53100", "53200", "1", "10", "11", "13", "8", "778"] {
            assert!(!is_of_row(code), "{code}");
        }
    }
}

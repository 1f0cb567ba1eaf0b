use super::*;
use crate::kernel::day_start;
use time::macros::date;
use uuid::Uuid;

#[test]
fn an_objection_is_resolved_once() {
    let filed = Filed {
        id: Id(Uuid::from_u128(2)),
        entry: Id(Uuid::from_u128(3)),
        entry_name: "areas/620900/notices/1/entries/X".to_owned(),
        ground: "不符合认定标准，材料有误。".to_owned(),
        objector_name: "李四".to_owned(),
        objector_tel: "13800000000".to_owned(),
        filed_at: day_start(date!(2025 - 09 - 28)),
    };
    let resolution = || Resolution {
        text: "核实".to_owned(),
        officer: "officer".to_owned(),
        at: day_start(date!(2025 - 10 - 11)),
    };
    let standing = Objection::file(filed.clone()).state;
    assert_eq!((standing.word(), standing.resolution()), ("standing", None));
    let upheld = standing.clone().uphold(resolution()).unwrap().state;
    let dismissed = standing.clone().dismiss(resolution()).unwrap().state;
    let moot = standing.clone().moot(resolution()).unwrap().state;
    assert_eq!((upheld.word(), dismissed.word(), moot.word()), ("upheld", "dismissed", "moot"));
    for resolved in [upheld, dismissed, moot] {
        assert_eq!(resolved.filed(), &filed, "the original is immutable");
        assert_eq!(resolved.clone().uphold(resolution()).err(), Some(Refused::Resolved));
        assert_eq!(resolved.clone().dismiss(resolution()).err(), Some(Refused::Resolved));
        assert_eq!(resolved.clone().moot(resolution()).err(), Some(Refused::Resolved));
        assert!(!format!("{resolved:?}").contains("李四"));
    }
}

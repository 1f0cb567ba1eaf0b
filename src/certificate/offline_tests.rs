use std::collections::BTreeMap;

use super::*;
use crate::certificate::status::domain::Worth;
use crate::db::keys::Keys;
use crate::db::public::Algorithm;
use crate::db::source::Random;
use crate::kernel::region::Region;
use time::Duration;
use time::macros::{date, datetime};

const NOW: OffsetDateTime = datetime!(2025-03-06 1:00 UTC);

struct Made {
    keys: Keys,
    payload: Payload,
    text: String,
    random: Random,
}

const BOTH: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Sm2];

fn made(algorithm: Algorithm) -> Made {
    let random = Random::seeded(7);
    let keys = Keys::parse(&Keys::generate_of(algorithm, &random).unwrap()).unwrap();
    let area = Region::find("620900").unwrap();
    let payload = Payload { id: random.id(NOW), area, issued_on: date!(2025 - 03 - 06), sample: true };
    let text = payload.sign(&keys, NOW).unwrap();
    Made { keys, payload, text, random }
}

/// A list that tells of a certificate, or of another one only.
fn listed(made: &Made, worth: Option<Worth>) -> Listed {
    let other = (made.random.id(NOW), Worth::Ended);
    let entries = Entries::of([other].into_iter().chain(worth.map(|worth| (made.payload.id, worth))));
    let list = StatusList::sign(&entries, &made.keys, NOW, Duration::hours(24)).unwrap();
    Listed { list, entries }
}

#[test]
fn the_list_tells_what_a_genuine_paper_is_worth() {
    for made in BOTH.map(made) {
        for (worth, code, word) in [
            (None, 0, "有效 VALID"),
            (Some(Worth::Suspended), 3, "暂停 SUSPENDED"),
            (Some(Worth::Ended), 4, "终止 ENDED"),
            (Some(Worth::Revoked), 5, "撤销 REVOKED"),
        ] {
            let found = check(&made.text, made.keys.public(), Some(&listed(&made, worth)), NOW);
            assert_eq!((found.exit_code(), found.lines()[0].as_str()), (code, word));
            let lines = found.lines().join("\n");
            for told in ["MTB6209002025", "2025-03-06", "酒泉市（620900）", "样例", "2025-03-06T01:00:00Z"]
            {
                assert!(lines.contains(told), "{told}: {lines}");
            }
        }
    }
}

#[test]
fn a_list_that_cannot_be_relied_on_leaves_the_state_unknown() {
    let made = made(Algorithm::Ed25519);
    let good = listed(&made, None);
    let mut broken = good.clone();
    broken.list.expires_at += Duration::days(300);
    let later = NOW - Duration::minutes(11);
    for (listed, now, word) in [
        (None, NOW, "no status list was given"),
        (Some(&good), NOW + Duration::hours(24), "status list expired on 2025-03-07T01:00:00Z"),
        (Some(&good), later, "set the clock"),
        (Some(&broken), NOW, "none of the keys signed the status list"),
    ] {
        let found = check(&made.text, made.keys.public(), listed, now);
        assert_eq!(found.exit_code(), 7, "{word}");
        let lines = found.lines();
        assert!(lines[0].contains("STATE UNKNOWN") && lines[1].contains(word), "{lines:?}");
        assert!(lines[1].contains("only the signature was checked"), "{lines:?}");
    }
    assert_eq!(check(&made.text, made.keys.public(), Some(&good), NOW + Duration::hours(23)).exit_code(), 0);
    let mut later = good.clone();
    later.list.key_id = "s2".to_owned();
    let lines = check(&made.text, made.keys.public(), Some(&later), NOW).lines();
    assert!(lines[2].contains("get it anew"), "{lines:?}");
}

#[test]
fn forged_is_forged_with_and_without_a_list() {
    for made in BOTH.map(made) {
        let revoked = listed(&made, Some(Worth::Revoked));
        let altered = made.text.replacen(".A", ".B", 1);
        assert_ne!(altered, made.text);
        for text in ["", "nonsense", &made.text[1..], &altered] {
            for listed in [None, Some(&revoked)] {
                let found = check(text, made.keys.public(), listed, NOW);
                assert_eq!((found.exit_code(), found.lines()), (6, vec!["伪造 FORGED".to_owned()]), "{text}");
            }
        }
        let stranger = check(&made.text.replacen("s1", "s2", 1), made.keys.public(), None, NOW);
        assert_eq!(stranger.exit_code(), 6);
        assert!(stranger.lines()[1].contains("get it anew"), "{:?}", stranger.lines());
        let rude = format!("OPSP1.\u{1b}[2J{}.AAAA.AAAA", "x".repeat(9_000));
        let lines = check(&rude, made.keys.public(), None, NOW).lines();
        assert!(lines[1].len() < 400 && !lines.concat().contains('\u{1b}'), "{lines:?}");
    }
}

#[test]
fn the_files_are_read_as_json_and_as_messages() {
    for made in BOTH.map(made) {
        let Listed { list, entries } = listed(&made, Some(Worth::Revoked));
        let (id, key) = made.keys.public().iter().next().unwrap();
        let message = pb::VerificationKey {
            id: id.to_owned(),
            algorithm: key.algorithm().name().to_owned(),
            public_key: key.bytes(),
            sign_from_time: None,
        };
        let raw = pb::GetVerificationKeysResponse { keys: vec![message] }.encode_to_vec();
        let json = serde_json::json!({"keys": [
            {"id": id, "algorithm": key.algorithm().name(), "publicKey": STANDARD.encode(key.bytes())}
        ]});
        assert_eq!(&read_keys(&raw).unwrap(), made.keys.public());
        assert_eq!(&read_keys(json.to_string().as_bytes()).unwrap(), made.keys.public());

        let (issued, expires) = (list.issued_at.unix_timestamp(), list.expires_at.unix_timestamp());
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let head = pb::StatusList {
            version: list.version(),
            issue_time: time(issued),
            expire_time: time(expires),
            count: 2,
            key_id: list.key_id.clone(),
            signature: list.signature.clone(),
        };
        let pieces: Vec<_> = entries.bytes().chunks(5).map(<[u8]>::to_vec).collect();
        let mut raw = pb::GetStatusListResponse { list: Some(head), entries: Vec::new() }.encode_to_vec();
        let mut json = serde_json::json!({"list": {
            "version": list.version(), "issueTime": rfc3339(list.issued_at), "expireTime": rfc3339(list.expires_at),
            "count": 2, "keyId": list.key_id, "signature": STANDARD.encode(&list.signature),
        }})
        .to_string();
        for piece in pieces {
            json += &format!("\n{}", serde_json::json!({"entries": [STANDARD.encode(&piece)]}));
            raw.extend(pb::GetStatusListResponse { list: None, entries: vec![piece] }.encode_to_vec());
        }
        for file in [raw.as_slice(), json.as_bytes()] {
            let read = read_list(file).unwrap();
            assert_eq!((&read.list, &read.entries), (&list, &entries));
        }
        let cut = json.rsplit_once('\n').unwrap().0;
        for (file, told) in [
            (cut.as_bytes(), "not whole"),
            (&b"{}"[..], "first piece"),
            (b"x", "neither"),
            (json.split('\n').next().unwrap().as_bytes(), "instead of 2"),
        ] {
            let error = format!("{:#}", read_list(file).unwrap_err());
            assert!(error.contains(told), "{told}: {error}");
        }
        for (file, told) in [(&b"{}"[..], "no key"), (b"x", "neither"), (br#"{"keys":[{}]}"#, "not the JSON")]
        {
            let error = format!("{:#}", read_keys(file).unwrap_err());
            assert!(error.contains(told), "{told}: {error}");
        }
    }
}

#[test]
fn every_verdict_has_an_exit_code_of_its_own() {
    let made = made(Algorithm::Ed25519);
    let worths = [None, Some(Worth::Suspended), Some(Worth::Ended), Some(Worth::Revoked)];
    let mut codes: BTreeMap<u8, String> = BTreeMap::new();
    for listed in worths.map(|worth| Some(listed(&made, worth))).into_iter().chain([None]) {
        let found = check(&made.text, made.keys.public(), listed.as_ref(), NOW);
        codes.insert(found.exit_code(), found.lines().remove(0));
    }
    let forged = check("", made.keys.public(), None, NOW);
    codes.insert(forged.exit_code(), forged.lines().remove(0));
    assert_eq!(codes.keys().copied().collect::<Vec<_>>(), [0, 3, 4, 5, 6, 7], "{codes:?}");
}

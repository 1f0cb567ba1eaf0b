//! 离线核验: checks the text of a QR code with published keys and a status list, without any network. Both are given as
//! files: the JSON that grpcurl prints of GetVerificationKeys and GetStatusList, or their messages as they are encoded.

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde::Deserialize;
use serde_json::Deserializer;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::domain::{Verdict, number};
use super::payload::Payload;
use super::status::domain::Entries;
use super::status::list::StatusList;
use crate::db::public::{PublicKey, PublicKeys};
use crate::kernel::rfc3339;
use crate::proto::opsp::certificate::v1 as pb;

/// A status list with its entries, as it was read; not yet checked.
#[derive(Clone, Debug)]
pub struct Listed {
    list: StatusList,
    entries: Entries,
}

/// What a check finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No known key signed it.
    Forged {
        /// The key that it names, where that is not a known one.
        unknown_key: Option<String>,
    },
    /// One of the keys signed it.
    Genuine {
        /// What it holds.
        payload: Payload,
        /// What the certificate is worth.
        state: State,
    },
}

/// What a genuine certificate is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// As the status list of an instant says.
    Known {
        /// Valid, suspended, ended or revoked.
        verdict: Verdict,
        /// When the list was made.
        as_of: OffsetDateTime,
    },
    /// Not known: only the signature was checked.
    Unknown(Unchecked),
}

/// Why the state is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchecked {
    /// No list was given.
    NoList,
    /// It says nothing any more.
    Expired(OffsetDateTime),
    /// It is of a later time than this machine's.
    Later(OffsetDateTime),
    /// None of the keys signed it.
    NotGenuine {
        /// The key that it names, where that is not a known one.
        unknown_key: Option<String>,
    },
}

/// Checks a text with the keys and, if there is one, a status list.
pub fn check(text: &str, keys: &PublicKeys, listed: Option<&Listed>, now: OffsetDateTime) -> Found {
    let Some(payload) = Payload::genuine(text, keys) else {
        let named = Payload::signer(text).filter(|signer| !keys.has(signer));
        return Found::Forged { unknown_key: named.map(str::to_owned) };
    };
    let state = match listed {
        None => State::Unknown(Unchecked::NoList),
        Some(listed) => listed.state(&payload, keys, now),
    };
    Found::Genuine { payload, state }
}

impl Listed {
    fn state(&self, payload: &Payload, keys: &PublicKeys, now: OffsetDateTime) -> State {
        let list = &self.list;
        if !list.is_genuine(&self.entries, keys) {
            let named = Some(&list.key_id).filter(|id| !keys.has(id));
            State::Unknown(Unchecked::NotGenuine { unknown_key: named.cloned() })
        } else if list.expires_at <= now {
            State::Unknown(Unchecked::Expired(list.expires_at))
        } else if list.issued_at > now + CLOCKS {
            State::Unknown(Unchecked::Later(list.issued_at))
        } else {
            let verdict = self.entries.find(payload.id).map_or(Verdict::Valid, |worth| worth.verdict());
            State::Known { verdict, as_of: list.issued_at }
        }
    }
}

/// How far two machines' clocks may be apart. A clock that is behind would take an expired list for a good one.
const CLOCKS: time::Duration = time::Duration::minutes(10);

impl Found {
    /// The exit code of a check: 0 only when everything is well.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Forged { .. } => 6,
            Self::Genuine { state: State::Unknown(_), .. } => 7,
            Self::Genuine { state: State::Known { verdict, .. }, .. } => match verdict {
                Verdict::Valid => 0,
                Verdict::Suspended => 3,
                Verdict::Ended => 4,
                Verdict::Revoked => 5,
                Verdict::Forged => 6,
            },
        }
    }

    /// What was found, in Chinese and English, the verdict first.
    pub fn lines(&self) -> Vec<String> {
        let (payload, state) = match self {
            Self::Forged { unknown_key: None } => return vec!["伪造 FORGED".to_owned()],
            Self::Forged { unknown_key: Some(key) } => {
                return vec!["伪造 FORGED".to_owned(), unknown(key)];
            }
            Self::Genuine { payload, state } => (payload, state),
        };
        let mut lines = state.lines();
        let number = number(&payload.area, payload.issued_on.year(), payload.id);
        lines.push(format!("证明编号 number: {number}"));
        lines.push(format!("统筹区 area: {}（{}）", payload.area.name(), payload.area));
        lines.push(format!("签发日期 issued on: {}", payload.issued_on));
        if payload.sample {
            lines.push("样例，不具效力 SAMPLE: of a sample catalogue, proves nothing".to_owned());
        }
        lines
    }
}

impl State {
    fn lines(&self) -> Vec<String> {
        let reason = match self {
            Self::Known { verdict, as_of } => {
                let verdict = match verdict {
                    Verdict::Valid => "有效 VALID",
                    Verdict::Suspended => "暂停 SUSPENDED",
                    Verdict::Ended => "终止 ENDED",
                    Verdict::Revoked => "撤销 REVOKED",
                    Verdict::Forged => "伪造 FORGED",
                };
                let as_of = rfc3339(*as_of);
                return vec![verdict.to_owned(), format!("状态清单 status list of: {as_of}")];
            }
            Self::Unknown(Unchecked::NoList) => {
                "未提供状态清单，仅核验了签名 / no status list was given: only the signature was checked".to_owned()
            }
            Self::Unknown(Unchecked::Expired(at)) => format!(
                "状态清单已于 {0} 过期，仅核验了签名 / status list expired on {0}: only the signature was checked",
                rfc3339(*at)
            ),
            Self::Unknown(Unchecked::Later(at)) => format!(
                "状态清单签发于 {0}，晚于本机时间，请校准本机时钟；仅核验了签名 / the status list is of {0}, later than this \
                 machine's clock: set the clock; only the signature was checked",
                rfc3339(*at)
            ),
            Self::Unknown(Unchecked::NotGenuine { .. }) => {
                "状态清单不是由公钥文件中的密钥签名，不予采用；仅核验了签名 / none of the keys signed the status list, which \
                 is not used: only the signature was checked"
                    .to_owned()
            }
        };
        let mut lines = vec!["签名真实，状态未知 GENUINE, STATE UNKNOWN".to_owned(), reason];
        if let Self::Unknown(Unchecked::NotGenuine { unknown_key: Some(key) }) = self {
            lines.push(unknown(key));
        }
        lines
    }
}

/// What to do about a key that is not there. Its id is a stranger's: cut short and escaped, for it goes to a terminal.
fn unknown(key: &str) -> String {
    let key: String = key.chars().take(KEY_SHOWN).collect();
    format!(
        "不在公钥文件中的密钥 {key:?}：如公钥文件已旧，请重新获取 / key {key:?} is not among the keys: if the file is old, get \
         it anew"
    )
}

/// Most characters that are shown of a key's id.
const KEY_SHOWN: usize = 40;

/// Reads the answer to GetVerificationKeys.
pub fn read_keys(file: &[u8]) -> anyhow::Result<PublicKeys> {
    let answer = if is_json(file) {
        let json: KeysJson = serde_json::from_slice(file).context("not the JSON of GetVerificationKeys")?;
        let keys = json.keys.into_iter().map(KeyJson::message).collect::<anyhow::Result<_>>()?;
        pb::GetVerificationKeysResponse { keys }
    } else {
        pb::GetVerificationKeysResponse::decode(file)
            .context("neither JSON nor a GetVerificationKeysResponse")?
    };
    let mut keys = PublicKeys::default();
    for key in answer.keys {
        let id = &key.id;
        let from = key.sign_from_time.as_ref().map(from_timestamp).transpose()?;
        let read =
            key.algorithm.parse().and_then(|algorithm| PublicKey::parse(algorithm, &key.public_key, from));
        keys.add(id, read.with_context(|| format!("key {id:?}"))?);
    }
    ensure!(keys.iter().next().is_some(), "there is no key in it");
    Ok(keys)
}

/// Reads the answer to GetStatusList, all its pieces one after the other.
pub fn read_list(file: &[u8]) -> anyhow::Result<Listed> {
    let mut answer = pb::GetStatusListResponse::default();
    if is_json(file) {
        for piece in Deserializer::from_slice(file).into_iter::<PieceJson>() {
            let piece = piece.context("not the JSON of GetStatusList")?.message()?;
            answer.list = answer.list.or(piece.list);
            answer.entries.extend(piece.entries);
        }
    } else {
        answer = pb::GetStatusListResponse::decode(file)
            .context("neither JSON nor pieces of GetStatusListResponse")?;
    }
    let head = answer.list.context("its first piece is missing")?;
    let entries = Entries::read(answer.entries.concat()).context("its entries are not whole")?;
    let time =
        |time: &Option<prost_types::Timestamp>| time.as_ref().map(from_timestamp).context("no time")?;
    let sha256 = (0..32).map(|at| u8::from_str_radix(head.version.get(2 * at..2 * at + 2)?, 16).ok());
    let sha256: Vec<u8> = sha256.collect::<Option<_>>().context("its version is no SHA-256")?;
    let list = StatusList {
        issued_at: time(&head.issue_time)?,
        expires_at: time(&head.expire_time)?,
        count: usize::try_from(head.count)?,
        sha256: sha256.try_into().map_err(|_| anyhow::anyhow!("its version is no SHA-256"))?,
        key_id: head.key_id,
        signature: head.signature,
    };
    if list.count != entries.count() {
        bail!(
            "it has {} entries instead of {}: asked for with if_version, or cut off",
            entries.count(),
            list.count
        );
    }
    Ok(Listed { list, entries })
}

/// An encoded message never begins so.
fn is_json(file: &[u8]) -> bool {
    file.trim_ascii_start().first() == Some(&b'{') && file.first() != Some(&b'\n')
}

fn from_timestamp(time: &prost_types::Timestamp) -> anyhow::Result<OffsetDateTime> {
    Ok(OffsetDateTime::from_unix_timestamp(time.seconds)?)
}

#[derive(Deserialize)]
struct KeysJson {
    #[serde(default)]
    keys: Vec<KeyJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyJson {
    id: String,
    algorithm: String,
    #[serde(alias = "public_key")]
    public_key: String,
}

#[derive(Deserialize)]
struct PieceJson {
    list: Option<ListJson>,
    #[serde(default)]
    entries: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListJson {
    version: String,
    #[serde(alias = "issue_time")]
    issue_time: String,
    #[serde(alias = "expire_time")]
    expire_time: String,
    #[serde(default)]
    count: i32,
    #[serde(alias = "key_id")]
    key_id: String,
    signature: String,
}

impl KeyJson {
    fn message(self) -> anyhow::Result<pb::VerificationKey> {
        let public_key = STANDARD.decode(self.public_key).context("public_key is not base64")?;
        // From when on a key signs matters to those who sign alone.
        Ok(pb::VerificationKey { id: self.id, algorithm: self.algorithm, public_key, sign_from_time: None })
    }
}

impl PieceJson {
    fn message(self) -> anyhow::Result<pb::GetStatusListResponse> {
        let entries = self.entries.into_iter().map(|piece| STANDARD.decode(piece));
        let entries = entries.collect::<Result<_, _>>().context("entries are not base64")?;
        Ok(pb::GetStatusListResponse { list: self.list.map(ListJson::message).transpose()?, entries })
    }
}

impl ListJson {
    fn message(self) -> anyhow::Result<pb::StatusList> {
        let time = |text: &str| -> anyhow::Result<_> {
            let at =
                OffsetDateTime::parse(text, &Rfc3339).with_context(|| format!("{text:?} is no instant"))?;
            Ok(Some(prost_types::Timestamp { seconds: at.unix_timestamp(), nanos: 0 }))
        };
        Ok(pb::StatusList {
            issue_time: time(&self.issue_time)?,
            expire_time: time(&self.expire_time)?,
            version: self.version,
            count: self.count,
            key_id: self.key_id,
            signature: STANDARD.decode(self.signature).context("signature is not base64")?,
        })
    }
}

#[cfg(test)]
#[path = "offline_tests.rs"]
mod tests;

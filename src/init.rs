//! `opsp init`: a data folder with everything that a server and its callers need: a private authority, a certificate
//! for each caller, the key ring, the settings.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use anyhow::{Context, ensure};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use crate::config::FILE;
use crate::db::keys::Keys;
use crate::db::public::Algorithm;
use crate::db::source::{Random, TimeSource};
use crate::rpc::auth::IDENTITY_PREFIX;

/// How long certificates are good, in days.
const DAYS: i64 = 825;

/// One caller that is set up.
struct Role {
    name: &'static str,
    about: &'static str,
    roles: &'static str,
    operators: &'static str,
}

const CALLERS: [Role; 4] = [
    Role {
        name: "platform", about: "国家医保信息平台", roles: r#"["national_platform"]"#, operators: ""
    },
    Role { name: "portal", about: "省级门户", roles: r#"["portal"]"#, operators: "" },
    Role {
        name: "bureau",
        about: "经办机构: register the officers here; experts are registered with ReviewService.CreateExpert",
        roles: r#"["bureau", "expert"]"#,
        operators: r#"["officer.li", "officer.wang"]"#,
    },
    Role { name: "ops", about: "运维", roles: r#"["ops"]"#, operators: "" },
];

/// Makes the folder. Refuses one that is set up already.
pub fn init(data_dir: &Path, area: &str, listen: &str, algorithm: Algorithm) -> anyhow::Result<()> {
    let file = data_dir.join(FILE);
    ensure!(!file.exists(), "{} is there already: this folder is set up", file.display());
    private_folder(data_dir)?;
    let keys = data_dir.join("keys.toml");
    // Whatever was sealed under a ring is lost with it: one that is there stays, and one that is gone is not replaced.
    let sealed = data_dir.join("opsp.db").exists();
    ensure!(
        keys.exists() || !sealed,
        "{} is gone, but the database is not: bring it back first",
        keys.display()
    );
    authority(data_dir)?;
    if !keys.exists() {
        write_private(&keys, &Keys::generate_of(algorithm, &Random::system())?)?;
    }
    // Last, so that a folder with settings is whole.
    write_private(&file, &settings(area, listen)?)
}

fn settings(area: &str, listen: &str) -> anyhow::Result<String> {
    let mut text = String::from(
        "# Settings of opsp. What is not here has its default; OPSP_<NAME> in the environment goes before both,\n\
         # with __ between the parts: OPSP_LIMITS__UPLOAD_BYTES=5242880.\n\n",
    );
    writeln!(text, "listen = \"{listen}\"")?;
    writeln!(text, "# \"postgres://user@host/name\"; empty: SQLite in this folder.\ndatabase = \"\"\n")?;
    writeln!(
        text,
        "[tls]\ncertificate = \"tls/server.pem\"\nkey = \"tls/server.key\"\nclient_ca = \"tls/ca.pem\"\n"
    )?;
    for caller in CALLERS {
        writeln!(text, "# {}\n[callers.{}]\nroles = {}", caller.about, caller.name, caller.roles)?;
        // The platform and the operators see the whole country; the others their area.
        let areas = if matches!(caller.name, "platform" | "ops") { "100000" } else { area };
        writeln!(text, "areas = [\"{areas}\"]")?;
        if !caller.operators.is_empty() {
            writeln!(text, "operators = {}", caller.operators)?;
        }
        writeln!(text)?;
    }
    Ok(text)
}

fn authority(data_dir: &Path) -> anyhow::Result<()> {
    let folder = data_dir.join("tls");
    fs::create_dir_all(&folder)?;
    let now = TimeSource::Real.now();
    let mut params = params("opsp private authority", now)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    write_private(&folder.join("ca.pem"), &certificate.pem())?;
    write_private(&folder.join("ca.key"), &key.serialize_pem())?;
    let issuer = Issuer::new(params, key);

    let mut server = self::params("opsp server", now)?;
    let localhost = Ia5String::try_from("localhost")?;
    server.subject_alt_names = vec![
        SanType::DnsName(localhost),
        SanType::IpAddress([127, 0, 0, 1].into()),
        SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
    ];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    issue(&folder, "server", &server, &issuer)?;
    for caller in CALLERS {
        let mut client = self::params(caller.name, now)?;
        let identity = Ia5String::try_from(format!("{IDENTITY_PREFIX}{}", caller.name))?;
        client.subject_alt_names = vec![SanType::URI(identity)];
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        issue(&folder, caller.name, &client, &issuer)?;
    }
    Ok(())
}

fn params(name: &str, now: OffsetDateTime) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // A day of grace for clocks that are behind.
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(DAYS);
    Ok(params)
}

fn issue(
    folder: &Path,
    name: &str,
    params: &CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> anyhow::Result<()> {
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    write_private(&folder.join(format!("{name}.pem")), &certificate.pem())?;
    write_private(&folder.join(format!("{name}.key")), &key.serialize_pem())
}

/// Makes a folder that only its owner enters.
fn private_folder(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("folder {}", path.display()))
}

/// Writes a file that only its owner reads.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).with_context(|| format!("writing {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// Adds a signing key to a ring, from an instant on; gives its id. One rotation at a time, for two would give one id to two
/// keys.
pub fn rotate(
    path: &Path,
    algorithm: Algorithm,
    random: &Random,
    from: OffsetDateTime,
) -> anyhow::Result<String> {
    // Whatever a link points to is replaced, and not the link.
    let path = fs::canonicalize(path).with_context(|| format!("key ring {}", path.display()))?;
    let folder = path.parent().context("a file lies in a folder")?;
    let held = fs::File::open(folder).with_context(|| format!("folder {}", folder.display()))?;
    held.try_lock().with_context(|| format!("{} is being rotated already", path.display()))?;
    let text = fs::read_to_string(&path).with_context(|| format!("key ring {}", path.display()))?;
    let rotated = Keys::rotate(&text, algorithm, random, from);
    let (ring, id) = rotated.with_context(|| format!("key ring {}", path.display()))?;
    let new = path.with_extension("toml.new");
    if let Err(error) = write_private(&new, &ring).and_then(|()| take_place(&new, &path)) {
        // No copy of the ring lies about; where it was never made there is none.
        fs::remove_file(&new).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error).with_context(|| format!("removing {}", new.display())),
        })?;
        return Err(error);
    }
    held.sync_all().with_context(|| format!("folder {}", folder.display()))?;
    Ok(id)
}

/// Puts a file in the place of another one, for the same owner, group and readers.
fn take_place(new: &Path, path: &Path) -> anyhow::Result<()> {
    let [before, after] = [path, new].map(fs::metadata);
    let (before, after) = (before?, after?);
    if (after.uid(), after.gid()) != (before.uid(), before.gid()) {
        chown(new, Some(before.uid()), Some(before.gid()))
            .with_context(|| format!("{} belongs to somebody else: run this as its owner", path.display()))?;
    }
    fs::set_permissions(new, before.permissions())?;
    fs::rename(new, path).with_context(|| format!("writing {}", path.display()))
}

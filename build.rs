//! Compiles the protos without protoc and turns their options into code: who may call what (`access`), what a request
//! belongs to (`Call`), what a field must satisfy (`Check`), and what may never be printed (`debug_redact`).

#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script where to write by the environment"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message as _;
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    Value,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files = Vec::new();
    find_protos(Path::new("proto"), &mut files)?;
    println!("cargo:rerun-if-changed=proto");
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(files.iter().filter(|file| file.starts_with("proto/opsp")))?;
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptor.bin"), &encoded)?;

    let pool = DescriptorPool::decode(encoded.as_slice())?;
    let messages: Vec<_> =
        pool.all_messages().filter(|message| message.full_name().starts_with("opsp.")).collect();
    let mut config = tonic_prost_build::Config::new();
    config.skip_debug(messages.iter().filter(|m| is_private(m)).map(|m| format!(".{}", m.full_name())));
    let set = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    tonic_prost_build::configure()
        .include_file("proto.rs")
        .emit_rerun_if_changed(false)
        .compile_fds_with_config(set, config)?;

    let mut code = String::new();
    for message in &messages {
        if is_private(message) {
            write_debug(message, &mut code)?;
        }
        write_check(message, &mut code)?;
    }
    write_methods(&pool, &mut code)?;
    fs::write(out.join("contract.rs"), code)?;
    Ok(())
}

fn find_protos(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

/// Whether a field of the message must never be printed.
fn is_private(message: &MessageDescriptor) -> bool {
    message.fields().any(|field| {
        field.options().get_field_by_name("debug_redact").is_some_and(|value| value.as_bool() == Some(true))
    })
}

fn write_debug(message: &MessageDescriptor, code: &mut String) -> Result<(), Failure> {
    writeln!(
        code,
        "impl std::fmt::Debug for {} {{ fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ \
         f.write_str(\"{} {{ redacted }}\") }} }}",
        rust_path(message),
        message.name()
    )?;
    Ok(())
}

/// `opsp.review.v1.Panel` → `crate::proto::opsp::review::v1::Panel`.
fn rust_path(message: &MessageDescriptor) -> String {
    assert!(message.parent_message().is_none(), "{}: nested messages are not supported", message.full_name());
    format!("crate::proto::{}", message.full_name().replace('.', "::"))
}

fn write_check(message: &MessageDescriptor, code: &mut String) -> Result<(), Failure> {
    let mut body = String::new();
    for field in message.fields() {
        write_field(&field, &mut body).map_err(|failure| format!("{}: {failure}", field.full_name()))?;
    }
    let unused = if body.is_empty() { "_" } else { "" };
    writeln!(
        code,
        "impl crate::rpc::parse::Check for {} {{ #[allow(clippy::too_many_lines)] \
         fn check(&self, {unused}found: &mut crate::rpc::parse::Found) {{ {} \n{body} }} }}",
        rust_path(message),
        if body.is_empty() { "" } else { "use crate::rpc::parse as rule;" },
    )?;
    Ok(())
}

fn write_field(field: &FieldDescriptor, code: &mut String) -> Result<(), Failure> {
    let rules = extension(&field.options(), "buf.validate.field");
    let name = field.name();
    if let Some(oneof) = field.containing_oneof() {
        if matches!(field.kind(), Kind::Message(_)) {
            let parent = rust_path(oneof.parent_message());
            let (module, kind) = parent.rsplit_once("::").ok_or("no path")?;
            writeln!(
                code,
                "if let Some({module}::{}::{}::{}(inner)) = &self.{} {{ found.inside(\"{name}\", inner); }}",
                snake(kind),
                camel(oneof.name()),
                camel(name),
                oneof.name(),
            )?;
        }
        if rules.is_some() {
            return Err("rules inside a oneof are not supported".into());
        }
        return Ok(());
    }
    if field.cardinality() == Cardinality::Repeated {
        return write_list(field, rules.as_ref(), code);
    }
    if let Kind::Message(inner) = field.kind() {
        if rules.as_ref().is_some_and(|rules| flag(rules, "required")) {
            writeln!(code, "rule::required(found, \"{name}\", self.{name}.is_some());")?;
        }
        if inner.full_name() == "google.type.Date" {
            writeln!(code, "rule::calendar_date(found, \"{name}\", self.{name}.as_ref());")?;
        } else if inner.full_name().starts_with("opsp.") {
            writeln!(code, "if let Some(inner) = &self.{name} {{ found.inside(\"{name}\", inner); }}")?;
        }
        return Ok(());
    }
    let Some(rules) = rules else { return Ok(()) };
    let call = scalar_rule(&field.kind(), &rules, &format!("\"{name}\""), &format!("self.{name}"))?;
    if skips_default(&rules) {
        let given = if field.kind() == Kind::String { "is_empty() == false" } else { "ne(&0)" };
        writeln!(code, "if self.{name}.{given} {{ {call} }}")?;
    } else {
        writeln!(code, "{call}")?;
    }
    Ok(())
}

fn write_list(
    field: &FieldDescriptor,
    rules: Option<&DynamicMessage>,
    code: &mut String,
) -> Result<(), Failure> {
    let name = field.name();
    let list = rules.and_then(|rules| sub(rules, "repeated"));
    if let Some(list) = &list {
        let unique = if flag(list, "unique") {
            format!("rule::unique(found, \"{name}\", &self.{name});")
        } else {
            String::new()
        };
        writeln!(
            code,
            "rule::count(found, \"{name}\", self.{name}.len(), {}, {}); {unique}",
            number(list, "min_items").unwrap_or(0),
            number(list, "max_items").ok_or("a list needs max_items")?,
        )?;
        if let Some(key) = rules.map(distinct_key).transpose()?.flatten() {
            writeln!(
                code,
                "rule::distinct(found, \"{name}\", \"{key}\", self.{name}.iter().map(|item| &item.{key}));"
            )?;
        }
        if let Some(items) = sub(list, "items") {
            let call = scalar_rule(&field.kind(), &items, "&at", "item")?;
            writeln!(
                code,
                "for (index, item) in self.{name}.iter().enumerate() {{ let at = format!(\"{name}[{{index}}]\"); {call} }}"
            )?;
        }
    }
    if let Kind::Message(inner) = field.kind()
        && inner.full_name().starts_with("opsp.")
    {
        writeln!(
            code,
            "for (index, item) in self.{name}.iter().enumerate() {{ found.inside(&format!(\"{name}[{{index}}]\"), item); }}"
        )?;
    }
    Ok(())
}

/// The field by which the items of a list must differ. A CEL rule of another form stops the build.
fn distinct_key(rules: &DynamicMessage) -> Result<Option<String>, Failure> {
    let cel = rules.get_field_by_name("cel").map(|value| value.into_owned());
    let Some(Value::List(cel)) = cel else { return Ok(None) };
    let expressions = cel
        .iter()
        .filter_map(|rule| rule.as_message()?.get_field_by_name("expression")?.as_str().map(str::to_owned));
    match expressions.collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [one] => {
            let key =
                one.strip_prefix("this.map(item, item.").and_then(|rest| rest.strip_suffix(").unique()"));
            let key = key.filter(|key| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            Ok(Some(key.ok_or_else(|| format!("the CEL rule {one} is not supported"))?.to_owned()))
        }
        _ => Err("more than one CEL rule is not supported".into()),
    }
}

/// The call that checks one scalar. A rule that is not known here stops the build.
fn scalar_rule(kind: &Kind, rules: &DynamicMessage, at: &str, value: &str) -> Result<String, Failure> {
    let known: &[&str] = match kind {
        Kind::String => &["min_len", "max_len", "pattern", "uuid"],
        Kind::Int32 | Kind::Int64 => &["gte", "lte"],
        Kind::Enum(_) => &["defined_only", "not_in"],
        _ => return Err("rules for this type are not supported".into()),
    };
    let group = match kind {
        Kind::String => "string",
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        _ => "enum",
    };
    let rules = sub(rules, group).ok_or("the rules are not of the field's type")?;
    let given: BTreeSet<String> = rules.fields().map(|(field, _)| field.name().to_owned()).collect();
    if let Some(unknown) = given.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("rule {unknown} is not supported").into());
    }
    Ok(match kind {
        Kind::String => {
            let mut calls = String::new();
            if flag(&rules, "uuid") {
                write!(calls, "rule::uuid(found, {at}, &{value});")?;
            }
            if let Some(pattern) =
                rules.get_field_by_name("pattern").and_then(|v| v.as_str().map(str::to_owned))
                && rules.has_field_by_name("pattern")
            {
                write!(
                    calls,
                    "{{ static PATTERN: std::sync::LazyLock<regex_lite::Regex> = std::sync::LazyLock::new(|| \
                     regex_lite::Regex::new({pattern:?}).expect(\"checked when it was built\")); \
                     rule::pattern(found, {at}, &{value}, &PATTERN); }}"
                )?;
                regex_lite::Regex::new(&pattern)?;
            }
            if rules.has_field_by_name("min_len") || rules.has_field_by_name("max_len") {
                let most = number(&rules, "max_len").ok_or("a text needs max_len")?;
                write!(
                    calls,
                    "rule::length(found, {at}, &{value}, {}, {most});",
                    number(&rules, "min_len").unwrap_or(0)
                )?;
            }
            calls
        }
        Kind::Enum(kind) => {
            let path = format!("crate::proto::{}", kind.full_name().replace('.', "::"));
            let refused = numbers(&rules, "not_in");
            format!(
                "rule::choice(found, {at}, ![0, {refused}].contains(&{value}) && {path}::is_valid({value}));"
            )
        }
        _ => format!(
            "rule::range(found, {at}, i64::from({value}), {}, {});",
            number(&rules, "gte").ok_or("a number needs gte")?,
            number(&rules, "lte").unwrap_or(i64::MAX),
        ),
    })
}

fn write_methods(pool: &DescriptorPool, code: &mut String) -> Result<(), Failure> {
    let mut table = String::new();
    for service in pool.services().filter(|service| service.full_name().starts_with("opsp.")) {
        for method in service.methods() {
            write_method(&method, &mut table, code)
                .map_err(|failure| format!("{}: {failure}", method.full_name()))?;
        }
    }
    writeln!(
        code,
        "/// Who may call a method; none for a method that does not exist.\n\
         pub fn access(path: &str) -> Option<crate::kernel::access::Access> {{ \
         use crate::kernel::access::{{Access, Role}}; Some(match path {{ {table} _ => return None }}) }}"
    )?;
    let names: Vec<String> = pool
        .services()
        .filter(|service| service.full_name().starts_with("opsp."))
        .map(|service| format!("{:?}", service.full_name()))
        .collect();
    writeln!(
        code,
        "/// Every service of the contract.\npub const SERVICES: &[&str] = &[{}];",
        names.join(", ")
    )?;
    Ok(())
}

fn write_method(method: &MethodDescriptor, table: &mut String, code: &mut String) -> Result<(), Failure> {
    let access = extension(&method.options(), "opsp.common.v1.access").ok_or("has no access option")?;
    let roles = match access.get_field_by_name("roles").map(|value| value.into_owned()) {
        Some(Value::List(roles)) if !roles.is_empty() => roles,
        _ => return Err("names no role".into()),
    };
    let roles: Vec<&str> = roles
        .iter()
        .map(|role| match role.as_enum_number() {
            Some(1) => Ok("Role::NationalPlatform"),
            Some(2) => Ok("Role::Portal"),
            Some(3) => Ok("Role::Bureau"),
            Some(4) => Ok("Role::Expert"),
            Some(5) => Ok("Role::Ops"),
            _ => Err("names an unknown role"),
        })
        .collect::<Result<_, _>>()?;
    let scope = match enumeration(&access, "scope") {
        1 => "Person",
        2 => "Area",
        3 => "Public",
        4 => "System",
        _ => return Err("states no scope".into()),
    };
    let effect = match enumeration(&access, "effect") {
        1 => "Read",
        2 => "Write",
        _ => return Err("states no effect".into()),
    };
    let owner =
        access.get_field_by_name("owner").and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    if matches!(scope, "Person" | "Area") == owner.is_empty() {
        return Err("names an owner exactly when its scope is a person or an area".into());
    }
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    writeln!(table, "{path:?} => Access {{ roles: &[{}] }},", roles.join(", "))?;
    if method.is_client_streaming() {
        return Ok(());
    }
    let input = method.input();
    let has = |name: &str| input.get_field_by_name(name).is_some();
    if (effect == "Write") != (has("request_id") && has("validate_only")) {
        return Err("takes request_id and validate_only exactly when it writes".into());
    }
    let owner = owner_expression(&owner);
    let write = if effect == "Write" {
        "fn request_id(&self) -> &str { &self.request_id } fn validate_only(&self) -> bool { self.validate_only }"
    } else {
        ""
    };
    writeln!(
        code,
        "impl crate::rpc::call::Call for {} {{ const METHOD: &'static str = {path:?}; \
         const SCOPE: crate::kernel::access::Scope = crate::kernel::access::Scope::{scope}; \
         fn owner(&self) -> &str {{ {owner} }} {write} }}",
        rust_path(&input)
    )?;
    Ok(())
}

fn owner_expression(owner: &str) -> String {
    match owner.split_once('.') {
        None if owner.is_empty() => "\"\"".to_owned(),
        None => format!("&self.{owner}"),
        Some((outer, inner)) => format!("self.{outer}.as_ref().map_or(\"\", |part| &part.{inner})"),
    }
}

fn extension(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let (_, value) = options.extensions().find(|(extension, _)| extension.full_name() == name)?;
    value.as_message().cloned()
}

fn sub(message: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    message.has_field_by_name(name).then(|| message.get_field_by_name(name)?.as_message().cloned())?
}

fn flag(message: &DynamicMessage, name: &str) -> bool {
    message.get_field_by_name(name).and_then(|value| value.as_bool()) == Some(true)
}

fn enumeration(message: &DynamicMessage, name: &str) -> i32 {
    message.get_field_by_name(name).and_then(|value| value.as_enum_number()).unwrap_or(0)
}

fn skips_default(rules: &DynamicMessage) -> bool {
    enumeration(rules, "ignore") == 1
}

fn number(message: &DynamicMessage, name: &str) -> Option<i64> {
    if !message.has_field_by_name(name) {
        return None;
    }
    match *message.get_field_by_name(name)? {
        Value::I32(value) => Some(i64::from(value)),
        Value::I64(value) => Some(value),
        Value::U64(value) => i64::try_from(value).ok(),
        _ => None,
    }
}

/// The numbers of a list, with commas between.
fn numbers(message: &DynamicMessage, name: &str) -> String {
    let list = message.get_field_by_name(name);
    let items = list.as_deref().and_then(Value::as_list).unwrap_or_default();
    items.iter().filter_map(Value::as_i32).map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn camel(name: &str) -> String {
    name.split('_')
        .map(|part| {
            part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect::<String>()
        })
        .collect()
}

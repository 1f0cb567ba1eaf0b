//! The README's caller profiles say what the contract says.

use opsp::contract::access;
use opsp::kernel::access::Role;
use prost::Message;

/// The RPCs that a role may call, service by service, as the README prints them.
fn profile(role: Role) -> String {
    let set =
        prost_types::FileDescriptorSet::decode(opsp::server::DESCRIPTORS).expect("the descriptors decode");
    let mut lines = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let allowed = |method: &&prost_types::MethodDescriptorProto| {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                access(&path).is_some_and(|access| access.roles.contains(&role))
            };
            let methods: Vec<_> = service.method.iter().filter(allowed).map(|method| method.name()).collect();
            if !methods.is_empty() {
                lines.push(format!("{}: {}", service.name(), methods.join(", ")));
            }
        }
    }
    lines.sort();
    lines.join("; ")
}

#[test]
fn the_readme_lists_what_each_role_may_call() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let flat = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for role in [Role::NationalPlatform, Role::Portal, Role::Bureau, Role::Expert, Role::Ops] {
        let expected = format!("**`{}`**: {}.", role.word(), profile(role));
        assert!(flat.contains(&expected), "the README lacks:\n- {expected}");
    }
}

//! The architecture is a test: what may stand where.

use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// The features, in their order: each may use only those before it.
const FEATURES: [&str; 13] = [
    "calendar",
    "deadline",
    "catalog",
    "insured",
    "material",
    "residence",
    "application",
    "review",
    "notice",
    "benefit",
    "certificate",
    "settlement",
    "ops",
];

/// Methods that run a statement which writes. Only `db/` calls them: whatever else is written goes through `Work`.
const WRITES: [&str; 4] = ["exec", "exec_without_returning", "execute", "execute_unprepared"];

/// A source file, parsed.
struct Source {
    /// Path below `src/`.
    path: String,
    /// Its code without tests.
    file: syn::File,
}

/// What a file names: paths, with `use` trees spelled out, whether there is anything async in it, and whether it runs a
/// statement itself.
#[derive(Default)]
struct Names {
    paths: Vec<String>,
    is_async: bool,
    runs: bool,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<_> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.paths.push(parts.join("::"));
        syn::visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        spell(&item.tree, String::new(), &mut self.paths);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let is_test = item.attrs.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
        });
        if !is_test {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.is_async |= signature.asyncness.is_some();
        syn::visit::visit_signature(self, signature);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.runs |= WRITES.iter().any(|name| call.method == name);
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_async(&mut self, expression: &'ast syn::ExprAsync) {
        self.is_async = true;
        syn::visit::visit_expr_async(self, expression);
    }
}

fn spell(tree: &syn::UseTree, before: String, found: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => spell(&path.tree, format!("{before}{}::", path.ident), found),
        syn::UseTree::Name(name) => found.push(format!("{before}{}", name.ident)),
        syn::UseTree::Rename(name) => found.push(format!("{before}{}", name.ident)),
        syn::UseTree::Glob(_) => found.push(format!("{before}*")),
        syn::UseTree::Group(group) => group.items.iter().for_each(|item| spell(item, before.clone(), found)),
    }
}

/// Every violation in some sources, a line each.
fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let mut names = Names::default();
        names.visit_file(&source.file);
        let mut say = |what: &str| found.push(format!("{}: {what}", source.path));
        let file = source.path.rsplit('/').next().unwrap_or_default();
        let folder = source.path.split('/').next().unwrap_or_default();
        let uses = |krate: &str| {
            names.paths.iter().any(|path| path == krate || path.starts_with(&format!("{krate}::")))
        };
        let database = folder == "db" || file == "store.rs" || file == "row.rs";
        if !database && (uses("sea_orm") || uses("sea_orm_migration")) {
            say("sea_orm outside store.rs, row.rs and db/");
        }
        let is_feature = FEATURES.contains(&folder);
        if is_feature && names.runs {
            say("`.exec(` or `.exec_without_returning(` outside db/");
        }
        let transport = !is_feature && folder != "kernel" && folder != "db";
        if !transport && file != "grpc.rs" && !streams(&source.path) && (uses("tonic") || uses("tonic_types"))
        {
            say("tonic outside grpc.rs, rpc/ and server.rs");
        }
        let pure = folder == "kernel" || file == "domain.rs" || file == "transition.rs";
        if pure && names.is_async {
            say("async in pure code");
        }
        for (krate, what) in [("tokio", "tokio"), ("getrandom", "randomness"), ("crate::db", "the database")]
        {
            if pure && uses(krate) {
                say(&format!("{what} in pure code"));
            }
        }
        if let Some(own) = FEATURES.iter().position(|feature| *feature == folder) {
            for right in &FEATURES[own + 1..] {
                // A proof of the left is an argument of the right, never the other way round; benefit takes notice's.
                if uses(&format!("crate::{right}")) {
                    say(&format!("uses {right}, which is to its right"));
                }
            }
        }
    }
    found
}

/// Files that carry a stream of their own and so speak the transport's words.
fn streams(path: &str) -> bool {
    matches!(path, "material/upload.rs" | "material/download.rs" | "ops/events.rs" | "insured/import.rs")
}

fn read_sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    find(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file is readable");
            let file = syn::parse_file(&text).expect("a source file parses");
            let path = path.strip_prefix(&root).expect("it lies below src").display().to_string();
            Source { path, file }
        })
        .collect()
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a source folder is readable") {
        let path = entry.expect("a source folder is readable").path();
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_sources_keep_their_layers() {
    let sources = read_sources();
    assert!(sources.len() > 50, "only {} sources were found", sources.len());
    let found = violations(&sources);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_violation_is_named_with_its_file() {
    let check = |path: &str, code: &str, expected: &str| {
        let file = syn::parse_file(code).expect("the planted code parses");
        let found = violations(&[Source { path: path.to_owned(), file }]);
        assert_eq!(found, [format!("{path}: {expected}")], "{code}");
    };
    check("notice/domain.rs", "use sea_orm::EntityTrait;", "sea_orm outside store.rs, row.rs and db/");
    check("review/assign.rs", "fn f() { sea_orm::find(); }", "sea_orm outside store.rs, row.rs and db/");
    check("benefit/change.rs", "fn f(x: tonic::Status) {}", "tonic outside grpc.rs, rpc/ and server.rs");
    check(
        "review/store.rs",
        "fn f() { insert.on_conflict(x).exec_without_returning(&work.conn()); }",
        "`.exec(` or `.exec_without_returning(` outside db/",
    );
    check("kernel/money.rs", "async fn f() {}", "async in pure code");
    check("benefit/domain.rs", "fn f() { let x = async { 1 }; }", "async in pure code");
    check("notice/domain.rs", "use crate::db::work::{View, Work};", "the database in pure code");
    check("kernel/id.rs", "fn f() { getrandom::fill(&mut []); }", "randomness in pure code");
    check("application/submit.rs", "use crate::{benefit::query};", "uses benefit, which is to its right");
    check(
        "catalog/query.rs",
        "use crate::settlement::domain as d;",
        "uses settlement, which is to its right",
    );
    let allowed = syn::parse_file("#[cfg(test)] mod tests { use sea_orm::EntityTrait; }").expect("it parses");
    assert!(violations(&[Source { path: "notice/domain.rs".to_owned(), file: allowed }]).is_empty());
}

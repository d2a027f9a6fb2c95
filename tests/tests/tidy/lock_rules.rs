//! What may stand in `Cargo.lock`. The lists are those of `deny.toml`, so that this test and
//! cargo-deny cannot differ.

/// One `[[package]]` of a lock file.
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
    dependencies: Vec<&'a str>,
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// All that the macros may depend on; insta is for their tests.
const MACRO_DEPENDENCIES: [&str; 4] = ["insta", "proc-macro2", "quote", "syn"];

/// The crates that `deny.toml` bans whole.
pub(crate) fn banned(deny: &str) -> Vec<&str> {
    let entries = deny.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \""));
    entries.filter_map(|rest| rest.split('"').next()).filter(|name| !name.contains(':')).collect()
}

/// The crates that may still use syn 2, by `deny.toml`.
pub(crate) fn syn_2_users(deny: &str) -> Vec<&str> {
    let line = deny.lines().find(|line| line.contains("crate = \"syn:<3\"")).unwrap_or_default();
    let list = line.split("wrappers = [").nth(1).and_then(|rest| rest.split(']').next());
    list.unwrap_or_default().split('"').skip(1).step_by(2).collect()
}

pub(crate) fn no_banned_crates(lock: &str, banned: &[&str]) -> Vec<String> {
    let packages = packages(lock);
    let found = packages.iter().filter(|package| banned.contains(&package.name));
    found.map(|package| format!("Cargo.lock: `{}` is banned by deny.toml", package.name)).collect()
}

pub(crate) fn only_crates_io(lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let foreign =
        packages.iter().filter(|package| package.source.is_some_and(|at| at != CRATES_IO));
    foreign.map(|package| format!("Cargo.lock: `{}` is not from crates.io", package.name)).collect()
}

pub(crate) fn syn_2_only_below_foreign_macros(lock: &str, allowed: &[&str]) -> Vec<String> {
    let uses_syn_2 = |package: &&Package<'_>| {
        package.dependencies.iter().any(|dependency| dependency.starts_with("syn 2."))
    };
    let packages = packages(lock);
    let found =
        packages.iter().filter(uses_syn_2).filter(|package| !allowed.contains(&package.name));
    let fault = |package: &Package<'_>| {
        format!("Cargo.lock: `{} {}` brings syn 2 into the build", package.name, package.version)
    };
    found.map(fault).collect()
}

pub(crate) fn macros_stay_small(lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let macros = packages.iter().filter(|package| package.name == "toolwatch-macros");
    let names = macros.flat_map(|package| &package.dependencies);
    let names = names.filter_map(|dependency| dependency.split(' ').next());
    let foreign = names.filter(|name| !MACRO_DEPENDENCIES.contains(name));
    foreign
        .map(|name| format!("macros/Cargo.toml: `{name}` is built before every user's server"))
        .collect()
}

fn packages(lock: &str) -> Vec<Package<'_>> {
    lock.split("[[package]]").skip(1).map(package).collect()
}

fn package(text: &str) -> Package<'_> {
    let quoted = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.strip_prefix(" = \"")?.strip_suffix('"')
    };
    let dependency = |line| str::strip_prefix(line, " \"")?.strip_suffix("\",");
    Package {
        name: quoted("name").unwrap_or_default(),
        version: quoted("version").unwrap_or_default(),
        source: quoted("source"),
        dependencies: text.lines().filter_map(dependency).collect(),
    }
}

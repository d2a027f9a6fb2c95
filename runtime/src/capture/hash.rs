//! Keyed hashes of arguments: comparable within one install, worthless outside it.
//!
//! Plain hashes of short values can be reversed by trying all values, so every hash is an
//! HMAC-SHA256 under a key that never leaves the machine, truncated to 64 bits. Hashes of
//! different tools, fields and purposes are separated, so that they cannot be compared.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

#[path = "key.rs"]
mod key;

pub(crate) use key::InstallKey;

/// How the hash of all arguments is made.
///
/// ```
/// use toolwatch::HashMode;
/// assert_eq!(HashMode::default(), HashMode::Keyed);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashMode {
    /// HMAC-SHA256 of the canonical form under the install's key.
    #[default]
    Keyed,
    /// The digest that Python servers compute: `sha256(json.dumps(args, sort_keys=True))`, cut to
    /// 16 hexadecimal digits. It has no key, so short arguments can be guessed from it.
    PythonSha256,
}

/// A keyed hash state that has absorbed its domain and is cloned for each hash.
#[derive(Clone)]
pub(crate) struct Hasher {
    state: Hmac<Sha256>,
    mode: HashMode,
}

impl Hasher {
    /// A hasher for the arguments of one tool.
    pub(crate) fn new(key: &InstallKey, tool: &str, mode: HashMode) -> Self {
        let mut state = Hmac::<Sha256>::new(&key.block().into());
        state.update(b"toolwatch/v1/args\0");
        state.update(tool.as_bytes());
        state.update(b"\0");
        Self { state, mode }
    }

    /// A hasher for what tools share: sessions and faults.
    pub(crate) fn for_install(key: &InstallKey) -> Self {
        let mut state = Hmac::<Sha256>::new(&key.block().into());
        state.update(b"toolwatch/v1/install\0");
        Self { state, mode: HashMode::Keyed }
    }

    /// How the hash of all arguments is made.
    pub(crate) const fn mode(&self) -> HashMode {
        self.mode
    }

    /// The hash of one field's value, which the walk has in its canonical form already.
    #[cfg(test)]
    pub(crate) fn field(&self, path: &str, value: &serde_json::Value) -> u64 {
        let mut form = Vec::new();
        super::canonical::Canonical::new(&mut form).value(value, 0);
        self.field_form(path, [form.as_slice()])
    }

    /// The hash of one field's canonical form, given in pieces.
    pub(crate) fn field_form<'f>(
        &self,
        path: &'f str,
        pieces: impl IntoIterator<Item = &'f [u8]>,
    ) -> u64 {
        let domain: [&[u8]; 3] = [b"field\0", path.as_bytes(), b"\0"];
        self.finish(domain.into_iter().chain(pieces))
    }

    /// The hash of all arguments' canonical form.
    pub(crate) fn arguments_form(&self, form: &[u8]) -> u64 {
        self.finish([b"all\0", form])
    }

    /// The hash of a text for a purpose.
    pub(crate) fn text(&self, domain: &str, text: &str) -> u64 {
        self.bytes(domain, text.as_bytes())
    }

    /// The hash of bytes for a purpose.
    pub(crate) fn bytes(&self, domain: &str, bytes: &[u8]) -> u64 {
        self.finish([b"text\0", domain.as_bytes(), b"\0", bytes])
    }

    fn finish<'p>(&self, parts: impl IntoIterator<Item = &'p [u8]>) -> u64 {
        let mut state = self.state.clone();
        parts.into_iter().for_each(|part| state.update(part));
        leading(&state.finalize().into_bytes())
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hasher({:?})", self.mode)
    }
}

/// The first 64 bits of an unkeyed SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> u64 {
    leading(&Sha256::digest(bytes))
}

fn leading(digest: &[u8]) -> u64 {
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fixed() -> InstallKey {
        InstallKey::from_bytes([7; 32])
    }

    #[test]
    fn a_hash_is_separated_by_key_tool_path_and_purpose() {
        let hasher = Hasher::new(&fixed(), "search", HashMode::Keyed);
        let other_tool = Hasher::new(&fixed(), "fetch", HashMode::Keyed);
        let other_key = Hasher::new(&InstallKey::ephemeral(), "search", HashMode::Keyed);
        let value = json!("x");
        let hashes = [
            hasher.field("q", &value),
            hasher.field("r", &value),
            other_tool.field("q", &value),
            other_key.field("q", &value),
            hasher.text("q", "x"),
            Hasher::for_install(&fixed()).text("q", "x"),
        ];
        let distinct: std::collections::HashSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        assert_eq!(hasher.field("q", &json!(1)), hasher.field("q", &json!(1.0)));
    }

    #[test]
    fn hashes_equal_hmac_sha256_as_others_compute_it() {
        // python3: hmac.new(b"\x07"*32, b"toolwatch/v1/install\0text\0session\0abc", "sha256")
        assert_eq!(Hasher::for_install(&fixed()).text("session", "abc"), PYTHON_HMAC);
    }

    const PYTHON_HMAC: u64 = 0x0c84_34fb_fa27_27b5;

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(format!("{:?}", fixed()), "InstallKey(..)");
        assert_eq!(format!("{:?}", Hasher::for_install(&fixed())), "Hasher(Keyed)");
    }
}

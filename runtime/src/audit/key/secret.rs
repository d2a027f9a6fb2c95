//! 32 secret bytes that are wiped when they are dropped, and HKDF from one secret to the next.

use std::io;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

/// A secret. It has no `Display`, its `Debug` is blank, and it stays in one place of the heap, so
/// that moving it leaves no copy.
#[derive(Clone)]
pub(in crate::audit) struct Secret(Box<[u8; 32]>);

impl Secret {
    /// A fresh one.
    ///
    /// # Errors
    /// Fails when the system has no random source.
    pub(in crate::audit) fn random() -> io::Result<Self> {
        let mut secret = Self(Box::new([0; 32]));
        fill(&mut *secret.0)?;
        Ok(secret)
    }

    /// A secret from its hexadecimal digits.
    pub(in crate::audit) fn from_hex(digits: &[u8]) -> Option<Self> {
        let mut secret = Self(Box::new([0; 32]));
        crate::audit::hex::decode(digits, &mut *secret.0).then_some(secret)
    }

    pub(in crate::audit) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(in crate::audit) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(crate::audit::hex::encode(&*self.0))
    }

    /// HKDF-Expand of RFC 5869 with SHA-256, to 32 bytes, which are one block: the secret is
    /// uniform, so the step of extraction is left out, as section 3.3 allows.
    pub(super) fn expand(&self, info: &[u8]) -> Self {
        let mut mac: Hmac<Sha256> = Hmac::new((&*self.padded()).into());
        mac.update(info);
        mac.update(&[1]);
        let mut block = mac.finalize().into_bytes();
        let mut next = Self(Box::new([0; 32]));
        next.0.copy_from_slice(&block);
        block.as_mut_slice().zeroize();
        next
    }

    /// As HMAC takes it: padded with zeros to a block of SHA-256.
    pub(super) fn padded(&self) -> Zeroizing<[u8; 64]> {
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&*self.0);
        block
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Bytes for an id.
pub(in crate::audit) fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|_| io::Error::other("no random source for a key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_hkdf_expand_of_rfc_5869() {
        // Test case 1: the first 32 bytes of its 42 are the first block, whatever the length.
        let prk = b"077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5";
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        let secret = Secret::from_hex(prk).unwrap();
        assert_eq!(*secret.expand(&info).to_hex(), expected);
    }
}

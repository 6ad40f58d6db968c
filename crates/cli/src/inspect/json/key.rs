//! Public keys, as JSON.

use rung_pki::{ExchangeAlgorithm, ExchangePublicKey, KeyAlgorithm, PublicKey, sha256};

use super::{Json, Object};
use crate::inspect::key::{Dsa, curve_of, dsa, kind};

/// A `SubjectPublicKeyInfo`.
pub(crate) fn json(info: &[u8]) -> Object {
    let mut out = Object::new();
    let mut algorithm = Object::new();
    algorithm.put("name", kind(info));
    out.put("key_algorithm", algorithm);
    if let Some(dsa) = dsa(info) {
        out.put("dsa_public_key", of_dsa(&dsa));
    } else if let Some((curve, point)) = curve_of(info) {
        out.put_some("ecdsa_public_key", of_curve(curve, point));
    } else if let Ok(key) = PublicKey::from_spki(info) {
        match key.algorithm() {
            KeyAlgorithm::Rsa { bits } => out.put_some("rsa_public_key", of_rsa(&key, bits)),
            KeyAlgorithm::Ed25519 => {
                out.put("ed25519_public_key", octets(key.bits()));
            }
            KeyAlgorithm::MlDsa(_) => out.put("ml_dsa_public_key", octets(key.bits())),
            _ => {}
        }
    } else if let Ok(key) = ExchangePublicKey::from_spki(info) {
        let name = match key.algorithm() {
            ExchangeAlgorithm::MlKem(_) => "ml_kem_public_key",
            ExchangeAlgorithm::X25519 => "x25519_public_key",
        };
        out.put(name, octets(key.octets()));
    }
    out.put("fingerprint_sha256", Json::hex(&sha256(info)));
    out
}

/// A key that is nothing but octets.
fn octets(key: &[u8]) -> Object {
    let mut out = Object::new();
    out.put("length", Json::number(key.len() * 8));
    out.put("pub", Json::octets(key));
    out
}

fn of_rsa(key: &PublicKey, bits: u32) -> Option<Object> {
    let (modulus, exponent) = key.rsa_numbers()?;
    let mut out = Object::new();
    out.put("exponent", Json::unsigned(exponent));
    out.put("modulus", Json::octets(modulus));
    // As scripts know it: whole octets.
    out.put("length", Json::number(bits.div_ceil(8) * 8));
    Some(out)
}

fn of_dsa(key: &Dsa<'_>) -> Object {
    let mut out = Object::new();
    for (name, number) in [("g", key.g), ("p", key.p), ("q", key.q), ("y", key.y)] {
        out.put(name, Json::octets(number));
    }
    out
}

fn of_curve(curve: &str, point: &[u8]) -> Option<Object> {
    let domain = CURVES.iter().find(|domain| domain.name == curve)?;
    let (x, y) = match point {
        [4, coordinates @ ..] if coordinates.len().is_multiple_of(2) => coordinates.split_at(coordinates.len() / 2),
        _ => return None,
    };
    let short = |number: &[u8]| Json::octets(&number[number.iter().take_while(|octet| **octet == 0).count()..]);
    let mut out = Object::new();
    out.put("b", domain.b);
    out.put("curve", domain.name);
    out.put("gx", domain.gx);
    out.put("gy", domain.gy);
    out.put("length", Json::number(domain.bits));
    out.put("n", domain.n);
    out.put("p", domain.p);
    out.put("pub", Json::octets(point));
    out.put("x", short(x));
    out.put("y", short(y));
    Some(out)
}

/// The numbers of a curve (SP 800-186 §3.2.1), base64.
struct Domain {
    name: &'static str,
    bits: u32,
    b: &'static str,
    gx: &'static str,
    gy: &'static str,
    n: &'static str,
    p: &'static str,
}

const CURVES: [Domain; 4] = [
    Domain {
        name: "P-224",
        bits: 224,
        b: "tAUKhQwEs6v1QTJWUESwt9e/2LonCzlDI1X/tA==",
        gx: "tw4MvWu0v38yE5C5SgPB01bCESI0MoDWEVwdIQ==",
        gy: "vTdjiLX3I/tMIt/mzUN1oFoHR2RE1YGZhQB+NA==",
        n: "//////////////////8WouC48D4T3SlFXFwqPQ==",
        p: "/////////////////////wAAAAAAAAAAAAAAAQ==",
    },
    Domain {
        name: "P-256",
        bits: 256,
        b: "WsY12Ko6k+ez671VdpiGvGUdBrDMU7D2O848PifSYEs=",
        gx: "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY=",
        gy: "T+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=",
        n: "/////wAAAAD//////////7zm+q2nF56E87nKwvxjJVE=",
        p: "/////wAAAAEAAAAAAAAAAAAAAAD///////////////8=",
    },
    Domain {
        name: "P-384",
        bits: 384,
        b: "szEvp+I+5+SYjgVr4/gtGRgdnG7+gUESAxQIj1ATh1rGVjmNii7RnSqFyO3T7Crv",
        gx: "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        gy: "NhfeSpYmLG9dnpi/kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
        n: "////////////////////////////////x2NNgfQ3Ld9YGg2ySLCneuzsGWrMxSlz",
        p: "//////////////////////////////////////////7/////AAAAAAAAAAD/////",
    },
    Domain {
        name: "P-521",
        bits: 521,
        b: "UZU+uWGOHJofkpohoLaFQO6i2nJbmbMV87i0iZGO8QnhVhk5Uex+k3sWUsC9O7G/BzVz34g9LDTx70Uf1GtQPwA=",
        gx: "xoWOBrcEBOnNnj7LZiOVtEKcZIE5BT+1Ifgor2BrTT26oUted+/nWSj+HcEnov+o3jNIs8GFakKb+X5+McLlvWY=",
        gy: "ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT+tB2E1PHCGonLCQIi+lHaf0WZQ",
        n: "Af//////////////////////////////////////////+lGGh4O/L5Zrf8wBSPcJpdA7tcm4iZxHrrtvtx6ROGQJ",
        p: "Af//////////////////////////////////////////////////////////////////////////////////////",
    },
];

"""A token that somebody else made: for tests of tokens that `rung ca token` refuses to make.

    python3 make_token.py KEY CLAIMS

KEY is a PEM file with a P-256 key, CLAIMS is JSON in which `now` may be written as {"now": SECONDS}. The key id in
the header is the RFC 7638 thumbprint of the key. Prints the token.
"""

import base64
import json
import sys
import time
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


path, claims = sys.argv[1:]
with open(path, "rb") as file:
    key = load_pem_private_key(file.read(), None)
point = key.public_key().public_numbers()
jwk = {"crv": "P-256", "kty": "EC", "x": encode(point.x.to_bytes(32, "big")), "y": encode(point.y.to_bytes(32, "big"))}
header = {"alg": "ES256", "kid": encode(sha256(compact(jwk)).digest()), "typ": "JWT"}
now = int(time.time())
payload = {
    name: now + value["now"] if isinstance(value, dict) and "now" in value else value
    for name, value in json.loads(claims).items()
}
content = f"{encode(compact(header))}.{encode(compact(payload))}"
r, s = decode_dss_signature(key.sign(content.encode(), ECDSA(SHA256())))
print(f"{content}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}")

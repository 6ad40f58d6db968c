"""Reads and writes key files with Python's cryptography, in every format that it knows.

Usage: keys.py read FILE PASSWORD, which prints the public key as PEM; or keys.py write KIND FOLDER PASSWORD, which
writes a new key of kind p256, p384, p521, ed25519, rsa, x25519, mldsa44, mldsa65, mldsa87, mlkem768 or mlkem1024, and
public.pem.
"""

import pathlib
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat


def read(file, password):
    data = pathlib.Path(file).read_bytes()
    password = password.encode() or None
    if data.startswith(b"-----BEGIN OPENSSH"):
        return serialization.load_ssh_private_key(data, password).public_key()
    if data.startswith((b"ssh-", b"ecdsa-")):
        return serialization.load_ssh_public_key(data)
    if data.startswith(b"-----BEGIN PUBLIC"):
        return serialization.load_pem_public_key(data)
    if data.startswith(b"-----"):
        return serialization.load_pem_private_key(data, password).public_key()
    return serialization.load_der_private_key(data, password).public_key()


def write(kind, folder, password):
    folder = pathlib.Path(folder)
    password = password.encode()
    key = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "x25519": x25519.X25519PrivateKey.generate,
        "mldsa44": mldsa.MLDSA44PrivateKey.generate,
        "mldsa65": mldsa.MLDSA65PrivateKey.generate,
        "mldsa87": mldsa.MLDSA87PrivateKey.generate,
        "mlkem768": mlkem.MLKEM768PrivateKey.generate,
        "mlkem1024": mlkem.MLKEM1024PrivateKey.generate,
    }[kind]()
    clear, best = serialization.NoEncryption(), serialization.BestAvailableEncryption(password)
    files = {
        "pkcs8.pem": (Encoding.PEM, PrivateFormat.PKCS8, clear),
        "pkcs8.der": (Encoding.DER, PrivateFormat.PKCS8, clear),
        "pkcs8.encrypted": (Encoding.PEM, PrivateFormat.PKCS8, best),
        "pkcs8der.encrypted": (Encoding.DER, PrivateFormat.PKCS8, best),
    }
    if kind in OPENSSH:
        files["openssh.pem"] = (Encoding.PEM, PrivateFormat.OpenSSH, clear)
    if kind in OPENSSH and kind != "ed25519":
        files["traditional.pem"] = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, clear)
        files["traditional.der"] = (Encoding.DER, PrivateFormat.TraditionalOpenSSL, clear)
        files["legacy.encrypted"] = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, best)
    for name, arguments in files.items():
        folder.joinpath(name).write_bytes(key.private_bytes(*arguments))
    public = key.public_key()
    folder.joinpath("public.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    folder.joinpath("public.der").write_bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    if kind in OPENSSH:
        folder.joinpath("line.pub").write_bytes(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))


# What OpenSSH has, and old forms of PEM, too.
OPENSSH = ["p256", "p384", "p521", "ed25519", "rsa"]


if sys.argv[1] == "read":
    key = read(sys.argv[2], sys.argv[3])
    print(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), end="")
else:
    write(*sys.argv[2:])

"""Says whether each certificate of a file was issued by the one behind it, and whether a request signs itself.

Usage: issued.py CERTIFICATES REQUEST
"""

import pathlib
import sys

from cryptography import x509

chain = x509.load_pem_x509_certificates(pathlib.Path(sys.argv[1]).read_bytes())
for certificate, issuer in zip(chain, chain[1:] + chain[-1:]):
    certificate.verify_directly_issued_by(issuer)
request = x509.load_pem_x509_csr(pathlib.Path(sys.argv[2]).read_bytes())
if not request.is_signature_valid:
    sys.exit("the signature of the request is wrong")
print(len(chain), "certificates, each issued by the next; the request is signed by its key")

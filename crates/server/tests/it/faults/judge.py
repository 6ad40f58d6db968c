"""The judge of a run under faults: reads the database and what clients wrote down, and decides the invariants.

It shares nothing with the server but the file: other language, other parser of certificates (OpenSSL), hashes of its own.

    judge.py DATABASE HISTORY ISSUER [MICROSECONDS]

With a time, what was acknowledged after it counts as unknown.
"""

import base64
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile


def der(pem):
    return base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-----")))


def element(data, at):
    """Tag, start and end of the contents of a DER element."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        length, at = int.from_bytes(data[at : at + octets], "big"), at + octets
    return tag, at, at + length


def serial(certificate):
    _, start, _ = element(certificate, 0)
    _, start, _ = element(certificate, start)
    tag, first, end = element(certificate, start)
    if tag == 0xA0:
        _, first, end = element(certificate, end)
    return certificate[first:end].lstrip(b"\0")


class Judge:
    def __init__(self, database, history, issuer, until=2**64):
        self.path, self.issuer = database, issuer
        self.database = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self.database.text_factory = lambda octets: octets.decode("utf-8")
        with open(history, encoding="utf-8") as lines:
            self.history = [json.loads(line) for line in lines]
        self.history = [line for line in self.history if line["end"] < int(until)]
        self.faults, self.said = [], []

    def rows(self, query):
        return self.database.execute(query).fetchall()

    def check(self, invariant, good, what):
        if not good:
            self.faults.append(f"{invariant} is violated: {what}")

    def done(self, *operations):
        return [line for line in self.history if line["op"] in operations and line["outcome"] == "ok"]

    def run(self):
        answer = self.rows("PRAGMA integrity_check")
        self.check("the file", answer == [("ok",)], answer)
        stored = {}
        for number, octets, fingerprint in self.rows("SELECT serial, der, fingerprint FROM certificates"):
            self.check("I3", number.lstrip(b"\0") not in stored, f"serial {number.hex()} twice")
            stored[number.lstrip(b"\0")] = octets
            self.check("I1", hashlib.sha256(octets).digest() == fingerprint, f"{number.hex()} is damaged")
        self.acknowledged(stored)
        self.tokens()
        self.issued_well(stored)
        self.revoked()
        self.numbers()
        self.audit()
        self.canaries()
        if self.faults:
            print("\n".join(self.faults[:20]))
            return 1
        print("\n".join(self.said))
        return 0

    def acknowledged(self, stored):
        """I1, I7: whatever a client was given is on record, octet for octet."""
        given = [der(line["certificate"]) for line in self.done("sign", "renew")]
        for certificate in given:
            self.check("I1/I7", stored.get(serial(certificate)) == certificate, serial(certificate).hex())
        self.check("I3", len({serial(one) for one in given}) == len(given), "a serial was given twice")
        self.said.append(f"{len(given)} acknowledged certificates on record")

    def tokens(self):
        """I2: a token gives one certificate at most."""
        uses = {}
        for line in self.done("sign", "revoke"):
            if "token" in line:
                uses[line["token"]] = uses.get(line["token"], 0) + 1
        self.check("I2", all(count == 1 for count in uses.values()), "a token was accepted twice")
        twice = self.rows("SELECT token FROM certificates WHERE token != x'' GROUP BY token HAVING count(*) > 1")
        self.check("I2", not twice, f"{len(twice)} tokens have two certificates")

    def issued_well(self, stored):
        """I3: what is on record was signed by the issuer, is no authority, and lives a day at most."""
        given = {serial(der(line["certificate"])) for line in self.done("sign", "renew")}
        known = [stored[number] for number in given if number in stored]
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for at, octets in enumerate(known):
                names.append(os.path.join(folder, f"{at}.pem"))
                with open(names[-1], "w", encoding="ascii") as file:
                    text = base64.encodebytes(octets).decode("ascii")
                    file.write(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
            for start in range(0, len(names), 500):
                command = ["openssl", "verify", "-partial_chain", "-no_check_time", "-CAfile", self.issuer]
                outcome = subprocess.run(command + names[start : start + 500], capture_output=True, text=True)
                self.check("I3", outcome.returncode == 0, outcome.stderr[:300])
            for name in names[:20]:
                command = ["openssl", "x509", "-in", name, "-noout", "-text"]
                text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                self.check("I3", "CA:TRUE" not in text and "DNS:" in text or "Subject:" in text, name)
        self.check("I3", bool(known) or not given, "nothing to look at")

    def revoked(self):
        """I4: what was revoked is on record, and nothing that began later was good."""
        on_record = {number.lstrip(b"\0") for (number,) in self.rows("SELECT serial FROM revocations")}
        ends = {}
        for line in self.done("revoke"):
            number = int(line["serial"])
            octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
            self.check("I4", octets in on_record, f"{number} was acknowledged")
            ends[line["serial"]] = line["end"]
        for line in self.done("renew", "ocsp"):
            end = ends.get(line.get("serial"))
            late = end is not None and line["start"] > end
            good = line["op"] == "renew" or line.get("said") == "good"
            self.check("I4", not (late and good), f"{line['op']} of {line.get('serial')} after its revocation")
        self.said.append(f"{len(ends)} acknowledged revocations in force")

    def numbers(self):
        """I5: lists of revoked certificates are numbered in the order of their publication."""
        seen = {}
        latest = 0
        for line in sorted(self.done("crl"), key=lambda line: line["start"]):
            self.check("I5", seen.setdefault(line["number"], line["digest"]) == line["digest"], line["number"])
            earlier = [other["number"] for other in self.done("crl") if other["end"] < line["start"]]
            latest = max(earlier, default=0)
            self.check("I5", line["number"] >= latest, f"{line['number']} after {latest}")

    def audit(self):
        """I8: each decision is on record once, and the record is a chain."""
        previous = b"\0" * 32
        serials, count = {}, 0
        query = "SELECT position, at, action, request_id, detail, hash FROM audit ORDER BY position"
        for position, at, action, request_id, detail, stored in self.database.execute(query):
            count += 1
            self.check("I8", position == count, f"{position} is not {count}")
            quoted = [json.dumps(text, ensure_ascii=False) for text in (action, request_id)]
            record = (
                f'{{"position":{position},"at":{at},"action":{quoted[0]},"request_id":{quoted[1]},'
                f'"detail":{detail},"previous":"{previous.hex()}"}}'
            )
            previous = hashlib.sha256(b"\0" + record.encode("utf-8")).digest()
            self.check("I8", stored == previous, f"the chain breaks at {position}")
            if action in ("issued", "renewed", "rekeyed"):
                for number in set(re.findall(r'"serial":"?(\w+)', detail)):
                    serials[number] = serials.get(number, 0) + 1
        (certificates,) = self.rows("SELECT count(*) FROM certificates")[0:1]
        (decided,) = self.rows("SELECT count(*) FROM audit WHERE action IN ('issued', 'renewed', 'rekeyed')")[0:1]
        self.check("I8", certificates == decided, f"{certificates[0]} certificates, {decided[0]} decisions")
        self.check("I8", all(times == 1 for times in serials.values()), "a decision is on record twice")
        (revocations,) = self.rows("SELECT count(*) FROM revocations")[0:1]
        (ended,) = self.rows("SELECT count(*) FROM audit WHERE action = 'revoked'")[0:1]
        self.check("I8", revocations == ended, f"{revocations[0]} revocations, {ended[0]} decisions")
        self.said.append(f"{count} records in an unbroken chain")

    def canaries(self):
        """I9: neither the password nor a token is in the database."""
        for name in (self.path, f"{self.path}-wal"):
            if os.path.exists(name):
                with open(name, "rb") as file:
                    octets = file.read()
                self.check("I9", b"canary" not in octets, f"a canary is in {name}")


if __name__ == "__main__":
    sys.exit(Judge(*sys.argv[1:]).run())

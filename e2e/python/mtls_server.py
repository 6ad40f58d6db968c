"""A server that lets nobody in without a certificate, and greets the person in it.

    python3 mtls_server.py CERTIFICATE KEY ROOT

prints `port N` when it listens.
"""

import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Greeter(BaseHTTPRequestHandler):
    """Answers every request with a greeting."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        peer = self.connection.getpeercert()
        emails = [value for kind, value in peer.get("subjectAltName", ()) if kind == "email"]
        names = [value for part in peer["subject"] for kind, value in part if kind == "commonName"]
        greeting = f"Hello, {(emails + names)[0]}!\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(greeting)))
        self.end_headers()
        self.wfile.write(greeting)


class Server(ThreadingHTTPServer):
    """Speaks TLS, and shakes hands in the thread of the connection."""

    daemon_threads = True

    def finish_request(self, request, client_address):
        request.settimeout(60)
        with context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request, client_address):
        print(f"refused: {sys.exception() if hasattr(sys, 'exception') else sys.exc_info()[1]}", file=sys.stderr, flush=True)


certificate, key, root = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=root)
context.load_cert_chain(certificate, key)
context.verify_mode = ssl.CERT_REQUIRED
server = Server(("127.0.0.1", 0), Greeter)
print(f"port {server.server_port}", flush=True)
server.serve_forever()

"""A proxy that ends TLS on loopback, as a platform's router does, with a certificate made for the run."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
TLS_HANDSHAKE = b"\x16"  # what a TLS connection begins with; https://datatracker.ietf.org/doc/html/rfc8446#section-5.1


class Front(BaseHTTPRequestHandler):
    """Passes requests on to the server behind, and says whether they came over HTTPS, as a platform's proxy does."""

    protocol_version = "HTTP/1.1"
    server: "FrontServer"
    scheme = "http"

    def setup(self) -> None:
        if self.request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            self.scheme = "https"
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection("127.0.0.1", self.server.backend, timeout=30)
        headers = dict(self.headers) | {"X-Forwarded-Proto": self.scheme, "Connection": "close"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_HEAD = do_OPTIONS = do_POST = forward

    def log_message(self, *_: object) -> None:
        """Stay quiet: the server behind has a log."""


class FrontServer(ThreadingHTTPServer):
    """Speaks HTTP and HTTPS on one port, so that « http://host:port » can redirect to « https://host:port »."""

    def __init__(self, backend: int, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Front)
        self.backend = backend
        self.tls = tls

    def handle_error(self, *_: object) -> None:
        """A visitor who hangs up, as browsers do, is no error."""


@contextmanager
def https_front(backend: int, folder: Path) -> Iterator[str]:
    """Yield « localhost:port » of a proxy in front of a plain HTTP port; folder gets its authority, certificate.pem."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(folder / "certificate.pem"))
    server = FrontServer(backend, tls)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

"""HTTP for uvicorn, with one thing mended: a reload or a stop loses no new connection.

A worker that is told to stop closes connections on which no request has arrived yet. Some
of those are only a moment old, and their request is on its way; visitors would see an error.
https://github.com/Kludex/uvicorn/issues/2757
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

GRACE = 0.5  # seconds for the first request of a connection that has been opened already


class GentleProtocol(HttpToolsProtocol):
    def shutdown(self) -> None:
        if self.cycle is None:
            self.loop.call_later(GRACE, super().shutdown)
        else:
            super().shutdown()

"""A mail server that keeps what it is sent, and that can go down or hang."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from rehearsal.server import free_port, wait_for


class MailServer:
    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.mails: list[EmailMessage] = []
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # of no use to who rehearses
        self.start()

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Called by aiosmtpd for each mail."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        mail["X-Rehearsal-To"] = ",".join(envelope.rcpt_tos)
        self.mails.append(mail)
        return "250 OK"

    def about(self, words: str) -> list[EmailMessage]:
        """Return the mails that have these words somewhere."""
        return [mail for mail in self.mails if words in str(mail)]

    def wait_for(self, words: str) -> EmailMessage:
        """Return the first mail that has these words, once it has come."""
        wait_for(lambda: self.about(words), "an error mail", seconds=5)
        return self.about(words)[0]

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Connections are taken, and nothing is ever said."""
        self.stop()
        try:
            with socket.create_server(("127.0.0.1", self.port)):
                yield
        finally:
            self.start()

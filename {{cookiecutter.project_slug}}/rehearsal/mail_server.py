"""A mail server that keeps what it is sent, and that can go down or hang."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from rehearsal.server import free_port, wait_for


class Mail:
    """A mail's ``recipients``, ``subject``, and ``text``: all of it, as a person would read it."""

    def __init__(self, recipients: list[str], content: bytes) -> None:
        message = message_from_bytes(content, policy=policy.default)
        self.recipients = recipients
        self.subject = str(message["Subject"])
        parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
        self.text = "\n".join([self.subject, *map(str, parts)])


class MailServer:
    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"smtp://rehearsal:canary-of-mail@127.0.0.1:{self.port}"
        self.mails: list[Mail] = []
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # would only distract here
        self.start()

    def start(self) -> None:
        self.controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=lambda *login: AuthResult(success=True),
            auth_require_tls=False,
        )
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Called by aiosmtpd for each mail."""
        self.mails.append(Mail(envelope.rcpt_tos, envelope.content))
        return "250 OK"

    def about(self, words: str) -> list[Mail]:
        """Return the mails that have these words in them."""
        return [mail for mail in self.mails if words in mail.text]

    def wait_for(self, words: str) -> Mail:
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

import logging

import pytest
from django.core import mail

from core.error_mail import AdminMailHandler, RepeatedErrorFilter


@pytest.fixture
def error_mails():
    """A function that returns the error mails so far; they are sent from another thread."""
    (handler,) = [h for h in logging.getLogger().handlers if isinstance(h, AdminMailHandler)]
    (repeated,) = [f for f in handler.filters if isinstance(f, RepeatedErrorFilter)]
    repeated.seen.clear()

    def sent() -> list[mail.EmailMessage]:
        handler.flush()
        return mail.outbox

    return sent

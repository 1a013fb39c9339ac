"""Mail to ADMINS about errors: soon, seldom, and without secrets.

https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/howto/error-reporting/
"""

import logging
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from django.core.mail import mail_admins
from django.http import HttpRequest
from django.utils.log import AdminEmailHandler
from django.views.debug import SafeExceptionReporterFilter

logger = logging.getLogger(__name__)


class AdminMailHandler(AdminEmailHandler):
    """Sends from a thread of its own: a mail server that is down or slow delays no visitor."""

    MOST_WAITING = 50  # mails; further ones are dropped

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="error-mail")
        self.waiting: set[Future[None]] = set()

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        if len(self.waiting) < self.MOST_WAITING:
            future = self.executor.submit(self.send_now, subject, message, kwargs)
            self.waiting.add(future)
            future.add_done_callback(self.waiting.discard)

    @staticmethod
    def send_now(subject: Any, message: Any, kwargs: dict[str, Any]) -> None:
        try:
            mail_admins(subject, message, **kwargs)
        except Exception as error:
            # A warning, since an error would mail itself.
            logger.warning("Error mail could not be sent: %s", type(error).__name__)

    def flush(self) -> None:
        """Wait until what was handed over is sent; logging does so when the process ends."""
        wait(set(self.waiting), timeout=15)


class RepeatedErrorFilter(logging.Filter):
    """Lets the first few reports of an error pass, and then a few in each period.

    Each process counts for itself. The log has them all.
    """

    AT_MOST = 3  # reports of the same error
    PERIOD = 600  # seconds

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[Any, list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        times = [t for t in self.seen.get(self.identity(record), []) if now - t < self.PERIOD]
        passes = len(times) < self.AT_MOST
        if len(self.seen) > 1000:  # do not grow for ever
            self.seen.clear()
        self.seen[self.identity(record)] = [*times, now] if passes else times
        return passes

    @staticmethod
    def identity(record: logging.LogRecord) -> Any:
        """The kind of exception and the line that raised it, or the line that logged."""
        if not record.exc_info or not record.exc_info[2]:
            return record.pathname, record.lineno
        traceback = record.exc_info[2]
        while traceback.tb_next:
            traceback = traceback.tb_next
        return record.exc_info[0], traceback.tb_frame.f_code.co_filename, traceback.tb_lineno


class SecretsFilter(SafeExceptionReporterFilter):
    """Masks more than Django does: URLs with passwords, and secrets in posted forms."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + "|COOKIE|CREDENTIAL|DSN|LOCATION|PRIVATE|SESSION",
        flags=re.IGNORECASE,
    )

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        posted = super().get_post_parameters(request)
        return {name: self.cleanse_setting(name, value) for name, value in posted.items()}

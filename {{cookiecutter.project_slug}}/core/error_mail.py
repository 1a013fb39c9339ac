"""Mail to ADMINS about errors: soon, seldom, and without secrets.

https://docs.djangoproject.com/en/stable/howto/error-reporting/
"""

import logging
import re
import time
from contextlib import suppress
from copy import copy
from queue import Full, Queue
from threading import Thread
from traceback import walk_tb
from typing import Any

from django.conf import settings
from django.core.mail import mail_admins
from django.http import HttpRequest
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

logger = logging.getLogger(__name__)


class AdminMailHandler(AdminEmailHandler):
    """Sends from a thread of its own: a mail server that is down or slow delays no visitor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: Queue[tuple[Any, Any]] = Queue(maxsize=50)
        self.thread = Thread()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except Exception:
            # The report reads the request's form, and that may be what is broken.
            record = copy(record)
            record.request = None
            super().emit(record)

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        # logging holds this handler's lock here, so there is never a second thread.
        if not self.thread.is_alive():
            self.thread = Thread(target=self.send_what_waits, name="error-mail", daemon=True)
            self.thread.start()
        with suppress(Full):  # the log has what is dropped
            self.waiting.put_nowait((subject, message))

    def send_what_waits(self) -> None:
        while True:
            subject, message = self.waiting.get()
            try:
                mail_admins(subject, message)
            except Exception as error:
                # A warning, since an error would mail itself.
                logger.warning("Error mail could not be sent: %s", type(error).__name__)
            finally:
                self.waiting.task_done()

    def flush(self) -> None:
        """Wait until all is sent, 15 seconds at most; logging does so when the process ends."""
        with self.waiting.all_tasks_done:
            self.waiting.all_tasks_done.wait_for(lambda: not self.waiting.unfinished_tasks, 15)


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
        """The kind of exception and the way to it, or the line that logged."""
        if not record.exc_info or not record.exc_info[2]:
            return record.pathname, record.lineno
        way = [(f.f_code.co_filename, line) for f, line in walk_tb(record.exc_info[2])]
        return record.exc_info[0], tuple(way)


class SecretsFilter(SafeExceptionReporterFilter):
    """Masks more than Django does: URLs with passwords, and secrets in posted forms."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + "|COOKIE|CREDENTIAL|DSN|LOCATION|PRIVATE|SESSION"
        + "|QUERY_STRING|RAW_URI|REFERER",
        flags=re.IGNORECASE,
    )

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        posted = super().get_post_parameters(request)
        return {name: self.cleanse_setting(name, value) for name, value in posted.items()}


class Reporter(ExceptionReporter):
    """Leaves secrets in the address out as well: tokens and the like come behind the ?."""

    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data()
        if self.request and not settings.DEBUG:
            data["request_GET_items"] = [
                (name, self.filter.cleanse_setting(name, value))
                for name, value in self.request.GET.items()
            ]
            data["request_insecure_uri"] = data["request_insecure_uri"].partition("?")[0]
        return data

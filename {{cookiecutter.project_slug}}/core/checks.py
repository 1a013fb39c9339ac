"""Checks of the project's own, run by manage.py check.

https://docs.djangoproject.com/en/stable/topics/checks/
"""

import logging
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.utils.log import AdminEmailHandler


@register(Tags.security, deploy=True)
def errors_are_mailed(**kwargs: Any) -> list[CheckMessage]:
    """Find out whether an unhandled exception would reach ADMINS, whatever LOGGING became."""
    logger: logging.Logger | None = logging.getLogger("django.request")
    while logger and settings.ADMINS:
        if any(isinstance(handler, AdminEmailHandler) for handler in logger.handlers):
            return []
        logger = logger.parent if logger.propagate else None
    return [
        Warning(
            "Nobody gets a mail when a view raises an exception.",
            hint="Set DJANGO_ADMINS, and keep mail_admins among the handlers in LOGGING.",
            id="core.W001",
        )
    ]

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str]:
    """What every template may show of the settings."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_DESCRIPTION": settings.SITE_DESCRIPTION,
        "GIT_REV": settings.GIT_REV,
        "GA_TRACKER_ID": settings.GA_TRACKER_ID,
    }

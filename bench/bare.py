"""The least that Django can be: one view, no middleware, no applications. Copied into a folder and served there."""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<!DOCTYPE html><title>It works</title><h1>It works</h1>")


urlpatterns = [path("bench/constant/", constant), path("livez", constant)]
wsgi = get_wsgi_application()
asgi = get_asgi_application()

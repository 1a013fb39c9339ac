"""The benchmark's pages, copied into each project that is measured; it is no part of what the template generates."""

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

ROWS = Template("<ul>{% for user in users %}<li>{{ user.username }}: {{ user.email }}</li>{% endfor %}</ul>")


def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<!DOCTYPE html><title>It works</title><h1>It works</h1>")


def query(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_user_model().objects.order_by("pk")[0].username)


def rows(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROWS.render(Context({"users": get_user_model().objects.order_by("pk")[:20]})))


urlpatterns = [
    path("bench/constant/", constant),
    path("bench/query/", query),
    path("bench/rows/", rows),
    path("livez", live),  # a baked project answers this before it gets here
]

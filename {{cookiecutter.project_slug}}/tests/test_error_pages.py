import re

import pytest
from django.template.loader import render_to_string
from django.test import Client

pytestmark = pytest.mark.urls("tests.urls")

ADDRESSES = [("/forbid/", 403), ("/nowhere/", 404), ("/fail/", 500)]
WORDS = {
    "en": {
        400: "Bad request",
        403: "Not allowed",
        404: "Page not found",
        500: "Something went wrong",
    },
    "zh-hans": {400: "请求有误", 403: "无权访问", 404: "找不到页面", 500: "出错了"},
}


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def assert_is_page(response, status, language):
    assert response.status_code == status
    assert WORDS[language][status] in response.content.decode()
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(("address", "status"), ADDRESSES)
def test_errors_show_the_sites_own_page_in_the_visitors_language(
    visitor, address, status, language
):
    assert_is_page(visitor.get(address, headers={"accept-language": language}), status, language)


@pytest.mark.parametrize("language", WORDS)
def test_a_forged_host_gets_the_400_page(visitor, language):
    response = visitor.get("/", headers={"host": "forged.example", "accept-language": language})
    assert_is_page(response, 400, language)


@pytest.mark.parametrize("charset", ["utf-16", "utf-7"])
def test_a_form_that_cannot_be_decoded_gets_the_400_page(visitor, charset):
    form_type = f"application/x-www-form-urlencoded; charset={charset}"
    headers = {"accept-language": "en"}
    response = visitor.post("/read-form/", b"name=x", content_type=form_type, headers=headers)
    assert_is_page(response, 400, "en")


def test_a_form_without_csrf_token_gets_a_page_that_says_what_to_do():
    response = Client(enforce_csrf_checks=True).post("/", headers={"accept-language": "en"})
    assert response.status_code == 403
    assert "reload the page" in response.content.decode()


@pytest.mark.parametrize(
    "template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"]
)
def test_error_pages_stand_alone(template, settings, tmp_path):
    # No request, no context, no database, and no static files that could be looked up.
    settings.STATIC_ROOT = tmp_path
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": manifest}
    html = render_to_string(template)
    assert "/static/css/site.css" in html
    assert not re.search(r"<style|\sstyle=|<script", html)

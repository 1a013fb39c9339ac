import re

import pytest

PAGES = ["/", "/nowhere/", "/admin/login/"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_security_headers_are_on_every_page(client, page):
    response = client.get(page)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_no_page_has_a_script_or_a_style_inside(client, page):
    html = client.get(page).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)


def test_each_request_has_an_id_and_keeps_the_proxys(client):
    assert re.fullmatch(r"[0-9a-f]{32}", client.get("/")["X-Request-ID"])
    given = client.get("/", headers={"x-request-id": "from-the-proxy-1"})
    assert given["X-Request-ID"] == "from-the-proxy-1"
    forged = client.get("/", headers={"x-request-id": "a b; forged"})
    assert re.fullmatch(r"[0-9a-f]{32}", forged["X-Request-ID"])


def test_each_request_has_one_line_in_the_log(client, caplog):
    with caplog.at_level("INFO", logger="core.request"):
        client.get("/?token=secret")
        client.get("/two%0Alines")
    assert len(caplog.records) == 2
    assert re.fullmatch(r"GET / 200 \d+ ms", caplog.messages[0])
    assert re.fullmatch(r"GET /two%0Alines 404 \d+ ms", caplog.messages[1])

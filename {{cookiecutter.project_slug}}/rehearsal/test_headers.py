"""Headers: what a browser is told to refuse."""

import pytest

from rehearsal.pages import Page


@pytest.fixture(scope="session")
def responses(site, pages, error_pages, assets):
    """One response of each kind."""
    kinds = {f"the page {page.path}": page.answer for page in pages}
    kinds |= error_pages
    kinds |= {f"the file {path}": answer for path, answer in assets.items()}
    kinds["the redirect to HTTPS"] = site.get("/", {"X-Forwarded-Proto": "http"})
    kinds["a redirect"] = site.get("/admin/")
    return kinds


def without(responses, header, *expected):
    """Return the kinds of response that lack a header, or have an unexpected value in it."""
    values = {kind: answer.headers.get(header, "") for kind, answer in responses.items()}
    return [
        kind for kind, value in values.items() if not value or (expected and value not in expected)
    ]


def directives(answer):
    """Return the Content-Security-Policy as a dictionary."""
    policy = answer.headers.get("Content-Security-Policy", "")
    parts = [part.split() for part in policy.split(";") if part.strip()]
    return {name.lower(): values for name, *values in parts}


def test_every_response_has_a_content_security_policy(responses):
    """Every kind of response has a Content-Security-Policy: pages, files, errors, redirects.

    The CSP middleware comes before all that can answer; config/static.py does it for files.
    """
    bare = without(responses, "Content-Security-Policy")
    assert not bare, f"none on {', '.join(bare)}"


def test_the_policy_allows_nothing_inline(responses):
    """The policy allows no inline and no arbitrary script or style.

    Put the code into a file instead of adding 'unsafe-inline', 'unsafe-eval' or * to it.
    """
    for kind, answer in responses.items():
        policy = directives(answer)
        for name in policy:
            if not name.startswith(("script-src", "style-src", "default-src")):
                continue
            unsafe = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"}
            allowed = unsafe & set(policy[name])
            assert not allowed, f"{name} of {kind} allows {' '.join(sorted(allowed))}"


def test_the_policy_has_a_default(responses):
    """The policy names a default for what it does not name, and who may frame the site.

    default-src, frame-ancestors: they have no fallback.
    """
    for kind, answer in responses.items():
        missing = {"default-src", "frame-ancestors"} - set(directives(answer))
        if directives(answer):
            assert not missing, f"{kind} lacks {', '.join(sorted(missing))}"


def test_no_page_has_inline_code(pages, error_pages):
    """No page has a script, a style or an event handler in it.

    Move it into a file under static/, where the policy lets browsers run it.
    """
    more = [Page(f"/ ({name})", answer) for name, answer in error_pages.items()]
    found = [code for page in pages + more for code in page.inline]
    assert not found, "; ".join(found)


def test_types_are_not_guessed(responses):
    """No browser guesses a type: X-Content-Type-Options is nosniff.

    SecurityMiddleware does it for pages, config/static.py for files.
    """
    bare = without(responses, "X-Content-Type-Options", "nosniff")
    assert not bare, f"not on {', '.join(bare)}"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Referrer-Policy", ["same-origin", "no-referrer", "strict-origin-when-cross-origin"]),
        ("Cross-Origin-Opener-Policy", ["same-origin"]),
        ("Cross-Origin-Resource-Policy", ["same-origin", "same-site"]),
        ("Permissions-Policy", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pages_have_the_other_security_headers(pages, error_pages, header, expected):
    """Pages and error pages have the other security headers.

    SECURE_REFERRER_POLICY and its like in settings; ExtraHeadersMiddleware in core/middleware.py.
    """
    answers = {page.path: page.answer for page in pages} | error_pages
    bare = without(answers, header, *expected)
    assert not bare, f"{header} is wrong or missing on {', '.join(bare)}"


def test_pages_cannot_be_framed(pages, error_pages):
    """No other site can show a page in a frame.

    X_FRAME_OPTIONS = "DENY", with XFrameOptionsMiddleware.
    """
    answers = {page.path: page.answer for page in pages} | error_pages
    bare = without(answers, "X-Frame-Options", "DENY", "SAMEORIGIN")
    assert not bare, f"X-Frame-Options is missing on {', '.join(bare)}"

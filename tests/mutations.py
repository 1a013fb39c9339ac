"""Mistakes that people make, and the promises of the rehearsal that each one breaks.

tests/test_rehearsal.py makes each in a baked project. Promises are named by their tests in rehearsal/.
"""

from dataclasses import dataclass

GUNICORN = "env WEB_CONCURRENCY=${WEB_CONCURRENCY:-2} gunicorn config.wsgi:application"


@dataclass(frozen=True)
class Mutation:
    """One mistake: in each file ``old`` becomes ``new``, or the file goes where ``new`` is None."""

    name: str
    edits: tuple[tuple[str, str, str | None], ...]
    breaks: frozenset[str]
    server: str
    hides: frozenset[str]  # promises of which nothing can be said then


def mutation(
    name: str,
    file: str,
    old: str,
    new: str | None,
    *breaks: str,
    more: tuple = (),
    server: str = "gunicorn",
    hides: tuple[str, ...] = (),
) -> Mutation:
    return Mutation(name, ((file, old, new), *more), frozenset(breaks), server, frozenset(hides))


BASE = "config/settings/base.py"
PRODUCTION = "config/settings/production.py"
NEARLY_ALL = ("*",)
DEPLOY = "deployment_checks_are_silent"

MUTATIONS = [
    # Launch
    mutation(
        "Procfile with runserver",
        "Procfile",
        GUNICORN,
        "python manage.py runserver --noreload $PORT",
        "the_settings_are_those_of_production",
        hides=NEARLY_ALL,
    ),
    mutation(
        "Procfile without the port",
        "Procfile",
        GUNICORN,
        f"{GUNICORN} --bind 127.0.0.1:0",
        "the_web_line_starts_a_server",
        hides=NEARLY_ALL,
    ),
    mutation(
        "Procfile with a typing error",
        "Procfile",
        GUNICORN,
        "gunicorn config.wsgi:aplication",
        "the_web_line_starts_a_server",
        hides=NEARLY_ALL,
    ),
    mutation(
        "release line that does not migrate",
        "Procfile",
        "python manage.py migrate --noinput",
        "python manage.py check",
        "the_release_line_migrates",
        hides=NEARLY_ALL,
    ),
    mutation(
        "release line that fails",
        "Procfile",
        "python manage.py migrate --noinput",
        "python manage.py migrate --noinput && python manage.py warm_up",
        "the_release_line_succeeds",
    ),
    mutation(
        "style sheet that names a missing picture",
        "static/css/site.css",
        "body {",
        'body {\n  background: url("../missing.png");',
        "static_files_are_collected",
        hides=NEARLY_ALL,
    ),
    mutation(
        "wrong settings module in wsgi.py",
        "config/wsgi.py",
        "config.settings.production",
        "config.settings.local",
        "the_settings_are_those_of_production",
        hides=NEARLY_ALL,
    ),
    mutation(
        "wrong settings module in asgi.py",
        "config/asgi.py",
        "config.settings.production",
        "config.settings.local",
        "the_settings_are_those_of_production",
        hides=NEARLY_ALL,
    ),
    mutation(
        "proxy that is not trusted",
        "gunicorn.conf.py",
        "timeout = 30",
        'forwarded_allow_ips = "192.0.2.1"\ntimeout = 30',
        "a_request_by_https_is_answered",
        hides=NEARLY_ALL,
    ),
    mutation(
        "DEBUG on",
        PRODUCTION,
        "DEBUG = False",
        "DEBUG = True",
        "the_settings_are_those_of_production",
        DEPLOY,
        hides=NEARLY_ALL,
    ),
    # Configuration
    mutation(
        "migration missing",
        "users/models.py",
        "class User(AbstractUser):",
        "class User(AbstractUser):\n    from django.db import models\n\n    nickname = models.TextField(blank=True)\n",
        "migrations_are_complete",
    ),
    mutation(
        "hard-coded SECRET_KEY",
        BASE,
        'SECRET_KEY = env["DJANGO_SECRET_KEY"]',
        'SECRET_KEY = "django-insecure-7f$k2w1m0p9z8x6c5v4b3n2m1a0s9d8f7g6h5j4k3l"',
        "the_secret_key_is_that_of_the_environment",
        DEPLOY,
    ),
    mutation(
        "variable no longer required",
        "config/environment.py",
        '"you@example.com",\n        default=[],\n        required=True,',
        '"you@example.com",\n        default=[],',
        "a_missing_variable_is_refused_by_name",
        "all_missing_variables_are_named_at_once",
    ),
    mutation(
        "message that shows the environment",
        "config/environment.py",
        "        sys.exit(STARTUP_FAILURE)",
        "        print(dict(os.environ), file=sys.stderr)\n            sys.exit(STARTUP_FAILURE)",
        "refusals_show_no_secret",
    ),
    # Transport
    mutation(
        "SECURE_SSL_REDIRECT off",
        PRODUCTION,
        'SECURE_SSL_REDIRECT = env["DJANGO_SECURE_SSL_REDIRECT"]',
        "SECURE_SSL_REDIRECT = False",
        "http_goes_to_https",
        DEPLOY,
    ),
    mutation(
        "HSTS 0",
        PRODUCTION,
        'SECURE_HSTS_SECONDS = env["DJANGO_SECURE_HSTS_SECONDS"]',
        "SECURE_HSTS_SECONDS = 0",
        "browsers_are_told_to_stay_with_https",
        DEPLOY,
    ),
    mutation(
        "ALLOWED_HOSTS *",
        BASE,
        'ALLOWED_HOSTS = env["DJANGO_ALLOWED_HOSTS"]',
        'ALLOWED_HOSTS = ["*"]',
        "a_forged_host_is_refused",
        hides=("a_forwarded_host_is_not_believed", "a_forged_host_mails_nobody"),
    ),
    mutation(
        "forwarded host believed",
        PRODUCTION,
        "DEBUG = False",
        "DEBUG = False\nUSE_X_FORWARDED_HOST = True",
        "a_forwarded_host_is_not_believed",
    ),
    mutation(
        "forged hosts mailed",
        BASE,
        '        "django.security": {"handlers": ["console"], "propagate": False},\n'
        '        "django.security.DisallowedHost": {"level": "CRITICAL"},\n',
        "",
        "a_forged_host_mails_nobody",
    ),
    mutation(
        "session cookie without Secure",
        PRODUCTION,
        "SESSION_COOKIE_SECURE = True",
        "SESSION_COOKIE_SECURE = False",
        "cookies_are_sent_over_https_only",
        DEPLOY,
    ),
    mutation(
        "language cookie without Secure",
        PRODUCTION,
        "LANGUAGE_COOKIE_SECURE = True",
        "",
        "cookies_are_sent_over_https_only",
    ),
    mutation(
        "CSRF cookie by its old name",
        PRODUCTION,
        'CSRF_COOKIE_NAME = "__Host-csrftoken"',
        "",
        "cookies_are_bound_to_this_host",
    ),
    mutation(
        "CSRF cookie for scripts",
        PRODUCTION,
        "CSRF_COOKIE_HTTPONLY = True",
        "",
        "cookies_are_hidden_from_scripts",
    ),
    mutation(
        "form cookie for other sites",
        PRODUCTION,
        "CSRF_COOKIE_SECURE = True",
        'CSRF_COOKIE_SECURE = True\nCSRF_COOKIE_SAMESITE = "None"',
        "cookies_stay_with_this_site",
    ),
    mutation(
        "forms too small",
        PRODUCTION,
        "DEBUG = False",
        "DEBUG = False\nDATA_UPLOAD_MAX_NUMBER_FIELDS = 1",
        "forms_are_accepted",
        "error_mail_has_no_secret",
        hides=(
            "cookies_are_sent_over_https_only",
            "cookies_are_bound_to_this_host",
            "cookies_are_hidden_from_scripts",
            "cookies_stay_with_this_site",
        ),
    ),
    # Pages
    mutation(
        "page that names a missing static file",
        "templates/home.html",
        "<h1>",
        '{% load static %}<img src="{% static \'typing-error.png\' %}" alt=""><h1>',
        "every_page_answers",
        hides=("no_page_has_inline_code",),
    ),
    # Headers
    mutation(
        "CSP with unsafe-inline",
        BASE,
        '"style-src": ["\'self\'"]',
        '"style-src": ["\'self\'", "\'unsafe-inline\'"]',
        "the_policy_allows_nothing_inline",
    ),
    mutation(
        "CSP that lets others frame the site",
        BASE,
        '    "frame-ancestors": ["\'none\'"],\n',
        "",
        "the_policy_has_a_default",
    ),
    mutation(
        "static files without CSP",
        "config/static.py",
        '    headers["Content-Security-Policy"]',
        '    headers["X-Content-Security-Policy"]',
        "every_response_has_a_content_security_policy",
    ),
    mutation(
        "inline style",
        "templates/home.html",
        "<h1>",
        '<h1 style="color: red">',
        "no_page_has_inline_code",
    ),
    mutation(
        "inline script in an error page",
        "templates/error.html",
        "</body>",
        "<script>alert(1)</script></body>",
        "no_page_has_inline_code",
    ),
    mutation(
        "addresses sent to other sites",
        BASE,
        'SECURE_REFERRER_POLICY = "same-origin"',
        'SECURE_REFERRER_POLICY = "unsafe-url"',
        "pages_have_the_other_security_headers",
    ),
    mutation(
        "frames allowed",
        BASE,
        '    "django.middleware.clickjacking.XFrameOptionsMiddleware",\n',
        "",
        "pages_cannot_be_framed",
        DEPLOY,
    ),
    mutation(
        "types guessed",
        PRODUCTION,
        "DEBUG = False",
        "DEBUG = False\nSECURE_CONTENT_TYPE_NOSNIFF = False",
        "types_are_not_guessed",
        DEPLOY,
    ),
    # Static files
    mutation(
        "WhiteNoise removed",
        "config/wsgi.py",
        "application = static_files(django_application)",
        "application = django_application",
        "every_asset_answers",
        hides=(
            "names_have_a_digest",
            "files_are_kept_for_ever",
            "files_are_compressed",
            "files_come_plain_to_others",
            "unchanged_files_are_not_sent_again",
            "parts_of_files_are_sent",
        ),
    ),
    mutation(
        "WhiteNoise misplaced",
        "config/wsgi.py",
        "application = static_files(django_application)",
        "application = django_application",
        "files_are_kept_for_ever",
        more=(
            (
                BASE,
                'XFrameOptionsMiddleware",',
                'XFrameOptionsMiddleware",\n    "whitenoise.middleware.WhiteNoiseMiddleware",',
            ),
        ),
    ),
    mutation(
        "STORAGES lost",
        BASE,
        "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "django.contrib.staticfiles.storage.StaticFilesStorage",
        "names_have_a_digest",
        "files_are_kept_for_ever",
        "files_are_compressed",
        hides=("the_500_page_stands_alone",),
    ),
    mutation(
        "files not compressed",
        BASE,
        "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "files_are_compressed",
    ),
    mutation(
        "files compressed unasked",
        "config/static.py",
        "        response = file.get_response",
        '        headers["HTTP_ACCEPT_ENCODING"] += ", gzip"\n        response = file.get_response',
        "files_come_plain_to_others",
        hides=("files_are_compressed", "parts_of_files_are_sent"),
    ),
    mutation(
        "conditional requests ignored",
        "config/static.py",
        'for name, value in scope["headers"]',
        'for name, value in scope["headers"] if name != b"if-modified-since"',
        "unchanged_files_are_not_sent_again",
    ),
    mutation(
        "ranges ignored",
        "config/static.py",
        'for name, value in scope["headers"]',
        'for name, value in scope["headers"] if name != b"range"',
        "parts_of_files_are_sent",
    ),
    mutation(
        "project's folder served",
        "config/urls.py",
        "\nhandler400",
        "\nfrom django.urls import re_path\nfrom django.views.static import serve\n\n"
        'urlpatterns.append(re_path("^(?P<path>.*[.]py)$", serve, {"document_root": settings.BASE_DIR}))\n\nhandler400',
        "nothing_else_is_served",
    ),
    # Errors
    mutation(
        "error mail's handler removed",
        BASE,
        '"root": {"handlers": ["console", "mail_admins"]',
        '"root": {"handlers": ["console"]',
        "an_exception_mails_the_admins_once",
        DEPLOY,
        hides=(
            "a_forged_host_mails_nobody",
            "error_mail_has_no_secret",
            "equal_errors_send_a_few_mails",
            "failing_probes_mail_nobody",
            "visitors_do_not_wait_for_mail",
        ),
    ),
    mutation(
        "error mail's handler replaced by Django's",
        BASE,
        "core.error_mail.AdminMailHandler",
        "django.utils.log.AdminEmailHandler",
        "visitors_do_not_wait_for_mail",
    ),
    mutation(
        "error mail by two handlers",
        BASE,
        '"django": {"handlers": [], "level"',
        '"django": {"handlers": ["mail_admins"], "level"',
        "an_exception_mails_the_admins_once",
    ),
    mutation(
        "each equal error mailed",
        BASE,
        '["not_debug", "not_repeated"]',
        '["not_debug"]',
        "equal_errors_send_a_few_mails",
    ),
    mutation(
        "error mail with secrets",
        BASE,
        'DEFAULT_EXCEPTION_REPORTER = "core.error_mail.Reporter"\n'
        'DEFAULT_EXCEPTION_REPORTER_FILTER = "core.error_mail.SecretsFilter"\n',
        "",
        "error_mail_has_no_secret",
    ),
    mutation(
        "500 page that uses the static tag",
        "templates/500.html",
        "{% load i18n %}",
        "{% load i18n static %}",
        "the_500_page_stands_alone",
        more=(("templates/500.html", "block message %}", "block message %}{% static 'css/site.css' %}"),),
        hides=("failing_probes_mail_nobody",),
    ),
    mutation(
        "404 page missing",
        "templates/404.html",
        "",
        None,
        "errors_show_the_sites_own_page",
    ),
    mutation(
        "error pages in English only",
        "templates/error.html",
        '<html lang="{{ LANGUAGE_CODE }}">',
        '<html lang="en">',
        "errors_show_the_sites_own_page",
    ),
    mutation(
        "500 page that tells the exception",
        "core/errors.py",
        'return error_page(request, 500, "500.html")',
        'import traceback\n\n    response = error_page(request, 500, "500.html")\n'
        "    response.write(traceback.format_exc())\n    return response",
        "errors_tell_nothing",
    ),
    mutation(
        "translations not compiled",
        "locale/zh_Hans/LC_MESSAGES/django.mo",
        "",
        None,
        "errors_show_the_sites_own_page",
    ),
    # Log
    mutation(
        "log on standard error",
        BASE,
        "ext://sys.stdout",
        "ext://sys.stderr",
        "each_request_has_a_line_in_the_log",
    ),
    mutation(
        "request log removed",
        BASE,
        '    "core.middleware.RequestLogMiddleware",\n',
        "",
        "each_request_has_a_line_in_the_log",
        "an_exception_is_in_the_log",
    ),
    # Process
    mutation(
        "workers hard-coded",
        "gunicorn.conf.py",
        "timeout = 30",
        "workers = 1\ntimeout = 30",
        "as_many_workers_as_asked",
        hides=("a_killed_worker_is_replaced", "a_reload_loses_no_request"),
    ),
    mutation(
        "requests cut off at the end",
        "gunicorn.conf.py",
        "graceful_timeout = 25",
        "graceful_timeout = 0",
        "a_request_in_flight_is_finished",
        "a_request_on_its_way_is_answered",
    ),
    mutation(
        "uvicorn with one worker",
        "Procfile",
        " --workers ${WEB_CONCURRENCY:-2}",
        " --workers 1",
        "as_many_workers_as_asked",
        server="uvicorn",
        hides=("a_killed_worker_is_replaced", "a_reload_loses_no_request"),
    ),
    mutation(
        "uvicorn's own access log",
        "Procfile",
        " --no-access-log",
        "",
        "each_request_has_a_line_in_the_log",
        server="uvicorn",
    ),
    mutation(
        "server behind a shell",
        "Procfile",
        GUNICORN,
        "sh -c 'gunicorn config.wsgi:application & wait'",
        "a_reload_loses_no_request",
        "a_request_in_flight_is_finished",
        "a_request_on_its_way_is_answered",
    ),
    mutation(
        "uvicorn's own protocol",
        "Procfile",
        " --http config.uvicorn_protocol:GentleProtocol",
        "",
        "a_request_on_its_way_is_answered",
        server="uvicorn",
        hides=("a_reload_loses_no_request",),  # by chance
    ),
    # Health
    mutation(
        "health check that needs the right host",
        BASE,
        '    "core.health.HealthMiddleware",\n',
        "",
        "probes_need_no_host_and_no_https",
        more=((BASE, 'common.CommonMiddleware",', 'common.CommonMiddleware",\n    "core.health.HealthMiddleware",'),),
    ),
    mutation(
        "health kept by caches",
        "core/health.py",
        '"no-store"',
        '"max-age=60"',
        "health_is_told",
    ),
    mutation(
        "livez that asks the database",
        "core/health.py",
        '"/livez": live',
        '"/livez": ready',
        "without_its_database_the_site_lives",
    ),
    mutation(
        "readyz that asks nothing",
        "core/health.py",
        '"/readyz": ready',
        '"/readyz": live',
        "without_its_database_the_site_is_not_ready",
        hides=("failing_probes_mail_nobody", "without_its_database_the_site_lives"),
    ),
    mutation(
        "failed probes mailed",
        "core/health.py",
        "logger.warning(",
        "logger.error(",
        "failing_probes_mail_nobody",
    ),
]

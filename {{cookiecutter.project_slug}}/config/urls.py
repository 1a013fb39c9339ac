"""The site's addresses.

https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/topics/http/urls/
"""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

admin.site.site_title = admin.site.site_header = settings.SITE_NAME

urlpatterns = [
    path("", include("core.urls")),
    # % if cookiecutter.server == "uvicorn"
    path("example-async/", include("core.example_async")),
    # % endif
    path("admin/", admin.site.urls),
    # Uploads, while developing; in production nginx or the bucket serves them.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]

handler400 = "core.errors.bad_request"
handler403 = "core.errors.permission_denied"
handler404 = "core.errors.page_not_found"
handler500 = "core.errors.server_error"

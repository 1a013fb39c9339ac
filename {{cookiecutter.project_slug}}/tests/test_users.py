import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from users.models import User


def test_the_user_model_is_the_projects_own():
    assert get_user_model() is User


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_admin_lists_users(admin_client, admin_user):
    response = admin_client.get("/admin/users/user/")
    assert response.status_code == 200
    assert admin_user.username in response.content.decode()


def test_admin_can_add_a_user(admin_client):
    password = "a long enough passphrase"
    form = {
        "username": "ann",
        "usable_password": "true",
        "password1": password,
        "password2": password,
    }
    assert admin_client.post("/admin/users/user/add/", form).status_code == 302
    assert User.objects.get(username="ann").check_password(password)


@pytest.mark.django_db
def test_admin_is_closed_to_visitors(client):
    response = client.get("/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")

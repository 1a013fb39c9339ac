from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """The site's user; add fields here.

    A model of one's own from the first migration on, since Django cannot change to one
    later without trouble.
    """

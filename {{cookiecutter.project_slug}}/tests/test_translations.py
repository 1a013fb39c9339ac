import pytest
from django.utils import translation


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Go to the home page"), ("zh-CN", "返回首页")]
)
def test_the_visitors_language_is_used(client, language, words):
    assert words in client.get("/nowhere/", headers={"accept-language": language}).content.decode()


def test_the_sites_own_language_is_used_for_other_visitors(client, settings):
    response = client.get("/", headers={"accept-language": "xx"})
    expected = translation.get_supported_language_variant(settings.LANGUAGE_CODE)
    assert response["Content-Language"] == expected

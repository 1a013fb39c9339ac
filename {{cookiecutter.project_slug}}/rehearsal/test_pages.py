"""Pages: where the links lead."""


def test_every_page_answers(visited):
    """Every page that links lead to is there, from the home page and the admin on.

    The log says why one is not: often a template names a static file that does not exist.
    """
    wrong = [f"{page.path} ({page.answer.status})" for page in visited if page.answer.status >= 400]
    assert visited, "there is no page"
    assert not wrong, f"broken: {', '.join(wrong)}"

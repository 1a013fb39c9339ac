"""A dress rehearsal: boots the site as production would, and looks at it from outside.

    pytest rehearsal

The files test_*.py hold the promises: the first line of a test's docstring is the promise,
the rest says what to change when it is broken. Add your own beside them.
"""

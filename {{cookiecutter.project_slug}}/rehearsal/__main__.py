"""« python -m rehearsal » is « pytest rehearsal »; what follows is handed on to pytest."""

import sys

import pytest

sys.exit(pytest.main(["rehearsal", *sys.argv[1:]]))

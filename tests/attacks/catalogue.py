"""The attack catalogue: each case by its number, with the tests that prove it, and what has no part yet.

The cases stand in `cases_requests.py` (SEC01 to SEC20), `cases_contents.py` (to SEC41) and
`cases_found_later.py`.
"""

from __future__ import annotations

from tests.attacks.case import Case
from tests.attacks.cases_contents import CONTENTS
from tests.attacks.cases_found_later import FOUND_LATER
from tests.attacks.cases_requests import REQUESTS

CATALOGUE: dict[str, Case] = REQUESTS | CONTENTS | FOUND_LATER

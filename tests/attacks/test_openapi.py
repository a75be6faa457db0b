"""The engine keeps to its own OpenAPI document, whatever is sent: the requests are made from the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode

from engine.web.openapi import document
from tests.support.engine import RunningEngine, a_knowledge_base, an_engine, some_settings

load_all_checks()
PROMISES = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
TOKEN = "a-token-for-the-engine"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}
OPERATIONS = [
    (path, method.upper())
    for path, described in document(token_needed=True)["paths"].items()
    for method in described
    if method != "parameters"
]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder = tmp_path_factory.mktemp("engine")
    base = a_knowledge_base(folder, "apple", "pear")
    settings_in_use = some_settings(folder, base, token=TOKEN)
    with an_engine(settings_in_use) as running:
        running.headers = AUTHORISED
        yield running.is_settled()


@pytest.fixture(scope="module")
def described(engine: RunningEngine) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", engine.app.wsgi)


def _keep_to_it(described: Any, path: str, method: str, how: settings) -> None:
    operation = described[path][method]
    for mode in MODES:
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.path_parameters):
            continue  # there is nothing to get wrong

        @how
        @given(case=operation.as_strategy(generation_mode=mode))
        def try_it(case: Any) -> None:
            # Every other time a name that exists: those of the tool's own are known to nobody.
            names = case.path_parameters or {}
            if "name" in names and len(str(names["name"])) % 2:
                names["name"] = "default"
            answer = case.call(headers=AUTHORISED)
            assert answer.status_code != 500
            case.validate_response(answer, checks=PROMISES)

        try_it()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(described: Any, path: str, method: str) -> None:
    """SEC20: right requests and wrong ones; 5xx only where the document says so, and 500 never."""
    how = settings(
        max_examples=15,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    _keep_to_it(described, path, method, how)


@pytest.mark.soak
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_one_that_the_document_describes_for_long(
    described: Any, path: str, method: str
) -> None:
    """SEC20, the long form."""
    how = settings(max_examples=300, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    _keep_to_it(described, path, method, how)

"""Requests made from an OpenAPI document, right ones and wrong ones, and whether the answers keep to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode

load_all_checks()
PROMISES = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
METHODS = {"get", "post", "put", "patch", "delete"}


def operations(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every path with each of its methods."""
    return [
        (path, method.upper())
        for path, described in document["paths"].items()
        for method in described
        if method in METHODS
    ]


def a_few(examples: int = 10) -> settings:
    return _settings(max_examples=examples, derandomize=True)


def many() -> settings:
    return _settings(max_examples=300)


def keep_to_it(
    described: Any,
    path: str,
    method: str,
    how: settings,
    *,
    headers: Mapping[str, str],
    name: str,
) -> None:
    """Try one operation. `name` exists: it stands in every other path, because made-up names do not."""
    operation = described[path][method]
    for mode in MODES:
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.path_parameters):
            continue  # there is nothing to get wrong

        how(given(case=operation.as_strategy(generation_mode=mode))(_tried(headers, name)))()


def _tried(headers: Mapping[str, str], name: str) -> Callable[[Any], None]:
    def try_it(case: Any) -> None:
        names = case.path_parameters or {}
        if name and "name" in names and len(str(names["name"])) % 2:
            names["name"] = name
        answer = case.call(headers=dict(headers))
        assert answer.status_code != 500
        case.validate_response(answer, checks=PROMISES)

    return try_it


def _settings(**options: Any) -> settings:
    return settings(database=None, suppress_health_check=list(HealthCheck), **options)

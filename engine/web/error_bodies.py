"""The body of an error, and the sentence in it for a request that is wrong."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.domain import BadRequest, BadValue, EngineError

_GIVEN_SHOWN = 80


class ErrorPart(BaseModel):
    """`details` are what a program may want to know beside the code."""

    code: str
    message: str
    details: dict[str, Any] | None = None


class ErrorBody(BaseModel):
    error: ErrorPart


def explain_mistakes(mistakes: ValidationError) -> EngineError:
    """Explain what is wrong with a body, as a sentence: the field, what was given, what is wanted."""
    errors = mistakes.errors(include_url=False, include_context=False)
    if any(error["type"] == "json_invalid" for error in errors):
        return BadRequest("the body is not valid JSON")
    return BadValue("; ".join(_sentence(error) for error in errors[:10]))


def _sentence(error: Any) -> str:
    field = ".".join(str(part)[:_GIVEN_SHOWN] for part in error["loc"]) or "the body"
    if error["type"] == "missing":
        return f"{field} is missing"
    if error["type"] == "extra_forbidden":
        return f"{field} is not a field of this request"
    # "Input should be …", "String should have …", "List should have … after validation, not 0"
    says = (error["msg"].partition(" should ")[2] or error["msg"]).partition(" after validation")[0]
    return f"{field} must {says} (got {_show(error['input'])})"


def _show(given: Any) -> str:
    text = json.dumps(given, ensure_ascii=True, default=str)
    return text if len(text) <= _GIVEN_SHOWN else text[:_GIVEN_SHOWN] + "…"

"""JSON out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response
from pydantic import BaseModel


def as_json(body: BaseModel | Mapping[str, Any], status: int = 200) -> Response:
    text = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body, ensure_ascii=False)
    return Response(text, status=status, content_type="application/json")

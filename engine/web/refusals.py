"""What waitress refuses before a route sees it, in the contract's words and not in plain text."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from waitress.task import ErrorTask

from engine.domain import STATUS
from engine.web.bodies import ErrorBody, ErrorPart


class JsonErrorTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """Answers a request that is too large, or is none, and closes the connection."""

    channel: Any
    request: Any

    def execute(self) -> None:
        status = int(self.request.error.code)
        code = next((code for code, each in STATUS.items() if each == status), "bad_request")
        reason = str(self.request.error.reason)
        body = ErrorBody(error=ErrorPart(code=code, message=reason)).model_dump_json().encode()
        self.status = f"{status} {HTTPStatus(status).phrase}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)

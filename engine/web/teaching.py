"""The routes about single entries and their wordings, and the trial."""

from __future__ import annotations

import time

from flask import Blueprint, Response

from engine.domain import BadValue
from engine.teaching import Teaching
from engine.trial import Trials
from engine.web.reading import as_json, json_body
from engine.web.teaching_bodies import (
    ChangeRequest,
    ShownEntryBody,
    TaughtBody,
    TeachRequest,
    TrialRequest,
    TrialResponse,
)

_ENTRY = "/knowledge-bases/<name>/entries/<path:entry_id>"


def teaching_routes(teaching: Teaching, trials: Trials) -> Blueprint:
    """The routes below /v1."""
    routes = Blueprint("teaching", __name__, url_prefix="/v1")

    @routes.get(_ENTRY)
    def show(name: str, entry_id: str) -> Response:
        return as_json(ShownEntryBody.of(teaching.show(name, entry_id)))

    @routes.put(_ENTRY)
    def change(name: str, entry_id: str) -> Response:
        shown, refresh = teaching.change(name, entry_id, json_body(ChangeRequest).as_change())
        return as_json(ShownEntryBody.of(shown, refresh))

    @routes.post(f"{_ENTRY}/wordings")
    def teach(name: str, entry_id: str) -> Response:
        asked = json_body(TeachRequest)
        wording, refresh = teaching.teach(name, entry_id, asked.text, by=asked.by, because=asked.because)
        return as_json(TaughtBody.of(wording, refresh), 201)

    @routes.delete(f"{_ENTRY}/wordings/<wording_id>")
    def take_back(name: str, entry_id: str, wording_id: str) -> Response:
        teaching.take_back(name, entry_id, wording_id)
        return Response(status=204)

    @routes.post("/trial")
    def trial() -> Response:
        began = time.perf_counter()
        asked = json_body(TrialRequest)
        steps = tuple(asked.steps)
        if (asked.texts is None) == (asked.knowledge_base is None):
            raise BadValue('one of "texts" and "knowledge_base" is wanted')
        if asked.knowledge_base is not None:
            found = trials.of_knowledge_base(
                asked.knowledge_base, asked.query, steps=steps, threshold=asked.threshold, limit=asked.limit
            )
        else:
            threshold = -1.0 if asked.threshold is None else asked.threshold
            found = trials.of_texts(
                asked.texts or (), asked.query, steps=steps, threshold=threshold, limit=asked.limit
            )
        took_ms = round((time.perf_counter() - began) * 1000, 3)
        return as_json(TrialResponse.model_validate(found).model_copy(update={"took_ms": took_ms}))

    return routes

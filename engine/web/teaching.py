"""The routes about single entries and their wordings, and the trial."""

from __future__ import annotations

import time

from fastapi import FastAPI

from engine.domain import BadValue
from engine.teaching import Teaching
from engine.trial import Trials
from engine.web.openapi import EntryId, Name, WordingId, refuses
from engine.web.teaching_bodies import (
    ChangeRequest,
    ShownEntryBody,
    TaughtBody,
    TeachRequest,
    TrialRequest,
    TrialResponse,
)

_ENTRY = "/v1/knowledge-bases/{name}/entries/{entry_id:path}"


def add_teaching_routes(app: FastAPI, teaching: Teaching, trials: Trials) -> None:
    """The routes below an entry, and the trial."""

    @app.get(
        _ENTRY,
        operation_id="show_entry",
        summary="An entry whole, with its wordings.",
        responses=refuses(404, 503),
    )
    def show(name: Name, entry_id: EntryId) -> ShownEntryBody:
        return ShownEntryBody.of(teaching.show(name, entry_id))

    @app.put(
        _ENTRY,
        operation_id="change_entry",
        summary="Change a managed entry that nobody changed since it was read.",
        responses=refuses(400, 404, 409, 413, 415, 422, 503),
    )
    def change(name: Name, entry_id: EntryId, asked: ChangeRequest) -> ShownEntryBody:
        return ShownEntryBody.of(*teaching.change(name, entry_id, asked.as_change()))

    @app.post(
        f"{_ENTRY}/wordings",
        operation_id="teach_wording",
        summary="Teach the entry another wording.",
        responses=refuses(400, 404, 409, 413, 415, 422, 503),
        status_code=201,
    )
    def teach(name: Name, entry_id: EntryId, asked: TeachRequest) -> TaughtBody:
        return TaughtBody.of(*teaching.teach(name, entry_id, asked.text, by=asked.by, because=asked.because))

    @app.delete(
        f"{_ENTRY}/wordings/{{wording_id}}",
        operation_id="take_back_wording",
        summary="Take a taught wording back.",
        responses=refuses(404, 503),
        status_code=204,
    )
    def take_back(name: Name, entry_id: EntryId, wording_id: WordingId) -> None:
        teaching.take_back(name, entry_id, wording_id)

    @app.post(
        "/v1/trial",
        operation_id="try_question",
        summary="A question over texts that are not kept, or over a knowledge base.",
        responses=refuses(400, 404, 409, 413, 415, 422, 429, 503),
    )
    def trial(asked: TrialRequest) -> TrialResponse:
        began = time.perf_counter()
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
        return TrialResponse.model_validate(found).model_copy(update={"took_ms": took_ms})

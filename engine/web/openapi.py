"""The OpenAPI document, made from the very models that read and write the bodies."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from engine.evaluation.report import EvaluateResponse
from engine.source.kinds import POSTED
from engine.web.analysis_bodies import (
    EvaluateRequest,
    GroupsRequest,
    GroupsResponse,
    InspectRequest,
    InspectResponse,
)
from engine.web.bodies import (
    AddedBody,
    EntriesBody,
    ErrorBody,
    KnowledgeBaseBody,
    KnowledgeBasesBody,
    NotReadyBody,
    ReadyBody,
    RefreshAccepted,
    RefreshRequest,
    RollbackDoneBody,
    SearchRequest,
    SearchResponse,
)
from engine.web.embeddings import EmbeddingsRequest, EmbeddingsResponse
from engine.web.teaching_bodies import (
    ChangeRequest,
    ShownEntryBody,
    TaughtBody,
    TeachRequest,
    TrialRequest,
    TrialResponse,
)

_Schema = dict[str, Any]
_NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "description": "The name of a knowledge base.",
}
_ENTRY = {"name": "entry_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_WORDING = {
    "name": "wording_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}
_FIND = {
    "name": "find",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "Only entries whose id, text, answer, title or wording holds this.",
}
_LIST = {"type": "string", "minLength": 1, "pattern": "[A-Za-z0-9]"}
_ERRORS = {
    "400": "The body cannot be read at all.",
    "401": "The token is missing or wrong.",
    "403": "A web page may have sent this, and there is no token.",
    "404": "No such knowledge base or entry.",
    "405": "No such method here.",
    "409": "The entry is another source's or was changed, a wording is taken, or no snapshot is coming.",
    "410": "The snapshot that was asked for is not served any more.",
    "413": "The body is too large.",
    "415": "The body is of a kind that is not read here.",
    "422": "A value is wrong; the message names it.",
    "429": "Too many are waiting already; see Retry-After.",
    "503": "Not now: the message says why.",
}


def document(*, token_needed: bool) -> _Schema:
    """The whole document, for OpenAPI 3.1."""
    bodies: list[type[BaseModel]] = [
        SearchRequest,
        SearchResponse,
        KnowledgeBasesBody,
        KnowledgeBaseBody,
        RefreshRequest,
        RefreshAccepted,
        RollbackDoneBody,
        EmbeddingsRequest,
        EmbeddingsResponse,
        EvaluateRequest,
        EvaluateResponse,
        InspectRequest,
        InspectResponse,
        GroupsRequest,
        GroupsResponse,
        EntriesBody,
        AddedBody,
        ShownEntryBody,
        ChangeRequest,
        TaughtBody,
        TeachRequest,
        TrialRequest,
        TrialResponse,
        ReadyBody,
        NotReadyBody,
        ErrorBody,
    ]
    _, schemas = models_json_schema(
        [(body, "validation" if body.__name__.endswith("Request") else "serialization") for body in bodies],
        ref_template="#/components/schemas/{model}",
    )
    components: _Schema = {"schemas": schemas["$defs"]}
    described: _Schema = {
        "openapi": "3.1.0",
        "info": {"title": "kbdial engine", "version": version("kbdial")},
        "paths": _paths(),
        "components": components,
    }
    if token_needed:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _paths() -> _Schema:
    one = "/v1/knowledge-bases/{name}"
    return {
        "/v1/search": {
            "post": _operation(
                "search",
                "Every entry at or above the threshold, best first.",
                {"200": SearchResponse},
                body={"application/json": {"schema": _ref(SearchRequest)}},
                errors=("400", "404", "409", "410", "413", "415", "422", "429", "503"),
            )
        },
        "/v1/evaluate": {
            "post": _measuring(
                "evaluate", "What judged answers say about thresholds.", EvaluateRequest, EvaluateResponse
            )
        },
        "/v1/embeddings": {
            "post": _measuring(
                "embed",
                "Vectors of texts, in OpenAI's protocol.",
                EmbeddingsRequest,
                EmbeddingsResponse,
                ("429", "503"),
            )
        },
        "/v1/inspect": {
            "post": _measuring(
                "inspect", "The vector behind a text.", InspectRequest, InspectResponse, ("429", "503")
            )
        },
        "/v1/groups": {
            "post": _measuring(
                "group", "Texts that mean the same.", GroupsRequest, GroupsResponse, ("429", "503")
            )
        },
        "/v1/knowledge-bases": {
            "get": _operation("list_knowledge_bases", "All of them.", {"200": KnowledgeBasesBody})
        },
        one: {
            "parameters": [_NAME],
            "get": _operation(
                "show_knowledge_base", "One of them.", {"200": KnowledgeBaseBody}, errors=("404",)
            ),
        },
        f"{one}/refresh": {
            "parameters": [_NAME],
            "post": _operation(
                "refresh",
                "Read the sources again, soon; joins the refresh that waits or runs.",
                {"202": RefreshAccepted},
                body={"application/json": {"schema": _ref(RefreshRequest)}},
                errors=("400", "404", "413", "422"),
                body_needed=False,
            ),
        },
        f"{one}/rollback": {
            "parameters": [_NAME],
            "post": _operation(
                "rollback",
                "Serve the snapshot before again, until a source changes or a refresh is asked for.",
                {"200": RollbackDoneBody},
                errors=("404", "409", "503"),
            ),
        },
        f"{one}/entries": {
            "parameters": [_NAME],
            "get": _operation(
                "list_entries",
                "What is served, and the managed entries as they are this moment.",
                {"200": EntriesBody},
                errors=("404", "422", "503"),
                parameters=[_whole("limit", 1, 1000, 100), _whole("offset", 0, 10_000_000, 0), _FIND],
            ),
            "post": _operation(
                "add_entries",
                "Add a list to the managed entries, one a line.",
                {"201": AddedBody},
                body={
                    **{media_type: {"schema": _LIST} for media_type in POSTED},
                    "text/plain": {"schema": _LIST, "example": "Where are you? => In Berlin."},
                },
                errors=("404", "413", "415", "422", "503"),
            ),
        },
        f"{one}/entries/{{entry_id}}": {
            "parameters": [_NAME, _ENTRY],
            "get": _operation(
                "show_entry",
                "An entry whole, with its wordings.",
                {"200": ShownEntryBody},
                errors=("404", "503"),
            ),
            "put": _operation(
                "change_entry",
                "Change a managed entry that nobody changed since it was read.",
                {"200": ShownEntryBody},
                body={"application/json": {"schema": _ref(ChangeRequest)}},
                errors=("400", "404", "409", "413", "415", "422", "503"),
            ),
            "delete": _operation(
                "remove_entry", "Take a managed entry away.", {"204": None}, errors=("404", "409", "503")
            ),
        },
        f"{one}/entries/{{entry_id}}/wordings": {
            "parameters": [_NAME, _ENTRY],
            "post": _operation(
                "teach_wording",
                "Teach the entry another wording.",
                {"201": TaughtBody},
                body={"application/json": {"schema": _ref(TeachRequest)}},
                errors=("400", "404", "409", "413", "415", "422", "503"),
            ),
        },
        f"{one}/entries/{{entry_id}}/wordings/{{wording_id}}": {
            "parameters": [_NAME, _ENTRY, _WORDING],
            "delete": _operation(
                "take_back_wording", "Take a taught wording back.", {"204": None}, errors=("404", "503")
            ),
        },
        "/v1/trial": {
            "post": _operation(
                "try_question",
                "A question over texts that are not kept, or over a knowledge base.",
                {"200": TrialResponse},
                body={"application/json": {"schema": _ref(TrialRequest)}},
                errors=("400", "404", "409", "413", "415", "422", "429", "503"),
            )
        },
        "/healthz": {"get": _open("healthz", "Alive.", {"200": None})},
        "/readyz": {"get": _open("readyz", "Ready, or why not.", {"200": ReadyBody, "503": NotReadyBody})},
        "/metrics": {"get": _operation("metrics", "For Prometheus.", {"200": None})},
    }


def _operation(
    name: str,
    says: str,
    answers: dict[str, type[BaseModel] | None],
    *,
    body: _Schema | None = None,
    body_needed: bool = True,
    errors: tuple[str, ...] = (),
    parameters: list[_Schema] | None = None,
) -> _Schema:
    responses: _Schema = {status: _answer(model) for status, model in answers.items()}
    for status in ("401", "403", *errors):
        responses.setdefault(status, {"description": _ERRORS[status], "content": _content(ErrorBody)})
    operation: _Schema = {"operationId": name, "summary": says, "responses": responses}
    if body:
        operation["requestBody"] = {"required": body_needed, "content": body}
    if parameters:
        operation["parameters"] = parameters
    return operation


def _measuring(
    name: str,
    says: str,
    body: type[BaseModel],
    answer: type[BaseModel],
    errors: tuple[str, ...] = (),
) -> _Schema:
    return _operation(
        name,
        says,
        {"200": answer},
        body={"application/json": {"schema": _ref(body)}},
        errors=("400", "413", "415", "422", *errors),
    )


def _open(name: str, says: str, answers: dict[str, type[BaseModel] | None]) -> _Schema:
    operation = _operation(name, says, answers)
    del operation["responses"]["401"], operation["responses"]["403"]
    operation["security"] = []
    return operation


def _answer(model: type[BaseModel] | None) -> _Schema:
    return {"description": "Done.", "content": _content(model)} if model else {"description": "Done."}


def _content(model: type[BaseModel]) -> _Schema:
    return {"application/json": {"schema": _ref(model)}}


def _ref(model: type[BaseModel]) -> _Schema:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _whole(name: str, low: int, high: int, default: int) -> _Schema:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": low, "maximum": high, "default": default},
    }

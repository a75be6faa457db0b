"""A route as the contract has it: FastAPI matches and describes it, its request is read in our own words.

FastAPI takes what a route reads and gives from the types of its function, and describes that. To read
it, it would parse a body twice, let pass what JSON does not know, and refuse in words of its own. So
a function is called here with what the same types say:

    a pydantic model               the JSON body; where there is a default, one may be left out
    Annotated[a model, Query()]    the parameters in the address
    Request                        the request itself, not yet read
    everything else                parts of the path

A coroutine runs in the event loop and must never wait for anything but other coroutines. A plain
function gets a thread of the workers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, get_type_hints

from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from engine.domain import ReadOnly
from engine.web.reading import as_json, json_body, query_of
from engine.web.workers import Workers

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_Read = Callable[[Request], Coroutine[Any, Any, Any]]

ROUTE = "kbdial.route"
"""Where a request keeps the name of its route, for the figures."""


class ContractRoute(APIRoute):
    """A route whose EngineError refuses the request, by the application."""

    def get_route_handler(self) -> Handler:
        function = self.endpoint
        reads = _reads_of(function)
        is_coroutine = inspect.iscoroutinefunction(function)
        writes = "/knowledge-bases/" in self.path and self.methods != {"GET"}
        status = self.status_code or 200
        name = name_of(self.path)

        async def handle(request: Request) -> Response:
            request.scope[ROUTE] = name
            if writes and (publisher := request.app.state.publisher):
                raise ReadOnly(
                    f"this engine follows {publisher} and changes nothing; ask that one",
                    details={"publisher": publisher},
                )
            given = {parameter: await read(request) for parameter, read in reads.items()}
            if is_coroutine:
                made = await function(**given)
            else:
                workers: Workers = request.app.state.workers
                run = workers.run_writing if writes else workers.run
                made = await run(partial(function, **given))
            if isinstance(made, Response):
                return made
            return Response(status_code=status) if made is None else as_json(made, status)

        return handle


def name_of(path: str) -> str:
    """A route as the figures name it, which is how it was written when they began."""
    parts = path.split("/")
    return "/".join(_name_of_part(part) if part.startswith("{") else part for part in parts)


def _name_of_part(part: str) -> str:
    name, _, kind = part.strip("{}").partition(":")
    return f"<{kind}:{name}>" if kind else f"<{name}>"


def _reads_of(function: Callable[..., Any]) -> dict[str, _Read]:
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    return {name: _read_of(hints[name], each) for name, each in parameters.items()}


def _read_of(hint: Any, parameter: inspect.Parameter) -> _Read:
    marks = getattr(hint, "__metadata__", ())
    plain = getattr(hint, "__origin__", hint) if marks else hint
    if any(isinstance(mark, Query) for mark in marks):
        return partial(_read_query, plain)
    if plain is Request:
        return _read_nothing
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return partial(_read_body, plain, is_needed=parameter.default is parameter.empty)
    return partial(_read_path, parameter.name)


async def _read_nothing(request: Request) -> Request:
    return request


async def _read_query(shape: type[BaseModel], request: Request) -> BaseModel:
    return query_of(shape, request.query_params)


async def _read_body(shape: type[BaseModel], request: Request, *, is_needed: bool) -> BaseModel:
    return await json_body(request, shape, is_needed=is_needed)


async def _read_path(name: str, request: Request) -> str:
    return str(request.path_params[name])

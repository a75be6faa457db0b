"""A model behind a server that speaks OpenAI's embeddings protocol: vLLM, TEI, another kbdial.

The server is examined at start like a model of our own. What stands in front of questions
is put there by us, so the server must not do it a second time. A vector of one text goes
into the identity: another model under the same name is told apart at the next start, by a
vector farther away than rounding explains. Where the server is has no part in that, so a move to a
balancer embeds nothing again. While we run another model is not told apart; restart the engine
when you change the server's. That several servers behind one address agree is looked at again
and again (`engine.encoder.fleet`).
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import numpy as np
import requests

from engine.config import Model
from engine.domain import EncoderFailed, NotReady
from engine.encoder import examination, fleet
from engine.encoder.vectors import fingerprint_of, shorten
from engine.index.snapshot import ModelIdentity, Vectors
from engine.network_errors import name_cause

_CONNECT_SECONDS = 3
_ANSWER_SECONDS = 30
_WAITS = (0.2, 1.0)  # before the second and the third try
_LONGEST_WAIT_SECONDS = 5.0
_MOST_BYTES = 256 << 20
_LONGEST_CHARACTERS = 20_000
_SHOWN = 200
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})
_PROBE = "probe"
_PROBED = "the parcel has not arrived; 快递还没有到"
_QWEN_PROMPT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"


class RemoteEncoder:
    """Asks a server for vectors, a list of texts at a time.

    It takes on the identity among those `known`, of snapshots say, that it cannot be told from.

    A server that is away is NotReady, after three tries; one that refuses a text, or answers
    something that is not its vectors, is EncoderFailed. `dimension` is asked of the server,
    and where it refuses that, vectors are cut and brought to length here.
    """

    def __init__(
        self,
        model: Model,
        *,
        known: Iterable[ModelIdentity] = (),
        session: requests.Session | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = f"{model.remote_url}/embeddings"
        self._name = model.name
        self._session = session or requests.Session()
        self._session.trust_env = False  # a .netrc must not replace the token
        token = model.remote_token.get_secret_value()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        self._wait = wait
        self._dimensions: int | None = model.dimension or None
        self._prompts = {"query": _QWEN_PROMPT if "Qwen3-Embedding" in model.name else "", "document": ""}
        width = self._probe_width(model.dimension)
        examination.examine(model.name, width, self._bare, tolerance=examination.TOLERANCE_BFLOAT16)
        if not model.dimension:
            examination.examine_scores(
                model.name,
                lambda texts: self._bare([self._prompts["query"] + text for text in texts]),
                self._bare,
            )
        dimension = model.dimension or width
        settings = {
            "remote": model.remote_url,
            "model": model.name,
            "prompts": self._prompts,
            "width": width,
            "dimension": dimension,
            _PROBE: shorten(self._bare([_PROBED]), dimension)[0].tolist(),
        }
        made = ModelIdentity(
            name=model.name, dimension=dimension, fingerprint=fingerprint_of(settings), settings=settings
        )
        self._identity = next((each for each in known if _is_the_same(each, made)), made)

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    @property
    def device(self) -> str:
        return "remote"

    def encode(self, texts: Sequence[str], role: str) -> Vectors:
        for number, text in enumerate(texts, start=1):
            if not text.strip():
                raise EncoderFailed(f"text {number} is empty")
        prompt = self._prompts.get(role, "")
        vectors = self._bare([prompt + text[:_LONGEST_CHARACTERS] for text in texts])
        return shorten(vectors, self._identity.dimension)

    def find_trouble(self) -> str:
        text, away = fleet.find_farthest(lambda texts: self._bare(texts, headers={"Connection": "close"}))
        if away <= fleet.TOLERANCE:
            return ""
        return (
            f'the servers at {self._url} do not agree on "{self._name}": two vectors of "{text[:_SHOWN]}" are'
            f" {away:.2g} apart, allowed is {fleet.TOLERANCE:g}; all of them need the same model, dtype and"
            " kind of card"
        )

    def _probe_width(self, dimension: int) -> int:
        try:
            width = self._bare(["warm up"]).shape[1]
        except EncoderFailed:
            if self._dimensions is None:
                raise
            self._dimensions = None  # it does not cut; perhaps it answers when not asked to
            width = self._bare(["warm up"]).shape[1]
        if dimension > width:
            raise EncoderFailed(f"[engine.model] dimension is {dimension}, {self._name} gives {width}")
        return int(width)

    def _bare(self, texts: Sequence[str], headers: Mapping[str, str] | None = None) -> Vectors:
        asked: dict[str, Any] = {"model": self._name, "input": list(texts), "encoding_format": "base64"}
        if self._dimensions:
            asked["dimensions"] = self._dimensions
        return self._rows(self._answer(asked, headers), len(texts))

    def _answer(self, asked: dict[str, Any], headers: Mapping[str, str] | None) -> Any:
        for seconds in (*_WAITS, None):
            try:
                status, retry_after, body = self._once(asked, headers)
            except requests.RequestException as problem:
                trouble, retry_after = name_cause(problem), ""
            else:
                if status == HTTPStatus.OK:
                    return body
                says = body.decode(errors="replace")[:_SHOWN]
                if status not in _MAY_PASS:
                    raise EncoderFailed(f"{self._url} refused with status {status}: {says}")
                trouble = f"status {status}: {says}"
            if seconds is not None:
                self._wait(_seconds(retry_after, seconds))
        raise NotReady(f"the embeddings server at {self._url} does not answer ({trouble})")

    def _once(self, asked: dict[str, Any], headers: Mapping[str, str] | None) -> tuple[int, str, bytes]:
        with self._session.post(
            self._url,
            json=asked,
            headers=headers,
            timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = bytearray()
            for chunk in answer.iter_content(1 << 16):
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise EncoderFailed(f"{self._url} answers more than {_MOST_BYTES >> 20} MB")
            return answer.status_code, answer.headers.get("Retry-After", ""), bytes(body)

    def _rows(self, body: bytes, wanted: int) -> Vectors:
        """The vectors in the order of the texts, whatever order they came in."""
        try:
            data = json.loads(body)["data"]
            by_index = {each["index"]: _vector(each["embedding"]) for each in data}
            if len(data) != wanted or sorted(by_index) != list(range(wanted)):
                raise EncoderFailed(f"{self._url} gave {len(data)} vectors for {wanted} texts")
            return np.stack([by_index[index] for index in range(wanted)])
        except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as problem:
            raise EncoderFailed(f"what {self._url} answers are no embeddings: {problem}") from problem


def _is_the_same(one: ModelIdentity, other: ModelIdentity) -> bool:
    """Whether only rounding and the address lie between the two: servers sum in another order each time."""
    here, there = ({**each.settings, "remote": ""} for each in (one, other))
    vectors = [np.array(each.pop(_PROBE, ()), np.float32) for each in (here, there)]
    if here != there or vectors[0].shape != vectors[1].shape:
        return False
    return bool(np.linalg.norm(vectors[0] - vectors[1]) <= examination.TOLERANCE_BFLOAT16)


def _vector(given: Any) -> Vectors:
    """Base64 was asked for; servers that do not know it answer numbers."""
    if isinstance(given, str):
        packed: Vectors = np.frombuffer(base64.b64decode(given, validate=True), "<f4").astype(np.float32)
        return packed
    numbers: Vectors = np.array(given, dtype=np.float32)
    if numbers.ndim != 1:
        raise ValueError(f"an embedding of shape {numbers.shape}")
    return numbers


def _seconds(retry_after: str, otherwise: float) -> float:
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), _LONGEST_WAIT_SECONDS)
    return otherwise

"""The calls themselves: which engines each one goes to, and a shape for what it sends and expects.

Questions go to the followers, where there are some, and in their place to the engine they follow. What that
one alone knows (sources, refreshes) is asked of it first; what changes something, of it only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import ValidationError
from requests.adapters import BaseAdapter

from bot.domain import Clock, EngineError, Found, KnowledgeBase, Language, LeftOut, Query, Refreshed
from bot.domain.search import SourceReport
from bot.engine_client.analysis import Evaluated, Groups, Inspected, Judged
from bot.engine_client.breaker import Breaker
from bot.engine_client.entries import Added, Contradicted, Entry, EntryPage
from bot.engine_client.http import ANSWER_SECONDS, Http
from bot.engine_client.line import Line
from bot.engine_client.seen import SeenSnapshots
from bot.engine_client.shapes import (
    AddedShape,
    EntriesShape,
    EntryShape,
    FoundShape,
    KnowledgeBaseShape,
    KnowledgeBasesShape,
    ReadyShape,
    RefreshShape,
    TriedShape,
    read_json,
)
from bot.engine_client.teaching import ShownEntry, Taught, Tried
from bot.loop import Loop
from bot.metrics import Metrics

# The first evaluation and the first picture import libraries for some seconds.
MEASURE_SECONDS = 20.0
KEEP = 200
LONGEST_NAME = 200  # a longer one cannot exist, and would not fit into an address
LOOK_SECONDS = 1.0
ENTRIES_PAGE = 1000
UNAVAILABLE = 503  # an engine that loads says with it how far it is

Shape = TypeVar("Shape")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ready:
    """An engine that answers; `warnings`: what is wrong with it all the same."""

    device: str
    model: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loading:
    """An engine that answers and cannot search yet; of `total` texts, `done` are embedded."""

    done: int = 0
    total: int = 0


class EngineClient:
    """The engine, as far as the bot knows it. Safe to use from several threads.

    Every method raises EngineError. `url` is the engine that takes changes; with `followers`, these
    answer questions, and none from an older snapshot than was seen before. Between `start` and
    `stop` a thread looks after an engine that failed, so that its return is noticed even when
    nobody asks. Stopping twice is fine, and so is stopping what never started.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        token: str = "",
        followers: Sequence[str] = (),
        transport: BaseAdapter | None = None,
        on_back: Callable[[], None] = lambda: None,
        metrics: Metrics | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        engine, *others = (
            Http(each, token=token, transport=transport, answer_seconds=answer_seconds)
            for each in (url, *followers)
        )
        self._engines = (engine, *others)

        breaker = Breaker(clock, on_back)
        self._questions = self._states = self._changes = Line([engine], [], breaker, clock, metrics)
        self._seen: SeenSnapshots | None = None
        if others:
            self._questions = Line(others, [engine], breaker, clock, metrics)
            self._states = Line([engine], others, breaker, clock, metrics)
            # That nothing can be changed for a while is no reason to answer no questions.
            self._changes = Line([engine], [], Breaker(clock, on_back), clock)
            self._seen = SeenSnapshots(clock)
        self._watcher = Loop(self.look, LOOK_SECONDS, "engine-watcher")

    @property
    def is_away(self) -> bool:
        """Whether asking is known to be useless just now."""
        return self._questions.breaker.is_open

    def start(self) -> None:
        self._watcher.start()

    def stop(self) -> None:
        self._watcher.stop()
        for engine in self._engines:
            engine.close()

    def look(self) -> bool:
        """Ask a failing engine whether it is ready; False when there was nothing to look after."""
        failing = [each for each in {self._questions, self._changes} if each.breaker.wants_a_look]
        for each in failing:
            if each.is_ready():
                each.breaker.seen_ready()
        return bool(failing)

    def search(self, query: Query, keep: int = KEEP) -> Found:
        body = {
            "query": query.text,
            "knowledge_base": query.knowledge_base,
            "threshold": query.threshold,
            "limit": query.limit,
            "offset": query.offset,
            "keyword_weight": query.keyword_weight,
            "keep": keep,
            **({"collapse": True} if query.collapse else {}),
            **({"steps": list(query.steps)} if query.steps else {}),
            **({"snapshot": query.snapshot} if query.snapshot else {}),
        }
        if self._seen and (least := self._seen.least(query.knowledge_base)):
            body["min_snapshot"] = least

        def check(shape: FoundShape) -> Found:
            mistakes = shape.mistakes(query, keep)
            if mistakes:
                raise EngineError("away", f"the engine's answer was not one: {'; '.join(mistakes)}")
            return shape.to_found()

        found = self._call("POST", "/v1/search", FoundShape, check, json=body)
        if self._seen:
            self._seen.note(query.knowledge_base, found.snapshot_number)
        return found

    def knowledge_bases(self) -> tuple[KnowledgeBase, ...]:
        return self._call(
            "GET",
            "/v1/knowledge-bases",
            KnowledgeBasesShape,
            lambda shape: tuple(one.knowledge_base() for one in shape.knowledge_bases),
            self._states,
        )

    def knowledge_base(self, name: str) -> KnowledgeBase:
        return self._knowledge_base(name).knowledge_base()

    def entry(self, knowledge_base: str, entry_id: str) -> Entry | None:
        """The entry of this id, looked for a page at a time."""
        for entry in self._entries(knowledge_base):
            if entry.id == entry_id:
                return Entry(entry.id, entry.text, entry.answer)
        return None

    def entries(self, knowledge_base: str, limit: int, offset: int = 0) -> EntryPage:
        """One page of the entries."""
        return self._call(
            "GET",
            f"{_path(knowledge_base)}/entries",
            EntriesShape,
            lambda shape: EntryPage(
                tuple(Entry(each.id, each.text, each.answer, each.source) for each in shape.entries),
                shape.total,
            ),
            line=self._states,
            params={"limit": limit, "offset": offset},
        )

    def entry_ids(self, knowledge_base: str) -> frozenset[str]:
        """The ids of all entries, read a page at a time."""
        return frozenset(entry.id for entry in self._entries(knowledge_base))

    def _entries(self, knowledge_base: str) -> Iterator[EntryShape]:
        offset, total = 0, 1
        while offset < total:
            page = self._call(
                "GET",
                f"{_path(knowledge_base)}/entries",
                EntriesShape,
                lambda shape: shape,
                line=self._states,
                params={"limit": ENTRIES_PAGE, "offset": offset},
            )
            yield from page.entries
            offset, total = offset + ENTRIES_PAGE, page.total

    def add_entries(self, knowledge_base: str, text: str) -> Added:
        """Add lines, each `TEXT` or `TEXT => ANSWER`, to the managed source."""
        return self._add(knowledge_base, text.encode(), "text/plain; charset=utf-8")

    def add_entry(self, knowledge_base: str, text: str, answer: str) -> Added:
        """Add one entry to the managed source, whose lines stay lines."""
        row = {"text": text, **({"answer": answer} if answer else {})}
        return self._add(knowledge_base, json.dumps(row, ensure_ascii=False).encode(), "application/jsonl")

    def _add(self, knowledge_base: str, content: bytes, media_type: str) -> Added:
        return self._call(
            "POST",
            f"{_path(knowledge_base)}/entries",
            AddedShape,
            lambda shape: Added(
                added=tuple(Entry(entry.id, entry.text) for entry in shape.added),
                repeated=tuple(Entry(entry.id, entry.text) for entry in shape.repeated),
                dropped=tuple(
                    LeftOut(str(line.line or ""), line.reason, line.code, line.details)
                    for line in shape.dropped
                ),
                refresh=shape.refresh,
                contradicted=tuple(
                    Contradicted(each.id, each.text, each.answer, each.left_out)
                    for each in shape.contradicted
                ),
            ),
            line=self._changes,
            data=content,
            headers={"Content-Type": media_type},
        )

    def remove_entry(self, knowledge_base: str, entry_id: str) -> None:
        part = _part(entry_id)
        if part is None:
            raise EngineError("unknown_entry", "no entry can have this id")
        self._change("DELETE", f"{_path(knowledge_base)}/entries/{part}")

    def show_entry(self, knowledge_base: str, entry_id: str) -> ShownEntry:
        """An entry whole, with its wordings, as it is this moment."""
        return self._call("GET", _entry_path(knowledge_base, entry_id), ShownEntry, _as_it_is, self._states)

    def find_entries(
        self, knowledge_base: str, text: str, *, limit: int, offset: int = 0
    ) -> tuple[tuple[Entry, ...], int]:
        """A page of entries whose id, text, answer, title or wording contains `text`, and their number."""
        return self._call(
            "GET",
            f"{_path(knowledge_base)}/entries",
            EntriesShape,
            lambda shape: (
                tuple(Entry(each.id, each.text, each.answer, each.source) for each in shape.entries),
                shape.total,
            ),
            line=self._states,
            params={"find": text, "limit": limit, "offset": offset},
        )

    def change_entry(
        self, knowledge_base: str, entry_id: str, *, hash_read: str, answer: str, text: str | None = None
    ) -> ShownEntry:
        """Change a managed entry; "entry_changed" when it is not what was read."""
        body = {"hash": hash_read, "answer": answer, "text": text}
        path = _entry_path(knowledge_base, entry_id)
        return self._call("PUT", path, ShownEntry, _as_it_is, self._changes, json=body)

    def teach(self, knowledge_base: str, entry_id: str, text: str, *, by: str, because: str) -> Taught:
        """Teach an entry a wording; "wording_taken" with the holder's id as `details["entry"]`."""
        body = {"text": text, "by": by, "because": because}
        path = f"{_entry_path(knowledge_base, entry_id)}/wordings"
        return self._call("POST", path, Taught, _as_it_is, self._changes, json=body)

    def take_back(self, knowledge_base: str, entry_id: str, wording_id: str) -> None:
        """Take a taught wording back; "unknown_wording" when it is not there."""
        part = _part(wording_id)
        if part is None:
            raise EngineError("unknown_wording", "no wording can have this id")
        path = f"{_entry_path(knowledge_base, entry_id)}/wordings/{part}"
        self._change("DELETE", path)

    def try_texts(self, texts: Sequence[str], query: str, *, steps: Sequence[str], limit: int) -> Tried:
        """Search these texts, which the engine does not keep."""
        body = {"texts": list(texts), "query": query, "steps": list(steps), "limit": limit}
        return self._call(
            "POST", "/v1/trial", TriedShape, TriedShape.to_tried, json=body, seconds=MEASURE_SECONDS
        )

    def try_knowledge_base(
        self, knowledge_base: str, query: str, *, steps: Sequence[str], limit: int
    ) -> Tried:
        """Search a knowledge base without recording it, and count the matches at each step."""
        body = {"knowledge_base": knowledge_base, "query": query, "steps": list(steps), "limit": limit}
        return self._call("POST", "/v1/trial", TriedShape, TriedShape.to_tried, json=body)

    def report(self, name: str) -> SourceReport:
        """The knowledge base with its sources and its last refreshes."""
        return self._knowledge_base(name).report()

    def refresh(self, knowledge_base: str, *, confirm: bool = False) -> str:
        """Start a refresh, or join the one that runs; its id. `confirm` lets a source shrink, this once."""
        path, options = f"{_path(knowledge_base)}/refresh", {"json": {"confirm": True}} if confirm else {}
        return self._call("POST", path, RefreshShape, lambda shape: shape.refresh, self._changes, **options)

    def roll_back(self, knowledge_base: str) -> None:
        """Serve the snapshot before again; "no_snapshot" when there is none that can be."""
        self._change("POST", f"{_path(knowledge_base)}/rollback")

    def refresh_state(self, knowledge_base: str, refresh: str) -> Refreshed | None:
        """This refresh as far as it is; None when the engine knows nothing of it (any more)."""
        said = self._knowledge_base(knowledge_base)
        known = (each for each in (said.last_refresh, *said.refreshes) if each is not None)
        return next((each.to_refreshed() for each in known if each.id == refresh), None)

    def evaluate(
        self, labels: Sequence[Judged], *, precision: float | None, threshold: float, picture: Language | None
    ) -> Evaluated:
        """Evaluate thresholds on these labels (at least one). `picture`: drawn in that language."""
        body = {
            "labels": [
                {"score": label.score, "relevant": label.relevant, "group": label.question}
                for label in labels
            ],
            "precision": precision,
            "threshold": threshold,
            **_picture(picture),
        }
        return self._call(
            "POST",
            "/v1/evaluate",
            Evaluated,
            _as_it_is,
            json=body,
            seconds=MEASURE_SECONDS,
        )

    def inspect(self, text: str, *, picture: Language | None, whole: bool = False) -> Inspected:
        """The vector behind a text; its first 50 values, or the `whole` of them."""
        body = {"text": text, "values": "all" if whole else "first", **_picture(picture)}
        return self._call(
            "POST",
            "/v1/inspect",
            Inspected,
            _as_it_is,
            json=body,
            seconds=MEASURE_SECONDS,
        )

    def groups(self, texts: Sequence[str], similarity: float) -> tuple[tuple[int, ...], ...]:
        """The places of these texts, those of one meaning together."""

        def check(shape: Groups) -> tuple[tuple[int, ...], ...]:
            if sorted(at for group in shape.groups for at in group) != list(range(len(texts))):
                raise EngineError("away", "the engine's answer was not one: its groups are of other texts")
            return shape.groups

        body = {"texts": list(texts), "similarity": similarity}
        return self._call("POST", "/v1/groups", Groups, check, json=body, seconds=MEASURE_SECONDS)

    def ready(self) -> Ready:
        """The device and model that the engine runs on; away while it loads."""
        return self._call(
            "GET", "/readyz", ReadyShape, lambda shape: Ready(shape.device, shape.model, shape.warnings)
        )

    def loading(self) -> Loading | None:
        """The progress of an engine that loads; None when it is ready, away, or failed. Raises nothing."""
        try:
            body = self._engines[0].send("GET", "/readyz", also=frozenset({UNAVAILABLE}))
            shape = read_json(ReadyShape, body)
        except (EngineError, ValidationError):
            return None
        if shape.ready or shape.state == "failed":
            return None
        return Loading(shape.progress.done, shape.progress.total) if shape.progress else Loading()

    def _knowledge_base(self, name: str) -> KnowledgeBaseShape:
        def check(shape: KnowledgeBaseShape) -> KnowledgeBaseShape:
            if shape.name != name:
                raise EngineError(
                    "away", "the engine's answer was not one: it is about another knowledge base"
                )
            return shape

        return self._call("GET", _path(name), KnowledgeBaseShape, check, self._states)

    def _call(
        self,
        method: str,
        path: str,
        shape: type[Shape],
        use: Callable[[Shape], Value],
        line: Line | None = None,
        **options: Any,
    ) -> Value:
        """Call, check the shape, and make of it what `use` makes of it. Without a line: a question's."""

        def read(body: bytes) -> Value:
            try:
                checked = read_json(shape, body)
            except ValidationError as mistakes:
                where = ".".join(map(str, mistakes.errors(include_input=False)[0]["loc"])) or "its JSON"
                raise EngineError("away", f"the engine's answer was not one: {where} is wrong") from None
            return use(checked)

        return (line or self._questions).call(method, path, read, options)

    def _change(self, method: str, path: str) -> None:
        self._changes.call(method, path, lambda _: None, {})


def _as_it_is(value: Value) -> Value:
    return value


def _path(knowledge_base: str) -> str:
    part = _part(knowledge_base)
    if part is None or "/" in knowledge_base:
        raise EngineError("unknown_knowledge_base", "no knowledge base can have this name")
    return f"/v1/knowledge-bases/{part}"


def _entry_path(knowledge_base: str, entry_id: str) -> str:
    part = _part(entry_id)
    if part is None:
        raise EngineError("unknown_entry", "no entry can have this id")
    return f"{_path(knowledge_base)}/entries/{part}"


def _part(name: str) -> str | None:
    """The name as one part of an address; None for those that would lead somewhere else."""
    return quote(name, safe="") if name not in {"", ".", ".."} and len(name) <= LONGEST_NAME else None


def _picture(language: Language | None) -> dict[str, Any]:
    return {"picture": False} if language is None else {"picture": True, "language": language}

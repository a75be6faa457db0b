"""How often the first result is right, by the wordings an entry has and by what is searched.

    python -m benchmarks.teaching SET_FOLDER --wordings 1 3 5 --most 500
    python -m benchmarks.teaching SET_FOLDER --answers

A set is a folder with `kb.jsonl` (id, text, answer, group) and `queries.jsonl` (text, in_scope, group or
relevant). With `--wordings` the texts of a group become one entry; which it has is drawn with `--seed`.
Every question goes through the engine's own route.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from engine import app, config

WAIT_SECONDS = 600


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--queries", type=Path)
    options.add_argument("--wordings", type=int, nargs="*", default=[])
    options.add_argument("--answers", action="store_true")
    options.add_argument("--most", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    kb = _lines(given.folder / "kb.jsonl" if given.folder.is_dir() else given.folder)
    queries = [each for each in _lines(given.queries or given.folder / "queries.jsonl") if each["in_scope"]]
    random.Random(given.seed).shuffle(queries)
    for count in given.wordings:
        entries = _grouped(kb, count, random.Random(given.seed))
        _report(f"{count} wordings", entries, queries[: given.most], ("text",))
    if given.answers:
        for parts in (("text",), ("text", "answer")):
            _report(" and ".join(parts), kb, queries[: given.most], parts)


def _grouped(kb: list[dict[str, Any]], count: int, draw: random.Random) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = {}
    for row in kb:
        groups.setdefault(row["group"], []).append(row["text"])
    entries = []
    for group, texts in sorted(groups.items()):
        draw.shuffle(texts)
        entries.append({"id": group, "text": texts[0], "wordings": texts[1:count], "group": group})
    return entries


def _report(
    name: str, entries: list[dict[str, Any]], queries: list[dict[str, Any]], parts: tuple[Any, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kb.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in entries), encoding="utf-8")
        base = config.KnowledgeBase(
            name="default", source=(path.name,), base=path.parent, refresh="manual", search=parts
        )
        built = app.build(config.Engine(data_dir=path.parent / "data", knowledge_base=(base,)))
        built.open()
        try:
            built.knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
            refresher = built.knowledge.refresher
            refresher.wait_for("default", refresher.request("default"), WAIT_SECONDS)
            right = sum(_is_right(built.wsgi.test_client(), each) for each in queries)
        finally:
            built.stop()
    print(
        f"{name}: first right {right / len(queries):.3f} of {len(queries)} ({len(entries)} entries)",
        flush=True,
    )


def _is_right(client: FlaskClient, query: dict[str, Any]) -> bool:
    asked = {"query": query["text"], "threshold": -1, "limit": 1}
    [match] = client.post("/v1/search", json=asked).get_json()["matches"]
    if query.get("relevant"):
        return match["id"] in query["relevant"]
    return match["fields"].get("group") == query["group"]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()

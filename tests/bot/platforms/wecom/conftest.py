from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.config import KnowledgeBase
from tests.support.wecom_program import WecomProgram, a_wecom_program

LONG = "\n".join(f"{'鱼' * 400} {number}" for number in range(60))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WecomProgram]:
    folder = tmp_path_factory.mktemp("wecom")
    (folder / "words.txt").write_text("lemon\nmelon\nfig\n")
    (folder / "long.txt").write_text(LONG)
    (folder / "hostile.jsonl").write_text(
        "\n".join(
            json.dumps({"text": f"angel {index}", "answer": answer}) for index, answer in enumerate(HOSTILE)
        )
    )
    bases = (
        KnowledgeBase(name="default", source=str(folder / "words.txt"), refresh="manual"),
        KnowledgeBase(name="long", source=str(folder / "long.txt"), refresh="manual"),
        KnowledgeBase(name="hostile", source=str(folder / "hostile.jsonl"), refresh="manual"),
    )
    with a_wecom_program(folder, *bases) as program:
        yield program


HOSTILE = (
    "<@all> <@zhangsan>",
    "[https://bank.test](https://evil.test)",
    "![](https://track.test/x.png)",
    "javascript:alert(1) data:text/html,x",
    '<font color="warning">x</font> ](',
)

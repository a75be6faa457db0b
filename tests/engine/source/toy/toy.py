"""A toy of a document: a line that begins with "=" is a heading, "|" parts the cells of a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from engine.extract.blocks import Block, Item, Refused, pieces
from engine.extract.table import Cell, table_of


def read(content: bytes) -> Iterator[Item]:
    if not content.startswith(b"="):
        raise Refused("does not begin with a heading")
    return pieces(_blocks(content.decode()))


def _blocks(text: str) -> Iterator[Block]:
    for is_table, lines in groupby(text.splitlines(), lambda line: "|" in line):
        if is_table:
            yield Block(0, "", rows=table_of([Cell(cell) for cell in line.split("|")] for line in lines))
            continue
        for line in lines:
            yield Block(1, line[1:]) if line.startswith("=") else Block(0, line)

"""The document extractor: text in pieces out of documents, in a process of its own, as none can be trusted.

    document ─► blocks (headings and what stands below them) ─► pieces      Markdown, HTML, DOCX, PDF
    workbook ─► rows                                                        XLSX

It runs as `python -m engine.extract`, one process for one reading, under a limit of memory;
whoever started it holds the clock, and the seconds are for when that one is gone. A file
that hangs or breaks a parser, or blows up in memory, costs this process and nothing else,
and questions never wait for a parser.

    in      {"kind": "docx", "bytes": 1234, "seconds": 120}⏎ and then as many bytes
    out     {"text": …, "headings": […], "piece": 1, "pieces": 7, "page": 3}     a piece
            {"row": 2, "sheet": "FAQ", "sheets": 1, "cells": […], "above": [0], "unknown": [2]}
            {"where": "page 3", "dropped": "…"}                                 what was passed over
            {"error": "…"} or {"missing": "module"} or {"end": true}            the last line

Nothing here knows entries, files or limits of a source.
"""

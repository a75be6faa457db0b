"""Request combining: of many threads that ask at once, one answers for all that wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Combiner(Generic[Question, Answer]):
    """Answers questions together that are asked while others are being answered.

    Whoever finds nobody at work answers its own question at once, in its own thread. Those
    who come meanwhile wait in a line; then the first of them answers the whole line. So a
    lone question waits for nothing, and the more wait, the more are answered together.
    """

    def __init__(self, most: int) -> None:
        """At most so many questions are answered together."""
        self._most = most
        self._line: deque[_Waiting[Question, Answer]] = deque()
        self._is_busy = False
        self._lock = threading.Lock()

    def ask(self, question: Question, answer: Callable[[Sequence[Question]], Sequence[Answer]]) -> Answer:
        """Ask one question; `answer` is called by one thread at a time.

        What it raises, all questions get that were to be answered together.
        """
        own: _Waiting[Question, Answer] = _Waiting(question)
        with self._lock:
            self._line.append(own)
            leads, self._is_busy = not self._is_busy, True
        if not leads:
            own.called.wait()
        if not own.answer.done():
            self._answer_the_line(answer)
        return own.answer.result()

    @property
    def waiting(self) -> int:
        """The number of waiting requests, beside those that are being answered."""
        return len(self._line)

    def _answer_the_line(self, answer: Callable[[Sequence[Question]], Sequence[Answer]]) -> None:
        with self._lock:
            together = [self._line.popleft() for _ in range(min(self._most, len(self._line)))]
        try:
            answers = list(zip(together, answer([each.question for each in together]), strict=True))
        except BaseException as problem:  # noqa: BLE001 - it belongs to those who asked, this thread among them
            for each in together:
                each.answer.set_exception(problem)
        else:
            for each, own in answers:
                each.answer.set_result(own)
        with self._lock:
            called = together[1:]
            if self._line:
                called.append(self._line[0])
            else:
                self._is_busy = False
        for each in called:
            each.called.set()


class _Waiting(Generic[Question, Answer]):
    """One question; `called` when it is answered, or when its thread is to answer the line."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.called = threading.Event()
        self.answer: Future[Answer] = Future()

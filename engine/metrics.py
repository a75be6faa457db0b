"""The engine's metrics: one registry, with the instruments by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.domain import Refresh

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Every figure of the engine. Labels are names from the configuration, never what people send."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "kbdial_engine_http_requests", "Requests answered", ["route", "status"], registry=self._registry
        )
        self.search_seconds = Histogram(
            "kbdial_engine_search_seconds",
            "Time from question to answer",
            ["knowledge_base"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batch_texts = Histogram(
            "kbdial_engine_batch_texts",
            "Texts encoded together",
            ["role"],
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self._registry,
        )
        self._refreshes = Counter(
            "kbdial_engine_refreshes", "Refreshes ended", ["knowledge_base", "state"], registry=self._registry
        )
        self._embedded = Counter(
            "kbdial_engine_embedded_texts",
            "Texts embedded by refreshes",
            ["knowledge_base"],
            registry=self._registry,
        )

        self._fetches = Counter(
            "kbdial_engine_fetches",
            "Snapshots fetched from the publisher, or not",
            ["knowledge_base", "state"],
            registry=self._registry,
        )

    def count_encoded(self, role: str, texts: int) -> None:
        self._batch_texts.labels(role).observe(texts)

    def count_refresh(self, knowledge_base: str, refresh: Refresh) -> None:
        is_partial = refresh.state == "done" and refresh.failed_sources
        self._refreshes.labels(knowledge_base, "partial" if is_partial else refresh.state).inc()
        self._embedded.labels(knowledge_base).inc(refresh.embedded)

    def count_fetch(self, knowledge_base: str, state: str) -> None:
        self._fetches.labels(knowledge_base, state).inc()

    def watch(self, name: str, says: str, read: Callable[[], float]) -> None:
        """A figure that is read when it is asked for."""
        Gauge(name, says, registry=self._registry).set_function(read)

    def watch_each(self, name: str, says: str, reads: Mapping[str, Callable[[], float]]) -> None:
        """The same, one for each knowledge base."""
        gauge = Gauge(name, says, ["knowledge_base"], registry=self._registry)
        for knowledge_base, read in reads.items():
            gauge.labels(knowledge_base).set_function(read)

    def page(self) -> bytes:
        return generate_latest(self._registry)

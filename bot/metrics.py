"""The bot's metrics, under the names an operator expects. One registry a program, none global."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

# A reply goes out by a call of ours, or with the response to the request that asked.
DELIVERED_HOW = ("sent", "response")
LETTER_KINDS = ("message", "delivery")


class Metrics:
    """Fed where the state changes; `expect` names the label values that are known beforehand."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.acknowledged = self._counter("acknowledged", "Messages stored and acknowledged", "platform")
        self.duplicates = self._counter("duplicates", "Repeats of a message already stored", "platform")
        self.ignored = self._counter(
            "ignored", "Authentic requests that ask for nothing", "platform", "reason"
        )
        self.auth_failed = self._counter("auth_failed", "Requests refused as not authentic", "platform")
        self.quarantined = self._counter("quarantined", "Authentic requests of a broken shape", "platform")
        self.refused = self._counter(
            "refused", "Requests that could not be stored, to be sent again", "platform"
        )
        self.answered = self._counter("answered", "Messages answered (the answer is stored)", "platform")
        self.delivered = self._counter("delivered", "Replies delivered", "platform", "how")
        self.send_failed = self._counter(
            "send_failed", "Sends that failed, whether or not retried", "platform"
        )
        self.throttled = self._counter("throttled", "Questions above the limit a minute", "platform")
        self.connections_over = self._counter(
            "connections_over", "Long connections that are over until a restart", "platform"
        )
        self.dead_letters = self._counter("dead_letters", "Messages and replies given up", "kind")
        self.engine_seconds = Histogram(
            "kbdial_bot_engine_seconds",
            "Time of one call to the engine",
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        )
        self.answer_seconds = Histogram(
            "kbdial_bot_answer_seconds",
            "From the acknowledgement to the delivered reply",
            registry=self.registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
        )
        self.engine_retried = Counter(
            "kbdial_bot_engine_retried",
            "Calls asked of another engine, because the first did not answer or was behind",
            registry=self.registry,
        )
        self.engine_away = Gauge(
            "kbdial_bot_engine_away", "1 while the engine is known to be away", registry=self.registry
        )

        self.store_log_bytes = Gauge(
            "kbdial_bot_store_log_bytes",
            "SQLite's log that is not yet part of the database",
            registry=self.registry,
        )

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"kbdial_bot_{name}", help_text, labels, registry=self.registry)

    def expect(self, platforms: Iterable[str]) -> None:
        """Begin at 0 what is known by name, so that the first event of each is an increase."""
        for platform in platforms:
            for counter in (
                self.acknowledged,
                self.duplicates,
                self.auth_failed,
                self.quarantined,
                self.refused,
                self.answered,
                self.send_failed,
                self.throttled,
            ):
                counter.labels(platform)
            for how in DELIVERED_HOW:
                self.delivered.labels(platform, how)
        for kind in LETTER_KINDS:
            self.dead_letters.labels(kind)

    def watch_queue(
        self, counts: Callable[[], Mapping[str, int]], oldest_seconds: Callable[[], float]
    ) -> None:
        """Read the queue when somebody scrapes, not all the time."""
        self.registry.register(_Queue(counts, oldest_seconds))

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _Queue(Collector):
    def __init__(self, counts: Callable[[], Mapping[str, int]], oldest_seconds: Callable[[], float]) -> None:
        self._counts = counts
        self._oldest_seconds = oldest_seconds

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        states = GaugeMetricFamily(
            "kbdial_bot_queue_items", "Messages and replies by state", labels=["state"]
        )
        for state, count in sorted(self._counts().items()):
            states.add_metric([state], count)
        yield states
        yield GaugeMetricFamily(
            "kbdial_bot_queue_oldest_seconds",
            "Age of the oldest message not yet answered",
            self._oldest_seconds(),
        )

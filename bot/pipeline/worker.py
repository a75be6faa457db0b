"""The workers: take what was accepted, decide, and send.

    intake hands over an item ─────► responder ──► answered ──► carried by the response, or sent
    step: claim an item ───────────► responder ──► …
          claim a delivery whose time has come ──────────────────────────────────► send

A step is one item or one delivery; a thread only repeats it and sleeps until it is handed an item,
something can be claimed, or the next retry is due. Nothing here knows what a reply means.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain import Clock, Delivery, EngineError, InboxItem, IncomingMessage, NotYet, PlatformError
from bot.loop import Loop
from bot.metrics import Metrics
from bot.pipeline.idle_workers import IdleWorkers
from bot.pipeline.rendezvous import ResponseSlots
from bot.platforms import Platform
from bot.responder import Responder
from bot.store import Due, DueLookup, Inbox, LeaseLost, Outbox, Response, StoreError

log = logging.getLogger(__name__)

# How often a worker looks for leases of others that are over, and how many such looks make it
# renew its own: a lease lives 30 s, which leaves three chances before another takes the item.
RESCUE_SECONDS = 2.0
RENEW_EVERY = 5
# How long a worker stays away after a step that could not even fail in order.
PAUSE_SECONDS = 1.0
# Work that is due but belongs to a channel in which something is under way cannot be
# claimed yet. Its end wakes a worker; this only keeps one from spinning until then.
SHORTEST_SLEEP_SECONDS = 0.05


class SendSlots:
    """The limit of concurrent sends to one platform: one fewer than there are workers, and at least one.

    A platform (or the way to it) that takes its time can hold all but one, which goes on with
    messages and with the other platforms. Safe to share between threads.
    """

    def __init__(self, workers: int) -> None:
        self._most = max(1, workers - 1)
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, platform: str) -> bool:
        """Take a slot, to be given back; False where none is free."""
        with self._lock:
            if self._taken[platform] >= self._most:
                return False
            self._taken[platform] += 1
            return True

    def give_back(self, platform: str) -> None:
        with self._lock:
            self._taken[platform] -= 1

    def full(self) -> frozenset[str]:
        with self._lock:
            return frozenset(name for name, count in self._taken.items() if count >= self._most)


class Worker:
    """One step of work: a message or a reply that is due. Safe to use from several threads at once.

    `on_progress` is called whenever an item or a delivery is out of our hands, however that went.
    `with_person_known` adds what the platform knows of the writer and the message did not bring.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        outbox: Outbox,
        due: DueLookup,
        clock: Clock,
        responder: Responder,
        platforms: Mapping[str, Platform],
        response_slots: ResponseSlots,
        metrics: Metrics,
        send_slots: SendSlots,
        on_progress: Callable[[], None] = lambda: None,
        with_person_known: Callable[[IncomingMessage], IncomingMessage] = lambda message: message,
    ) -> None:
        self._with_person_known = with_person_known
        self._on_progress = on_progress
        self._send_slots = send_slots
        self._inbox = inbox
        self._outbox = outbox
        self._due = due
        self._clock = clock
        self._responder = responder
        self._platforms = platforms
        self._response_slots = response_slots
        self._metrics = metrics
        self._lock = threading.Lock()
        self._items: dict[int, InboxItem] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._turns = itertools.count(1)
        self._not_stored: deque[Callable[[], None]] = deque()

    def look(self) -> Due:
        """Look up what a step could take up.

        Raises:
            StoreError: the store does not say.
        """
        return self._due.look(without=self._send_slots.full())

    def step(self, due: Due) -> bool:
        """Do one piece of the work that is due; False when there was none, or somebody else took it.

        Raises:
            StoreError: the store did not take something. What was in hand is not forgotten:
                a later step tells it first of all.
        """
        self._tell_what_was_not_stored()
        now = self._clock.steady()
        takes = {self._take_item: due.message, self._take_delivery: due.reply}
        ready = [take for take, moment in takes.items() if moment is not None and moment <= now]
        # In turns: however many messages wait, a reply that is due goes out, and the other way round.
        if next(self._turns) % 2 == 0:
            ready.reverse()
        return any(take() for take in ready)

    def _take_item(self) -> bool:
        item = self._inbox.claim()
        if item is not None:
            self.work_on(item)
        return item is not None

    def _take_delivery(self) -> bool:
        delivery = self._outbox.claim(without=self._send_slots.full())
        if delivery is not None:
            self._send(delivery)
        return delivery is not None

    def renew(self) -> None:
        """Tell the store that what is being worked on still is."""
        with self._lock:
            items, deliveries = tuple(self._items.values()), tuple(self._deliveries.values())
        for item in items:
            self._inbox.renew(item)
        for delivery in deliveries:
            self._outbox.renew(delivery)

    def work_on(self, item: InboxItem) -> None:
        """Answer an item that is claimed for us.

        Raises:
            StoreError: the store did not take the answer. A later step hands the item back.
        """
        with self._lock:
            self._items[item.id] = item
        try:
            deliveries = self._decide(item)
        except LeaseLost:
            # Somebody else has it by now and decides; what we thought is not stored.
            log.warning("lease_lost", extra={"item": item.id})
            return
        except StoreError:
            # Nothing is decided. Without this its channel would stand still until the lease is over.
            self._remember(lambda: self._inbox.release(item))
            raise
        finally:
            with self._lock:
                self._items.pop(item.id, None)
            self._on_progress()
        for delivery in deliveries:
            self._send(delivery)

    def _decide(self, item: InboxItem) -> tuple[Delivery, ...]:
        """Decide and store the replies to an item; returns those to send now."""
        platform = item.message.channel.platform
        try:
            if not self._responder.allows(item):
                self._metrics.throttled.labels(platform).inc()
                refusal = self._responder.throttle_notice(item)
                return self._store(item, lambda response: self._inbox.throttle(item, refusal, response))
            item = replace(item, message=self._with_person_known(item.message))
            outcome = self._responder.reply_to(item)
            deliveries = self._store(item, lambda response: self._inbox.complete(item, outcome, response))
        except EngineError as problem:
            if problem.code != "away":
                log.error("engine_refused", extra={"item": item.id, "reason": problem.reason})  # noqa: TRY400 - no traceback wanted
                # What was refused once is refused again; what broke once may work the next time.
                return self._fail(item, problem.reason, is_final=problem.code != "failed")
            log.warning("engine_away", extra={"item": item.id, "reason": problem.reason})
            is_told = item.told_waiting or item.message.awaits is not None
            notice = None if is_told else self._responder.waiting_notice(item)
            return self._store(item, lambda response: self._inbox.postpone(item, notice, response))
        except (LeaseLost, StoreError):
            raise
        except Exception as mistake:
            # The one place that catches everything: a mistake of ours over one message must
            # not stop the worker, and the message must end as a dead letter, not vanish.
            log.exception("answer_failed", extra={"item": item.id})
            return self._fail(item, f"{type(mistake).__name__}: {mistake}")
        if item.message.awaits is None:
            self._metrics.answered.labels(platform).inc()
        log.info("answered", extra={"item": item.id, "channel": item.message.channel.key})
        return deliveries

    def _fail(self, item: InboxItem, reason: str, *, is_final: bool = False) -> tuple[Delivery, ...]:
        notice = self._responder.failure_notice(item)
        return self._store(
            item, lambda response: self._inbox.fail(item, reason, notice, response, is_final=is_final)
        )

    def _store(
        self, item: InboxItem, write: Callable[[Response | None], tuple[Delivery, ...]]
    ) -> tuple[Delivery, ...]:
        """Store what was decided; a request that waits for it waits until that has happened."""
        with self._response_slots.hold(item.message) as response:
            try:
                return write(response)
            except StoreError:
                if response is not None:
                    # Perhaps it is stored all the same, as gone with a response that goes without it.
                    self._remember(lambda: self._outbox.take_back(item.id))
                raise

    def _send(self, delivery: Delivery) -> None:
        platform = delivery.channel.platform
        if not self._send_slots.take(platform):
            self._put_back(delivery)
            return
        with self._lock:
            self._deliveries[delivery.id] = delivery
        try:
            ended = self._send_out(delivery)
            try:
                ended()
            except StoreError:
                # It may be in the room by now: that must become known before anything else.
                self._remember(ended)
                raise
        except LeaseLost:
            log.warning("lease_lost", extra={"delivery": delivery.id})
        finally:
            with self._lock:
                self._deliveries.pop(delivery.id, None)
            self._on_progress()

    def _put_back(self, delivery: Delivery) -> None:
        """Too many are under way there: whoever is done first takes it."""
        try:
            self._outbox.release(delivery)
        except LeaseLost:
            log.warning("lease_lost", extra={"delivery": delivery.id})
        except StoreError:
            self._remember(lambda: self._outbox.release(delivery))
            raise

    def _send_out(self, delivery: Delivery) -> Callable[[], None]:
        """Send it and give the slot back; what comes back tells the store how that went."""
        name = delivery.channel.platform
        try:
            receipt = self._platform(name).send(delivery)
        except NotYet as wait:
            until = wait.until
            return lambda: self._outbox.hold(delivery, until)
        except PlatformError as error:
            log.warning(
                "send_failed",
                extra={"delivery": delivery.id, "reason": error.reason, "permanent": error.permanent},
            )
            failure = error
        except Exception as mistake:
            log.exception("send_failed", extra={"delivery": delivery.id})
            failure = PlatformError(f"{type(mistake).__name__}: {mistake}", maybe_sent=True)
        else:
            return lambda: self._deliver(delivery, receipt)
        finally:
            self._send_slots.give_back(name)
        self._metrics.send_failed.labels(name).inc()
        return lambda: self._outbox.fail(delivery, failure)

    def _deliver(self, delivery: Delivery, receipt: str) -> None:
        self._outbox.complete(delivery, receipt)
        self._metrics.delivered.labels(delivery.channel.platform, "sent").inc()
        log.info("delivered", extra={"delivery": delivery.id, "channel": delivery.channel.key})

    def _remember(self, tell: Callable[[], None]) -> None:
        with self._lock:
            self._not_stored.append(tell)

    def _tell_what_was_not_stored(self) -> None:
        while self._not_stored:
            with self._lock:
                if not self._not_stored:
                    return
                tell = self._not_stored.popleft()
            try:
                tell()
            except LeaseLost:
                continue  # it was stored all the same, or somebody else has it by now
            except StoreError:
                self._remember(tell)
                raise

    def _platform(self, name: str) -> Platform:
        platform = self._platforms.get(name)
        if platform is None:
            raise PlatformError(f"{name} is no longer configured", permanent=True)
        return platform


class Workers:
    """The threads. `stop` returns when each has finished the step it was in."""

    def __init__(
        self, worker: Worker, idle: IdleWorkers, *, inbox: Inbox, outbox: Outbox, clock: Clock, count: int
    ) -> None:
        self._worker = worker
        self._idle = idle
        self._inbox = inbox
        self._outbox = outbox
        self._clock = clock
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(count)
        ]
        self._looks = 0
        self._lease_keeper = Loop(self._keep_leases, RESCUE_SECONDS, "lease-keeper")

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        if self._threads:
            self._lease_keeper.start()

    def stop(self) -> None:
        self._stopping.set()
        self._idle.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._lease_keeper.stop()

    def _work(self) -> None:
        while not self._stopping.is_set():
            woken = self._idle.wakes
            try:
                due = self._worker.look()
                if not self._worker.step(due):
                    item = self._idle.sleep(woken, self._seconds_until(due))
                    if item is not None:
                        self._worker.work_on(item)
            except StoreError as problem:
                log.error("store_unavailable", extra={"reason": str(problem)})  # noqa: TRY400 - no traceback wanted
                self._stopping.wait(PAUSE_SECONDS)
            except Exception:
                # A worker never dies of one step. What it had in hand comes back when the
                # lease ends, and is given up in the end.
                log.exception("step_failed")
                self._stopping.wait(PAUSE_SECONDS)

    def _seconds_until(self, due: Due) -> float | None:
        soonest = due.soonest
        return None if soonest is None else max(SHORTEST_SLEEP_SECONDS, soonest - self._clock.steady())

    def _keep_leases(self) -> None:
        """Renew our leases, and free those of workers that are gone."""
        self._looks += 1
        try:
            if self._looks % RENEW_EVERY == 0:
                self._worker.renew()
            self._inbox.rescue(all_leases=False)
            self._outbox.rescue(all_leases=False)
        except StoreError as problem:
            log.error("store_unavailable", extra={"reason": str(problem)})  # noqa: TRY400 - no traceback wanted

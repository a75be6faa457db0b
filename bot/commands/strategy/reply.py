"""Named sets of settings: choosing one, going back, and the weight of keywords by hand.

choosing   every setting of the strategy, and its name, in one act
undo       takes the newest act back: each setting that is still as the act left it
off        back to what was set before the first of the strategies that stand
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from bot import config, texts
from bot.commands.base.context import KnowledgeBases, MessageContext, standing
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine, Settings
from bot.commands.strategy.grammar import (
    SetKeywords,
    SetStrategy,
    ShowKeywords,
    ShowStrategy,
    StrategyCommand,
    StrategyOff,
    UndoStrategy,
)
from bot.commands.strategy.presets import (
    BUNDLED,
    TUTORIAL,
    Numbers,
    Strategy,
    shipped_strategy,
)
from bot.commands.strategy.words import WORDS
from bot.commands.threshold.reply import STEPS_BACK, ThresholdCommands, change_line
from bot.domain import SETTINGS, Change, ChannelSettings, EngineError, Outcome, Query, RecordedChange, Setting

_TAKEN = ("threshold", "limit", "keyword_weight", "margin", "review_high", "review_low")
BUNDLE: tuple[Setting, ...] = tuple(setting for setting in SETTINGS if setting in _TAKEN)
SHOWN_CHANGES = 5


class Strategies:
    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        bases: KnowledgeBases,
        dial: ThresholdCommands,
        own: Mapping[str, config.Strategy],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._bases = bases
        self._dial = dial
        self._own = own

    def answer(self, context: MessageContext, command: StrategyCommand) -> Outcome:
        match command:
            case ShowStrategy():
                return self.show(context)
            case SetStrategy(name):
                return self.choose(context, name)
            case StrategyOff():
                return self.off(context)
            case UndoStrategy():
                return self.undo(context)
            case ShowKeywords():
                return self.show_keywords(context)
            case SetKeywords(weight):
                return self.set_keywords(context, weight)
            case _:
                assert_never(command)

    def show(self, context: MessageContext) -> Outcome:
        words = WORDS[context.language]
        name = context.settings.strategy
        lines = [words.none if name is None else words.shown.format(name=name)]
        strategy = self._find(context, name) if name else None
        if strategy is not None:
            lines += [self._origin(context, strategy), *_departures(context, strategy)]
        lines += [change_line(context, past) for past in self._past(context)[:SHOWN_CHANGES]]
        lines.append(words.names.format(names=", ".join(self._names())))
        for each in self._names():
            known = self._find(context, each)
            if known is not None:
                described = _numbers_in_words(context, known.numbers)
                lines.append(words.line.format(name=each, numbers=described))
        return Outcome((context.text("\n".join(lines), verb="strategy"),))

    def choose(self, context: MessageContext, name: str) -> Outcome:
        strategy = self._find(context, name)
        if strategy is None:
            unknown = WORDS[context.language].unknown.format(
                name=texts.shorten(name), names=", ".join(self._names())
            )
            return Outcome((context.aside(unknown, verb="strategy"),))
        values = _values(strategy.numbers)
        changes = self._changes(context, values | {"strategy": name}, cause=f"strategy {name}")
        if not changes:
            same = WORDS[context.language].same.format(name=name)
            return Outcome((context.text(f"{same}\n{self._origin(context, strategy)}", verb="strategy"),))
        after = _after(context, changes)
        lines = [
            WORDS[context.language].set.format(who=context.who, name=name),
            *self._in_words(context, changes),
            *self._dial.unseen_change_lines(context),
            self._origin(context, strategy),
            *self._keyword_notes(context, after),
            *self._dial.preview_lines(context, after),
        ]
        return Outcome((context.announcement("\n".join(lines), verb="strategy"),), tuple(changes))

    def off(self, context: MessageContext) -> Outcome:
        """Restore the settings from before the strategies in force; later changes by hand stay."""
        acts = self._acts(context)
        if context.settings.strategy is None or not acts:
            return Outcome((context.aside(WORDS[context.language].none, verb="strategy"),))
        chosen = [act for act in acts if act[0].change.new is not None]
        ids = {past.item_id for act in chosen for past in act}
        back: dict[Setting, str | None] = {"strategy": None}
        stays: set[Setting] = set()
        for past in (past for act in chosen for past in act):
            if self._newest_standing(context, past.change.setting) in ids:
                back.setdefault(past.change.setting, past.change.old)
            else:
                stays.add(past.change.setting)
        changes = self._changes(context, back, cause="strategy off")
        said = WORDS[context.language].off.format(who=context.who, old=context.settings.strategy)
        return self._put_back(context, changes, said, stays)

    def undo(self, context: MessageContext) -> Outcome:
        """Take back the newest change of strategy; a setting that was changed by hand since stays."""
        acts = self._acts(context)
        if not acts:
            return Outcome((context.aside(WORDS[context.language].nothing_to_undo, verb="strategy"),))
        back = {
            past.change.setting: past.change.old
            for past in acts[-1]
            if self._newest_standing(context, past.change.setting) == past.item_id
        }
        stays = {past.change.setting for past in acts[-1]} - back.keys()
        changes = self._changes(context, back, cause="", is_undo=True)
        words, after = WORDS[context.language], _after(context, changes).settings.strategy
        said = words.undone.format(
            who=context.who,
            old=context.settings.strategy or words.no_strategy,
            new=after or words.no_strategy,
        )
        return self._put_back(context, changes, said, stays)

    def show_keywords(self, context: MessageContext) -> Outcome:
        source = (
            context.words.from_default
            if context.settings.keyword_weight is None
            else context.words.from_channel
        )
        value = context.words.value.format(value=texts.threshold(context.keyword_weight), source=source)
        shown = WORDS[context.language].keywords_shown.format(value=value)
        return Outcome(
            (context.text("\n".join([shown, *self._keyword_notes(context, context)]), verb="keywords"),)
        )

    def set_keywords(self, context: MessageContext, weight: Decimal | None) -> Outcome:
        if weight == context.settings.keyword_weight:
            return self.show_keywords(context)
        value = None if weight is None else texts.threshold(weight)
        changes = self._changes(context, {"keyword_weight": value}, cause="")
        after = _after(context, changes)
        body = WORDS[context.language].keywords_set.format(
            who=context.who,
            old=texts.threshold(context.keyword_weight),
            new=texts.threshold(after.keyword_weight),
        )
        lines = [body, *self._keyword_notes(context, after)]
        return Outcome((context.announcement("\n".join(lines), verb="keywords"),), tuple(changes))

    def _put_back(
        self, context: MessageContext, changes: list[Change], said: str, stays: Collection[Setting]
    ) -> Outcome:
        lines = [
            said,
            *(self._in_words(context, changes) or [WORDS[context.language].nothing_else]),
            *self._what_stays(context, stays),
            *self._dial.unseen_change_lines(context),
            *self._dial.preview_lines(context, _after(context, changes)),
        ]
        return Outcome((context.announcement("\n".join(lines), verb="strategy"),), tuple(changes))

    def _in_words(self, context: MessageContext, changes: Sequence[Change]) -> list[str]:
        return [
            WORDS[context.language].change.format(
                setting=_name(context, change.setting),
                old=self._value(context, change.setting, change.old),
                new=self._value(context, change.setting, change.new),
            )
            for change in changes
            if change.setting != "strategy"
        ]

    def _value(self, context: MessageContext, setting: Setting, value: str | None) -> str:
        """A value as it is shown; where the channel has none, what holds in its place."""
        if value is not None:
            return value
        if setting == "threshold":
            without = replace(context, settings=replace(context.settings, threshold=None))
            return context.describe_threshold(self._bases.threshold_if_known(without, context.knowledge_base))
        defaults: dict[Setting, str] = {
            "limit": str(context.defaults.limit),
            "keyword_weight": texts.threshold(context.defaults.keyword_weight),
            "margin": texts.threshold(context.defaults.margin),
        }
        default = defaults.get(setting)
        if default is None:
            return context.words.the_default
        return context.words.value.format(value=default, source=context.words.from_default)

    def _what_stays(self, context: MessageContext, stays: Collection[Setting]) -> list[str]:
        named = [
            f"{_name(context, setting)} {self._value(context, setting, context.settings.text_of(setting))}"
            for setting in BUNDLE
            if setting in stays
        ]
        return [WORDS[context.language].stays.format(settings=", ".join(named))] if named else []

    def _names(self) -> list[str]:
        return list(dict.fromkeys([*TUTORIAL, *self._own]))

    def _find(self, context: MessageContext, name: str) -> Strategy | None:
        """The operator's own before the one that ships."""
        own = self._own.get(name)
        if own is None:
            return shipped_strategy(name, self._model(context))
        given = {setting: getattr(own, setting) for setting in BUNDLE}
        return Strategy(name, Numbers(**given), "configuration", own.about)

    def _model(self, context: MessageContext) -> str:
        known = self._bases.last_known(context.knowledge_base)
        return known.model if known else ""

    def _origin(self, context: MessageContext, strategy: Strategy) -> str:
        """A sentence on a strategy's numbers: configured, measured by us, or from a tutorial."""
        words = WORDS[context.language]
        if strategy.origin == "configuration":
            return words.numbers_configured.format(
                about=strategy.about or words.numbers_configured_without_reason
            )
        if strategy.origin == "measured":
            return words.numbers_measured.format(model=BUNDLED)
        model = self._model(context)
        return words.numbers_tutorial.format(model=model or words.model_unknown)

    def _keyword_notes(self, context: MessageContext, after: MessageContext) -> list[str]:
        """Whether the engine ranks by keywords at all, found out by asking it to."""
        if not after.keyword_weight:
            return []
        query = Query("?", context.knowledge_base, 1.0, 1, keyword_weight=float(after.keyword_weight))
        try:
            self._engine.search(query)
        except EngineError as error:
            if error.code == "refused":
                return [WORDS[context.language].keywords_refused]
            return [WORDS[context.language].keywords_unchecked]
        return []

    def _changes(
        self,
        context: MessageContext,
        values: Mapping[Setting, str | None],
        *,
        cause: str,
        is_undo: bool = False,
    ) -> list[Change]:
        """The changes from the current settings to these values; equal ones are left out.

        Only the strategy is always written down with the others: it is what names the act.
        """
        model = self._bases.model(context.knowledge_base)
        now = {setting: context.settings.text_of(setting) for setting in values}
        if all(value == now[setting] for setting, value in values.items()):
            return []
        return [
            Change(setting, now[setting], value, is_undo, cause, model)
            for setting, value in values.items()
            if value != now[setting] or setting == "strategy"
        ]

    def _past(self, context: MessageContext) -> tuple[RecordedChange, ...]:
        return self._settings.history(context.message.channel, "strategy", STEPS_BACK)

    def _acts(self, context: MessageContext) -> list[list[RecordedChange]]:
        """The choices that stand, oldest first, back to the last `off`; each with all that it changed.

        The first change of each is that of the strategy itself.
        """
        stack = standing(self._past(context))
        offs = [at for at, past in enumerate(stack) if past.change.new is None]
        # What an `off` put back is done with; the `off` itself can be taken back.
        acts = {past.item_id: [past] for past in stack[offs[-1] if offs else 0 :]}
        for setting in BUNDLE:
            for past in self._settings.history(context.message.channel, setting, STEPS_BACK):
                if past.item_id in acts:
                    acts[past.item_id].append(past)
        return list(acts.values())

    def _newest_standing(self, context: MessageContext, setting: Setting) -> int | None:
        """The message whose change of this setting is the one in force."""
        changes = standing(self._settings.history(context.message.channel, setting, STEPS_BACK))
        return changes[-1].item_id if changes else None


def build(ports: Ports) -> Callable[[MessageContext, StrategyCommand], Outcome]:
    return Strategies(
        ports.settings, ports.engine, ports.bases, ThresholdCommands.of(ports), ports.bot.strategy
    ).answer


def _values(numbers: Numbers) -> dict[Setting, str | None]:
    values: dict[Setting, str | None] = {}
    for setting in BUNDLE:
        value = getattr(numbers, setting)
        if value is not None:
            values[setting] = SETTINGS[setting].format(value)
    return values


def _as_text(settings: ChannelSettings) -> dict[Setting, str | None]:
    """The settings as they stand in the history."""
    return {setting: settings.text_of(setting) for setting in ("strategy", *BUNDLE)}


def _after(context: MessageContext, changes: Sequence[Change]) -> MessageContext:
    """The room as it will be."""
    new = {change.setting: change.new for change in changes}
    return replace(context, settings=context.settings.with_texts(new))


def _numbers_in_words(context: MessageContext, numbers: Numbers) -> str:
    return ", ".join(f"{_name(context, setting)} {value}" for setting, value in _values(numbers).items())


def _departures(context: MessageContext, strategy: Strategy) -> list[str]:
    """Lines on the settings that were changed by hand since the strategy was chosen."""
    now = _as_text(context.settings)
    return [
        WORDS[context.language].departed.format(
            setting=_name(context, setting), value=now[setting] or context.words.the_default, wanted=wanted
        )
        for setting, wanted in _values(strategy.numbers).items()
        if now[setting] != wanted
    ]


def _name(context: MessageContext, setting: Setting) -> str:
    name: str = getattr(context.words, f"setting_{setting}")
    return name

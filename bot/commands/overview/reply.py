"""The pages that change nothing: status, settings, help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import assert_never

from bot import texts
from bot.commands.base.context import KnowledgeBases, MessageContext, name_of
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine, Settings
from bot.commands.base.refreshes import failing_lines
from bot.commands.overview.grammar import Help, OverviewCommand, ShowSettings, Status
from bot.commands.overview.words import WORDS, Words
from bot.domain import SETTINGS, Clock, EngineError, Language, Outcome, Setting
from bot.grammar.verb import Verb
from bot.texts.sources import left_out, source_wording


class Overview:
    def __init__(
        self,
        *,
        settings: Settings,
        engine: Engine,
        bases: KnowledgeBases,
        clock: Clock,
        waiting: Callable[[], int],
        verbs: Mapping[str, Verb],
        setting_names: Mapping[Setting, Mapping[Language, str]],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._bases = bases
        self._clock = clock
        self._waiting = waiting
        self._verbs = verbs
        self._setting_names = setting_names

    def answer(self, context: MessageContext, command: OverviewCommand) -> Outcome:
        match command:
            case Status():
                return self.status(context)
            case ShowSettings():
                return self.settings(context)
            case Help(verb):
                return self.help(context, verb)
            case _:
                assert_never(command)

    def status(self, context: MessageContext) -> Outcome:
        """The status, also while the engine is away: that is when people ask for it."""
        words = WORDS[context.language]
        try:
            lines = self._engine_lines(context)
        except EngineError as error:
            if error.code == "unknown_knowledge_base":
                raise
            lines = [self._away_line(words)]
        lines.append(words.status_queue.format(count=self._waiting()))
        return Outcome((context.text("\n".join(lines), verb="status"),))

    def settings(self, context: MessageContext) -> Outcome:
        words, own = context.words, context.settings
        plain: dict[Setting, tuple[str, bool]] = {
            "limit": (str(context.limit), own.limit is not None),
            "knowledge_base": (context.knowledge_base, own.knowledge_base is not None),
            "language": (WORDS[context.language].language_name, own.language is not None),
        }
        values = {
            setting: words.value.format(
                value=value, source=words.from_channel if is_own else words.from_default
            )
            for setting, (value, is_own) in plain.items()
        }
        values["threshold"] = context.describe_threshold(
            self._bases.threshold_if_known(context, context.knowledge_base)
        )
        names: dict[Setting, str] = {
            "threshold": words.setting_threshold,
            "limit": words.setting_limit,
            "knowledge_base": words.setting_knowledge_base,
            "language": words.setting_language,
        }
        for setting, (name, value) in _show_when_set(context).items():
            names[setting], values[setting] = name, words.value.format(value=value, source=words.from_channel)
        for setting, called in self._setting_names.items():
            text = own.text_of(setting)
            if text is not None:
                names[setting] = called[context.language]
                values[setting] = words.value.format(value=text, source=words.from_channel)
        lines = [
            WORDS[context.language].setting_line.format(
                name=names[setting], value=values[setting], changed=self._last_change(context, setting)
            )
            for setting in SETTINGS
            if setting in names
        ]
        return Outcome((context.text("\n".join(lines), verb="settings"),))

    def help(self, context: MessageContext, verb: str | None) -> Outcome:
        lines = _contents(context, self._verbs) if verb is None else _page(context, self._verbs[verb])
        return Outcome((context.text("\n".join(lines), verb="help"),))

    def _engine_lines(self, context: MessageContext) -> list[str]:
        words = WORDS[context.language]
        ready = self._engine.ready()
        known = self._bases.get_anew(context.knowledge_base)
        lines = [
            words.status_engine.format(model=known.model or ready.model, device=ready.device),
            words.status_kb.format(
                name=known.name,
                count=known.size,
                dimension=known.dimension,
                age=texts.age(known.snapshot_at, self._clock.now(), context.language),
            ),
        ]
        lines += failing_lines(context, known.name, known.failed)
        if known.left_out:
            lines.append(source_wording(context.language).left_out_last.format(count=known.left_out))
            lines += [left_out(each, context.language) for each in known.first_left_out]
        if known.refreshing and known.progress is not None:
            done, total = known.progress
            lines.append(words.status_refreshing_progress.format(done=done, total=total))
        elif known.refreshing:
            lines.append(words.status_refreshing)
        elif known.next_refresh is not None:
            lines.append(words.status_next.format(when=context.moment(known.next_refresh)))
        return lines

    def _away_line(self, words: Words) -> str:
        loading = self._engine.loading()
        if loading is None:
            return words.status_away
        if not loading.total:
            return words.status_loading
        return words.status_embedding.format(done=loading.done, total=loading.total)

    def _last_change(self, context: MessageContext, setting: Setting) -> str:
        return "".join(
            WORDS[context.language].setting_changed.format(
                who=name_of(past.person), when=context.moment(past.made_at)
            )
            for past in self._settings.history(context.message.channel, setting, 1)
        )


def build(ports: Ports) -> Callable[[MessageContext, OverviewCommand], Outcome]:
    return Overview(
        settings=ports.settings,
        engine=ports.engine,
        bases=ports.bases,
        clock=ports.clock,
        waiting=ports.waiting,
        verbs=ports.verbs,
        setting_names=ports.setting_names,
    ).answer


def _show_when_set(context: MessageContext) -> dict[Setting, tuple[str, str]]:
    """Name and value of what most channels never set."""
    words, own = context.words, context.settings
    numbers: dict[Setting, tuple[str, Decimal | None]] = {
        "keyword_weight": (words.setting_keyword_weight, own.keyword_weight),
        "margin": (words.setting_margin, own.margin),
        "review_high": (words.setting_review_high, own.review_high),
        "review_low": (words.setting_review_low, own.review_low),
    }
    plain: dict[Setting, tuple[str, str | int | None]] = {
        "strategy": (words.setting_strategy, own.strategy),
        "digest": (words.setting_digest, own.digest),
        "digest_hour": (words.setting_digest_hour, own.digest_hour),
        "timezone": (words.setting_timezone, own.timezone),
        "label": (words.setting_label, own.label),
    }
    shown = {
        setting: (name, texts.threshold(value))
        for setting, (name, value) in numbers.items()
        if value is not None
    }
    return shown | {
        setting: (name, str(value)) for setting, (name, value) in plain.items() if value is not None
    }


def _contents(context: MessageContext, verbs: Mapping[str, Verb]) -> list[str]:
    """Every command on one line: who wants more asks for its page."""
    words = WORDS[context.language]
    lines = [_summary(context, verb) for verb in verbs.values()]
    hint = context.traits.help_hint.get(context.language)
    return [
        words.help_intro,
        *lines,
        words.help_more.format(example=verbs["help"].example),
        *([hint] if hint else []),
    ]


def _page(context: MessageContext, verb: Verb) -> list[str]:
    words = WORDS[context.language]
    forms = verb.page(context.language).forms
    lines = [words.help_form.format(form=form, does=does) for form, does in forms.items()]
    return [_summary(context, verb), *(lines or [words.help_example.format(example=verb.example)])]


def _summary(context: MessageContext, verb: Verb) -> str:
    return WORDS[context.language].help_line.format(
        command=f"/{verb.name}", help=verb.page(context.language).summary
    )

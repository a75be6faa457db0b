"""The seam of platforms: what it takes to add one, and that no shared module names any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from bot import app
from bot.cli.serve import migrate
from bot.config import Bot, Config, bot_with
from bot.domain import Clock
from bot.platforms import registry
from bot.platforms.host import Adapter, Deployment
from tests.bot.platforms.toy import adapter as toy
from tests.support.engine import LetterEncoder, a_knowledge_base, an_engine, some_settings
from tests.support.wsgi_transport import WsgiTransport

ROOT = Path(__file__).parents[3]
BOT = ROOT / "bot"
FOLDERS = {BOT / "platforms" / name for name in ("slack", "wecom", "terminal", "mattermost")}
# The lines that may name a platform outside its folder and registry.py, by a part of each, and why.
NAMED_IN = {
    "slack:T1:U1": "help of the command line: what the key of a person looks like",
    "slack:T1:C1": "help of the command line: what the key of a channel looks like",
    "sends one mention as two events": "the reason why a message has several keys",
    "makes `id` unique on its platform": "what a tenant is",
    "the WeCom bot, the Mattermost server": "what a tenant is",
    "is shown a full-width line": "the reason why a letter's case is kept",
    "WECOM.md": "the page that tells how a group gets a digest",
    "WECOM.zh.md": "the page that tells how a group gets a digest",
    "mattermost slack wecom xapp xoxb xoxp": "words that placeholders of secrets are made of",
    "the command names for Slack's manifest": "what a table of verbs is for",
}
# The terminal is also a plain word; a room of that name, and an import, are what would name the platform.
A_PLATFORM = re.compile(r"slack|wecom|mattermost|企业微信|platforms[. ]+(import )?terminal", re.IGNORECASE)


def shared_modules() -> list[Path]:
    return [
        path
        for path in sorted(BOT.rglob("*.py"))
        if FOLDERS.isdisjoint(path.parents) and path != BOT / "platforms" / "registry.py"
    ]


def test_no_shared_module_names_a_platform() -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line}"
        for path in shared_modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if A_PLATFORM.search(line) and not any(part in line for part in NAMED_IN)
    ]
    assert named == []


def recipe() -> list[str]:
    """The files that CONTRIBUTING.md lists for a platform."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("## A platform\n")
    section, _, _ = rest.partition("\n## ")
    return re.findall(r"^- `([^`]+)`", section, re.MULTILINE)


def test_the_recipe_names_one_folder_one_line_and_one_rig() -> None:
    rig = "tests/bot/platforms/NAME/rig.py"
    assert recipe() == ["bot/platforms/NAME/", "bot/platforms/registry.py", rig]
    for adapter in registry.ADAPTERS:
        assert (ROOT / rig.replace("NAME", adapter.name)).is_file()
        assert (BOT / "platforms" / adapter.name / "adapter.py").is_file()
        assert f"{adapter.name}.ADAPTER" in (BOT / "platforms" / "registry.py").read_text(encoding="utf-8")


def settings(folder: Path, **toys: object) -> Config:
    tables = {one.name: one.section for one in (*registry.ADAPTERS, toy.ADAPTER) if one.has_table}
    bot: type[Bot] = bot_with(tables)
    keys = {"data_dir": str(folder), "database_url": f"sqlite:///{folder}/bot.db", "toy": toys}
    return Config(bot=bot.model_validate(keys))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[app.App]:
    """The bot with one folder and one entry more: the toy's."""
    base = a_knowledge_base(tmp_path / "texts", "lemon", "fig", threshold=0.8)
    with an_engine(some_settings(tmp_path / "engine", base), LetterEncoder) as engine:
        engine.is_settled()
        config = settings(tmp_path, password="open")
        migrate(config)
        edges = app.Edges(clock=Clock(), engine_transport=WsgiTransport(engine.wsgi))
        built = app.build(config, edges, with_web=False, adapters=(*registry.ADAPTERS, toy.ADAPTER))
        built.start()
        yield built
        built.stop()


def ask(client: FlaskClient, text: str, key: str = "1", word: str = "open") -> tuple[int, str]:
    headers = {"Authorization": word, "X-Id": key}
    answer = client.post("/toy/kitchen", data=text.encode(), headers=headers)
    return answer.status_code, answer.text


def test_a_platform_of_one_folder_and_one_entry_answers(running: app.App) -> None:
    client = running.flask.test_client()
    status, said = ask(client, "lemon")
    assert status == 200
    assert "lemon" in said
    assert ask(client, "/threshold 0.65", "2")[1] != ask(client, "/threshold", "3")[1]
    assert "0.65" in ask(client, "/threshold", "4")[1]


def test_its_traits_reach_the_commands_without_its_name(running: app.App) -> None:
    assert ask(running.flask.test_client(), "/help")[1].endswith("玩具里没有话题串。")


def test_what_it_rejects_is_counted_under_its_name(running: app.App) -> None:
    client = running.flask.test_client()
    assert ask(client, "lemon", word="guess")[0] == 401
    assert ask(client, "")[0] == 200
    figures = running.metrics.text().decode()
    assert 'kbdial_bot_auth_failed_total{platform="toy"} 1.0' in figures
    assert 'kbdial_bot_ignored_total{platform="toy",reason="empty"} 1.0' in figures


def test_its_routes_operations_and_reasons_are_the_bots(running: app.App) -> None:
    document = running.flask.test_client().get("/openapi.json").get_json()
    assert "/toy/{room}" in document["paths"]
    assert running.operations["toys"]({}, lambda _: None) == ["a toy"]


def test_a_platform_that_is_not_used_is_not_there(tmp_path: Path) -> None:
    config = settings(tmp_path)
    built = app.build(config, with_web=False, adapters=(*registry.ADAPTERS, toy.ADAPTER))
    assert set(built.platforms.senders) == {"terminal"}
    assert ask(built.flask.test_client(), "lemon")[0] == 404


@pytest.mark.parametrize("adapter", [*registry.ADAPTERS, toy.ADAPTER], ids=lambda one: str(one.name))
def test_an_adapter_is_whole(adapter: Adapter[Any], tmp_path: Path) -> None:
    """What every one promises before anything of it is configured."""
    bot = settings(tmp_path).bot
    table = adapter.section_of(bot)
    assert table == adapter.section()
    deployment = Deployment.of(bot)
    assert not adapter.is_used(table) or not adapter.has_table, "used though nothing is set"
    assert list(adapter.refusals(table, deployment)) == []
    assert set(adapter.traits.help_hint) in (set(), {"en", "zh"}) or adapter is toy.ADAPTER
    assert all(path.startswith(f"/{adapter.name}/") for path in adapter.paths)
    for name, look in adapter.checks(table, deployment, lambda _: None):
        assert name.startswith(adapter.name)
        assert callable(look)

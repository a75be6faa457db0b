"""What the documents promise is what the program has, and the other way round."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, create_model

from bot import config as bot_config
from bot import config_file as bot_config_file
from bot.commands.registry import VERBS
from bot.platforms.registry import BOT
from bot.platforms.wecom.adapter import ADAPTER
from bot.platforms.wecom.config import Wecom
from bot.weak_secrets import SHORTEST
from engine import config as engine_config
from engine import config_file as engine_config_file
from tests.support import nginx
from tests.support.certificates import a_certificate
from tests.support.processes import a_free_port

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh.md")
LARGEST_PICTURE = 64 * 1024
EXAMPLE = ROOT / "config.example.toml"
# Found out from where the file lies, not written into it.
THE_BOTS = create_model("Config", __base__=bot_config.Config, bot=(BOT, BOT()))
THE_ENGINES = create_model("Config", engine=(engine_config.Engine, engine_config.Engine()))
_SHORTEST_SECRET = re.compile(r"shorter than ([a-z]+)")
IN_WORDS = {"six": 6, "eight": 8}
UNWRITTEN = {"engine.knowledge_base.base"}


def test_the_example_configuration_is_what_both_programs_do_without_one(tmp_path: Path) -> None:
    copy = tmp_path / "config.toml"
    copy.write_bytes(EXAMPLE.read_bytes())
    bot = bot_config_file.load(copy, {}, BOT).bot
    wecom = ADAPTER.section_of(bot)
    assert [name for name, robot in wecom.robot.items() if robot.is_used] == []
    assert [name for name, app in wecom.app.items() if app.is_used] == []
    assert [name for name, webhook in wecom.webhook.items() if webhook.is_used] == []
    assert bot.model_copy(update={"wecom": Wecom(), "strategy": {}}) == BOT(
        data_dir=tmp_path / "data", database_url=f"sqlite:///{tmp_path / 'data/bot.db'}"
    )
    bases = tuple(base.model_copy(update={"base": tmp_path}) for base in engine_config.SAMPLES)
    assert engine_config_file.load(copy, {}) == engine_config.Engine(
        data_dir=tmp_path / "data/engine", knowledge_base=bases
    )


@pytest.mark.parametrize("document", ["config.example.toml", "SECURITY.md"])
def test_the_shortest_secret_is_as_short_as_the_documents_say(document: str) -> None:
    said = _SHORTEST_SECRET.findall((ROOT / document).read_text(encoding="utf-8"))
    assert [IN_WORDS[word] for word in said] == [SHORTEST]


@pytest.mark.parametrize("program", [THE_BOTS, THE_ENGINES])
def test_the_example_configuration_has_every_key(program: type[BaseModel]) -> None:
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert set(keys_of(program)) - set(written(program, example)) == UNWRITTEN & set(keys_of(program))


def test_every_group_of_keys_in_the_example_says_what_it_is_for() -> None:
    groups = EXAMPLE.read_text(encoding="utf-8").strip().split("\n\n")
    assert [group for group in groups if "# " not in group] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_in_the_readme(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert [name for name in VERBS if f"/{name}" not in text] == []


def test_the_chinese_readme_has_every_section_and_every_example_of_the_english_one() -> None:
    english, chinese = ((ROOT / readme).read_text(encoding="utf-8") for readme in READMES)
    for pattern in (r"^## ", r"^ *```\w", r"^\| ---"):
        assert len(re.findall(pattern, chinese, re.MULTILINE)) == len(
            re.findall(pattern, english, re.MULTILINE)
        ), pattern


@pytest.mark.parametrize("readme", READMES)
def test_nginx_takes_the_proxy_of_a_readme_as_it_stands(readme: str, tmp_path: Path) -> None:
    (proxy,) = re.findall(r"```nginx\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    certificate = a_certificate(tmp_path)
    here = re.sub(r"/etc/ssl/kb\.example\.com\.(?:pem|key)", str(certificate), proxy)
    assert here.count(str(certificate)) == 2
    listening = f"listen 127.0.0.1:{a_free_port()} ssl"
    assert nginx.say_of(tmp_path, here.replace("listen 443 ssl", listening)) == ""


@pytest.mark.parametrize("readme", READMES)
def test_the_pictures_of_a_readme_are_there_small_and_ask_nobody_for_anything(readme: str) -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    drawn, taken = pictures[0], pictures[1:]
    text = (ROOT / drawn).read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert sorted(taken) == sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / ".github" / "console").iterdir()
    )
    for picture in taken:
        assert (ROOT / picture).stat().st_size < LARGEST_PICTURE, picture


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("program", ["bot", "engine"])
def test_every_command_of_the_shell_is_in_the_readme(program: str, readme: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", program, "--help"], capture_output=True, text=True, check=True
    )
    names = re.findall(r"^    ([\w-]+)", told.stdout, re.MULTILINE)
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert names
    assert [name for name in names if f"`{name}" not in text and f"{program} {name}" not in text] == []


def keys_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """All keys below a section, with dots; the names that people give their own tables are left out."""
    for name, field in model.model_fields.items():
        below = [key for section in sections(field.annotation) for key in keys_of(section, f"{above}{name}.")]
        yield from below or [f"{above}{name}"]


def written(model: type[BaseModel], table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The keys of `keys_of` that stand in a table of the example."""
    for name, value in table.items():
        if name not in model.model_fields:
            continue
        found = sections(model.model_fields[name].annotation)
        if not found:
            yield f"{above}{name}"
        for section in found:
            for part in tables(section, value):
                yield from written(section, part, f"{above}{name}.")


def sections(annotation: Any) -> list[type[BaseModel]]:
    """The sections a key holds, whether it is one, a list of them, or a table of named ones."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in sections(part)]


def tables(section: type[BaseModel], value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, list):
        return value
    return [value] if set(value) & set(section.model_fields) else list(value.values())

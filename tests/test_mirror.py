"""A stranger finds the test of a module: at the mirrored path, or by the table below."""

from __future__ import annotations

from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[1]
# From here on a module has enough in it for a test file of its own.
LINES = 60

# Modules that are tested through the part that uses them. A pattern, and the file with their tests.
ELSEWHERE = {
    "bot/__main__.py": "tests/bot/cli/test_operator.py",
    "bot/admin/operations.py": "tests/bot/cli/test_operator.py",
    "bot/app.py": "tests/faults/test_platform.py",
    "bot/cli/run.py": "tests/walks/test_terminal.py",
    "bot/cli/serve.py": "tests/faults/test_postgresql.py",
    "bot/commands/*/grammar.py": "tests/bot/commands/test_parser_work.py",
    "bot/commands/gaps/missed.py": "tests/bot/commands/gaps/test_reply.py",
    "bot/commands/gaps/open_gaps.py": "tests/bot/commands/gaps/test_reply.py",
    "bot/commands/*/reply.py": "tests/bot/responder/test_responder.py",
    "bot/commands/base/*.py": "tests/bot/responder/test_channel_isolation.py",
    "bot/commands/kb/entry_words.py": "tests/bot/commands/kb/test_entries.py",
    "bot/commands/*/words.py": "tests/bot/commands/test_words.py",
    "bot/commands/strategy/presets.py": "tests/bot/commands/strategy/test_reply.py",
    "bot/commands/teach/*.py": "tests/bot/commands/teach/test_reply.py",
    "bot/console/*.py": "tests/bot/console/test_routes.py",
    "bot/console/words/*.py": "tests/bot/console/test_trial.py",
    "bot/console/pages/*.py": "tests/bot/console/test_in_a_browser.py",
    "bot/config.py": "tests/bot/test_config_file.py",
    "bot/domain/*.py": "tests/bot/store/test_settings_and_history.py",
    "bot/engine_client/*.py": "tests/bot/engine_client/test_client.py",
    "bot/grammar/*.py": "tests/bot/commands/test_parser.py",
    "bot/metrics.py": "tests/walks/test_help_desk_week.py",
    "bot/network_errors.py": "tests/engine/test_network_errors.py",
    "bot/pipeline/store_health.py": "tests/faults/test_files_pulled_away.py",
    "bot/platforms/*.py": "tests/bot/platforms/test_seam.py",
    "bot/platforms/mattermost/*.py": "tests/bot/platforms/mattermost/test_sender.py",
    "bot/platforms/slack/adapter.py": "tests/bot/test_config_file.py",
    "bot/platforms/slack/connecting.py": "tests/bot/platforms/slack/test_socket_mode.py",
    "bot/platforms/slack/distribution.py": "tests/bot/platforms/slack/test_installing.py",
    "bot/platforms/slack/fields.py": "tests/bot/platforms/slack/test_parser.py",
    "bot/platforms/slack/home_*.py": "tests/bot/platforms/slack/test_home.py",
    "bot/platforms/slack/inbound.py": "tests/bot/platforms/slack/test_socket_inbound.py",
    "bot/platforms/slack/install_*.py": "tests/bot/platforms/slack/test_installing.py",
    "bot/platforms/slack/workspaces.py": "tests/bot/platforms/slack/test_installing.py",
    "bot/platforms/wecom/*.py": "tests/bot/platforms/wecom/test_routes.py",
    "bot/process/engine_process.py": "tests/faults/test_engine_process.py",
    "bot/process/lock.py": "tests/faults/test_files_pulled_away.py",
    "bot/responder/personal.py": "tests/bot/platforms/slack/test_home.py",
    "bot/store/*.py": "tests/bot/store/test_settings_and_history.py",
    "bot/texts/*.py": "tests/bot/texts/test_wording.py",
    "bot/web/openapi.py": "tests/attacks/test_openapi.py",
    "bot/web/slow_clients.py": "tests/bot/web/test_server.py",
    "engine/__main__.py": "tests/engine/test_app.py",
    "engine/catalog.py": "tests/engine/web/test_routes.py",
    "engine/cli/*.py": "tests/engine/refresh/test_failing_sources.py",
    "engine/config_file.py": "tests/engine/test_config.py",
    "engine/domain/*.py": "tests/engine/web/test_routes.py",
    "engine/encoder/*.py": "tests/engine/encoder/test_sentence_transformer.py",
    "engine/evaluation/*.py": "tests/engine/evaluation/test_evaluate.py",
    "engine/extract/*.py": "tests/engine/source/test_documents.py",
    "engine/follower/*.py": "tests/engine/follower/test_follower.py",
    "engine/index/parts.py": "tests/engine/index/test_snapshot.py",
    "engine/index/distant_rows.py": "tests/engine/index/qdrant/test_index.py",
    "engine/index/pgvector/database.py": "tests/engine/index/pgvector/test_index.py",
    "engine/index/qdrant/rest.py": "tests/engine/index/qdrant/test_index.py",
    "engine/index/score.py": "tests/engine/index/test_protocol.py",
    "engine/index/scan/*.py": "tests/engine/index/scan/test_cpu_scan.py",
    "engine/loop.py": "tests/engine/refresh/test_refresher.py",
    "engine/metrics.py": "tests/engine/web/test_routes.py",
    "engine/refresh/steps.py": "tests/engine/refresh/test_refresher.py",
    "engine/source/*.py": "tests/engine/source/test_sources.py",
    "engine/storage/snapshot_files.py": "tests/engine/storage/test_snapshot_store.py",
    "engine/trial.py": "tests/bot/console/test_trial.py",
    "engine/web/*.py": "tests/engine/web/test_routes.py",
}


def _large_modules() -> set[str]:
    """Modules of `LINES` and more that have no test file at the mirrored path."""
    return {
        path.relative_to(ROOT).as_posix()
        for program in ("bot", "engine")
        for path in (ROOT / program).rglob("*.py")
        if path.name != "__init__.py"
        and len(path.read_text(encoding="utf-8").splitlines()) >= LINES
        and not (ROOT / "tests" / path.relative_to(ROOT).parent / f"test_{path.name}").exists()
    }


def test_each_module_has_its_tests_at_the_mirrored_path_or_in_the_table() -> None:
    homeless = {name for name in _large_modules() if not any(map(PurePath(name).match, ELSEWHERE))}

    assert homeless == set()


def test_no_row_of_the_table_is_out_of_use() -> None:
    modules = _large_modules()

    assert {row for row in ELSEWHERE if not any(PurePath(name).match(row) for name in modules)} == set()
    assert {test for test in ELSEWHERE.values() if not (ROOT / test).exists()} == set()

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.slack import RecordingSlack, recording_slack


@pytest.fixture
def slack() -> Iterator[RecordingSlack]:
    with recording_slack() as server:
        yield server

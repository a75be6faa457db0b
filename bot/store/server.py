"""The way to a PostgreSQL server, whose driver is an extra of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine

from bot.store.errors import SchemaError


def server_engine(url: str, **options: Any) -> Engine:
    """SQLAlchemy's engine for this address.

    Raises:
        SchemaError: the driver is not installed; the message says how to get it.
    """
    try:
        return create_engine(url, **options)
    except ModuleNotFoundError as missing:
        raise SchemaError(
            f"PostgreSQL needs its driver {missing.name}; `pip install 'kbdial[postgresql]'` brings it"
        ) from None

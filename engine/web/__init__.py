"""The engine's HTTP: reads requests, asks the parts, writes JSON."""

from engine.web.application import application
from engine.web.server import Server

__all__ = ["Server", "application"]

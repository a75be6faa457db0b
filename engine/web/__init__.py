"""The engine's HTTP: reads requests, asks the parts, writes JSON."""

from engine.web.application import application
from engine.web.server import Server
from engine.web.workers import Workers

__all__ = ["Server", "Workers", "application"]

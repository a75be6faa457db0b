"""The cause of a connection or an answer that did not come, in a few words for people.

What happened is wrapped in layer upon layer of HTTP, and each repeats the address, which may hold a secret:
only the cause inside speaks here, and never an address. Bot and engine share no code: each has this file, and
a test compares the two.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

# By the names of their classes: which library is asked is not known here.
_WORDS = {
    "BadStatusLine": "what answers there does not speak HTTP",
    "ChunkedEncodingError": "the connection ended in the middle of the answer",
    "ConnectTimeout": "no connection came about in time",
    "ConnectTimeoutError": "no connection came about in time",
    "ConnectionClosedError": "the connection ended",
    "ConnectionClosedOK": "the other side ended the connection",
    "ConnectionError": "there is no connection to it",
    "ConnectionRefusedError": "nothing listens there",
    "ConnectionResetError": "the other side ended the connection",
    "EOFError": "the other side ended the connection",
    "IncompleteRead": "the connection ended in the middle of the answer",
    "InvalidHandshake": "what answers there does not speak WebSocket",
    "InvalidMessage": "what answers there does not speak HTTP",
    "InvalidURL": "its address cannot be read",
    "InvalidUpgrade": "what answers there does not speak WebSocket",
    "NameResolutionError": "the name of the host is not known",
    "ReadTimeout": "no whole answer came in time",
    "ReadTimeoutError": "no whole answer came in time",
    "RemoteDisconnected": "the other side ended the connection without an answer",
    "Timeout": "it took too long",
    "TimeoutError": "it took too long",
    "Unresolved": "the name server does not answer",
    "gaierror": "the name of the host is not known",
}
_VAGUE = {"ConnectionError", "Timeout", "TimeoutError"}
_NO_TLS = "what answers there does not speak TLS: is it http:// and not https://?"
_DEEPEST = 20


def name_cause(error: BaseException) -> str:
    """The cause in words, without the address; the name of the error's class where no more is known."""
    found = ""
    for each in _layers(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return each.verify_message
        if isinstance(each, ssl.SSLError) and each.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
            return _NO_TLS
        kind = type(each).__name__
        words = _WORDS.get(kind, "")
        if isinstance(each, OSError) and each.errno is not None and each.strerror:
            return f"{words} ({each.strerror})" if words else each.strerror
        if words and not (found and kind in _VAGUE):
            found = words
    return found or type(error).__name__


def _layers(error: BaseException) -> Iterator[BaseException]:
    """The error, and what lies in it, from outside in."""
    each: BaseException | None = error
    for _ in range(_DEEPEST):
        if each is None:
            return
        yield each
        reason = vars(each).get("reason")  # of some it is a property that is going away
        inside = next((one for one in each.args if isinstance(one, BaseException)), None)
        each = reason if isinstance(reason, BaseException) else inside or each.__cause__ or each.__context__

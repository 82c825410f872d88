"""Sends OTLP over HTTP: one POST at a time, tried again where the receiver says that this helps, and never for long."""

import http.client
import logging
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import IO

_AGAIN = frozenset({429, 502, 503, 504})
"""What OTLP's specification calls retryable ("Retryable Response Codes")."""
_TRIES = 3
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
_COMPLAINT_EVERY = 60.0
_SEND_BUFFER = 2**20


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The headers hold credentials, and go to nobody but whom they are for."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


class _Roomy(http.client.HTTPConnection):
    """Takes a whole batch at once: with the usual room for what is not sent yet, the thread would wake for each piece
    of it, and take the interpreter from the requests."""

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)


class _RoomyHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Roomy, req)


class OtlpClient:
    """``timeout`` is in seconds and of one try. ``closing`` ends the wait before another."""

    def __init__(self, endpoint: str, headers: Mapping[str, str], timeout: float) -> None:
        self.closing = threading.Event()
        self._endpoint = endpoint
        self._headers = {**headers, "Content-Type": "application/x-protobuf", "User-Agent": "tornado-gateway"}
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirects(), _RoomyHandler())
        self._next_complaint = 0.0
        self._failed = 0

    def post(self, path: str, body: bytes) -> bytes | None:
        """The receiver's answer, None where it did not take ``body``."""
        reason = ""
        for attempt in range(_TRIES):
            try:
                request = urllib.request.Request(self._endpoint + path, data=body, headers=self._headers)
                with self._opener.open(request, timeout=self._timeout) as answer:
                    taken: bytes = answer.read(65536)
                    return taken
            except urllib.error.HTTPError as error:
                reason, pause = f"status {error.code}", _asked_pause(error)
                error.close()
                if error.code not in _AGAIN:
                    break
            except (
                OSError,
                http.client.HTTPException,
                ValueError,
            ) as error:  # a host may be no name, which is found late
                told = error.reason if isinstance(error, urllib.error.URLError) else error
                reason, pause = f"{type(told).__name__}: {told}", None
            if attempt + 1 == _TRIES or self.closing.wait(min(pause or _FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)):
                break
        self._complain(path, reason)
        return None

    def _complain(self, path: str, reason: str) -> None:
        """At most once a minute: a receiver that is down is no reason to fill the log."""
        self._failed += 1
        now = time.monotonic()
        if now >= self._next_complaint:
            self._next_complaint = now + _COMPLAINT_EVERY
            logging.getLogger(__name__).warning(
                "otel: %s was not taken by the receiver (%s), %d exports lost so far", path, reason, self._failed
            )


def _asked_pause(error: urllib.error.HTTPError) -> float | None:
    """Seconds that the receiver wants us to wait."""
    text = error.headers.get("Retry-After", "") if error.headers else ""
    return float(text) if text.isascii() and text.isdigit() else None

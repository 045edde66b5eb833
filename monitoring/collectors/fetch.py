"""One HTTP request, bounded in time and in size whatever the other side does.

urllib3 (which requests, and with it Streamlit, already brings) is used below its connection pool: only
there can the socket be shut down when the time for the whole answer is over, not just for its next bytes.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from socket import SHUT_RDWR, socket
from threading import Event, Timer
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from monitoring.collectors.access import PUBLIC, Access
from monitoring.errors import CollectorError, ConfigurationError

_CHUNK = 64 * 1024
_REDIRECTS = 3
_HEADERS = {
    "Accept": "text/plain;version=0.0.4, text/plain;q=0.5, */*;q=0.1",
    "Accept-Encoding": "gzip",
    "User-Agent": "platform-monitoring",
}
_EXPLANATION = 300
"""So many characters of an error's body are shown."""


@dataclass(slots=True)
class Bounds:
    """Limits of one read, which may be several fetches. `stop()` ends it from another thread."""

    timeout: float
    max_bytes: int
    over: Event = field(default_factory=Event)
    stopped: bool = False
    _deadline: float = 0.0
    _socket: socket | None = None

    def begin(self) -> None:
        """The time runs from the first fetch on."""
        if not self._deadline:
            self._deadline = time.monotonic() + self.timeout

    @property
    def left(self) -> float:
        """Seconds left; never quite 0, which sockets read as "do not wait at all"."""
        return max(0.001, self._deadline - time.monotonic())

    def in_time(self) -> bool:
        """Whether the read may go on."""
        return not self.stopped and time.monotonic() < self._deadline

    def stop(self) -> None:
        self.stopped = True
        self._shut()

    def _shut(self) -> None:
        self.over.set()
        if (sock := self._socket) is not None:
            with suppress(OSError):
                sock.shutdown(SHUT_RDWR)

    @contextmanager
    def watch(self, connection: HTTPConnection) -> Iterator[None]:
        """Shuts the connection's socket down when the time is over.

        The socket is kept here because the connection lets go of it when an answer has no length.
        """
        self._socket = connection.sock
        timer = Timer(self.left, self._shut)
        timer.daemon = True
        timer.start()
        if self.stopped:
            self._shut()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            self._socket = None


def checked_url(url: str) -> SplitResult:
    """The parts of a URL to scrape; `/metrics` where it has no path. Raises `ConfigurationError`."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"{url!r} is not the URL of an exporter; give one like http://broker-1:7071/metrics.")
    return parts if parts.path else parts._replace(path="/metrics")


def endpoint_of(parts: SplitResult) -> str:
    """`host:port` of a URL, without user and password."""
    return parts.netloc.rpartition("@")[2]


def fetch(url: SplitResult, bounds: Bounds, access: Access = PUBLIC) -> bytes:
    """The decoded body. Redirects are followed on the same host and port only.

    Raises `CollectorError` that says what happened, without naming the URL; `Refused` for an HTTP status.
    """
    bounds.begin()
    for _ in range(_REDIRECTS + 1):
        answer = _ask(url, bounds, access)
        if isinstance(answer, bytes):
            return answer
        target = urlsplit(urljoin(url.geturl(), answer))
        if (target.scheme, endpoint_of(target)) != (url.scheme, endpoint_of(url)):
            raise CollectorError(f"it redirects to {target.scheme}://{endpoint_of(target)}, which is not followed")
        url = target._replace(netloc=url.netloc)
    raise CollectorError(f"it redirects more than {_REDIRECTS} times")


def send(url: SplitResult, body: bytes, bounds: Bounds, access: Access = PUBLIC) -> bytes:
    """What is answered to a POST of JSON; raises as `fetch` does, also where it is redirected."""
    bounds.begin()
    answer = _ask(url, bounds, access, body)
    if isinstance(answer, str):
        raise CollectorError("it redirects, which is not followed with what is sent to it")
    return answer


def _ask(url: SplitResult, bounds: Bounds, access: Access, sent: bytes | None = None) -> bytes | str:
    """The body, or where a redirect points."""
    if bounds.stopped or bounds.over.is_set():
        raise CollectorError(_reason(TimeoutError(), bounds))
    connection = _connection(url, bounds.left, access)
    try:
        connection.connect()
        with bounds.watch(connection):
            return _exchange(connection, url, bounds, access, sent)
    except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
        raise CollectorError(_reason(error, bounds)) from error
    finally:
        connection.close()


def _connection(url: SplitResult, timeout: float, access: Access) -> HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        return HTTPSConnection(host, url.port, timeout=timeout, ssl_context=access.context)
    return HTTPConnection(host, url.port, timeout=timeout)


def _exchange(
    connection: HTTPConnection, url: SplitResult, bounds: Bounds, access: Access, sent: bytes | None
) -> bytes | str:
    target = url.path + (f"?{url.query}" if url.query else "")
    headers = _headers(url) | dict(access.headers) | ({} if sent is None else {"Content-Type": "application/json"})
    method = "GET" if sent is None else "POST"
    connection.request(method, target, sent, headers=headers, preload_content=False, decode_content=True)
    with connection.getresponse() as response:
        return _content(response, bounds, access)


class Refused(CollectorError):
    """The other side answered with an HTTP status that is no success; `said` is the start of its explanation."""

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


_LOGIN = {401: "; is there a login or token, and is it right?", 403: "; may this login read that?"}


def _refusal(response: urllib3.BaseHTTPResponse, access: Access) -> Refused:
    said = ""
    with suppress(urllib3.exceptions.HTTPError, HTTPException, OSError):
        body = response.read1(_CHUNK) or b""
        said = access.hide(" ".join(body.decode("utf-8", "replace").split()))[:_EXPLANATION]
    status = f"it answers with HTTP status {response.status} {response.reason or ''}".rstrip()
    return Refused(status + _LOGIN.get(response.status, ""), response.status, said)


def _content(response: urllib3.BaseHTTPResponse, bounds: Bounds, access: Access) -> bytes | str:
    if location := response.get_redirect_location():
        return location
    if response.status != 200:
        raise _refusal(response, access)
    body = _body(response, bounds)
    if bounds.over.is_set():
        raise TimeoutError
    framed = "content-length" in response.headers or "transfer-encoding" in response.headers
    if not framed and body and not body.endswith(b"\n"):
        raise CollectorError("its answer was cut off in the middle of a line")
    return body


def _headers(url: SplitResult) -> dict[str, str]:
    if url.username is None:
        return _HEADERS
    login = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return _HEADERS | urllib3.util.make_headers(basic_auth=login)


def _body(response: urllib3.BaseHTTPResponse, bounds: Bounds) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > bounds.max_bytes:
            raise CollectorError(f"its answer is larger than {bounds.max_bytes:,} bytes")
    return bytes(body)


def _reason(error: Exception, bounds: Bounds) -> str:
    """In plain words why there is no answer."""
    if bounds.stopped:
        return "reading it was stopped"
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "its host name is not known"
    if isinstance(error.__cause__, ConnectionRefusedError):
        return "nothing listens there (connection refused)"
    if (distrust := _distrust(error)) is not None:
        return distrust
    if bounds.over.is_set() or _timed_out(error):
        return f"it did not answer in full within {bounds.timeout:g} s"
    if isinstance(error, urllib3.exceptions.DecodeError):
        return "its answer says it is compressed, but cannot be unpacked"
    if isinstance(error, urllib3.exceptions.ProtocolError | HTTPException | ConnectionError):
        return f"its answer was cut off or is not HTTP ({type(error).__name__})"
    return f"it cannot be reached ({error.__cause__ or error})"


def _distrust(error: BaseException) -> str | None:
    """Why TLS was not come to; `None` where that was not the trouble."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is not believed ({seen.verify_message}); name its authority as ca_file"
        if isinstance(seen, ssl.SSLError) and not isinstance(seen, TimeoutError):
            return f"TLS was not agreed upon ({seen.reason or 'unknown reason'}); is it https at all?"
        seen = seen.__cause__ or (seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None)
    return None


def _timed_out(error: Exception) -> bool:
    """urllib3 counts every connection that could not be made as a timeout; that is not meant here."""
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return False
    return isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError)

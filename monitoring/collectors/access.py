"""How a source is entered: who asks, and whose certificate is believed. Secrets are in no `repr` and no error."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import urllib3

from monitoring.errors import ConfigurationError

HIDDEN = "[hidden]"


@dataclass(frozen=True)
class Access:
    """A login or a bearer token, an authority of one's own, a certificate of one's own.

    `username` with `password` becomes basic authentication. `ca_file` takes the place of the system's
    authorities. Raises `ConfigurationError` for a file that cannot be used, when it is first needed.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        if self.token is not None:
            return {"authorization": f"Bearer {self.token}"}
        if self.username is None:
            return {}
        return urllib3.util.make_headers(basic_auth=f"{self.username}:{self.password or ''}")

    @cached_property
    def context(self) -> ssl.SSLContext:
        """What TLS connections are made with."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(str(file) for file in (self.ca_file, self.cert_file, self.key_file) if file)
            reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
            raise ConfigurationError(f"The certificates in {files} cannot be used: {reason}.") from None
        return context

    def hide(self, text: str) -> str:
        """The text with every secret in it replaced."""
        sent = self.headers.get("authorization", "").partition(" ")[2]
        for secret in sorted((s for s in (sent, self.password, self.token) if s), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


PUBLIC = Access()

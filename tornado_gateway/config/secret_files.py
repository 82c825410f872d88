"""Files that gateway.yaml takes texts from: ``${file:/run/secrets/openai}``. What they hold is shown in no message."""

import os
import stat

from tornado_gateway.config.signatures import Signature, signature_of

MAX_BYTES = 64 * 1024
"""A key, a token, a certificate's chain: whatever is larger is another file than was meant."""

_SHORTEST = 4
"""Characters of a content that is worth hiding: shorter ones would be found in every second word."""


class SecretUnreadable(Exception):
    """Why a file gives no text, in words for the operator."""


class SecretFiles:
    """The files that one reading of gateway.yaml asked for; each is read once. ``repr`` shows no content."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._seen: dict[str, Signature] = {}

    @property
    def seen(self) -> dict[str, Signature]:
        """By path what was found there, files that are missing included: what tells whether it has changed since."""
        return dict(self._seen)

    def read(self, path: str) -> str | None:
        """The text without one line break at its end; None where there is no such file.

        Raises ``SecretUnreadable`` for anything but a small regular file of UTF-8.
        """
        known = self._texts.get(path)
        if known is not None:
            return known
        self._seen[path] = signature_of(path)
        content = _content(path)
        if content is None:
            return None
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise SecretUnreadable("is not UTF-8") from None  # the error would quote it
        if text.endswith("\n"):
            text = text[:-1].removesuffix("\r")
        self._texts[path] = text
        return text

    def hide(self, message: str) -> str:
        """The message without what any of the files holds, in whatever form it may have got there."""
        for path, text in self._texts.items():
            for said in {text, text.strip(), repr(text)[1:-1], *(part.strip() for part in text.split(","))}:
                if len(said) >= _SHORTEST:
                    message = message.replace(said, f"(what {path} holds)")
        return message


def _content(path: str) -> bytes | None:
    try:
        # Without waiting: whoever names a pipe would hold the whole reading up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SecretUnreadable(f"can't be read: {error.strerror}") from None
    except ValueError:
        raise SecretUnreadable("is no name of a file") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise SecretUnreadable("is a folder")
        if not stat.S_ISREG(mode):
            raise SecretUnreadable("is no regular file")
        content = b""
        while piece := os.read(descriptor, MAX_BYTES + 1 - len(content)):
            content += piece
    except OSError as error:
        raise SecretUnreadable(f"can't be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise SecretUnreadable(f"is larger than {MAX_BYTES // 1024} KiB")
    return content

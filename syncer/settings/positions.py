"""Where each key of a TOML text stands, so that an error can name its line.

`tomllib` tells values but no places. This scanner reads a text that `tomllib` has already accepted
and tells the line of every key and array element. It never judges the syntax.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from typing import Final

KeyPath = tuple[str | int, ...]
"""The way to a value: keys, and indexes into arrays."""

_ENDS_VALUE: Final = ",]}#\r\n"
_ENDS_BARE_KEY: Final = ".=] \t"


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table, key and array element of a valid TOML text.

    An array of tables `[[a]]` counts its elements as an array does: `("a", 0)`.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """One walk over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        self._newlines = [offset for offset, char in enumerate(text) if char == "\n"]

    def document(self) -> None:
        """Read all headers and key-value pairs."""
        table: KeyPath = ()
        self._skip_space()
        while self.at < len(self.text):
            if self._ahead("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip_space()

    def _ahead(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def _note(self, path: KeyPath, offset: int) -> None:
        self.lines.setdefault(path, bisect_left(self._newlines, offset) + 1)

    def _skip_blank(self) -> None:
        while self.text[self.at : self.at + 1] in {" ", "\t"}:
            self.at += 1

    def _skip_space(self) -> None:
        """Skip blanks, line ends, a byte-order mark and comments."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in " \t\r\n\ufeff":
                self.at += 1
            else:
                return

    def _header(self) -> KeyPath:
        start, is_array = self.at, self._ahead("[[")
        self.at += 2 if is_array else 1
        parts = self._key()
        self.at += 2 if is_array else 1
        return self._open_table(parts, is_array=is_array, offset=start)

    def _open_table(self, parts: list[str], *, is_array: bool, offset: int) -> KeyPath:
        path: KeyPath = ()
        for part in parts[:-1]:
            path = self._newest((*path, part))
            self._note(path, offset)
        path = (*path, parts[-1])
        self._note(path, offset)
        if is_array:
            self._counts[path] = self._counts.get(path, 0) + 1
            path = self._newest(path)
            self._note(path, offset)
        return path

    def _newest(self, path: KeyPath) -> KeyPath:
        """The newest element where the path names an array of tables, else the path."""
        count = self._counts.get(path)
        return path if count is None else (*path, count - 1)

    def _key(self) -> list[str]:
        """A dotted key; leaves the position behind it and the blanks after it."""
        parts = []
        while True:
            self._skip_blank()
            parts.append(self._key_part())
            self._skip_blank()
            if not self._ahead("."):
                return parts
            self.at += 1

    def _key_part(self) -> str:
        start = self.at
        if self.text[start] in "\"'":
            self._string()
            quoted = self.text[start : self.at]
            return str(tomllib.loads(f"key = {quoted}")["key"])
        while self.text[self.at] not in _ENDS_BARE_KEY:
            self.at += 1
        return self.text[start : self.at]

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        parts = self._key()
        for length in range(1, len(parts) + 1):
            self._note((*table, *parts[:length]), start)
        self.at += 1  # the equals sign
        self._skip_blank()
        self._value((*table, *parts))

    def _value(self, path: KeyPath) -> None:
        match self.text[self.at]:
            case '"' | "'":
                self._string()
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                while self.at < len(self.text) and self.text[self.at] not in _ENDS_VALUE:
                    self.at += 1

    def _string(self) -> None:
        quote = self.text[self.at]
        closing = quote * 3 if self._ahead(quote * 3) else quote
        self.at += len(closing)
        while not self._ahead(closing):
            self.at += 2 if quote == '"' and self._ahead("\\") else 1
        self.at += len(closing)
        while len(closing) > 1 and self._ahead(quote):  # """text""""" ends in two quotes of its own
            self.at += 1

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        self._skip_space()
        while not self._ahead("]"):
            self._note((*path, index), self.at)
            self._value((*path, index))
            index += 1
            self._skip_separator()
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self._skip_space()
        while not self._ahead("}"):
            self._pair(path)
            self._skip_separator()
        self.at += 1

    def _skip_separator(self) -> None:
        self._skip_space()
        if self._ahead(","):
            self.at += 1
            self._skip_space()

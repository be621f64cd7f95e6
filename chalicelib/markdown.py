"""Markdown for a person to read, in which no text of somebody else becomes a heading, a link or HTML. Pure."""

from __future__ import annotations

import re

from chalicelib.unseen import without_directions

CONTENT_TYPE = "text/markdown; charset=utf-8"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MEANING = re.compile(r"([\\`*_\[\]|~#!{}])")
# What makes a list, a heading or a line of its own at the beginning of a line.
_BEGINNING = re.compile(r"^(?:[-+](?=\s|$)|-(?=[- ]*$)|=(?=[= ]*$)|[0-9]+(?=[.)](?:\s|$)))")
# Renderers make links of bare addresses.
_LINK = re.compile(r"(:)(?=//)|(?<=www)(\.)", re.IGNORECASE)
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Markdown(str):
    """A document in Markdown; it is answered as `text/markdown`."""

    __slots__ = ()


def escaped(text: str) -> str:
    """A text of somebody else on one line: it is shown as it is written, and means nothing to a renderer."""
    line = _UNSAFE.sub(" ", without_directions(text)).strip().translate(_ENTITIES)
    line = _MEANING.sub(r"\\\1", line)
    line = _LINK.sub(lambda found: f"\\{found[0]}", line)
    return _BEGINNING.sub(lambda found: f"\\{found[0]}" if not found[0].isdigit() else f"{found[0]}\\", line)


def quoted(text: str) -> list[str]:
    """A text of several lines as a quotation."""
    return [f"> {escaped(line)}" for line in text.splitlines()]

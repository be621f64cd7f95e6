"""No text of somebody else means anything in Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.markdown import escaped, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Maria da Silva", "Maria da Silva"),
        ("maria@example.com", "maria@example.com"),
        ("# Pago\n\n- [x] feito", "\\# Pago - \\[x\\] feito"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[clique](http://x.example)", "\\[clique\\](http\\://x.example)"),
        ("www.x.example", "www\\.x.example"),
        ("**negrito** _i_ `c` ~~s~~ a|b", "\\*\\*negrito\\*\\* \\_i\\_ \\`c\\` \\~\\~s\\~\\~ a\\|b"),
        ("- um", "\\- um"),
        ("1. um", "1\\. um"),
        ("2026", "2026"),
        ("1.234,56", "1.234,56"),
        ("+5571999990001", "+5571999990001"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("A\u202eB\u2028C", "AB C"),
        ("Tom & Jerry &amp;", "Tom &amp; Jerry &amp;amp;"),
        ("a\\*b", "a\\\\\\*b"),
    ],
)
def test_text_is_shown_as_it_is_written(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text())
def test_no_text_leaves_its_line_or_becomes_html(text: str) -> None:
    line = escaped(text)
    assert len(line.splitlines()) <= 1 or "\x85" in text
    assert not re.search(r"[<>\n\r]", line)
    assert not re.match(r"#|>|[-+](\s|$)|[-=]+$", line)
    assert not re.search(r"(?<!\\)(\\\\)*[*_\[\]`|~]", line)


def test_lines_of_a_quotation_stay_in_it() -> None:
    assert quoted("Ligou.\n# Pago\n\nFim") == ["> Ligou.", "> \\# Pago", "> ", "> Fim"]

"""The page `/docs` is made of a pinned package, and its policy lets nothing else run or be asked."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from chalice.test import Client

from chalicelib.api.contract.docs_page import DIGESTS, FILES, VERSION, swagger_ui
from local.project import load_app


class _Tags(HTMLParser):
    """The elements of a page, and the texts of its scripts as a browser finds their ends."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str]] = []
        self.scripts: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name) for name, _ in attrs]
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


@pytest.fixture(scope="module")
def policy() -> dict[str, str]:
    """The directives of the policy of the page, as the app sends it."""
    kept = dict(os.environ)
    with Client(load_app()) as client:
        response = client.http.get("/docs")
    os.environ.clear()
    os.environ.update(kept)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.body.decode() == swagger_ui()
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: rest for name, _, rest in (each.partition(" ") for each in directives)}


@pytest.mark.parametrize("name", DIGESTS)
def test_file_is_that_of_the_package(name: str) -> None:
    assert sha256((FILES / name).read_bytes()).hexdigest() == DIGESTS[name]


def test_version_and_licence_stand_beside_the_files() -> None:
    assert f"`swagger-ui-dist` {VERSION} " in (FILES / "README.md").read_text(encoding="utf-8")
    assert {"LICENSE", "NOTICE"} <= {each.name for each in FILES.iterdir()}


def test_page_loads_nothing() -> None:
    tags = _Tags()
    tags.feed(swagger_ui())
    assert {name for _, name in tags.attributes} <= {"lang", "charset", "name", "content", "id"}
    # What a style may load is a picture inside itself.
    assert set(re.findall(r"url\([\"']?(\w+:)", (FILES / "swagger-ui.css").read_text(encoding="utf-8"))) <= {"data:"}
    assert "@import" not in (FILES / "swagger-ui.css").read_text(encoding="utf-8")


def test_policy_lets_run_exactly_the_scripts_of_the_page(policy: dict[str, str]) -> None:
    tags = _Tags()
    tags.feed(swagger_ui())
    assert len(tags.scripts) == 2
    digests = [b64encode(sha256(each.encode()).digest()).decode() for each in tags.scripts]
    assert policy["script-src"] == " ".join(f"'sha256-{each}'" for each in digests)


def test_policy_lets_the_page_ask_only_this_api(policy: dict[str, str]) -> None:
    assert (policy["default-src"], policy["connect-src"]) == ("'none'", "'self'")
    assert (policy["img-src"], policy["font-src"]) == ("data:", "data:")
    assert (policy["form-action"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'", "'none'")


def test_scripts_in_the_page_hide_no_end() -> None:
    scripts = swagger_ui().partition("<body>")[2]
    assert "<!--" not in scripts
    assert scripts.count("<script") == scripts.count("</script>") == 2

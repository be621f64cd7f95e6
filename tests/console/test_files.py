"""The console's files: what is vendored is what was published, every text exists in both languages and is used."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from chalicelib.messages import CATALOGUE
from local.project import ROOT

CONSOLE = ROOT / "console"
VENDOR = CONSOLE / "vendor"
TEXTS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted((CONSOLE / "texts").glob("*.json"))}
MODULES = sorted((CONSOLE / "js").rglob("*.js"))
# `t("leads.titulo")`, `hasText("…")`; a code that is put together counts by what stands before its first value.
_LITERAL = re.compile(r"""\b(?:t|hasText)\(\s*(["'])([a-z0-9_.]+)\1""")
_BUILT = re.compile(r"""\b(?:t|hasText)\(\s*`([a-z0-9_.]*)\$\{""")
_LABELLED = re.compile(r"""\b(?:label\(|kind=)\s*["']([a-z0-9_.]+)["']""")
_CSS_CLASS = re.compile(r"\.([a-z][\w-]*)")
_CLASSES = re.compile(r"""\bclass=(?:"([^"]*)"|\$\{`([^`]*)`\})""")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
MOST_GZIPPED = 60_000
MOST_IN_A_FOLDER = 12


@cache
def read(module: Path) -> str:
    return module.read_text(encoding="utf-8")


def test_vendored_files_are_those_of_their_packages() -> None:
    vendored = json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))
    assert {each["file"] for each in vendored} == {
        file.name for file in VENDOR.iterdir() if file.suffix in {".mjs", ".js", ".css"}
    }
    for each in vendored:
        assert sha256((VENDOR / each["file"]).read_bytes()).hexdigest() == each["sha256"], each["file"]
        licence = VENDOR / "licences" / f"{each['package'].replace('@', '').replace('/', '-')}.txt"
        assert licence.is_file(), licence.name


@pytest.mark.parametrize("page", TEXTS)
def test_texts_are_in_both_languages(page: str) -> None:
    for code, pair in TEXTS[page].items():
        assert len(pair) == 2, code
        assert all(text.strip() for text in pair), code
        assert set(_PLACEHOLDER.findall(pair[0])) == set(_PLACEHOLDER.findall(pair[1])), code
        assert pair[0].count("|") == pair[1].count("|"), code


def test_a_code_has_one_text() -> None:
    """Also beside the catalogue of the API, which answers with its own texts."""
    codes = [code for texts in TEXTS.values() for code in texts]
    assert sorted(codes) == sorted(set(codes))
    assert not set(codes) & set(CATALOGUE)


def test_every_text_that_is_asked_for_exists_and_every_text_is_asked_for() -> None:
    codes = {code for texts in TEXTS.values() for code in texts}
    asked = {found[1] for module in MODULES for found in _LITERAL.findall(read(module))}
    assert asked - codes == set()
    families = {
        prefix
        for module in MODULES
        for prefix in (*_BUILT.findall(read(module)), *(f"{kind}." for kind in _LABELLED.findall(read(module))))
    }
    quoted = {code for code in codes if any(f'"{code}"' in read(module) for module in MODULES)}
    unused = {code for code in codes - quoted if not any(prefix and code.startswith(prefix) for prefix in families)}
    assert unused == set()


def test_a_folder_holds_a_dozen_modules_at_most() -> None:
    """As in `chalicelib/`: what changes together has a room of its own."""
    crowded = {
        folder.relative_to(CONSOLE).as_posix(): found
        for folder in {module.parent for module in MODULES}
        if (found := len(list(folder.glob("*.js")))) > MOST_IN_A_FOLDER
    }
    assert crowded == {}


def test_every_class_has_rules_and_every_rule_a_class() -> None:
    """A class without rules is one that tests look for."""
    sheet = re.sub(r"/\*.*?\*/", "", read(CONSOLE / "app.css"), flags=re.DOTALL)
    ruled = {name for selector in re.findall(r"([^{}]+)\{", sheet) for name in _CSS_CLASS.findall(selector)}
    modules = "\n".join(map(read, MODULES))
    assert {name for name in ruled if not re.search(rf"(?<![\w-]){name}(?![\w-])", modules)} == set()
    written = {
        name
        for found in _CLASSES.findall(modules)
        for name in re.sub(r"\$\{.*?\}", " ", " ".join(found)).split()
        if re.fullmatch(r"[a-z][\w-]*", name)
    }
    tests = "\n".join(map(read, sorted((ROOT / "tests" / "console").rglob("*.py"))))
    assert {name for name in written - ruled if not re.search(rf"\.{name}\b", tests)} == set()


def test_each_colour_is_said_once() -> None:
    """For light and dark in one place, so that neither is forgotten."""
    colours = re.findall(r"(--[a-z-]+): (.*#.*);", read(CONSOLE / "app.css"))
    assert len({name for name, _ in colours}) == len(colours)
    assert all(re.fullmatch(r"light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)", value) for _, value in colours)


def test_markup_is_never_made_of_text() -> None:
    for module in MODULES:
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", read(module)), (
            module.name
        )


def test_the_first_load_is_small() -> None:
    """What the browser loads before the first page: the modules that `main.js` imports, and the sign-in."""
    loaded = _first_modules() | {VENDOR / "oidc-client-ts.min.js"}
    assert (VENDOR / "signals-core.mjs") in loaded
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in loaded) <= MOST_GZIPPED


def test_the_first_modules_are_asked_for_together() -> None:
    """The page names them, so that no module waits until another one that imports it has come."""
    named = re.findall(r'<link rel="modulepreload" href="([^"]+)">', read(CONSOLE / "index.html"))
    assert sorted(named) == sorted(
        file.relative_to(CONSOLE).as_posix() for file in _first_modules() if file.name != "main.js"
    )


def _first_modules() -> set[Path]:
    loaded: set[Path] = set()
    imports = re.findall(r'<script type="importmap">(.*?)</script>', read(CONSOLE / "index.html"), re.DOTALL)[0]
    names = {name: VENDOR / Path(address).name for name, address in json.loads(imports)["imports"].items()}

    def load(file: Path) -> None:
        if file in loaded:
            return
        loaded.add(file)
        for name in re.findall(r"""(?<!@)\b(?:import|export)\b[^;"'`()=]*?\bfrom\s*["']([^"']+)["']""", read(file)):
            load(names[name] if name in names else (file.parent / name).resolve())

    load((CONSOLE / "js" / "main.js").resolve())
    return loaded

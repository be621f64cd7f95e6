"""The parts of an ordinary zip; hostile zips are in tests/hostile/test_hostile_files.py."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.container import BLOCK, Container
from tests.workbooks import Parts, zipped


def written(folder: Path, parts: Parts, method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "any"
    path.write_bytes(zipped(parts, method))
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_part_is_read_unchanged_in_blocks(tmp_path: Path, method: int) -> None:
    content = bytes(range(256)) * 10_000
    with Container(written(tmp_path, {"a.xml": content}, method)) as container:
        blocks = list(container.blocks("a.xml"))
    assert b"".join(blocks) == content
    assert max(map(len, blocks)) <= BLOCK


def test_names_ignore_case_and_the_kind_of_slash(tmp_path: Path) -> None:
    with Container(written(tmp_path, {"XL\\Workbook.xml": "w", "b.xml": ""})) as container:
        assert container.names() == ["xl/workbook.xml", "b.xml"]
        assert "xl/WORKBOOK.xml" in container
        assert "c.xml" not in container
        assert b"".join(container.blocks("Xl/workbook.xml")) == b"w"


def test_part_that_is_read_twice_counts_once(tmp_path: Path) -> None:
    with Container(written(tmp_path, {"a": "x" * 60, "b": "y" * 60}), max_inflated=100) as container:
        for _ in range(3):
            assert b"".join(container.blocks("a")) == b"x" * 60
        with pytest.raises(InvalidFile, match="arquivo_suspeito"):
            list(container.blocks("b"))


def test_missing_part_is_a_broken_file(tmp_path: Path) -> None:
    with Container(written(tmp_path, {"a": "x"})) as container, pytest.raises(InvalidFile, match="corrompido"):
        list(container.blocks("b"))


def test_file_is_closed_on_exit(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": "x"})
    with Container(path):
        pass
    path.unlink()
    assert not path.exists()

"""Measures coverage with marks in our own code instead of a tracer: `pytest -p tests.coverage_probes`.

Before Python 3.14, coverage.py measures branches with a tracer, and a tracer slows down every line of every library.
Here the modules that `[tool.coverage.run]` names get marks when they are imported: an assignment before each statement
and at both ends of each branch. Nothing else becomes slower. The marks that were reached are written as the data of
coverage.py, so that `coverage report` knows statements, branches and exclusions as it always does.

A mark says less than a tracer in one place: an `except` line counts when it, or one below it, catches something.
"""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple, cast

import pytest
from coverage import Coverage
from coverage.data import CoverageData
from coverage.parser import PythonParser

_MARKS = "__coverage_marks__"
_OUTPUT = "coverage_marks"


class Mark(NamedTuple):
    """A statement was begun or, with a body, its condition was decided: for the lines of the body, or against them."""

    line: int
    body: range | None = None
    taken: bool = True


class Source:
    """The marks of one file. Whoever runs its code sets those that it reaches."""

    def __init__(self, path: str) -> None:
        self._tree = ast.parse(Path(path).read_bytes())
        self.path = path
        self.marks = _add_marks(self._tree)
        self.reached = [False] * len(self.marks)

    def run(self, namespace: dict[str, Any]) -> None:
        """Run the module, with its marks."""
        namespace[_MARKS] = self.reached
        exec(self._code, namespace)

    @functools.cached_property
    def _code(self) -> CodeType:
        return compile(self._tree, self.path, "exec", dont_inherit=True)

    def arcs(self) -> set[tuple[int, int]]:
        """What was reached, as coverage.py writes it: line to itself for a statement, line to line for a branch."""
        parser = PythonParser(filename=self.path)
        parser.parse_source()
        targets = defaultdict(set)
        for start, end in parser.arcs():
            targets[start].add(end)
        reached = set()
        for mark, is_reached in zip(self.marks, self.reached, strict=True):
            if not is_reached:
                continue
            if mark.body is None:
                reached.add((mark.line, mark.line))
            else:
                line = parser.first_line(mark.line)
                reached |= {(line, target) for target in targets[line] if (target in mark.body) is mark.taken}
        return reached


def _add_marks(tree: ast.Module) -> list[Mark]:
    marks: list[Mark] = []

    def mark(*news: Mark) -> list[ast.stmt]:
        """Make the statements that set these marks."""
        statements: list[ast.stmt] = []
        for new in news:
            statements += ast.parse(f"{_MARKS}[{len(marks)}] = True").body
            marks.append(new)
            for node in ast.walk(statements[-1]):
                if "lineno" in node._attributes:
                    vars(node).update(lineno=new.line, end_lineno=new.line, col_offset=0, end_col_offset=0)
        return statements

    for node in list(ast.walk(tree)):
        for name in ("body", "orelse", "finalbody"):
            # A lambda and an `if` within an expression have a body that is no list.
            if isinstance(block := getattr(node, name, None), list):
                setattr(node, name, list(_with_marks(block, mark)))
        match node:
            case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
                body = _lines(node.body)
                node.body = [*mark(Mark(node.lineno, body)), *node.body]
                node.orelse = [*mark(Mark(node.lineno, body, taken=False)), *node.orelse]
            case ast.Match():
                _mark_cases(node, mark)
            case ast.Try() | ast.TryStar():
                lines = [Mark(handler.lineno) for handler in node.handlers]
                for number, handler in enumerate(node.handlers, start=1):
                    handler.body = [*mark(*lines[:number]), *handler.body]
    return marks


def _with_marks(block: list[ast.stmt], mark: Any) -> Iterator[ast.stmt]:
    for number, statement in enumerate(block):
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) if not number:
                yield statement  # a docstring stays the first
            case ast.ImportFrom(module="__future__"):
                yield from (statement, *mark(Mark(statement.lineno)))  # nothing may stand before it
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                decorators = [Mark(each.lineno) for each in statement.decorator_list]
                yield from (*mark(*decorators, Mark(statement.lineno)), statement)
            case _:
                yield from (*mark(Mark(statement.lineno)), statement)


def _mark_cases(node: ast.Match, mark: Any) -> None:
    """Who comes to a case has passed those before it. Who passes them all comes to one that is added here."""
    passed: list[Mark] = []
    for case in node.cases:
        line, body = case.pattern.lineno, _lines(case.body)
        case.body = [*mark(*passed, Mark(line), Mark(line, body)), *case.body]
        passed += [Mark(line), Mark(line, body, taken=False)]
    match node.cases[-1]:
        case ast.match_case(pattern=ast.MatchAs(pattern=None), guard=None):
            pass  # takes everything
        case _:
            nothing = ast.copy_location(ast.MatchAs(), node.cases[-1].pattern)
            node.cases.append(ast.match_case(nothing, None, mark(*passed)))


def _lines(block: Sequence[ast.stmt]) -> range:
    """The lines of statements, which may begin with a decorator."""
    first = min(block[0].lineno, *(each.lineno for each in getattr(block[0], "decorator_list", ())), sys.maxsize)
    return range(first, (block[-1].end_lineno or block[-1].lineno) + 1)


class Probes(MetaPathFinder):
    """Imports the modules of these names, and those below them, with marks; knows what all workers reached."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._sources: dict[str, Source] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module of ours where it is always found, to be run with marks."""
        if name.partition(".")[0] not in self._names:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path, self._source(spec.loader.path))
        return spec

    def _source(self, path: str) -> Source:
        return self._sources.get(path) or self._sources.setdefault(path, Source(path))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker reached. A worker that broke down tells nothing."""
        for path, numbers in getattr(node, "workeroutput", {}).get(_OUTPUT, {}).items():
            for number in numbers:
                self._source(path).reached[number] = True

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was reached, or give it to the session that started this worker."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_OUTPUT] = {
                path: [number for number, is_reached in enumerate(source.reached) if is_reached]
                for path, source in self._sources.items()
            }
        else:
            write([self._source(str(path)) for path in self._files()], os.environ.get("COVERAGE_FILE"))

    def _files(self) -> set[Path]:
        """All files of ours: what nobody imports is missing as a whole."""
        specs = [spec for name in self._names if (spec := PathFinder.find_spec(name)) is not None]
        folders = [Path(folder) for spec in specs for folder in spec.submodule_search_locations or ()]
        files = [path for folder in folders for path in folder.rglob("*.py")]
        return {*files, *(Path(spec.origin) for spec in specs if spec.origin)}


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: Source) -> None:
        super().__init__(name, path)
        self._source = source

    def exec_module(self, module: ModuleType) -> None:
        self._source.run(vars(module))


def write(sources: Iterable[Source], file: str | None = None) -> CoverageData:
    """Make the data of coverage.py out of what was reached; in `.coverage`, if nothing else is said."""
    data = CoverageData(file)
    data.erase()
    arcs = {source.path: source.arcs() for source in sources}
    data.add_arcs(arcs)
    data.touch_files(arcs)
    data.write()
    return data


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin before anything of ours is imported."""
    probes = Probes(cast(list[str], Coverage().get_option("run:source")))
    sys.meta_path.insert(0, probes)
    early_config.pluginmanager.register(probes)

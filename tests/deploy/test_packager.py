"""The packager: what it refuses, and the zip that it builds and tests."""

from __future__ import annotations

import re
from pathlib import Path

from tests.deploy.conftest import PROJECT, run


def test_unknown_stage_is_refused_with_a_reason(tmp_path: Path) -> None:
    child = run(PROJECT / "template-extras/package.py", "--stage", "nowhere", "--out", tmp_path)
    assert child.returncode == 1
    assert child.stderr == "error: no stage nowhere in .chalice/config.json: dev, prod\n"


def test_queue_that_no_template_makes_is_refused(project: Path) -> None:
    extras = project / "template-extras/queues.yaml"
    extras.write_text(extras.read_text().replace("disparo-agenda-${Stage}-scheduling\n", "another\n"))
    child = run(project / "template-extras/package.py", "--template-only")
    assert child.returncode == 1
    assert child.stderr == "error: no queue named disparo-agenda-dev-scheduling among the extras\n"


def test_bucket_that_the_template_does_not_make_is_refused(project: Path) -> None:
    app = project / "app.py"
    app.write_text(app.read_text().replace("bucket=settings.bucket", 'bucket="another"'))
    child = run(project / "template-extras/package.py", "--template-only")
    assert child.returncode == 1
    assert "is not the one that the template makes" in child.stderr


def test_zip_without_its_wheels_is_refused(project: Path) -> None:
    (project / "requirements.txt").write_text("")
    child = run(project / "template-extras/package.py")
    assert child.returncode == 1
    assert "the app does not import from the zip" in child.stderr
    assert "ModuleNotFoundError" in child.stderr


def test_zip_without_its_migrations_is_refused(project: Path) -> None:
    (project / "requirements.txt").write_text("")
    (project / "vendor/migrations").unlink()
    child = run(project / "template-extras/package.py")
    assert child.returncode == 1
    assert "001_create_leads_table.sql" in child.stderr


def test_whole_package_imports_from_the_zip_alone(project: Path) -> None:
    """Slow: it downloads every wheel and imports everything that the app names from the zip."""
    out = project / "build/dev"
    child = run(project / "template-extras/package.py", "--stage", "dev", "--out", out)
    assert child.returncode == 0, child.stderr
    assert re.search(r"deployment\.zip: [\d.]+ MB of 50\.0 MB zipped, [\d.]+ MB of 250\.0 MB unzipped", child.stdout)
    assert re.search(r"from the zip alone: \d+ modules and the \d+ that they name import", child.stdout)
    assert {each.name for each in out.iterdir()} == {"sam.json", "deployment.zip"}

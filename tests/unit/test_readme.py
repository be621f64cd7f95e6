"""The two READMEs have the same commands, and a shell can read them."""

from __future__ import annotations

import subprocess

from local.project import ROOT
from tests.documented_steps import blocks

READMES = [ROOT / "README.md", ROOT / "README.pt-BR.md"]
_ASKS_FOR_ENGLISH = " -H 'Accept-Language: en'"


def test_tour_has_the_same_commands_in_both_languages() -> None:
    english, portuguese = ("\n".join(blocks(page, "sh")) for page in READMES)
    assert english.replace(_ASKS_FOR_ENGLISH, "").splitlines() == portuguese.splitlines()


def test_shell_can_read_the_commands_of_the_tour() -> None:
    script = "\n".join(blocks(READMES[0], "sh"))
    subprocess.run(["bash", "-n"], input=script.encode(), check=True)

"""The table that `python -m local ingest` ends with."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from chalicelib.ingestion.jobs.jobs import COUNTS
from local.ingest import shown

JOB: dict[str, Any] = {"job_id": "x", "status": "concluido", "ignorar_ocultas": False, **dict.fromkeys(COUNTS, 1_000)}


def lines(**fields: Any) -> list[str]:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(shown({**JOB, **fields}))
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def reading(**fields: Any) -> dict[str, Any]:
    unread = {"campo": None, "mensagem": "Não foi lida."}
    return {
        "colunas": [
            {"coluna": "A", "titulo": "Nome", "campo": "nome", "mensagem": None},
            {"coluna": "B", "titulo": "[red]Obs", **unread},
            {"coluna": "C", "titulo": "Valor", "campo": "valor", "tipo": "moeda", "oculta": True, "mensagem": None},
        ],
        "abas": [{"aba": "Jan", "lida": True, "mensagem": None}, {"aba": "Fev", "lida": False, "mensagem": "Só uma."}],
        "linhas_ocultas": {"total": 0, "linhas": []},
        "codificacao": None,
        "separador": None,
        "linhas_fisicas": None,
        "recusas": None,
        **fields,
    }


def test_table_tells_of_columns_and_sheets() -> None:
    told = lines(leitura=reading())
    assert "columns A Nome nome" in told
    assert "B [red]Obs -: Não foi lida." in told
    assert "C Valor (hidden) campo valor (moeda)" in told
    assert "sheets Jan read" in told
    assert "Fev -: Só uma." in told
    assert "rows linhas_processadas 1.000" in told
    assert not any(line.startswith(("text", "refused", "duplicates")) for line in told)


def test_table_tells_of_encoding_lines_hidden_rows_refusals_and_duplicates() -> None:
    hidden = {"total": 3, "linhas": [4, 5]}
    told = lines(
        duplicados_por={"id": 1, "documento": 2},
        leitura=reading(
            codificacao="utf-8", separador=";", linhas_fisicas=1_200, recusas={"a": 1, "b": 2}, linhas_ocultas=hidden
        ),
    )
    assert "text codificacao 'utf-8'" in told
    assert "separador ';'" in told
    assert "lines of the file 1.200" in told
    assert "hidden 3 (4, 5, …): read; --ignorar-ocultas leaves them out" in told
    assert told[-4:] == ["refused b 2", "a 1", "duplicates by documento 2", "id 1"]
    assert "hidden 2 (4, 5): left out" in lines(
        ignorar_ocultas=True, leitura=reading(linhas_ocultas={"total": 2, "linhas": [4, 5]})
    )


def test_table_tells_what_a_person_should_know_of_the_file() -> None:
    assert "notices sem_linhas Não há linhas." in lines(
        leitura=reading(avisos=[{"codigo": "sem_linhas", "mensagem": "Não há linhas."}])
    )


def test_job_whose_file_was_not_opened_is_shown() -> None:
    assert lines(leitura=None)[:2] == ["job job_id x", "status concluido"]

"""The settings of administrators."""

from __future__ import annotations

from collections.abc import Iterator

from tests.console.people import Person

_WEEK = [{"inicio": "09:00", "fim": "12:00"}, {"inicio": "13:00", "fim": "18:00"}]


def shots(person: Person) -> Iterator[str]:
    """Each section with a few rows, and two of the windows."""
    for name in ("Ana Souza", "Bruno Lima", "Carla Dias"):
        days = dict.fromkeys(("seg", "ter", "qua", "qui", "sex"), _WEEK)
        email = f"{name.split()[0].lower()}@example.com"
        person.rest.ask("POST", "/responsaveis", json={"nome": name, "email": email, "expediente": days})
    for email, grupo in (("bia@example.com", "operador"), ("caio@example.com", "leitor")):
        person.rest.ask("POST", "/usuarios", json={"email": email, "grupo": grupo})
    for contato in ("71988881234", "71977771234"):
        person.rest.ask(
            "POST", "/supressoes", json={"canal": "whatsapp", "contato": contato, "nota": "pediu por telefone"}
        )
    person.rest.ask("POST", "/chaves", json={"nome": "ERP", "grupo": "operador"})
    person.rest.ask("POST", "/assinaturas", json={"url": "http://127.0.0.1:9/aviso", "eventos": ["lead.created"]})
    for section in ("responsaveis", "usuarios", "supressoes", "titulares", "chaves", "assinaturas", "auditoria"):
        person.go(f"configuracao?secao={section}")
        yield f"configuracao-{section}"
    person.go("configuracao?secao=responsaveis")
    person.keys("n")
    yield "configuracao-novo-responsavel"

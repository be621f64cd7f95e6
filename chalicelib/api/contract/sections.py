"""The sections of the contract: which operations stand together, and what each section is about."""

from __future__ import annotations

from typing import NamedTuple


class ContractSection(NamedTuple):
    """A tag of the contract."""

    name: str
    """In ASCII, because generated clients name their modules after it."""
    description: str
    paths: tuple[str, ...]
    """The beginnings of the paths of its operations."""


SECTIONS = (
    ContractSection("ingestao", "Files of leads become jobs, and jobs become leads.", ("/ingest/",)),
    ContractSection("leads", "People and companies, with their contacts, notes and history.", ("/leads", "/campos")),
    ContractSection("segmentos", "Filters of leads that are kept under a name.", ("/segmentos",)),
    ContractSection("templates", "The words of messages, in versions.", ("/templates",)),
    ContractSection(
        "disparos",
        "Messages, each to one contact of one lead.",
        ("/disparos", "/disparo/", "/leads/{lead_id}/disparos"),
    ),
    ContractSection("campanhas", "Messages to all leads of a filter, in steps and variants.", ("/campanhas",)),
    ContractSection("canais", "The ways by which messages leave; a person may pause them.", ("/canais",)),
    ContractSection("respostas", "What people write back, and whether they ask for silence.", ("/respostas",)),
    ContractSection(
        "supressoes", "Contacts and people to whom no message goes.", ("/supressoes", "/leads/{lead_id}/supressao")
    ),
    ContractSection(
        "agenda",
        "Meetings with leads, the people who hold them, and when these are free.",
        ("/agendamentos", "/agendas", "/agenda/", "/responsaveis", "/bloqueios", "/leads/{lead_id}/agendamentos"),
    ),
    ContractSection("titulares", "The rights of a person under the LGPD.", ("/titulares", "/leads/{lead_id}/exportar")),
    ContractSection("assinaturas", "Addresses that are told what happens.", ("/assinaturas",)),
    ContractSection("usuarios", "The people of the tenant, and what each may do.", ("/usuarios", "/pessoas")),
    ContractSection("chaves", "API keys of programs.", ("/chaves",)),
    ContractSection("auditoria", "Who changed what.", ("/auditoria",)),
    ContractSection(
        "tenant",
        "The configuration of the tenant, the addresses for its providers, and who the caller is.",
        ("/tenant/", "/eu"),
    ),
    ContractSection(
        "abertas",
        "Pages behind a link, and webhooks of providers: they take no token.",
        ("/descadastro", "/convite", "/webhooks"),
    ),
    ContractSection("servico", "The service itself.", ("/saude", "/openapi.json", "/docs")),
)
EVENTS = ContractSection("eventos", "What a subscription is told, as Standard Webhooks 1.0.", ())


def section_of(path: str) -> str:
    """The name of the section of a path; of those that fit, the one that names more of it.

    Raises:
        ValueError: no section has this path.
    """
    fitting = [(len(start), each.name) for each in SECTIONS for start in each.paths if path.startswith(start)]
    return max(fitting)[1]

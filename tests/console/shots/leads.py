"""The list of leads and its windows, one lead, and a segment."""

from __future__ import annotations

from collections.abc import Iterator

from tests.console.people import Person

_LEADS: tuple[tuple[str, str | None, str, str, float, list[str]], ...] = (
    ("Ana Souza", "529.982.247-25", "71999991234", "Salvador", 1500.5, ["vip", "quente"]),
    ("Bruno Lima", "111.444.777-35", "11988885678", "São Paulo", 80, []),
    ("Padaria Vale Encantado Ltda.", "11.222.333/0001-81", "71988880001", "Camaçari", 12840.9, ["empresa"]),
    ("Carla Dias", None, "21977770002", "Rio de Janeiro", 310, ["quente"]),
)


def shots(person: Person) -> Iterator[str]:
    """The list, its filters, the chosen leads; the lead, a value that is edited, its windows; a segment."""
    ids = []
    for nome, documento, telefone, cidade, valor, tags in _LEADS:
        campos = {"cidade": cidade, "valor": valor, "vencimento": "2026-12-05"}
        contacts = {"telefones": [telefone, "(71) 3333-4444"], "emails": [f"{nome.split()[0].lower()}@example.com"]}
        lead = {"nome": nome, "documento": documento, "campos": campos, "tags": tags, **contacts}
        ids.append(person.rest.ask("POST", "/leads", json=lead)["lead_id"])
    words = {"canal": "whatsapp", "idioma": "pt_BR"}
    text = "Olá, {{nome}}! Sua parcela de {{valor|moeda}} vence em {{vencimento|data}}. Use o cupom {{cupom}}."
    person.rest.ask("PUT", "/templates/lembrete", json={**words, "texto": text})
    overdue = {"todos": [{"status": ["novo"]}, {"campo": {"nome": "valor", "op": ">", "valor": 100}}]}
    segment = person.rest.ask("POST", "/segmentos", json={"nome": "Devem mais de R$ 100", "filtro": overdue})
    yield from _of_the_list(person)
    yield from _of_a_lead(person, ids[0])
    person.go("leads/segmentos")
    yield "leads-segmentos"
    person.go(f"leads/segmentos/{segment['segmento_id']}?editar=1")
    person.page.locator(".reach").wait_for()
    yield "leads-segmento"


def _of_the_list(person: Person) -> Iterator[str]:
    page = person.go("leads")
    yield "leads"
    page.get_by_role("button", name="Filtros", exact=True).click()
    page.get_by_label("Campo da planilha").select_option("valor")
    yield "leads-filtros"
    person.keys("Escape")
    page.get_by_label("Escolher todas as linhas").check()
    page.get_by_role("button", name="Enviar mensagem").click()
    page.get_by_role("dialog").get_by_label("Modelo da mensagem").select_option("lembrete")
    page.get_by_label("Variável cupom").fill("DEZ")
    page.get_by_text("Use o cupom DEZ").first.wait_for()
    yield "leads-enviar"
    person.keys("Escape")


def _of_a_lead(person: Person, lead: str) -> Iterator[str]:
    person.rest.ask("POST", f"/leads/{lead}/notas", json={"texto": "Prefere ser chamada à tarde."})
    person.rest.ask("PATCH", f"/leads/{lead}", json={"nome": "Ana Maria Souza", "motivo": "Corrigido por telefone"})
    page = person.go(f"leads/{lead}")
    page.locator(".timeline").wait_for()
    yield "leads-detalhe"
    page.get_by_role("button", name="Editar valor").click()
    yield "leads-editar"
    person.keys("Escape")
    page.get_by_role("button", name="Marcar conversa").click()
    page.get_by_label("Com quem").wait_for()
    yield "leads-marcar"
    person.keys("Escape")

"""The tour of the README by the client that openapi-python-client made.

`python tour.py API TOKEN SAMPLE CARTEIRA PROVIDER`: two workbooks, and the provider that is told to lose an answer.
It prints a line for each step, with a tab: what was asked, and what the typed answer said. It ends at the first answer
that is not of the model that it should be.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import httpx
from disparo_agenda_client import AuthenticatedClient, Client, models
from disparo_agenda_client.api.agenda import (
    confirm_agendamento,
    create_agenda,
    create_agendamento,
    get_agenda,
    get_agendamento,
    get_agendamento_file,
    list_agendamentos,
    show_briefing,
)
from disparo_agenda_client.api.auditoria import list_auditoria
from disparo_agenda_client.api.campanhas import (
    cancel_campanha,
    check_campanha,
    create_campanha,
    export_campanha,
    get_campanha,
    list_destinatarios,
    pause_campanha,
    repeat_campanha,
    resume_campanha,
    schedule_campanha,
    test_campanha,
)
from disparo_agenda_client.api.canais import pause_canal
from disparo_agenda_client.api.chaves import create_chave, revoke_chave
from disparo_agenda_client.api.disparos import (
    cancel_disparo,
    create_disparo,
    disparo_overview,
    get_disparo,
    resend_disparo,
    resolve_disparo,
)
from disparo_agenda_client.api.ingestao import (
    create_ingest_job,
    get_ingest_errors,
    get_ingest_job,
    get_ingest_preview,
    undo_ingest_job,
)
from disparo_agenda_client.api.leads import get_lead, list_leads, list_leads_ready
from disparo_agenda_client.api.segmentos import count_segmento, create_segmento
from disparo_agenda_client.api.servico import health
from disparo_agenda_client.api.templates import preview_template, put_template
from disparo_agenda_client.api.tenant import patch_tenant_config
from disparo_agenda_client.models.create_ingest_job_files_ingest_options_mapeamento import (
    CreateIngestJobFilesIngestOptionsMapeamento as FormMapping,
)
from disparo_agenda_client.types import File, Response

T = TypeVar("T")
_MOST_S = 120
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def main(api: str, token: str, sample: Path, carteira: Path, provider: str) -> None:
    """Do every step, the one on what the one before has made."""
    client = AuthenticatedClient(api, token, timeout=httpx.Timeout(60))
    said("saude", of(models.HealthAnswer, health.sync_detailed(client=Client(api))).status)
    upload_workbooks(client, sample, carteira)
    lead = look_at_leads(client)
    send(client, lead)
    lose_an_answer(client, provider)
    send_to_many(client)
    book(client, lead)
    be_refused(api, client, lead)


def upload_workbooks(client: AuthenticatedClient, sample: Path, carteira: Path) -> None:
    """In a form, with a list and a mapping; by announcing it, as a dry run; and back again."""
    body = models.CreateIngestJobFilesIngestOptions(file_of(sample), modo=models.IngestMode.IGNORAR)
    job = of(models.JobAnswer, create_ingest_job.sync_detailed(client=client, body=body), 202)
    done = followed(client, job)
    said("upload", f"{done.status} {done.leads_criados} leads, {done.linhas_rejeitadas} refused")
    report = of(models.ReportLink, get_ingest_errors.sync_detailed(job.job_id, client=client))
    said("refused rows", httpx.get(report.url).raise_for_status().text.splitlines()[0])

    mapping = FormMapping()
    mapping["Ramal"], mapping["Valor da Dívida"] = "ignorar", "campo:valor"
    body = models.CreateIngestJobFilesIngestOptions(
        file_of(carteira), tags=["carteira", "cobrança"], mapeamento=mapping
    )
    job = of(models.JobAnswer, create_ingest_job.sync_detailed(client=client, body=body), 202)
    done = followed(client, job)
    expect(sorted(done.tags) == ["carteira", "cobrança"], f"the tags of the job are {done.tags}")
    said("upload of debtors", f"{done.leads_criados} leads with the tags {' and '.join(done.tags)}")

    request = models.UploadRequest(sample.name, sample.stat().st_size, validar_apenas=True)
    announced = of(models.AnnouncedJobAnswer, create_ingest_job.sync_detailed(client=client, body=request), 202)
    form = announced.upload.fields.additional_properties
    httpx.post(
        announced.upload.url, data=form, files={"file": (sample.name, sample.read_bytes(), _XLSX)}
    ).raise_for_status()
    done = followed(client, announced)
    preview = of(models.PreviewAnswer, get_ingest_preview.sync_detailed(announced.job_id, client=client))
    said("dry run", f"{done.duplicados} duplicates, {len(preview.itens)} rows shown")

    rows = "Nome;Email;Telefone\nZé da Silva;ze@example.com;(71) 99999-1234\n"
    more = File(BytesIO(rows.encode()), "mais.csv", "text/csv")
    body = models.CreateIngestJobFilesIngestOptions(more)
    job = of(models.JobAnswer, create_ingest_job.sync_detailed(client=client, body=body), 202)
    followed(client, job)
    of(models.JobAnswer, undo_ingest_job.sync_detailed(job.job_id, client=client), 202)
    undone = until(
        lambda: of(models.JobDetail, get_ingest_job.sync_detailed(job.job_id, client=client)),
        lambda found: found.desfeito_em is not None,
    )
    said("undo", f"{undone.status}, {undone.leads_removidos} lead removed")


def look_at_leads(client: AuthenticatedClient) -> models.LeadDetail:
    """By a filter, by pages, and one of them whole."""
    found = of(models.LeadPage, list_leads.sync_detailed(client=client, q="limpeza", limit=2))
    first = of(models.LeadPage, list_leads.sync_detailed(client=client, limit=2))
    expect(first.proximo is not None, "there is no next page")
    after = of(models.LeadPage, list_leads.sync_detailed(client=client, limit=2, cursor=str(first.proximo)))
    expect({each.lead_id for each in first.itens}.isdisjoint(each.lead_id for each in after.itens), "a page came twice")
    said("leads", f"{found.total} of {first.total} with “limpeza”")
    by_campo = models.ListLeadsCampo()
    by_campo["campo.valor_min"] = "99999999"
    none = of(models.LeadPage, list_leads.sync_detailed(client=client, campo=by_campo))
    expect(none.total == 0, f"{none.total} leads have a campo that nobody has")
    ready = of(
        models.ReadyLeadPage, list_leads_ready.sync_detailed(client=client, tipo_contato=models.ContactKinds.AMBOS)
    )
    lead = of(models.LeadDetail, get_lead.sync_detailed(ready.itens[0].lead_id, client=client))
    expect(lead.supressao is None, "the lead is suppressed")
    said("one lead", f"{lead.status}, {len(lead.telefones)} phones, {len(lead.emails)} e-mails")
    return lead


def send(client: AuthenticatedClient, lead: models.LeadDetail) -> None:
    """A template, what it would say, a disparo that leaves, and one that is scheduled and cancelled."""
    at_any_time = models.ConfigPatch(
        janela=models.SendWindow(ligada=False),
        limites=models.SendLimits(
            whatsapp=models.SendLimit(por_minuto=1200), email=models.EmailSendLimit(por_minuto=1200)
        ),
    )
    saved = of(models.SavedConfig, patch_tenant_config.sync_detailed(client=client, body=at_any_time))
    said("config", f"janela ligada: {saved.janela.ligada}")
    words = 'Olá, {{nome|titulo|padrao:"tudo bem"}}! Podemos conversar?'
    template = models.NewTemplate(models.Canal.WHATSAPP, "pt_BR", words)
    made = of(models.TemplateAnswer, put_template.sync_detailed("lembrete", client=client, body=template))
    request = models.PreviewRequest(lead_id=lead.lead_id)
    shown = of(models.TemplatePreview, preview_template.sync_detailed("lembrete", client=client, body=request))
    [preview] = shown.itens
    expect(preview.mensagem is not None, f"the template cannot be filled: {preview.erros}")
    said("template", f"{made.nome} {made.versao}: {preview.mensagem.texto if preview.mensagem else ''}")

    values = models.PayloadVariaveis()
    values["nome"] = "Ana"
    new = models.NewDisparo(models.Canal.WHATSAPP, "lembrete", payload=models.Payload(variaveis=values))
    first, again = (
        create_disparo.sync_detailed(lead.lead_id, client=client, body=new, idempotency_key="tour") for _ in range(2)
    )
    disparo = of(models.DisparoDetail, first, 201)
    expect(of(models.DisparoDetail, again, 201).disparo_id == disparo.disparo_id, "the key made two disparos")
    sent = until(
        lambda: of(models.DisparoDetail, get_disparo.sync_detailed(disparo.disparo_id, client=client)),
        lambda found: (
            found.status is not models.DisparoStatus.PENDENTE and found.status is not models.DisparoStatus.ENVIANDO
        ),
    )
    expect(sent.status in {models.DisparoStatus.ENVIADO, models.DisparoStatus.CONFIRMADO}, f"it is {sent.status}")
    said("disparo", f"{sent.status}; Idempotency-Replayed: {again.headers['Idempotency-Replayed']}")

    new.agendar_para = tomorrow()
    later = of(models.DisparoDetail, create_disparo.sync_detailed(lead.lead_id, client=client, body=new), 201)
    gone = of(models.DisparoDetail, cancel_disparo.sync_detailed(later.disparo_id, client=client))
    said("cancel", f"{later.status}, then {gone.status}")


def lose_an_answer(client: AuthenticatedClient, provider: str) -> None:
    """The provider has a message and its answer is lost: a person decides, and it is sent again."""
    lost = {"falhas": [{"conexao": "depois", "limite": 1}]}
    httpx.put(f"{provider}/admin/falhas", json=lost).raise_for_status()
    ready = of(
        models.ReadyLeadPage, list_leads_ready.sync_detailed(client=client, tipo_contato=models.ContactKinds.AMBOS)
    )
    new = models.NewDisparo(models.Canal.WHATSAPP, "lembrete")
    made = of(models.DisparoDetail, create_disparo.sync_detailed(ready.itens[0].lead_id, client=client, body=new), 201)
    doubt = until(
        lambda: of(models.DisparoDetail, get_disparo.sync_detailed(made.disparo_id, client=client)),
        lambda found: found.status is models.DisparoStatus.INCERTO,
    )
    httpx.put(f"{provider}/admin/falhas", json={}).raise_for_status()
    decision = models.ResolutionRequest(models.Resolution.NAO_ENVIADO)
    resolved = of(models.DisparoDetail, resolve_disparo.sync_detailed(doubt.disparo_id, client=client, body=decision))
    again = of(models.DisparoDetail, resend_disparo.sync_detailed(doubt.disparo_id, client=client))
    said("lost answer", f"{doubt.status} {doubt.erro_codigo}, then {resolved.status}, then {again.status}")


def send_to_many(client: AuthenticatedClient) -> None:
    """A segment, a campaign, who would get it, a test, another day, and today."""
    overdue = models.SegmentFilter(
        todos=[
            models.SegmentFilter(campo=models.CampoCondition("vencimento", models.CampoOperator("<"), "hoje")),
            models.SegmentFilter(campo=models.CampoCondition("valor", models.CampoOperator(">"), 100)),
        ]
    )
    segment = of(
        models.SegmentAnswer,
        create_segmento.sync_detailed(client=client, body=models.NewSegment("Vencidas", overdue)),
        201,
    )
    count = of(
        models.SegmentCountAnswer,
        count_segmento.sync_detailed(client=client, body=models.SegmentCount(segmento_id=segment.segmento_id)),
    )
    said("segment", f"{count.total} leads, {count.por_canal.whatsapp} by whatsapp")
    words = "Olá, {{nome|titulo}}! Sua parcela de {{valor|moeda}} venceu em {{vencimento|data}}."
    for name, canal, subject in (
        ("vencida", models.Canal.WHATSAPP, None),
        ("vencida-email", models.Canal.EMAIL, "Sua parcela"),
    ):
        template = models.NewTemplate(canal, "pt_BR", words, assunto=subject)
        of(models.TemplateAnswer, put_template.sync_detailed(name, client=client, body=template))
    messages = [
        models.CampaignMessage(models.Canal.WHATSAPP, "vencida"),
        models.CampaignMessage(models.Canal.EMAIL, "vencida-email"),
    ]
    new = models.NewCampaign(
        "Vencidas",
        segmento_id=segment.segmento_id,
        etapas=[models.CampaignStep([models.CampaignVariant(messages)])],
    )
    draft = of(models.CampaignAnswer, create_campanha.sync_detailed(client=client, body=new), 201)
    preflight = of(models.PreflightAnswer, check_campanha.sync_detailed(draft.campanha_id, client=client))
    expect(preflight.publico == count.total, f"the audience is {preflight.publico}")
    said("preflight", f"{preflight.elegiveis} of {preflight.publico}: {preflight.previsao.mensagem}")
    team = models.TrialSend([models.TrialContact(models.Canal.EMAIL, "equipe@example.com")])
    trial = of(models.TrialList, test_campanha.sync_detailed(draft.campanha_id, client=client, body=team), 201)
    said("test", f"{len(trial.itens)} to the team")
    planned = of(
        models.CampaignAnswer,
        schedule_campanha.sync_detailed(
            draft.campanha_id, client=client, body=models.CampaignStart(iniciar_em=tomorrow())
        ),
    )
    reason = models.GivenReason("o chefe ligou")
    paused = of(models.StoppedCampaign, pause_campanha.sync_detailed(draft.campanha_id, client=client, body=reason))
    expect([each.codigo for each in paused.espera] == ["pessoa"], f"it waits for {paused.espera}")
    resumed = of(models.CampaignAnswer, resume_campanha.sync_detailed(draft.campanha_id, client=client))
    stopped = of(
        models.StoppedCampaign,
        cancel_campanha.sync_detailed(draft.campanha_id, client=client, body=models.GivenReason("vai hoje")),
    )
    moves = (planned.status, paused.status, resumed.status, stopped.status)
    said("campaign", ", then ".join(moves))
    pending = models.CampaignAgain(models.AgainFor.PENDENTES, nome="Vencidas, hoje")
    today = of(
        models.CampaignAnswer, repeat_campanha.sync_detailed(draft.campanha_id, client=client, body=pending), 201
    )
    of(
        models.CampaignAnswer,
        schedule_campanha.sync_detailed(today.campanha_id, client=client, body=models.CampaignStart()),
    )
    ended = until(
        lambda: of(models.CampaignAnswer, get_campanha.sync_detailed(today.campanha_id, client=client)),
        lambda found: 0 < found.contadores.planejados == found.contadores.enviados + found.contadores.falhas,
    )
    page = of(models.RecipientPage, list_destinatarios.sync_detailed(today.campanha_id, client=client, limit=5))
    link = of(models.RecipientExportLink, export_campanha.sync_detailed(today.campanha_id, client=client))
    rows = httpx.get(link.url).raise_for_status().text.splitlines()
    expect(len(page.itens) == min(5, ended.contadores.planejados), "recipients are missing")
    said(
        "campaign today", f"{ended.contadores.enviados} of {ended.contadores.planejados} sent, {len(rows)} lines as CSV"
    )
    overview = of(models.OverviewAnswer, disparo_overview.sync_detailed(client=client))
    said("overview", f"{overview.por_status.enviado} enviado")


def book(client: AuthenticatedClient, lead: models.LeadDetail) -> None:
    """A meeting, another at the same time, and both calendar files."""
    new = models.NewAgendamento(
        models.AgendamentoKind.REUNIAO, models.AgendamentoCanal.VIDEO, tomorrow(), responsavel="Bruno"
    )
    booked = of(models.AgendamentoDetail, create_agendamento.sync_detailed(lead.lead_id, client=client, body=new), 201)
    taken = of(models.Problem, create_agendamento.sync_detailed(lead.lead_id, client=client, body=new), 409)
    expect(isinstance(taken.ocupado, models.ProblemOcupadoType0), "what is there is not named")
    free = taken.horarios_livres
    expect(isinstance(free, list) and len(free) == 3, f"free times: {free}")
    said("meeting", f"{booked.status}; again: {taken.status} {taken.code}, {taken.title}")
    confirmed = of(models.AgendamentoDetail, confirm_agendamento.sync_detailed(booked.agendamento_id, client=client))
    seen = of(models.AgendamentoDetail, get_agendamento.sync_detailed(booked.agendamento_id, client=client))
    listed = of(models.AgendamentoPage, list_agendamentos.sync_detailed(client=client, responsavel="Bruno"))
    expect([each.agendamento_id for each in listed.itens] == [booked.agendamento_id], "the list has others")
    briefing = of(models.Briefing, show_briefing.sync_detailed(booked.agendamento_id, client=client))
    expect(briefing.lead.lead_id == lead.lead_id, "the briefing is of another lead")
    said("confirmed", f"{confirmed.status}, {seen.data_local:%H:%M} there")
    invitation = of(str, get_agendamento_file.sync_detailed(booked.agendamento_id, client=client))
    feed = of(models.NewFeedAnswer, create_agenda.sync_detailed(client=client, body=models.NewFeed("Bruno")), 201)
    address, _, name = feed.url.rpartition("/agenda/")
    shown = of(str, get_agenda.sync_detailed(name.removesuffix(".ics"), client=Client(address)))
    said("calendar", f"{invitation.splitlines()[0]}, and a feed of {shown.count('BEGIN:VEVENT')}")


def be_refused(api: str, client: AuthenticatedClient, lead: models.LeadDetail) -> None:
    """Problems are models, too: of a field, without a token, and of a key that may only read."""
    template = models.NewTemplate(models.Canal.WHATSAPP, "pt_BR", "Sua parcela de {{parcela|moeda}} vence hoje.")
    of(models.TemplateAnswer, put_template.sync_detailed("cobranca", client=client, body=template))
    new = models.NewDisparo(models.Canal.WHATSAPP, "cobranca")
    wrong = of(models.Problem, create_disparo.sync_detailed(lead.lead_id, client=client, body=new), 422)
    expect(isinstance(wrong.errors, list), "no field is named")
    said("422", f"{wrong.code} {[each.pointer for each in wrong.errors or []]}")
    nobody = AuthenticatedClient(api, "not a token")
    said("401", of(models.Problem, list_leads.sync_detailed(client=nobody), 401).code)
    made = of(
        models.NewKeyAnswer,
        create_chave.sync_detailed(client=client, body=models.NewKey("Painel", models.Group.LEITOR)),
        201,
    )
    program = AuthenticatedClient(api, made.chave)
    total = of(models.LeadPage, list_leads.sync_detailed(client=program, limit=1)).total
    refused = of(models.Problem, pause_canal.sync_detailed("email", client=program), 403)
    said("key", f"reads {total} leads, else {refused.code}")
    gone = revoke_chave.sync_detailed(made.chave_id, client=client)
    expect(gone.status_code == 204, f"the key is not revoked: {gone.status_code}")
    audited = of(models.AuditPage, list_auditoria.sync_detailed(client=client, limit=1))
    said("audit", f"{audited.itens[0].acao} {audited.itens[0].objeto}")


def followed(client: AuthenticatedClient, job: models.JobAnswer | models.AnnouncedJobAnswer) -> models.JobDetail:
    """A job when it has ended well."""
    done = until(
        lambda: of(models.JobDetail, get_ingest_job.sync_detailed(job.job_id, client=client)),
        lambda found: found.concluido_em is not None or found.erro_codigo is not None,
    )
    expect(done.status is models.JobDetailStatus.CONCLUIDO, f"the job is {done.status} {done.erro_codigo}")
    return done


def file_of(path: Path) -> File:
    """A workbook as a part of a form."""
    return File(path.open("rb"), path.name, _XLSX)


def tomorrow() -> datetime:
    """This time tomorrow, to the second."""
    return (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


def of(kind: type[T], response: Response[Any], status: int = 200) -> T:
    """The typed answer; ends the tour if it is another one."""
    if response.status_code != status or not isinstance(response.parsed, kind):
        sys.exit(f"expected {status} {kind.__name__}: {response.status_code} {response.content[:500]!r}")
    return response.parsed


def until(ask: Callable[[], T], ended: Callable[[T], bool]) -> T:
    """What is found when it has ended."""
    deadline = time.monotonic() + _MOST_S
    while not ended(found := ask()):
        if time.monotonic() > deadline:
            sys.exit(f"not within {_MOST_S} s: {found}")
        time.sleep(0.2)
    return found


def expect(is_so: bool, otherwise: str) -> None:
    """End the tour unless it is so."""
    if not is_so:
        sys.exit(otherwise)


def said(step: str, answer: str) -> None:
    """Report a step."""
    print(f"{step}\t{answer}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])

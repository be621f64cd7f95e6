"""Answers about ingestion jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.campos import CampoType
from chalicelib.contacts.telephones import PhoneKind
from chalicelib.ingestion.layout.words import Role
from chalicelib.ingestion.options import DedupKey, IngestMode, Separator, TextEncoding
from chalicelib.leads.states import LeadStatus


class JobAnswer(AnswerModel):
    """One ingestion of one file."""

    job_id: UUID
    status: Literal["aceito", "processando", "concluido", "erro", "cancelado"]
    nome_arquivo: str
    tamanho_bytes: int | None
    """Null until the file has arrived."""
    aba: str | None
    """The sheet that is read, `*` if several are; null until the file is opened, and for a file without sheets."""
    modo: IngestMode
    deduplicar_por: tuple[DedupKey, ...]
    """Which keys may say that a row is a lead that is there already."""
    origem: str
    """The system whose `ID`s the file has; "" if the upload named none."""
    validar_apenas: bool
    """Whether the job is a dry run, which stores no lead."""
    aba_pedida: str | None
    """The sheet that the upload asked for."""
    ignorar_ocultas: bool
    """Whether hidden and filtered rows are left out."""
    adivinhar: bool
    """Whether columns with unknown titles are read by their cells."""
    codificacao_pedida: TextEncoding | None
    """The encoding of a text file that the upload named; null if the content decides."""
    separador_pedido: Separator | None
    """What stands between the cells of a text file, as the upload said; null if the content decides."""
    mapeamento: dict[str, str] | None
    """What columns are taken for, by their titles, as the upload said or as was remembered; null if nobody said it."""
    mapeamento_lembrado: bool
    """Whether the mapping is that of an earlier upload with the same titles."""
    tags: tuple[str, ...]
    """What each lead gets that the file makes or changes."""
    linhas_estimadas: int | None
    """How many rows the file seems to have; null until it is opened, and if it does not say."""
    linhas_processadas: int
    leads_criados: int
    leads_atualizados: int
    duplicados: int
    """Rows whose lead was there already and was not changed."""
    duplicados_por: dict[str, int]
    """The rows whose lead was there already, changed or not, by what told so: documento, id, arquivo (the same row of
    the same file), contato (and the name). Jobs of before version 018 of the database do not say it.
    """
    correcoes_ignoradas: int
    """Rows of a corrected error report whose lead was left alone. `modo=atualizar`, or no `modo`, applies them."""
    linhas_rejeitadas: int
    telefones_criados: int
    emails_criados: int
    telefones_validos: int
    """Those of the created phones that are valid for sending."""
    emails_validos: int
    """Those of the created e-mails that are valid for sending."""
    cancelamento_pedido: bool
    """Whether the job is to stop before its next batch."""
    erro_codigo: str | None
    """Why the job ended as `erro`."""
    mensagem_erro: str | None
    """The sentence of `erro_codigo`."""
    criado_por: str | None
    """Who asked for it, as the audit names them; null if the file was put straight into the bucket."""
    criado_em: datetime
    iniciado_em: datetime | None
    retomado_em: datetime | None
    """When the job was last resumed."""
    atualizado_em: datetime
    concluido_em: datetime | None
    """When the job ended, whatever its status."""
    desfazer_pedido_em: datetime | None
    """When somebody asked for the job to be undone."""
    leads_removidos: int
    """Leads that undoing the job has removed so far."""
    leads_mantidos: dict[str, int]
    """Leads that undoing the job has kept so far, by reason: disparos, agendamentos, status, tags, alterado."""
    mesclas_desfeitas: int
    """Leads of before the job, changed by it, that undoing the job has put back so far."""
    mesclas_mantidas: dict[str, int]
    """Those that it has left as they are, by reason: disparos (to a contact that the job added), alterado, removido."""
    desfeito_em: datetime | None
    """When undoing the job was done."""
    linhas_por_segundo: float | None
    """The rate since the job began or was last resumed; null before the first rows."""
    segundos_restantes: float | None
    """An estimate; null unless the job is running and the number of rows is known."""
    parado: bool
    """Whether a job that should be moving has stood still for more than a minute."""


class ColumnReading(AnswerModel):
    """What became of a column."""

    coluna: str
    """Its letters: A, B, …"""
    oculta: bool
    """Whether the sheet hides it; it is read like any other."""
    titulo: str
    campo: Role | str | None
    """What it was read as, or the name of the campo by which it is kept; null if it was left out."""
    tipo: CampoType | None
    """The type of a campo; null if the column is one of ours, or was left out."""
    textos: int
    """Cells so far that do not read as `tipo`, and are kept as a text."""
    proposta: Role | None
    """What its cells look like, if its title is not known: it is read with `adivinhar`."""
    codigo: str | None
    """Why it was not read, or read by its cells; null if its title says it all."""
    mensagem: str | None
    """The sentence of `codigo`."""


class SheetReading(AnswerModel):
    """What became of a sheet."""

    aba: str
    lida: bool
    oculta: bool
    linhas: int | None
    """About how many rows are below its titles; null if it has none, or does not say."""
    codigo: str | None
    """Why it was not read."""
    mensagem: str | None
    """The sentence of `codigo`."""


class HiddenRows(AnswerModel):
    """Hidden and filtered rows among those that were read so far."""

    total: int
    linhas: tuple[int, ...]
    """The numbers of the first hundred, each in its sheet."""


class FileNotice(AnswerModel):
    """What a person should know of a file as a whole, though nothing in it was refused."""

    codigo: str
    mensagem: str
    """The sentence of `codigo`."""


class FileReading(AnswerModel):
    """How the file was read: nothing in it is ignored in silence."""

    linha_dos_titulos: int
    colunas: tuple[ColumnReading, ...]
    abas: tuple[SheetReading, ...]
    """Those that are read come first. Empty for a text file; at most two hundred."""
    linhas_ocultas: HiddenRows
    codificacao: str | None
    """How a text file was decoded."""
    separador: str | None
    """What stands between the columns of a text file."""
    linhas_fisicas: int | None
    """The lines of a text file; a row has several if a cell has line breaks. Null until the end of the file is read."""
    recusas: dict[str, int] | None
    """How often each code of a refusal occurs; null until the job has ended."""
    avisos: tuple[FileNotice, ...]
    """`sem_linhas`: there is no row of data below the titles."""


class JobDetail(JobAnswer):
    """A job, and how its file was read."""

    leitura: FileReading | None
    """Null until the file is opened."""


class PresignedForm(AnswerModel):
    """The form that uploads the file to S3: a multipart POST of these fields, with the field `file` as the last one.

    `Content-Type` is among them; S3 takes the file as this type and as no other.
    """

    url: str
    fields: dict[str, str]


class AnnouncedJobAnswer(JobAnswer):
    """A job whose file is still to be uploaded."""

    upload: PresignedForm


class JobPage(PageModel):
    """A page of jobs."""

    itens: tuple[JobAnswer, ...]


class ReportLink(AnswerModel):
    """Where the error report of a job can be downloaded, as CSV."""

    url: str
    expira_em_s: int
    """For how many seconds the URL is valid."""


class PreviewPhone(AnswerModel):
    """A phone as it would be stored."""

    telefone: str
    """E.164."""
    ordem: int
    principal: bool
    tipo_origem: PhoneKind
    valido_para_disparo: bool


class PreviewEmail(AnswerModel):
    """An e-mail as it would be stored."""

    email: str
    ordem: int
    principal: bool
    valido_para_disparo: bool


class PreviewLead(AnswerModel):
    """A lead as it would be stored at the end of the file; of a text, the first 1,000 characters are shown."""

    lead_id: UUID | None
    """Null if the lead would be created."""
    lead_id_externo: str
    nome: str | None
    contato: str | None
    documento: str | None
    telefone_raw: str | None
    """The phones as the file has them."""
    email_raw: str | None
    """The e-mails as the file has them."""
    campos: dict[str, str | int | float | bool]
    """The values of the other columns."""
    status: LeadStatus
    tags: tuple[str, ...]
    origem_arquivo: str
    origem_aba: str | None
    linha_planilha: int
    telefones: tuple[PreviewPhone, ...]
    emails: tuple[PreviewEmail, ...]


class PreviewError(AnswerModel):
    """Something in the row that would be refused."""

    coluna: str
    codigo: str
    mensagem: str
    """The sentence of `codigo`."""


class PreviewRow(AnswerModel):
    """What would become of one row."""

    linha: int
    """The number of the row in the file, or in its sheet."""
    aba: str | None
    """The sheet of the row, if several are read."""
    resultado: Literal["criado", "atualizado", "duplicado", "rejeitado"]
    lead: PreviewLead | None
    """Null if the row would be refused."""
    erros: tuple[PreviewError, ...]


class PreviewAnswer(AnswerModel):
    """The first rows of a dry run, as far as it has come."""

    leitura: FileReading | None
    """How the file was read; null until it is opened."""
    itens: tuple[PreviewRow, ...]

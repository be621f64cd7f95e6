"""Every problem code that the API answers: its status, and what a client does about it.

A problem document (RFC 9457) has one of these as its `code`. Its sentence in both languages is in `messages`. The codes
inside `errors` say what is wrong with one field: `FIELDS`. `docs/codes.md` is made of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Problem(NamedTuple):
    """A code of a problem document."""

    code: str
    status: int
    to_do: str
    """What a client does about it: one or more English sentences."""


_TABLE = """
    400 corpo_nao_e_json: Send what the provider sends: one JSON object.
    400 requisicao_malformada: Send valid HTTP, with a body and parameters in UTF-8.
    401 assinatura_invalida: Sign the body with the secret of this channel, and check the clock of the sender.
    401 chave_de_webhook_invalida: Enter the URL of GET /tenant/webhooks at the provider again.
    401 nao_autenticado: Get a new ID token, or use a key that is neither revoked nor expired.
    403 acesso_negado: Ask whoever runs the service: the gateway refuses the request.
    403 convite_sem_prova: Open the link in a browser and use its buttons.
    403 desafio_recusado: Enter the verify_token of the secret at Meta.
    403 grupo_exigido: Ask an administrator to do it, or for the group that the answer names.
    403 nota_de_outra_pessoa: Ask its author or an administrator to remove the note.
    403 pausa_de_admin: Ask an administrator to resume the channel: one has paused it.
    403 rota_fora_da_chave: Make a key whose rotas name this route.
    403 so_para_pessoas: Call it with the token of a person.
    404 arquivo_ausente: Upload the file first, then name its key.
    404 convite_desconhecido: Open the link as the newest message has it, in full.
    404 descadastro_desconhecido: Open the link as the message has it, in full.
    404 nao_encontrado: Check the id and the path; what another tenant has is not found either.
    404 sem_previa: Send the file again with validar_apenas=true; only such a job has a preview.
    404 sem_relatorio: Read the job: its file was never read, and mensagem_erro says why.
    405 metodo_nao_permitido: Use one of the methods that the header Allow names.
    409 agendamento_desatualizado: Read the agendamento, or open the newest message, and decide again.
    409 agendamento_nao_comecou: Wait until the meeting has begun.
    409 assinatura_desligada: Switch the subscription on with PATCH, then ask again.
    409 assinaturas_demais: Delete a subscription that nobody needs.
    409 campanha_ja_comecou: Pause or cancel the campaign; its start cannot move any more.
    409 campanha_nao_e_rascunho: Make a new campaign: one that has left the draft keeps what it says.
    409 campanha_nao_encerrada: Wait until the campaign has ended, or cancel it.
    409 campanha_nao_muda: Read the campaign; its status does not allow this.
    409 campanha_pausada_retome: Resume the paused campaign instead of making another.
    409 campanha_sem_publico: Change the filter: no lead fits it.
    409 campanha_sem_resultados: Wait: this campaign has not sent anything.
    409 configuracao_disputada: Repeat the request; somebody else changes the configuration at the same time.
    409 consentimento_exigido: Repeat it with novo_consentimento=true, if the person has agreed anew.
    409 contato_com_disparos: Repeat it with cancelar=true, or let the disparos leave first.
    409 contato_em_envio: Repeat it when they have ended; settle those that are incerto.
    409 contato_nao_enviavel: Choose a contact that messages can go to.
    409 contato_repetido: Nothing: the lead has this contact already.
    409 contatos_no_limite: Remove a contact of the lead first.
    409 convite_horario_indisponivel: Choose another of the times that the page offers.
    409 convite_nao_permite: Call whoever you meet; the page cannot do this any more.
    409 convite_pagina_antiga: Load the page again.
    409 disparo_apagado: Nothing: the person was erased, and no message goes to them.
    409 disparo_com_alternativa: Send the last disparo of the chain again: this one went on to another contact.
    409 disparo_de_campanha_encerrada: Use POST /campanhas/{campanha_id}/de-novo.
    409 disparo_expirado: Create a new disparo; the time of this one is over.
    409 disparo_nao_cancelavel: Nothing: the disparo has left, or has ended.
    409 disparo_nao_confirmavel: Confirm only a disparo that is enviado or incerto.
    409 disparo_nao_resolvivel: Settle only a disparo that is incerto.
    409 disparo_nao_reenviavel: Send again only a disparo that failed.
    409 documento_de_outro_lead: Open the lead that lead_id names; it has this document.
    409 evento_nao_resolvivel: Settle only an event whose fate is in doubt (calendario.status = incerto).
    409 horario_ocupado: Choose one of horarios_livres.
    409 id_de_outro_lead: Use another id, or open the lead that lead_id names.
    409 item_repetido: Send each message once in a batch: one lead, canal, template, contact and time.
    409 job_desfeito: Upload the file again: an undone job does not resume.
    409 job_em_andamento: Wait until the job has ended.
    409 job_encerrado: Nothing: the job has ended already.
    409 job_nao_retomavel: Upload the file again: this job cannot resume.
    409 job_nao_terminou: Wait until the job has ended, or cancel it.
    409 lead_apagado: Create the person anew if there is a new legal basis; the old lead stays erased.
    409 lead_encerrado: Change the status of the lead first: it is closed.
    409 lead_existente: Open the lead that lead_id names; it is the same person.
    409 nada_a_desfazer: Nothing: a dry run wrote nothing.
    409 ninguem_de_novo: Nothing: no recipient is left of whom you asked.
    409 nome_de_responsavel_repetido: Choose another name.
    409 agendas_sobrepostas: Move or cancel the meetings that overlap, then rename.
    409 nome_de_segmento_repetido: Choose another name.
    409 reagendamentos_esgotados: Keep the time, or cancel the agendamento and book another.
    409 requisicao_em_andamento: Repeat the same request with the same key after Retry-After seconds.
    409 responsavel_com_agendamentos: Move or cancel the meetings to come first.
    409 resposta_nao_guardada: Read what was made (GET); the answer cannot be given twice.
    409 resposta_resolvida: Nothing: somebody has settled the reply.
    409 resposta_sem_contato: Assign the reply to a lead first.
    409 sem_contato_valido: Add a contact of this canal to the lead.
    409 transicao_de_agendamento_invalida: Read the agendamento; its status does not allow this.
    409 transicao_de_lead_invalida: Read the lead; its status does not lead to the wanted one.
    409 ultimo_admin: Make somebody else an administrator first, who has signed in.
    409 ultimo_contato: Add another contact or a document first; a lead keeps at least one.
    409 upload_nao_recebido: Ask for a new upload form (POST /ingest/leads/xlsx); the time of this one is over.
    409 usuario_ja_existe: Use another address; one address signs in to one tenant.
    412 versao_mudou: Read it again, and decide again; somebody has changed it since.
    413 avisos_demais: Send fewer reports in one request.
    413 corpo_grande_demais: Send less at once; a large file goes through the upload form (POST /ingest/leads/xlsx).
    414 endereco_longo: Shorten the address.
    415 formato_nao_suportado: Save the sheet as .xlsx or .csv.
    415 tipo_nao_suportado: Send the body as application/json.
    422 agendar_para_distante: Choose a time nearer to now.
    422 agendar_para_no_passado: Choose a time to come, or leave agendar_para out.
    422 arquivo_grande_demais: Split the file.
    422 arquivo_obrigatorio: Send the file as the part arquivo of the form.
    422 assunto_de_uma_linha: Write the assunto in one line.
    422 assunto_obrigatorio: Give the template an assunto.
    422 bucket_alheio: Upload into our bucket, by the form of POST /ingest/leads/xlsx.
    422 campo_de_outro_tipo: Write the value as one of the types that the answer names.
    422 campo_desconhecido: Take the name of a campo from GET /campos.
    422 campo_reservado: Write the variable without campos: the name is the lead's own.
    422 campo_sem_ordem: Ask for a value instead of a bound.
    422 campo_so_de_email: Leave the field out: only e-mails have it.
    422 canal_do_template_padrao: Choose another name, or the canal that the answer names.
    422 canal_invalido: Correct the fields that errors names; the server of the channel would refuse its calls.
    422 canal_sem_mensagem: Choose a canal that the step has a message for.
    422 caractere_invalido: Remove the character that cannot be seen.
    422 chave_de_idempotencia_invalida: Use 1 to 255 visible ASCII characters.
    422 chave_de_idempotencia_reutilizada: Draw a new key for each new request.
    422 chaves_desequilibradas: Close each pair of braces.
    422 chaves_simples: Write a variable with two braces on each side.
    422 configuracao_incompleta: Send the whole document, or use PATCH.
    422 contato_de_outro_canal: Choose a contact of the canal of the message.
    422 contato_de_teste_invalido: Correct the contact that the pointer names.
    422 contato_desconhecido: Take the id of a contact from GET /leads/{lead_id}.
    422 contato_invalido: Choose a contact that messages can go to.
    422 cursor_de_outra_lista: Begin again without cursor; a cursor belongs to one list and its filters.
    422 cursor_invalido: Begin again without cursor; take the next from proximo, and keep the filters.
    422 data_distante: Choose a time nearer to now.
    422 data_no_passado: Choose a time to come.
    422 dia_sem_serie: Choose one of the days that the answer names.
    422 etapa_desconhecida: Choose a step that the campaign has.
    422 expira_antes_do_envio: Let it expire after it may leave.
    422 expira_em_distante: Let it expire sooner.
    422 fora_do_prefixo: Name a key below the prefix of your tenant.
    422 formato_desconhecido: Use a format that docs/templates.md lists.
    422 formato_fora_de_ordem: Put the format that reads a value first, and padrao last.
    422 horarios_demais: Ask for a shorter span or for one responsavel.
    422 idioma_da_meta: Write the language as Meta does: pt_BR.
    422 if_match_invalido: Send the ETag as it came, or *.
    422 inicio_distante: Choose a start nearer to now.
    422 inicio_no_passado: Choose a start to come, or leave it out.
    422 lead_desconhecido: Take the id of a lead from GET /leads.
    422 lead_sem_contato: Give the lead a document, a phone or an e-mail.
    422 link_so_de_video: Leave link out: only a meeting by video has one.
    422 local_so_presencial: Leave local out: only a meeting in person has one.
    422 mensagem_longa: Shorten the template or its values.
    422 multipart_invalido: Send a form as browsers and curl -F do.
    422 nome_de_arquivo_invalido: Give the file a name.
    422 nome_de_template_invalido: Use 1 to 100 letters, digits, dots, hyphens or underscores.
    422 padrao_em_branco: Give the variable a default that can be seen.
    422 padrao_invalido: Write the default as docs/templates.md says.
    422 periodo_longo: Ask for a shorter span.
    422 receptor_invalido: Use a public https address that answers; errors says what is wrong with this one.
    422 requisicao_invalida: Correct each field that errors names.
    422 responsavel_desconhecido: Take the id from GET /responsaveis.
    422 resposta_grande_demais: Ask for fewer items with limit.
    422 segmento_desconhecido: Take the id from GET /segmentos.
    422 tags_no_limite: Remove tags from the leads that errors names, or leave these leads out.
    422 template_de_outro_canal: Choose a template of the canal of the message.
    422 template_desconhecido: Take the name from GET /templates, or create it with PUT.
    422 template_longo: Shorten the text.
    422 template_vazio: Write a text.
    422 valor_fora_do_formato: Give a value that the format of the variable can read.
    422 valor_longo: Shorten the value.
    422 variaveis_com_falhas: Number the variables without gaps: 1, 2, 3.
    422 variaveis_demais: Use fewer variables.
    422 variaveis_diferentes: Name the variables that the text uses, or leave variaveis out.
    422 variaveis_misturadas: Use either names or numbers as variables.
    422 variante_desconhecida: Choose a variant that the step has.
    422 variavel_ausente: Give a value for each variable that the answer names, or a default in the template.
    422 variavel_desconhecida: Leave out the values that the template does not use.
    422 variavel_invalida: Write the variable as docs/templates.md says.
    429 buscas_demais: Repeat it after Retry-After seconds, and run fewer searches at once.
    429 limite_de_requisicoes: Repeat it after Retry-After seconds; RateLimit says how many requests are left.
    429 requisicoes_demais: Repeat it after a while, and send fewer requests.
    431 cabecalhos_longos: Send fewer or shorter headers.
    500 erro_interno: Report the request_id to whoever runs the service.
    501 metodo_desconhecido: Use a method of the contract, and send the body with Content-Length.
    503 aws_indisponivel: Repeat it in a moment, with the same Idempotency-Key.
    503 autenticacao_indisponivel: Repeat it in a moment; the token or the key is not at fault.
    503 banco_indisponivel: Repeat it in a moment, with the same Idempotency-Key.
    503 chaves_do_cognito_indisponiveis: Repeat it in a moment.
    503 consulta_demorada: Narrow the filters, or repeat it in a moment.
    503 segredo_ausente: Ask whoever runs the service to set the secret that the answer names.
    504 resposta_tardia: Repeat it with the same Idempotency-Key; without one, first read whether it was done.
"""


def _read(line: str) -> Problem:
    name, _, to_do = line.strip().partition(": ")
    status, _, code = name.partition(" ")
    return Problem(code, int(status), to_do)


PROBLEMS: Mapping[str, Problem] = MappingProxyType(
    {each.code: each for each in map(_read, _TABLE.strip().splitlines())}
)
"""By code."""
BEFORE_ANY_ROUTE = frozenset({"cabecalhos_longos", "endereco_longo", "metodo_desconhecido", "metodo_nao_permitido"})
"""Answered before a route is found: no operation gives them."""
OF_ITEMS = frozenset({"item_repetido"})
"""An item of a batch has it as its `erro`; the answer as a whole is no problem document."""

_NAMES = """
    argumento_de_outro_tipo argumento_desconhecido argumento_obrigatorio busca_curta campo_de_item_desconhecido
    campo_do_filtro_desconhecido campo_invalido campo_vazio campos_do_lead_demais campos_do_lead_grandes
    canal_e_template canal_longo canal_repetido caractere_nulo condicao_unica contato_de_supressao_invalido
    contatos_demais credencial_recusada cursor_ou_offset ddd_desconhecido destino_de_coluna_invalido
    dia_de_filtro_invalido dia_invalido dias_da_etapa documento_ambiguo documento_de_busca_invalido
    documento_invalido dominio_suspeito email_invalido endereco_interno filtro_ausente
    filtro_de_cancelamento_ausente filtro_longo filtro_ou_segmento filtro_profundo fim_antes_do_inicio
    fuso_desconhecido header_invalido header_literal header_reservado headers_demais hora_invalida id_invalido
    instante_fora_do_calendario intervalos_sobrepostos itens_ou_lead_ids lead_ou_segmento leitura_vazia
    local_obrigatorio mensagem_fora_dos_itens mensagem_ou_etapas momento_de_filtro_invalido mudanca_vazia
    nome_de_campo_invalido nome_vazio nota_vazia numero_de_filtro_invalido ocupados_ausente offset_longe
    operador_de_outro_tipo outro_canal padrao_com_dois_valores perfil_desconhecido periodo_ou_semanal periodo_vazio
    pesos_nao_somam primeiros_ou_percentual receptor_inacessivel regra_contraditoria rota_de_outro_grupo
    rota_desconhecida segmento_ou_filtro segredo_do_canal_ausente segredo_literal servidor_inacessivel
    tag_nos_dois tarifa_repetida telefone_ambiguo telefone_de_busca_invalido telefone_invalido telefone_sem_ddd
    titular_invalido titular_sem_identificador todas_ou_campanha_ids uf_desconhecida um_contato_por_vez url_com_senha
    url_invalida url_sem_tls validade_invalida valor_de_campo_longo valor_de_filtro_invalido valor_de_operador
    valor_de_outro_tipo valor_nao_escalar variante_repetida
"""
FIELDS = frozenset(_NAMES.split())
"""The codes of one field of a request: `code` of an item of `errors`, beside those of `PROBLEMS` and of pydantic."""

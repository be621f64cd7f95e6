"""What a person reads, keyed by a stable code: pt-BR (the default) and English."""

from __future__ import annotations

from chalicelib.errors import FieldError

PORTUGUESE = "pt-BR"
ENGLISH = "en"

_TITLES: dict[int, tuple[str, str]] = {
    400: ("Requisição inválida", "Bad request"),
    401: ("Não autenticado", "Unauthenticated"),
    403: ("Proibido", "Forbidden"),
    404: ("Não encontrado", "Not found"),
    409: ("Conflito", "Conflict"),
    413: ("Grande demais", "Too large"),
    422: ("Dados inválidos", "Invalid data"),
    500: ("Erro interno", "Internal error"),
    503: ("Indisponível", "Unavailable"),
}

CATALOGUE: dict[str, tuple[str, str]] = {
    # Requests
    "requisicao_invalida": ("A requisição tem campos inválidos.", "The request has invalid fields."),
    "corpo_grande_demais": ("O corpo passa de {maximo} bytes.", "The body is longer than {maximo} bytes."),
    "nao_autenticado": ("Falta um token válido.", "A valid token is missing."),
    "grupo_exigido": ("É preciso ser do grupo {grupo}.", "Membership of the group {grupo} is needed."),
    "nao_encontrado": ("Não existe.", "There is no such thing."),
    "erro_interno": ("Algo falhou do nosso lado.", "Something failed on our side."),
    "banco_indisponivel": (
        "O banco de dados não respondeu; tente de novo em instantes.",
        "The database did not answer; try again in a moment.",
    ),
    "cursor_invalido": ("O cursor não é um dos nossos.", "The cursor is not one of ours."),
    "chave_de_idempotencia_invalida": (
        "Idempotency-Key deve ter de 1 a 255 caracteres.",
        "Idempotency-Key must have 1 to 255 characters.",
    ),
    "chave_de_idempotencia_reutilizada": (
        "Esta Idempotency-Key já foi usada em outra requisição.",
        "This Idempotency-Key was used for another request.",
    ),
    "cursor_ou_offset": ("Use cursor ou offset, não os dois.", "Use either cursor or offset."),
    "aws_indisponivel": (
        "Um serviço de que dependemos ({servico}) não respondeu; tente de novo em instantes.",
        "A service that we depend on ({servico}) did not answer; try again in a moment.",
    ),
    "segredo_ausente": (
        "Falta configurar o segredo {nome}.",
        "The secret {nome} has not been configured.",
    ),
    "caractere_nulo": ("O texto tem um caractere nulo.", "The text holds a NUL character."),
    "caractere_de_controle": (
        "O texto tem um caractere que não se vê.",
        "The text holds a character that cannot be seen.",
    ),
    # Files
    "formato_nao_suportado": (
        "O arquivo não é uma planilha .xlsx nem um .csv; salve-o em um desses formatos.",
        "The file is neither an .xlsx workbook nor a .csv; save it as one of them.",
    ),
    "arquivo_protegido": (
        "O arquivo está protegido por senha; remova a senha e envie de novo.",
        "The file is protected by a password; remove it and upload again.",
    ),
    "arquivo_corrompido": (
        "O arquivo está danificado ou incompleto; abra-o, salve-o e envie de novo.",
        "The file is damaged or incomplete; open it, save it and upload again.",
    ),
    "arquivo_suspeito": (
        "O arquivo foi montado de um modo que nenhuma planilha usa; abra-o, salve-o e envie de novo.",
        "The file is put together like no workbook is; open it, save it and upload again.",
    ),
    "xml_proibido": (
        "O arquivo traz uma declaração de tipo (DOCTYPE), que planilhas não têm.",
        "The file carries a document type (DOCTYPE), which workbooks do not have.",
    ),
    "cabecalho_ausente": (
        "Falta a linha de títulos com CNPJ/CPF, Email ou Telefone entre as primeiras linhas preenchidas.",
        "There is no row of titles with CNPJ/CPF, Email or Telefone among the first filled rows.",
    ),
    "colunas_demais": ("A planilha passa de {maximo} colunas.", "The sheet has more than {maximo} columns."),
    "linhas_demais": ("A planilha passa de {maximo} linhas.", "The sheet has more than {maximo} rows."),
    "linha_grande_demais": (
        "A linha {linha} é grande demais para ser de uma planilha de leads.",
        "Row {linha} is too large to be of a sheet of leads.",
    ),
    "celula_grande_demais": (
        "A linha {linha} tem uma célula grande demais, ou aspas que não fecham.",
        "Row {linha} has a cell that is too large, or a quote that is never closed.",
    ),
    "aspas_abertas": (
        "As aspas que abrem na linha {linha} não fecham.",
        "The quote that opens in row {linha} is never closed.",
    ),
    "textos_demais": (
        "Os textos da planilha, juntos, são grandes demais; divida-a em partes.",
        "The texts of the workbook are too large together; split it into parts.",
    ),
    "texto_grande_demais": (
        "A planilha tem um texto grande demais para uma célula.",
        "The workbook has a text that is too large for a cell.",
    ),
    # Rows and cells
    "id_longo": ("O ID passa de 255 caracteres.", "The ID is longer than 255 characters."),
    "linha_sem_contato": (
        "A linha não tem documento, e-mail nem telefone.",
        "The row has no document, e-mail or phone.",
    ),
    "email_invalido": ("“{valor}” não é um e-mail válido.", "“{valor}” is not a valid e-mail."),
    "telefone_invalido": ("“{valor}” não é um telefone válido.", "“{valor}” is not a valid phone."),
    "telefone_ambiguo": (
        "“{valor}” pode ser mais de um telefone; escreva-o por inteiro, com DDD.",
        "“{valor}” may be more than one phone; write it in full, with its area code.",
    ),
    "documento_invalido": (
        "“{valor}” não é um CPF nem um CNPJ válido.",
        "“{valor}” is neither a valid CPF nor a valid CNPJ.",
    ),
    "documento_ambiguo": (
        "“{valor}” pode ser mais de um documento; escreva-o por inteiro, com os zeros.",
        "“{valor}” may be more than one document; write it in full, with its zeros.",
    ),
    "contatos_demais": (
        "Há mais de 50 contatos deste tipo na linha; os demais ficaram de fora.",
        "There are more than 50 contacts of this kind in the row; the others were left out.",
    ),
    # Jobs and uploads
    "arquivo_ausente": ("O arquivo não está no bucket.", "The file is not in the bucket."),
    "arquivo_substituido": (
        "O arquivo foi trocado durante a ingestão; envie-o de novo.",
        "The file was replaced during the ingestion; upload it again.",
    ),
    "arquivo_grande_demais": (
        "O arquivo passa de {maximo} bytes.",
        "The file is larger than {maximo} bytes.",
    ),
    "ingestao_desistiu": (
        "A ingestão parou várias vezes no mesmo ponto deste arquivo.",
        "The ingestion stopped several times at the same place of this file.",
    ),
    "upload_nao_recebido": (
        "O arquivo não foi enviado a tempo.",
        "The file was not uploaded in time.",
    ),
    "job_encerrado": ("O job já terminou ({status}).", "The job has ended ({status})."),
    "job_em_andamento": (
        "O relatório fica pronto quando o job termina.",
        "The report is ready when the job ends.",
    ),
    "sem_relatorio": (
        "Este job não tem relatório: o arquivo não chegou a ser lido.",
        "This job has no report: its file was never read.",
    ),
    "bucket_alheio": ("O arquivo deve estar no bucket do serviço.", "The file must be in the bucket of the service."),
    "fora_do_prefixo": (
        "O arquivo deve estar sob {prefixo}.",
        "The file must be under {prefixo}.",
    ),
    "migracao_alterada": (
        "A migração {nome} não é a que foi aplicada.",
        "The migration {nome} is not the one that was applied.",
    ),
    "multipart_invalido": (
        "O corpo multipart está incompleto ou não segue o seu boundary.",
        "The multipart body is incomplete or does not follow its boundary.",
    ),
    "arquivo_obrigatorio": (
        "Falta o arquivo: um único campo arquivo, com nome de arquivo.",
        "The file is missing: exactly one field arquivo, with a file name.",
    ),
    "arquivo_vazio": ("O arquivo está vazio.", "The file is empty."),
    "nome_de_arquivo_invalido": ("O nome não é de um arquivo.", "The name names no file."),
    # Leads
    "transicao_de_lead_invalida": (
        "Um lead {de} não pode passar a {para}.",
        "A lead that is {de} cannot become {para}.",
    ),
    "lead_encerrado": ("O lead está encerrado.", "The lead is closed."),
    "mudanca_vazia": ("Nada a mudar: informe status ou tags.", "Nothing to change: give status or tags."),
    "documento_de_busca_invalido": (
        "O documento deve ter 11 ou 14 caracteres, com ou sem pontuação.",
        "The document must have 11 or 14 characters, with or without punctuation.",
    ),
    "telefone_de_busca_invalido": (
        "O telefone deve estar em E.164 ou só com dígitos.",
        "The phone must be in E.164 or in digits.",
    ),
    "busca_vazia": ("A busca precisa de ao menos uma letra ou dígito.", "The search needs a letter or a digit."),
    # Templates
    # Channels
    # Disparos
    # Agendamentos
    "transicao_de_agendamento_invalida": (
        "Um agendamento {de} não pode passar a {para}.",
        "An agendamento that is {de} cannot become {para}.",
    ),
    "horario_ocupado": (
        "O responsável já tem um compromisso nesse horário.",
        "The person in charge already has an appointment at that time.",
    ),
    "data_no_passado": ("A data precisa estar no futuro.", "The time must be in the future."),
    "data_distante": ("A data passa de {dias} dias a partir de hoje.", "The time is more than {dias} days from now."),
    # Tenants
    "fuso_desconhecido": (
        "O fuso deve ser um nome da IANA, como America/Sao_Paulo.",
        "The zone must be a name of the IANA's, such as America/Sao_Paulo.",
    ),
}

# What pydantic says, by its error type; where a type is missing its English sentence stands in for both.
_FIELD: dict[str, tuple[str, str]] = {
    "missing": ("campo obrigatório", "required field"),
    "extra_forbidden": ("campo desconhecido", "unknown field"),
    "json_invalid": ("não é JSON", "not JSON"),
    "enum": ("valor fora da lista", "not one of the values"),
    "literal_error": ("valor fora da lista", "not one of the values"),
    "model_type": ("deve ser um objeto JSON", "must be a JSON object"),
    "list_type": ("deve ser uma lista", "must be a list"),
    "dict_type": ("deve ser um objeto JSON", "must be a JSON object"),
    "string_type": ("deve ser texto", "must be text"),
    "string_unicode": ("não é texto Unicode", "not Unicode text"),
    "too_long": ("itens demais", "too many items"),
    "too_short": ("itens de menos", "too few items"),
    "int_from_float": ("deve ser um número inteiro", "must be a whole number"),
    "int_parsing_size": ("número grande demais", "number too large"),
    "string_too_short": ("texto curto demais", "text too short"),
    "string_too_long": ("texto longo demais", "text too long"),
    "string_pattern_mismatch": ("formato inválido", "does not have the form"),
    "int_parsing": ("deve ser um número inteiro", "must be a whole number"),
    "int_type": ("deve ser um número inteiro", "must be a whole number"),
    "greater_than_equal": ("pequeno demais", "too small"),
    "less_than_equal": ("grande demais", "too large"),
    "uuid_parsing": ("não é um identificador", "not an id"),
    "bool_parsing": ("deve ser true ou false", "must be true or false"),
    "bool_type": ("deve ser true ou false", "must be true or false"),
    "timezone_aware": ("a data precisa do fuso (por exemplo -03:00)", "the time needs an offset (such as -03:00)"),
    "datetime_from_date_parsing": ("não é uma data ISO 8601", "not an ISO 8601 time"),
    "datetime_parsing": ("não é uma data ISO 8601", "not an ISO 8601 time"),
}


def title(status: int, idioma: str) -> str:
    """The title of a status."""
    return _pick(_TITLES.get(status, _TITLES[400]), idioma)


def text(code: str, idioma: str = PORTUGUESE, **params: object) -> str:
    """The sentence of a code, with its parameters filled in.

    Raises:
        KeyError: the code is not in the catalogue; a test reads the code of the project for such ones.
    """
    return _pick(CATALOGUE[code], idioma).format(**params)


def field_text(error: FieldError, idioma: str, **params: object) -> str:
    """What is wrong with one field; `params` are those of the whole error, which a field's sentence may need too."""
    if error.code in _FIELD:
        return _pick(_FIELD[error.code], idioma)
    if error.code not in CATALOGUE:
        return error.detail
    return text(error.code, idioma, **{"nomes": error.detail, "campo": error.detail, **params})


def _pick(pair: tuple[str, str], idioma: str) -> str:
    return pair[1] if idioma == ENGLISH else pair[0]

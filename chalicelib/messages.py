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
    # Rows and cells
    # Jobs and uploads
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

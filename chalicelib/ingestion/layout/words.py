"""What the title of a column says, word by word. Pure.

A title is a word for a kind (`celular`) with qualifiers in any order (`do cliente`, `principal`, `2`). A hint or an
example in it does not count: `(com DDD)`, `(ex.: 71 99999-9999)`. A word for another thing (`data`, `status`) or for
another person (`mãe`, `vendedor`) decides against the title. A kind beside a word that we do not know is not certain:
then the cells decide.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Role(StrEnum):
    """What a column holds. Parts of a name or of a phone are put together with the other parts."""

    ID = "id"
    NOME = "nome"
    CONTATO = "contato"
    DOCUMENTO = "documento"
    EMAIL = "email"
    TELEFONE = "telefone"
    MISTO = "telefone_ou_email"
    PRIMEIRO_NOME = "primeiro_nome"
    NOME_DO_MEIO = "nome_do_meio"
    SOBRENOME = "sobrenome"
    DDD = "ddd"
    DDI = "ddi"


RANK_OF_TWO = 3
"""The rank of a name that stands in two columns, among those of the titles of names."""


class Title(NamedTuple):
    """What a title says: its role (None if it has none, or another subject), and whether all of its words are known.

    Of several columns of a role, the lowest `rank` is best. `number` is the one of `Telefone 2`. `about_other` is the
    code of the reason why a title with another subject is not read. `may_be_ddd` says that a title names both a DDD and
    a phone.
    """

    role: Role | None = None
    certain: bool = False
    rank: int = 0
    number: int = 0
    about_other: str | None = None
    may_be_ddd: bool = False


NO_TITLE = Title()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PHONE = _set(
    "telefone telefones tel tels telef fone fones celular celulares cel cels whatsapp whats wpp wapp wsp zap zapzap "
    "movel moveis fixo fixos telefonico telefonicos phone phones mobile cell cellphone cellular telephone telephones "
    "landline telefono telefonos movil"
)
_EMAIL = _set("email emails mail mails correioeletronico correo correos")
_DOCUMENT = _set("cpf cpfs cnpj cnpjs documento documentos doc docs inscricaofederal cgc taxid taxvat")

_SMALL = _set(
    "de do da dos das d o a os as e ou para p pra por com sem of the for and or in na no em um uma seu sua seus suas "
    "meu minha c qual quais your my what is del s"
)
_NUMBER = _set("n no nro nr num numero numeros nos number numbers")
_ORDER = _set(
    "principal principais secundario secundaria alternativo alternativa alternativos alternativas adicional "
    "adicionais outro outra outros outras novo nova atual preferencial preferido preferida melhor primeiro primeira "
    "segundo segunda terceiro terceira main primary secondary other alternate alternative additional preferred best "
    "default first second third new current"
)
_PLACE = _set(
    "pessoal pessoais particular comercial comerciais residencial residenciais residencia corporativo corporativos "
    "profissional trabalho casa empresarial institucional financeiro cobranca faturamento nfe administrativo recado "
    "recados work home business office personal billing corporate direto geral"
)
_PERSON = _set(
    "cliente clientes lead leads devedor devedora titular comprador compradora aluno aluna paciente associado "
    "associada cooperado beneficiario segurado inquilino locatario morador condomino assinante participante inscrito "
    "contribuinte mutuario consumidor sacado destinatario correntista candidato candidata contratante proponente "
    "interessado hospede customer client person buyer student patient subscriber member attendee guest debtor"
)
_COMPANY = _set("empresa organizacao company organization organisation")
# Beside a word for a name: Zoho and Salesforce call the company of a person `Account Name`.
_BUSINESS = _COMPANY | _set("business account negocio")
_CONTACT = _set("contato contatos contact contacts")
_OWNER = _set("responsavel responsaveis")
_NAME = _set("nome name")
_LEGAL = _set("pessoa pessoas fisica juridica pf pj")
_HINTS = _set(
    "obrigatorio obrigatoria opcional somente apenas so digitos ddd ddi required optional only digits informe digite "
    "preencha insira pontos tracos mascara pontuacao formato please enter cadastrado cadastral cadastro cadastrais "
    "dados informado texto text value aqui"
)
_QUALIFIERS = (
    _SMALL | _NUMBER | _ORDER | _PLACE | _PERSON | _COMPANY | _CONTACT | _OWNER | _LEGAL | _HINTS
    | _set("completo endereco enderecos address addresses eletronico")
)  # fmt: skip

# What must not be used, though it may look like a contact.
_UNUSABLE = _set(
    "fax telex pager rg ie identidade cnh passaporte passport estrangeiro pix bloqueado bloqueada blocked invalido "
    "invalida invalid errado errada wrong incorreto inexistente antigo antiga anterior old previous desatualizado "
    "cancelado descadastrado unsubscribed bounced removido excluido"
)
# What is known about a contact, but is none.
_OTHER_THING = _UNUSABLE | _set(
    "data datas dt date hora horario time quando status situacao valor valores vl vlr price saldo enviado enviada "
    "enviados envio envios sent tipo tipos type types qtd qtde quantidade quant count total totais soma codigo cod "
    "code optin optout opt aceita aceite aceitou permite permissao autoriza autorizacao consent consentimento bounce "
    "aberto abriu opened clicado clicou clicked label labels rotulo etiqueta tag tags operadora carrier origem fonte "
    "source canal meio forma via duracao obs observacao observacoes motivo resultado retorno resposta respondeu ligou "
    "chamada chamadas possui tem recebe recebeu quer deseja prefere preferencia senha password hash link url assunto "
    "subject mensagem message template campanha campaign lida lido dominio domain servidor provedor flag historico "
    "atividade atividades tentativa tentativas erro error chave emissao emissor expedicao orgao vencimento validade "
    "serie exibicao display marketing newsletter descadastro unsubscribe score marca ramal extension anexo arquivo "
    "file quality"
)
_OTHER_PERSON = _set(
    "mae pai filho filha filhos pais conjuge esposa esposo marido mulher companheiro companheira parente familiar "
    "irmao irma mother father spouse wife husband partner parent parents child avalista fiador fiadora referencia "
    "referencias reference testemunha emergencia emergency vendedor vendedora vendedores corretor corretora consultor "
    "consultora representante atendente operador gerente supervisor cobrador motorista entregador medico medica "
    "professor professora assistente indicador indicou quem seller salesperson sales agent broker owner dono manager "
    "assistant referrer referral advogado advogada contador contadora remetente sender vendor creator criador "
    "afiliado affiliate produtor producer coprodutor shipping asst secretaria secretario vizinho vizinha amigo amiga "
    "avo avos tio tia primo prima neto neta sogro sogra genro nora cunhado cunhada padrasto madrasta namorado namorada "
    "noivo noiva cuidador cuidadora dependente dependentes"
)

_OTHER = _OTHER_THING | _OTHER_PERSON
_NOT_TO_USE = _UNUSABLE | _OTHER_PERSON
_KINDS = _PHONE | _EMAIL | _DOCUMENT

# Several words that mean one, as `plain_words` leaves them.
_PHRASES = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), word)
    for pattern, word in (
        ("e mail", "email"),
        ("e mails", "emails"),
        ("whats ?apps?", "whatsapp"),
        ("zap zap", "zap"),
        ("correio eletronico|endereco eletronico|electronic mail", "correioeletronico"),
        ("inscricao federal", "inscricaofederal"),
        ("tax id", "taxid"),
        ("(?:codigo|cod) (?:de |da )?area|area code", "ddd"),
        ("(?:phone|mobile) prefix|prefixo (?:do )?(?:telefone|celular)", "ddd"),
        ("(?:codigo|cod) (?:do |de )?pais|(?:country|dial|dialing) code", "ddi"),
        ("c p f", "cpf"),
        ("c n p j", "cnpj"),
        ("d d d", "ddd"),
        ("full name", "nome completo"),
        ("(?<=[0-9] )valor$", "value"),
        ("proprietari[oa] d[oa] (?:contato|lead|negocio|cliente|empresa|registro)", "owner"),
    )
)

# The names of columns that are taken as a whole. Our own error report adds the columns `linha`, `coluna`, `codigo` and
# `mensagem`. They must not be listed here, so that a corrected report can be uploaded as it is: that is why ID has no
# `Código`.
_ID = (
    "id", "lead id", "id lead", "id do lead", "id externo", "id do lead externo", "lead id externo", "identificador",
)  # fmt: skip
_NAME_PARTS = {
    "primeiro nome": Role.PRIMEIRO_NOME,
    "first name": Role.PRIMEIRO_NOME,
    "firstname": Role.PRIMEIRO_NOME,
    "given name": Role.PRIMEIRO_NOME,
    "prenome": Role.PRIMEIRO_NOME,
    "nome meio": Role.NOME_DO_MEIO,
    "segundo nome": Role.NOME_DO_MEIO,
    "middle name": Role.NOME_DO_MEIO,
    "additional name": Role.NOME_DO_MEIO,
    "sobrenome": Role.SOBRENOME,
    "ultimo nome": Role.SOBRENOME,
    "nome familia": Role.SOBRENOME,
    "surname": Role.SOBRENOME,
    "last name": Role.SOBRENOME,
    "lastname": Role.SOBRENOME,
    "family name": Role.SOBRENOME,
}
_AROUND_NAME_PARTS = _SMALL | _PERSON | _CONTACT | _set("billing")
_FULL = _set("completo full social razao fantasia")
_AROUND_NAMES = _NAME | _FULL | _PERSON | _COMPANY | _SMALL | _LEGAL | _HINTS | _BUSINESS | {"legal"}
_AROUND_CONTACTS = _CONTACT | _OWNER | _NAME | _SMALL | _NUMBER | _ORDER | _PLACE | _PERSON | _COMPANY | _LEGAL | _HINTS
_VOCABULARY = (
    _KINDS | _QUALIFIERS | _OTHER | _NAME | _FULL | {"sobrenome", "whats"}
)  # fmt: skip

_LONGEST = 100
_UNSEEN = frozenset({"Mn", "Cf"})  # accents; zero-width and direction marks
_BREAK = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[0-9])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATOR = re.compile(r"[;,|\t]")
_QUESTION = _set("qual quais what informe digite")
_COUNT = re.compile(r"([0-9]{1,3})[oa]?")
_BRACKETS = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")
_LETTER = re.compile(r"[^\W\d_]")
_EXAMPLE = re.compile(
    r"\b(?:exs?|exemplos?|example|e\.g|formato?)\b(?:\s*[.:=]|(?=\s*[(+0-9])).*", re.IGNORECASE | re.DOTALL
)
_MASK = re.compile(r"\+?\(?([09xX#_])\1+\)?(?:[ ().\-/]*\1+)*(?![0-9A-Za-z])")
_DATA = re.compile(r"@|(?:[0-9][^0-9]{0,3}){10}")


def plain_words(text: str) -> str:
    """Return a text without accents, case and punctuation (`  Razão_Social: ` → `razao social`); a long one is cut."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST]).casefold()
    letters = "".join(each for each in decomposed if unicodedata.category(each) not in _UNSEEN)
    return _BREAK.sub(" ", letters).strip()


def is_data(text: str) -> bool:
    """Whether a text has an e-mail or the digits of a phone or document, and is no title that shows an example."""
    return _DATA.search(text[:_LONGEST]) is not None and read_title(text).role is None


@lru_cache(maxsize=4096)
def read_title(text: str) -> Title:
    """Return what a title says. A text that looks like data says nothing."""
    hints: list[str] = []

    def without_hint(match: re.Match[str]) -> str:
        inside = match[1].strip()
        if inside.isdigit() and len(inside) <= 3:  # the number of a column, or the DDD of a phone
            return f" {inside} "
        hints.append(inside)
        return " "

    shown = _EXAMPLE.sub("", _MASK.sub(" ", _BRACKETS.sub(without_hint, text[:_LONGEST])))
    hint = " ".join(hints)
    if not _LETTER.search(shown):
        shown, hint = hint, ""
    if _DATA.search(shown):
        return NO_TITLE
    words, hinted = _words(shown), _words(hint)
    title = _read_words(words)
    if not title.certain and _SEPARATOR.search(shown):  # a line of titles that was read with another separator
        return NO_TITLE
    if "?" in shown and not _QUESTION.intersection(words):  # "WhatsApp?" may be answered by yes or no
        title = title._replace(certain=False)
    if title.role in {None, Role.CONTATO}:
        inside = _read_words(hinted)
        if inside.certain and inside.role in _CONTACT_ROLES and not _OTHER.intersection(words):
            return inside
    elif _NOT_TO_USE.intersection(hinted) and not _KINDS.intersection(hinted):
        return _about_other(set(hinted))
    return title


_CONTACT_ROLES = frozenset({Role.DOCUMENTO, Role.EMAIL, Role.TELEFONE, Role.MISTO})


def _words(text: str) -> list[str]:
    plain = plain_words(_CAMEL.sub(" ", text))
    for pattern, word in _PHRASES:
        plain = pattern.sub(word, plain)
    return [part for word in plain.split() for part in _parts(word)]


def _parts(word: str) -> tuple[str, ...]:
    """Return the two known words that were written as one (`nomecompleto`), else the word."""
    if word not in _VOCABULARY:
        for cut in range(3, len(word) - 2):
            if word[:cut] in _VOCABULARY and word[cut:] in _VOCABULARY:
                return word[:cut], word[cut:]
    return (word,)


def _about_other(words: set[str]) -> Title:
    return Title(about_other="coluna_de_outra_pessoa" if words & _OTHER_PERSON else "coluna_de_outro_assunto")


def _read_words(found: list[str]) -> Title:
    numbers = [int(match[1]) for match in map(_COUNT.fullmatch, found) if match]
    listed = [word for word in found if not _COUNT.fullmatch(word)]
    words = set(listed)
    number = numbers[0] if numbers else 0
    joined = " ".join(listed)
    if joined in _ID:
        return Title(Role.ID, certain=True, rank=_ID.index(joined))
    if part := _NAME_PARTS.get(" ".join(word for word in listed if word not in _AROUND_NAME_PARTS)):
        return Title(part, certain=True)
    kinds = [
        role
        for role, known in ((Role.DOCUMENTO, _DOCUMENT), (Role.EMAIL, _EMAIL), (Role.TELEFONE, _PHONE))
        if words & known
    ]
    if words & _OTHER:
        is_of_contacts = kinds or words & (_NAME | _CONTACT | _NOT_TO_USE | {"ddd"})
        return _about_other(words) if is_of_contacts else NO_TITLE
    if not kinds:
        return _area(words, number) or _contact(words) or _name(words) or NO_TITLE
    if len(kinds) > 1 and Role.DOCUMENTO in kinds:
        return NO_TITLE
    return Title(
        Role.MISTO if len(kinds) > 1 else kinds[0],
        certain=words <= _QUALIFIERS | _KINDS,
        number=number,
        may_be_ddd=kinds == [Role.TELEFONE] and "ddd" in words,
    )


def _area(words: set[str], number: int) -> Title | None:
    for role in (Role.DDI, Role.DDD):
        if role.value in words and words <= _QUALIFIERS:
            return Title(role, certain=True, number=number)
    return None


def _contact(words: set[str]) -> Title | None:
    if not words & (_CONTACT | _OWNER) or not words <= _AROUND_CONTACTS:
        return None
    return Title(Role.CONTATO, certain=True, rank=0 if words & _CONTACT else 1)


def _name(words: set[str]) -> Title | None:
    """Rank a name: `Nome` is best, then `Nome completo`, `Nome do cliente`, a name in two columns, `Razão social`, …"""
    if not words <= _AROUND_NAMES:
        return None
    alone = words - _SMALL
    if "fantasia" in words:
        rank = 6
    elif {"razao", "social"} <= words:
        rank = 4
    elif words & _NAME:
        rank = 5 if words & _BUSINESS else 2 if words & _PERSON else 1 if words & _FULL else 0
    elif alone and alone <= _PERSON:
        rank = 7
    elif alone and alone <= _COMPANY:
        rank = 8
    else:
        return None
    return Title(Role.NOME, certain=True, rank=rank)

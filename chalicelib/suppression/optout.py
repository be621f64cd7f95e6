"""Whether a message asks to be left alone: a closed grammar over plain words, in Portuguese, English and Spanish.

The grammar is a set of tables: lone words, small words around them, requests, and signs of doubt. Accents, case, emoji,
punctuation, chat spellings and letters apart (`S A I R`) do not matter, nor does one mistyped letter of a lone word.
A request that is certain is an opt-out (`DESCADASTRO`). One that is near is a doubt (`DUVIDA`): a person decides.
`CANCELAR` alone is a doubt, because it may cancel a meeting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import NamedTuple
from unicodedata import category, combining, normalize


class OptOutWish(StrEnum):
    """What a message asks for: surely no more messages, or perhaps."""

    DESCADASTRO = "descadastro"
    DUVIDA = "duvida"


_LOOKED_AT = 1_000  # characters
_MOST_WORDS = 10  # of a request that is one lone word and small words
_MOST_UNKNOWN = 6  # words around a request that is complete in itself


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What people write for other words.
_SPELLINGS = {
    **dict.fromkeys(("n", "naum", "num", "nn", "nao"), "nao"),
    **dict.fromkeys(("qro", "kero", "quer", "qero"), "quero"),
    **dict.fromkeys(("msg", "msgs", "msm", "mensage", "menssagem", "mensagen", "mensajem", "mesagem"), "mensagem"),
    **dict.fromkeys(("menssagens", "mensages", "mesagens"), "mensagens"),
    **dict.fromkeys(("vc", "vcs", "ces", "oce", "oces", "vosse"), "voces"),
    **dict.fromkeys(("pfv", "pf", "pff", "pfvr", "plz", "pls", "faz favor"), "favor"),
    **dict.fromkeys(("recebe", "receba", "reseber", "recever"), "receber"),
    **dict.fromkeys(("obg", "obgd", "obgda", "brigado", "brigada", "vlw", "tks", "thanks"), "obrigado"),
    **dict.fromkeys(("dont", "donot"), "do not"),
    "p": "para", "pra": "para", "q": "que", "mim": "me", "nd": "nada", "unsubscribed": "unsubscribe",
}  # fmt: skip

# A request by itself, and with small words around it.
_LONE = _words(
    "sair saia pare parem parar stop stopall unsubscribe optout descadastrar remover remova removam excluir exclua "
    "bloquear bloqueie bloqueia desinscrever interromper"
)
# A request only by itself: with other words they mean something else (`chega hoje`, `para mim`).
_ALONE = _words("sai chega basta para quit end baja remove")
_POLITE = _words(
    "por favor please gentileza obrigado obrigada grato grata valeu ok oi ola bom boa dia tarde noite senhor senhora "
    "moco moca gente amigo amiga tchau abs att atenciosamente desculpe desculpa nao"
)
_SMALL = _POLITE | _words(
    "a as o os e eu me meu meus minha minhas seu seus sua suas da das de do dos para que quero queria gostaria desejo "
    "solicito peco pode podem poderia poderiam como faco faz tem jeito mandar enviar receber mensagem mensagens "
    "promocao promocoes promotions messages propaganda propagandas oferta ofertas spam lista listas transmissao grupo "
    "cadastro inscricao disparos contato contatos numero telefone celular email emails whatsapp zap dados base voces "
    "mais essa essas esse esses esta estas este estes dessa dessas desse desses desta destas deste destes aqui daqui "
    "todas todos tudo imediatamente definitivamente urgente"
)

# Words that lone words are one letter away from, and that mean something else.
_OTHER_WORDS = _words("saiu cair pagar parir top shop step para par pares parte parei mover bloqueio")

# Things that are sent and are no reason to stop: `não manda áudio`.
_NEUTRAL = re.compile(
    r"(?: (?:me|mais|o|a|os|as|um|uma|esse|essa|meu|minha|por))* "
    r"(?:audios?|fotos?|boletos?|dinheiro|pix|documentos?|links?|videos?|ninguem|faturas?|motoboy|cartao|notas?|"
    r"produtos?|encomendas?|pedidos?|resposta|salario|troco|comprovantes?)\b"
)
# What makes a request one of another kind: for a time, for some messages, about a list of debtors.
_LIMITS = _words(
    "antes depois ate hoje amanha noite madrugada manha domingo sabado segunda semana feriado horario enquanto quando "
    "se so somente apenas mas porem exceto menos sobre boleto fatura cobranca cobrancas errada errado repetida "
    "repetidas repetido duplicada duplicadas tanta tantas tanto tantos muitas audio audios foto link serasa spc "
    "protesto cartorio negativados inadimplentes devedores espera brincadeira brincando zoeira pagar acordo proposta"
)

# The parts of requests. A filling is any number of small words in front of what is asked about.
_MESSAGES = (
    r"mensagem|mensagens|recados?|whats\w*|zaps?|sms|emails?|torpedos?|propagandas?|promoc\w+|ofertas?|anuncios?|"
    r"marketing|publicidade|divulgac\w+|newsletters?|notificac\w+|comunicac\w+|comunicados?|spams?|contatos?|"
    r"informativos?|messages?|texts|mensajes?|correos?"
)
_ANYTHING = rf"{_MESSAGES}|nada|isso|isto|coisas?|avisos?|informac\w+|conteudos?"
_FILLING = (
    r"me|mais|por|favor|de|da|do|das|dos|a|as|o|os|um|uma|essas?|esses?|estas?|estes?|dessas?|desses?|destas?|destes?|tipo|"
    r"nenhum\w*|seus?|suas?|voces|qualquer|outr[ao]s?|no|na|pelo|pela|para|meu|minha|numero|celular|aqui|tais|todas?|todos|"
    r"envio|recebimento|ser|em|porra|merda|droga|bosta|caralho|inferno"
)
_STOP = (
    r"pare|parem|para|parar|param|deixa|deixe|deixem|deixar|cesse|cessem|cessar|cansei|chega|basta|evite|evitem|evitar"
)
_TAKE = (
    r"tira|tire|tirem|tirar|retira|retire|retirem|retirar|remova|remove|removam|remover|exclua|exclui|excluam|excluir|"
    r"deleta|delete|deletem|deletar|apaga|apague|apaguem|apagar|risca|risque|risquem|riscar"
)
_TAKEN = r"(?:removid|retirad|excluid|tirad|deletad|apagad|riscad|descadastrad)[oa]s?"
_LISTS = r"listas?|listagem|transmissao|grupos?|mailing|base|disparos?|broadcast|newsletter|cadastro"
_OWN = (
    r"(?:meu|meus|minha|minhas|este|esse|deste|desse|nosso) "
    r"(?:numero|contatos?|telefone|celular|cadastro|dados|email|whats\w*|zap)"
)

# Requests that name what is sent (`coisa`), or have nothing but small words around them.
_REQUESTS = (
    rf"(?:{_STOP})(?: ja)? de(?: ficar)?(?: me| nos)? (?:mandar|mandando|enviar|enviando|encaminhar|disparar|escrever|"
    rf"receber|chamar|contatar|contactar|procurar|cobrar|ligar)(?:(?: (?:{_FILLING})){{0,6}} (?P<coisa>{_ANYTHING}))?",
    r"nao (?:quero|queremos|queria|gostaria|desejo|desejamos|aceito|autorizo|permito|pretendo|vou querer|"
    r"tenho interesse em)(?: de| que| mais| voces| me| o| a| ser| continuar)* (?:receber|recebendo|mandem|mande|enviem|"
    rf"envie|contatad\w|contactad\w|procurad\w)(?:(?: (?:{_FILLING})){{0,6}} (?P<coisa>{_ANYTHING}))?",
    r"nao (?:quero|queremos|desejo|desejamos|aceito|autorizo|permito)"
    rf"(?: (?:{_FILLING})){{0,5}} (?P<coisa>{_MESSAGES})",
    r"nao(?: me| nos| mais)* (?:mande|manda|mandem|mandar|envie|envia|enviem|enviar|encaminhe|encaminhem|escreva|"
    r"escrevam|chame|chama|chamem|contate|contatem|contacte|contactem|procure|procurem|ligue|liguem|receber)"
    rf"(?:(?: (?:{_FILLING})){{0,6}} (?P<coisa>{_ANYTHING}))?",
    r"(?:chega|basta|pare|parem|parar|para|stop|interromp\w+|suspend\w+|cess\w+|bloque(?:ar|ie|iem|ia)|sem mais)"
    rf"(?: com)?(?: (?:{_FILLING})){{0,5}} (?P<coisa>{_MESSAGES}|promotions)",
    rf"cancel(?:a|e|em|ar|o|amento)(?: (?:{_FILLING})){{0,5}} (?P<coisa>recebimento|envios?|mensage\w+|notificac\w+|"
    r"newsletter|inscricao|cadastro|emails?|propagandas?|promocoes|sms)",
)
# Requests that are complete.
_COMPLETE = (
    rf"(?:{_STOP})(?: ja)? de(?: ficar)?(?: me| nos)? (?:encher|incomodar|perturbar|importunar|torrar|atormentar|"
    r"insistir|amolar|chatear|aborrecer|aporrinhar|azucrinar|spammar)",
    r"nao(?: me| nos| mais)* (?:incomode|incomodem|incomodar|perturbe|perturbem|perturbar|importune|importunem|encha|"
    r"encham|insista|insistam|amole|amolem|atormente|aborreca|aborrecam)",
    r"nao quero(?: mais)?(?: ser)? (?:incomodad\w|perturbad\w|importunad\w)",
    r"nao (?:entre|entrem|entrar|facam|faca|mantenham)(?: mais)?(?: em)?(?: mais)? contato",
    rf"(?:{_TAKE}|sair|saia|saio|sai)(?: (?:{_FILLING}|eu|nome|contato|telefone|email|dados)){{0,7}} (?:{_LISTS})",
    rf"(?:quero|queria|gostaria|desejo|solicito|peco)(?: de| que| para)? ser {_TAKEN}"
    rf"(?: (?:{_FILLING})){{0,5}} (?:{_LISTS})",
    rf"nao quero(?: mais)? (?:estar|ficar|continuar|permanecer|constar)(?: (?:{_FILLING})){{0,5}} (?:{_LISTS})",
    r"(?:revogo|retiro)(?: o| meu)? consentimento|nao consinto",
    rf"(?:{_TAKE}|esquece|esqueca|esquecam|bloqueia|bloqueie|bloqueiem|bloquear|exclusao|remocao|retirada)"
    rf"(?: me| o| a| os| as| de| do| da| dos| todos?| todas?)* {_OWN}",
    r"(?:deixa|deixe|deixem|deixar)(?: me)? em paz",
    r"me (?:esquece|esqueca|esquecam)",
    r"(?:pare|parem|para|stop|chega|basta)(?: ja)? (?:agora|ja|imediatamente|com isso|com essas|disso)(?: mesmo)?",
    r"descadastr(?:o|ar|e|em|a|am|amento)|desinscrev\w+|desinscricao|unsubscribe|optout",
    r"leave me alone|take me off|remove me|opt me out|stop it|delete my (?:number|data|contact)|"
    r"do not (?:contact|message|text|email|send|write)",
    r"(?:please )?stop (?:sending|texting|messaging|contacting|emailing|spamming|writing)",
    r"no more (?:messages|emails|texts|spam)|no longer (?:wish|want) to receive|do not want (?:to receive|any more)",
    r"no quiero (?:mas )?(?:recibir(?: mas)?|mensajes)|dej(?:a|e|en|ar) de (?:enviar|mandar|molestar|escribir)\w*",
    r"(?:dar|darme|dame|denme) de baja|no me (?:envien?|manden?|escriban?|molesten?)",
)
# The same words for the opposite: `não pare`, `não quero sair`.
_KEEP = re.compile(
    r"\bnao(?: me)?"
    r"(?: (?:quero|queria|vou|e|precisa|precisam|pode|podem|devem|para|deixe|deixem|gostaria|desejo|que|de|me|ser))"
    r"{0,3}"
    r" (?:pare|parem|parar|para|sair|saia|sai|stop|descadastr\w+|bloque\w+|cancel\w+|desinscrev\w+|"
    rf"(?:deixe|deixem|deixar) de|{_TAKE}|{_TAKEN})\b|\b(?:do not|never) (?:stop|unsubscribe|remove)\b"
)
_COMPLAINT = re.compile(
    r"\bnao (?:para|param|parou|pararam) de (?:me |ficar |chegar )*(?:mand|envi|ench|cheg|perturb|incomod|mensag)"
)
# Near: a person should look.
_DOUBTS = re.compile(
    r"\b(?:nao tenho(?: mais| nenhum)? interesse|sem interesse|nao (?:me )?interessa|nao estou interessad\w|"
    r"(?:numero|telefone|pessoa|contato) errad\w|nao sou (?:eu|o|a|ess[ae]|est[ae])\b|"
    r"nao conheco (?:ess|est|nenhum|ninguem)|"
    r"(?:numero|telefone|celular) nao (?:e|pertence)|procon|lgpd|anatel|denunci\w+|(?:isso|isto) e (?:spam|golpe)|"
    r"vou processar (?:voces|essa|esta)|(?:vou|irei|ja)(?: te| voces)? bloque\w+|(?:to|tou|estou) fora|"
    r"nao quero(?: mais)? (?:participar|fazer parte|saber)|"
    r"sai(?:a|am)? d[oa] (?:minha vida|meu whats\w*|meu zap|meu pe)|"
    r"ja (?:pedi|falei|disse|avisei)(?: para| que| a| voces)* (?:parar|pararem|nao (?:quero|me|mandar\w*|enviar\w*))|"
    rf"(?:desativ|desabilit|desligu?)(?:a|e|o|em|am|ar)(?: (?:{_FILLING}))* (?:{_MESSAGES})|"
    r"not interested|exclusao (?:de|dos)(?: meus)? dados|pode(?:m)? tirar meu nome|"
    r"vai encher|vao encher|nao aguento mais|que saco|nao precisa(?:m)?(?: mais)?(?: me)? (?:mandar|enviar)|"
    r"(?:quem|como)(?: \w+){1,3} meu (?:numero|contato|telefone))"
)
_DOUBTFUL_CLAUSE = re.compile(
    r"nao quero(?: mais)?(?: nada| isso)?(?: de voces)?|(?:aqui )?(?:e |foi |deve ser |por )?engano|posso sair|"
    r"cancel(?:ar|a|e|em|ado)?(?: isso| isto| tudo)?|nao autorizo(?: mais)?(?: isso| isto|(?: o)? envio)?|"
    r"como cancelo|cancel\w+(?: minha| a)? assinatura|fora|cai fora|encerrar|nao mande|"
    r"nao manda|bloquead[oa]s?|bloqueei(?: voces)?|spam|some|suma|sumam|vaza|vazem|nao mais|"
    r"(?:(?:para|em) )?n?(?:esse|este) (?:numero|telefone|celular|contato) nao|nothanks|"
    r"dispenso|exclusao|desabilitar|desativar|sem (?:mensage\w+|contato)|me erra|indesejad[oa]s?|"
    rf"(?:me )?(?:{_TAKE})(?: me)?|(?:quero|queria|gostaria|desejo|solicito|peco)(?: de| que| para)? ser {_TAKEN}"
)
# The end of a limited request: `não me mande mensagem, só e-mail`.
_GOES_ON = re.compile(
    r"(?:so|somente|apenas|mas|exceto|menos|prefiro|manda|mande|mandem|pode|podem|continue|continuem)\b"
)
_PREPOSITIONS = _words("de do da dos das na no nas nos em ate para com mais a o as os e por")
_HARSH = _words("pare parem sai saia")

_REQUEST = [re.compile(rf"\b(?:{each})\b") for each in _REQUESTS]
_WHOLE = [re.compile(rf"\b(?:{each})\b") for each in _COMPLETE]

_APART = re.compile(r"\b[^\W\d_](?:[\W_]{1,3}[^\W\d_]\b){2,}")
_QUOTED = re.compile(
    r"^(?:\s*>.*|-+ ?(?:mensagem original|original message).*|(?:em|on) .{5,200}(?:escreveu|wrote):\s*)$"
)
_TO_ONE_WORD = (
    (re.compile(r"\be[- ]mail"), "email"),
    (re.compile(r"\bopt(?:ing)?[- ]?out\b"), "optout"),
    (re.compile(r"\bstop all\b"), "stopall"),
    (re.compile(r"\bno[,.]? (?:thanks|thank you)\b"), "nothanks"),
    (re.compile(r"\b(?:nunca mais|jamais)\b"), "nao"),
    (re.compile(r"\bdon['’´`]t\b"), "do not"),
    (re.compile(r"\+"), " mais "),
)
_DIGITS_FOR_LETTERS = str.maketrans("013457", "oieast")
_LONG_WORDS = ("descadastrar", "descadastro", "descadastre", "unsubscribe")


class _Clause(NamedTuple):
    """The words between two marks of punctuation, and whether a question mark ends them."""

    words: tuple[str, ...]
    asks: bool

    @property
    def text(self) -> str:
        return " ".join(self.words)


def wish_of(text: str) -> OptOutWish | None:
    """What the message asks for; None for any other message."""
    clauses = list(_clauses(text))
    whole = " ".join(each.text for each in clauses)
    if not whole:
        return None
    if _COMPLAINT.search(whole):
        return OptOutWish.DUVIDA
    if any(_KEEP.search(each.text) for each in clauses):
        return None
    words = tuple(chain.from_iterable(each.words for each in clauses))
    found = {_asked_alone(words, asks=any(each.asks for each in clauses)), *map(_asked_in, clauses)}
    if OptOutWish.DESCADASTRO in found:
        goes_on = any(_GOES_ON.match(each.text) for each in clauses[1:])
        return OptOutWish.DUVIDA if goes_on else OptOutWish.DESCADASTRO
    return OptOutWish.DUVIDA if OptOutWish.DUVIDA in found or _is_near(clauses, words) else None


def _asked_alone(words: tuple[str, ...], *, asks: bool) -> OptOutWish | None:
    """A lone word, perhaps mistyped, with nothing but small words around it."""
    content = [each for each in words if each not in _POLITE]
    is_lone = not _LONE.isdisjoint(content) and len(words) <= _MOST_WORDS and _SMALL.union(_LONE).issuperset(words)
    is_alone = len(content) == 1 and (content[0] in _ALONE or _is_mistyped(content[0]))
    if not (is_lone or is_alone):
        return None
    return OptOutWish.DUVIDA if asks else OptOutWish.DESCADASTRO


def _asked_in(clause: _Clause) -> OptOutWish | None:
    """A request among other words."""
    if _DOUBTFUL_CLAUSE.fullmatch(clause.text):
        return OptOutWish.DUVIDA
    for pattern in _WHOLE:
        if match := pattern.search(clause.text):
            return _judged(clause, match, is_complete=True)
    for pattern in _REQUEST:
        if match := pattern.search(clause.text):
            is_about_other_things = match[0].startswith("nao") and _NEUTRAL.match(clause.text[match.end() :])
            if match["coisa"] is None and is_about_other_things:
                continue
            return _judged(clause, match, is_complete=match["coisa"] is not None)
    return None


def _judged(clause: _Clause, match: re.Match[str], *, is_complete: bool) -> OptOutWish:
    """Certain, if what stands around the request does not limit it."""
    around = f"{clause.text[: match.start()]} {clause.text[match.end() :]}".split()
    unknown = [each for each in around if each not in _SMALL]
    is_certain = (
        _LIMITS.isdisjoint(around)
        and "nao" not in clause.text[: match.start()].split()
        and len(unknown) <= (_MOST_UNKNOWN if is_complete and not clause.asks else 0)
    )
    return OptOutWish.DESCADASTRO if is_certain else OptOutWish.DUVIDA


def _is_near(clauses: list[_Clause], words: tuple[str, ...]) -> bool:
    """Whether a person should look: signs of doubt, or a lone word that is a clause of its own."""
    is_harsh = len(words) <= 4 and words[0] in _HARSH and _LIMITS.isdisjoint(words) and words[1] not in _PREPOSITIONS
    return is_harsh or any(
        _DOUBTS.search(each.text)
        or _DOUBTFUL_CLAUSE.fullmatch(" ".join(word for word in each.words if word == "nao" or word not in _POLITE))
        or _asked_alone(each.words, asks=each.asks)
        for each in clauses
    )


def _clauses(text: str) -> Iterator[_Clause]:
    folded = _folded(text)
    for pattern, word in _TO_ONE_WORD:
        folded = pattern.sub(word, folded)
    folded = _APART.sub(_joined, folded)
    for part, mark in re.findall(r"([^.!?;:,()\n…]*)([.!?;:,()\n…]*)", folded):
        words = tuple(chain.from_iterable(_spelled(each).split() for each in re.findall(r"\w+", part)))
        if words:
            yield _Clause(words, "?" in mark)


def _folded(text: str) -> str:
    """Lower case, without accents, emoji, invisible characters and what an e-mail quotes."""
    composed = normalize("NFKC", text[:_LOOKED_AT])
    plain = "".join(each for each in normalize("NFKD", composed) if not combining(each) and category(each) != "Cf")
    return "\n".join(line for line in plain.casefold().splitlines() if not _QUOTED.match(line))


def _joined(match: re.Match[str]) -> str:
    """Letters that stand apart, as one word if that is a lone word."""
    word = re.sub(r"[\W_]", "", match[0])
    return word if word in _LONE | _ALONE else match[0]


def _spelled(word: str) -> str:
    """The word as the tables have it."""
    if not word.isdigit():
        word = re.sub(r"(.)\1{2,}", r"\1", word).strip("_")
        if word.isascii() and any(each.isalpha() for each in word) and any(each.isdigit() for each in word):
            word = word.translate(_DIGITS_FOR_LETTERS)
    if len(word) >= 9 and word[0] in "du" and any(_distance(word, each) <= 2 for each in _LONG_WORDS):
        return "unsubscribe" if word[0] == "u" else "descadastrar"
    return _SPELLINGS.get(word, word)


def _is_mistyped(word: str) -> bool:
    """Whether one wrong letter makes this word of a lone word of four letters or more."""
    if len(word) < 4 or word in _OTHER_WORDS:
        return False
    return any(_is_slip(word, each) for each in _LONE if len(each) >= 4)


def _is_slip(typed: str, meant: str) -> bool:
    """Whether one slip of a finger lies between the two: in short words only one that fingers make."""
    if _distance(typed, meant) != 1:
        return False
    if len(meant) > 5:
        return True
    if len(typed) < len(meant):
        return len(meant) == 5 and typed[0] == meant[0]
    at = next((n for n, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), len(meant))
    if len(typed) > len(meant):
        near = meant[max(0, at - 1) : at + 1]
        return typed[at] in near or any(typed[at] in _NEIGHBOURS.get(each, "") for each in near)
    return typed[at + 1 :] != meant[at + 1 :] or typed[at] in _NEIGHBOURS.get(meant[at], "")


# The keys beside a key, of those that lone words of four or five letters need.
_NEIGHBOURS = {
    "a": "qwsz", "e": "wrsd", "i": "uojk", "m": "njk", "o": "ipkl", "p": "ol", "q": "wa", "r": "etdf", "s": "awedzx",
    "t": "ryfg", "u": "yihj", "x": "zcsd",
}  # fmt: skip


def _distance(one: str, other: str) -> int:
    """Edits between two words, a swap of neighbours being one (Damerau); 3 stands for any greater number."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, against in enumerate(other, 1):
            best = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                best = min(best, before[column - 2] + 1)
            now.append(best)
        before, last = last, now
    return min(3, last[-1])

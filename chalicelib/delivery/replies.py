"""Takes what people write back: finds out who they are, keeps it, and leaves alone whoever asks for that.

A sender is known by every form of the number, by the provider's id of the person where we have seen it before, and by
the message that the reply quotes. A reply of nobody whom we know is kept all the same, for a person to look at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Row, Rows
from chalicelib.canal import Canal
from chalicelib.delivery.providers.notices import InboundReply, UserSighting
from chalicelib.delivery.senders import ReplySender, sender_of
from chalicelib.ids import new_ids
from chalicelib.leads import moves
from chalicelib.leads.states import LeadFact
from chalicelib.suppression.optout import OptOutWish, wish_of
from chalicelib.suppression.requests import SuppressionReason

# Meta repeats a notification for seven days. What a reply says of an older time is not believed.
_REPEATED = timedelta(days=7)
_CLOCKS_DIFFER = timedelta(minutes=5)
# Meta's times are whole seconds: what was written just after a consent must not look older.
_SECONDS_DIFFER = timedelta(seconds=5)


class TakenReplies(NamedTuple):
    """How many replies were new, and how many of these belong to no lead."""

    kept: int
    unassigned: int


class _Known(NamedTuple):
    """What the database knows about the senders of one request."""

    quoted: Mapping[str, Row]
    users: Mapping[str, Row]
    leads: Mapping[str, list[UUID]]
    """The leads of each contact."""


class _IdentifiedReply(NamedTuple):
    """A reply and who wrote it.

    `contatos` are the contacts that it may have come from, the likeliest first; `lead_ids` are all leads with one.
    """

    resposta_id: UUID
    reply: InboundReply
    sender: ReplySender
    contatos: tuple[str, ...]
    lead_ids: tuple[UUID, ...]
    lead_id: UUID | None
    disparo_id: UUID | None
    sent_at: datetime
    wish: OptOutWish | None


def take_replies(rows: Rows, canal: Canal, replies: Sequence[InboundReply], now: datetime) -> TakenReplies:
    """Keep the replies of one request; one that was kept before changes nothing.

    The number of queries does not depend on that of the replies.
    """
    if not replies:
        return TakenReplies(0, 0)
    identified = _identified(rows, canal, _each_once(replies), now)
    consented = _consented(rows, canal, identified)
    kept_ids = _insert(rows, canal, identified, consented, now)
    kept = [each for each in identified if each.resposta_id in kept_ids]
    _remember(rows, canal, kept, now)
    if answered := sorted({each.disparo_id for each in kept if each.disparo_id is not None}):
        rows.run("mark_disparos_answered", disparo_ids=answered, agora=now)
    # Whoever replies was reached.
    moves.apply(rows, {lead_id for each in kept for lead_id in each.lead_ids}, LeadFact.DISPARO_CONFIRMADO, now)
    _suppress(rows, canal, [each for each in kept if _is_asked(each, consented)], now)
    return TakenReplies(len(kept), sum(each.lead_id is None for each in kept))


def remember_users(rows: Rows, canal: Canal, users: Iterable[UserSighting], now: datetime) -> None:
    """Remember whose ids the provider's reports name: those of the contacts that our messages went to."""
    seen = {each.user_id: each._asdict() for each in users}
    if seen:
        rows.run("upsert_usuarios_of_disparos", canal=canal.value, vistos=json.dumps([*seen.values()]), agora=now)


def _each_once(replies: Iterable[InboundReply]) -> list[InboundReply]:
    return list({each.message_id or n: each for n, each in enumerate(replies)}.values())


def _identified(rows: Rows, canal: Canal, replies: Sequence[InboundReply], now: datetime) -> list[_IdentifiedReply]:
    senders = [sender_of(canal, each.sender, each.user_id) for each in replies]
    known = _known(rows, canal, replies, senders)
    found = [
        _of_sender(canal, reply, sender, known, now, resposta_id)
        for reply, sender, resposta_id in zip(replies, senders, new_ids(now, len(replies)), strict=True)
    ]
    last: dict[str, list[Row]] = {}
    for row in _last_disparos(rows, canal, found):
        last.setdefault(row["destino"], []).append(row)
    return [_answering(each, last) for each in found]


def _known(rows: Rows, canal: Canal, replies: Sequence[InboundReply], senders: Sequence[ReplySender]) -> _Known:
    quoted_ids = sorted({each.quoted_id for each in replies if each.quoted_id})
    user_ids = sorted({each.user_id for each in senders if each.user_id})
    of_canal = {"canal": canal.value}
    quoted = rows.all("list_quoted_disparos", **of_canal, message_ids=quoted_ids) if quoted_ids else []
    users = rows.all("list_provedor_usuarios", **of_canal, usuarios=user_ids) if user_ids else []
    contatos = {form for each in senders for form in each.forms}
    contatos |= {row["destino"] for row in quoted} | {row["contato"] for row in users}
    leads: dict[str, list[UUID]] = {}
    for row in rows.all("list_leads_of_contatos", **of_canal, contatos=sorted(contatos)) if contatos else []:
        leads.setdefault(row["contato"], []).append(row["lead_id"])
    return _Known({row["provider_message_id"]: row for row in quoted}, {row["usuario"]: row for row in users}, leads)


def _of_sender(
    canal: Canal, reply: InboundReply, sender: ReplySender, known: _Known, now: datetime, resposta_id: UUID
) -> _IdentifiedReply:
    quoted, user = known.quoted.get(reply.quoted_id or ""), known.users.get(sender.user_id or "")
    contatos = _contacts(canal, sender, known, quoted, user)
    lead_ids = dict.fromkeys(lead_id for each in contatos for lead_id in known.leads.get(each, []))
    named = [row["lead_id"] for row in (quoted, user) if row is not None and row["lead_id"] is not None]
    lead_ids.update(dict.fromkeys(named))
    return _IdentifiedReply(
        resposta_id,
        reply,
        sender,
        contatos,
        tuple(lead_ids),
        named[0] if named else next(iter(lead_ids)) if len(lead_ids) == 1 else None,
        None if quoted is None else quoted["disparo_id"],
        _trusted_time(reply.sent_at, now),
        OptOutWish.DESCADASTRO if reply.is_opt_out else wish_of(reply.text),
    )


def _contacts(
    canal: Canal, sender: ReplySender, known: _Known, quoted: Row | None, user: Row | None
) -> tuple[str, ...]:
    """The contacts that a reply may have come from: where the quoted message went, and those that the sender names."""
    if quoted is not None and quoted["destino"] in sender.forms:
        return (quoted["destino"],)
    own = [each for each in sender.forms if each in known.leads]
    if not own and quoted is None and user is not None:
        own = [user["contato"]]
    reached = [quoted["destino"]] if quoted is not None else []
    return tuple(dict.fromkeys([*reached, *(own or sender.readable(canal))]))


def _last_disparos(rows: Rows, canal: Canal, replies: Iterable[_IdentifiedReply]) -> list[Row]:
    """The last disparo that was sent to each contact of each lead; a reply that quotes none answers one of them."""
    open_ones = [each for each in replies if each.disparo_id is None and each.lead_ids]
    if not open_ones:
        return []
    return rows.all(
        "list_last_disparos",
        canal=canal.value,
        lead_ids=sorted({lead_id for each in open_ones for lead_id in each.lead_ids}),
        contatos=sorted({contato for each in open_ones for contato in each.contatos}),
    )


def _answering(each: _IdentifiedReply, last: Mapping[str, list[Row]]) -> _IdentifiedReply:
    """The reply with the disparo that it answers. Of several leads with one contact, it is from who was written to."""
    sent = [
        row
        for contato in each.contatos
        for row in last.get(contato, [])
        if each.lead_id in {None, row["lead_id"]} and each.disparo_id is None
    ]
    if not sent:
        return each
    newest = max(sent, key=lambda row: (row["enviado_em"], row["disparo_id"]))
    contatos = sorted(each.contatos, key=lambda contato: contato != newest["destino"])
    return each._replace(contatos=tuple(contatos), lead_id=newest["lead_id"], disparo_id=newest["disparo_id"])


def _trusted_time(sent_at: datetime | None, now: datetime) -> datetime:
    """When it was written, as far as the provider can be believed."""
    return sent_at if sent_at is not None and now - _REPEATED <= sent_at <= now + _CLOCKS_DIFFER else now


def _consented(rows: Rows, canal: Canal, replies: Iterable[_IdentifiedReply]) -> dict[str, datetime]:
    """Since when each contact has consented anew; asked only where somebody wants to be left alone."""
    contatos = {contato for each in replies if each.wish is not None for contato in each.contatos}
    if not contatos:
        return {}
    found = rows.all("list_consentimentos", canal=canal.value, contatos=sorted(contatos))
    return {row["contato"]: row["desde"] for row in found}


def _is_outdated(each: _IdentifiedReply, consented: Mapping[str, datetime]) -> bool:
    """Whether its person has consented anew since it was written."""
    moment = each.sent_at + _SECONDS_DIFFER
    return any(moment < consented[contato] for contato in each.contatos if contato in consented)


def _is_asked(each: _IdentifiedReply, consented: Mapping[str, datetime]) -> bool:
    return each.wish is OptOutWish.DESCADASTRO and not _is_outdated(each, consented)


def _needs_review(each: _IdentifiedReply, consented: Mapping[str, datetime]) -> bool:
    """Whether a person must look: at a doubt, and at a request of somebody whom we cannot leave alone by ourselves."""
    is_open = each.wish is OptOutWish.DUVIDA or (each.wish is OptOutWish.DESCADASTRO and not each.contatos)
    return is_open and not _is_outdated(each, consented)


def _insert(
    rows: Rows, canal: Canal, replies: Iterable[_IdentifiedReply], consented: Mapping[str, datetime], now: datetime
) -> set[UUID]:
    """Store the replies; the ids of those that were not there before."""
    document = json.dumps([_columns(each, consented) for each in replies], default=str)
    found = rows.all("insert_respostas", canal=canal.value, respostas=document, agora=now)
    return {row["resposta_id"] for row in found}


def _columns(each: _IdentifiedReply, consented: Mapping[str, datetime]) -> dict[str, Any]:
    reply = each.reply
    return {
        "resposta_id": each.resposta_id,
        "provider_message_id": reply.message_id,
        "remetente": reply.sender or each.sender.user_id or "",
        "usuario": each.sender.user_id,
        "contato": each.contatos[0] if each.contatos else None,
        "em_resposta_a": reply.quoted_id,
        "disparo_id": each.disparo_id,
        "lead_id": each.lead_id,
        "texto": reply.text or None,
        "enviada_em": reply.sent_at and reply.sent_at.isoformat(),
        "pedido": each.wish and each.wish.value,
        "revisar": _needs_review(each, consented),
    }


def _remember(rows: Rows, canal: Canal, replies: Iterable[_IdentifiedReply], now: datetime) -> None:
    """Remember the provider's ids of senders whose contact is known."""
    seen = {
        each.sender.user_id: {"usuario": each.sender.user_id, "contato": each.contatos[0], "lead_id": None}
        for each in replies
        if each.sender.user_id and each.contatos
    }
    if seen:
        rows.run("upsert_usuarios", canal=canal.value, vistos=json.dumps([*seen.values()]), agora=now)


def _suppress(rows: Rows, canal: Canal, replies: Sequence[_IdentifiedReply], now: datetime) -> None:
    wanted = {contato: each for each in replies for contato in each.contatos}
    entries = [
        {"canal": canal.value, "contato": contato, "supressao_id": supressao_id, "disparo_id": each.disparo_id}
        for (contato, each), supressao_id in zip(wanted.items(), new_ids(now, len(wanted)), strict=True)
    ]
    if entries:
        rows.run(
            "insert_supressoes", motivo=SuppressionReason.RESPOSTA.value,
            contatos=json.dumps(entries, default=str), por=None, nota=None, agora=now,
        )  # fmt: skip

"""What a webhook says is read with patience; what becomes of a disparo does not hang on the order of it."""

from __future__ import annotations

import hmac
from hashlib import sha256
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.delivery.moves import after, comes_too_early
from chalicelib.delivery.replies import is_opt_out
from chalicelib.delivery.signatures import is_shared, is_signed_by_meta
from chalicelib.delivery.statuses import (
    NO_CODE,
    DeliveryReport,
    InboundReply,
    ProviderNotice,
    ReportedStatus,
    read_meta,
    read_simple,
)
from chalicelib.dispatch.states import DisparoStatus

ID = UUID(int=7)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def of_meta(**value: Any) -> dict[str, Any]:
    """A notification as Meta sends it, with a value of ours."""
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": {}, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def meta_status(status: str, **fields: Any) -> list[DeliveryReport]:
    """What is read of one status of Meta's."""
    return read_meta(of_meta(statuses=[{"id": "wamid.1", "status": status, **fields}])).entregas


# Signatures


@given(secret=st.text(min_size=1, max_size=40), raw=st.binary(max_size=200))
def test_a_body_that_meta_signed_is_believed(secret: str, raw: bytes) -> None:
    assert is_signed_by_meta(secret, raw, "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest())


@given(raw=st.binary(min_size=1, max_size=50), data=st.data())
def test_one_changed_byte_is_not_believed(raw: bytes, data: st.DataObject) -> None:
    signature = "sha256=" + hmac.new(b"s", raw, sha256).hexdigest()
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    assert not is_signed_by_meta("s", changed, signature)
    assert not is_signed_by_meta("t", raw, signature)


@given(st.text(max_size=80))
def test_any_other_header_is_no_signature_and_no_error(header: str) -> None:
    assert not is_signed_by_meta("s", b"{}", header)
    assert is_shared("segredo", header) == (header == "segredo")


# Meta


@pytest.mark.parametrize(
    ("status", "situacao"),
    [
        ("sent", ReportedStatus.ACEITO),
        ("delivered", ReportedStatus.ENTREGUE),
        ("read", ReportedStatus.ENTREGUE),
        ("played", ReportedStatus.ENTREGUE),
    ],
)
def test_a_status_of_metas_is_read(status: str, situacao: ReportedStatus) -> None:
    reference = {"biz_opaque_callback_data": str(ID)}
    assert meta_status(status, recipient_id="557199990001", **reference) == [DeliveryReport("wamid.1", situacao, ID)]


@pytest.mark.parametrize(
    ("errors", "codigo", "suprimir", "alternativo"),
    [
        ([{"code": 131026, "title": "Message undeliverable"}], "131026", False, True),
        ([{"code": 131050}], "131050", True, False),
        ([{"code": 131049}, {"code": 131050}], "131049", True, False),
        ([{"code": "470"}], "470", False, False),
        ([{"code": "5571999990001"}], NO_CODE, False, False),
        ([{"code": "a b"}], NO_CODE, False, False),
        ([{"code": True}], NO_CODE, False, False),
        ([{}], NO_CODE, False, False),
        ([], NO_CODE, False, False),
        (None, NO_CODE, False, False),
    ],
)
def test_a_failure_has_its_code_and_what_follows_from_it(
    errors: Any, codigo: str, suprimir: bool, alternativo: bool
) -> None:
    expected = DeliveryReport("wamid.1", ReportedStatus.FALHOU, None, codigo, suprimir, alternativo)
    assert meta_status("failed", errors=errors) == [expected]


@pytest.mark.parametrize("status", [{"status": "deleted"}, {"status": 7}, {"id": 7}, {"id": "com espaço"}, {"id": ""}])
def test_a_status_that_says_nothing_to_us_is_passed_over(status: dict[str, Any]) -> None:
    assert read_meta(of_meta(statuses=[{"id": "wamid.1", "status": "sent", **status}])).entregas == []


def test_a_reference_that_is_not_one_of_ours_is_none() -> None:
    assert meta_status("sent", biz_opaque_callback_data="pedido 7") == [
        DeliveryReport("wamid.1", ReportedStatus.ACEITO)
    ]
    assert meta_status("sent", biz_opaque_callback_data={"a": 1}) == [DeliveryReport("wamid.1", ReportedStatus.ACEITO)]


@pytest.mark.parametrize(
    ("message", "texto", "quoted"),
    [
        ({"type": "text", "text": {"body": "SAIR"}}, "SAIR", None),
        ({"type": "text", "text": {"body": "Oi"}, "context": {"id": "wamid.0"}}, "Oi", "wamid.0"),
        ({"type": "button", "button": {"text": "Parar promoções", "payload": "x"}}, "Parar promoções", None),
        (
            {
                "type": "interactive",
                "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Sim"}},
            },
            "Sim",
            None,
        ),
        ({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}, "", "wamid.0"),
        ({"type": "image", "image": {"id": "1", "caption": "pare"}}, "", None),
        ({"type": "text", "text": "pare"}, "", None),
        ({"type": None}, "", None),
    ],
)
def test_whatever_a_person_sends_is_an_answer(message: dict[str, Any], texto: str, quoted: str | None) -> None:
    aviso = read_meta(of_meta(messages=[{"from": "557199990001", "id": "wamid.9", **message}]))
    assert aviso == ProviderNotice([], [InboundReply("557199990001", texto, quoted)])


def test_a_notice_of_whatsapps_own_is_nobodys_answer() -> None:
    assert read_meta(
        of_meta(messages=[{"from": "1", "type": "system", "system": {"type": "user_changed_number"}}])
    ) == (ProviderNotice([], []))


# The simple shape


def test_the_simple_shape_is_read() -> None:
    document = {
        "entregas": [
            {"message_id": "1", "situacao": "enviado", "disparo_id": str(ID)},
            {"message_id": "1", "situacao": "entregue"},
            {"message_id": "1", "situacao": "lido", "suprimir": True},
            {"message_id": "2", "situacao": "falhou", "codigo": "bounce", "alternativo": True},
            {"message_id": "3", "situacao": "falhou", "suprimir": "sim"},
            {"message_id": "4", "situacao": "perdido"},
            {"situacao": "lido"},
        ],
        "respostas": [{"de": "maria@example.com", "texto": "pare", "em_resposta_a": "1"}, {}],
    }
    assert read_simple(document) == ProviderNotice(
        [
            DeliveryReport("1", ReportedStatus.ACEITO, ID),
            DeliveryReport("1", ReportedStatus.ENTREGUE),
            DeliveryReport("1", ReportedStatus.ENTREGUE, suprimir=True),
            DeliveryReport("2", ReportedStatus.FALHOU, codigo="bounce", alternativo=True),
            DeliveryReport("3", ReportedStatus.FALHOU, codigo=NO_CODE),
        ],
        [InboundReply("maria@example.com", "pare", "1"), InboundReply("", "", None)],
    )


@given(st.dictionaries(st.sampled_from(["entry", "entregas", "respostas", "object"]), JSON, max_size=4), JSON)
def test_no_document_is_an_error(document: dict[str, Any], odd: Any) -> None:
    whole, listed = of_meta(statuses=odd, messages=odd), of_meta(statuses=[odd], messages=[odd])
    deep, simple = {"entry": [{"changes": [{"value": odd}, odd]}, odd]}, {"entregas": [odd], "respostas": [odd]}
    for each in (document, whole, listed, deep, simple):
        for read in (read_meta, read_simple):
            aviso = read(each)
            assert all(
                entrega.message_id and isinstance(entrega.situacao, ReportedStatus) for entrega in aviso.entregas
            )
            assert all(isinstance(resposta.texto, str) for resposta in aviso.respostas)


# Answers


@pytest.mark.parametrize(
    "text",
    [
        "SAIR", "sair", "Sair.", " sair!!! ", "PARE", "pare", "parar", "STOP", "Stop", "sáir", "SAIR 🙏", "*SAIR*",
        "Por favor, pare", "quero sair", "Quero sair da lista", "parar de receber mensagens", "Parar promoções",
        "pare de me mandar mensagem", "Stop promotions", "descadastrar", "unsubscribe", "Ｓ Ａ Ｉ Ｒ".replace(" ", ""),
        "sair\nsair",
    ],
)  # fmt: skip
def test_who_asks_to_be_left_alone_is_understood(text: str) -> None:
    assert is_opt_out(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "não pare", "Não quero sair", "vou sair agora, falo depois", "pode parar na segunda?", "sairei", "1",
        "stop & go?", "cancelar", "quero receber mensagens", "parabéns", "выход stop", "sair " * 11, "👍", "sair 2",
    ],
)  # fmt: skip
def test_anything_else_is_for_a_person_to_read(text: str) -> None:
    assert not is_opt_out(text)


@given(st.text(max_size=300))
def test_no_answer_is_an_error(text: str) -> None:
    assert is_opt_out(text) in {True, False}


# Moves


def _end(status: DisparoStatus, said: Any) -> DisparoStatus:
    for situacao in said:
        status = after(status, situacao, was_taken=True)
    return status


@pytest.mark.parametrize("status", DisparoStatus)
@given(said=st.lists(st.sampled_from(ReportedStatus), max_size=5))
def test_any_order_and_any_repetition_end_in_the_same_status(status: DisparoStatus, said: list[ReportedStatus]) -> None:
    once = _end(status, dict.fromkeys(said))
    for order in permutations(said):
        assert _end(status, order) == once
        assert _end(once, order) == once


@pytest.mark.parametrize("status", DisparoStatus)
@pytest.mark.parametrize("situacao", ReportedStatus)
def test_a_status_never_goes_back(status: DisparoStatus, situacao: ReportedStatus) -> None:
    proof = {DisparoStatus.INCERTO: 0, DisparoStatus.ENVIADO: 1, DisparoStatus.ERRO: 2, DisparoStatus.CONFIRMADO: 3}
    then = after(status, situacao, was_taken=True)
    assert then == status or proof[then] > proof[status]


def test_what_was_never_taken_stays_failed() -> None:
    assert after(DisparoStatus.ERRO, ReportedStatus.ENTREGUE, was_taken=False) is DisparoStatus.ERRO


def test_what_is_on_its_way_waits_for_its_worker() -> None:
    early = {status for status in DisparoStatus if comes_too_early(status)}
    assert early == {DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO}

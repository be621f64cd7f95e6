"""Which replies are opt-outs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.delivery.replies import is_opt_out


@pytest.mark.parametrize(
    "text",
    [
        "SAIR", "sair", "Sair.", " sair!!! ", "PARE", "pare", "parar", "STOP", "Stop", "sáir", "SAIR 🙏", "*SAIR*",
        "Por favor, pare", "quero sair", "Quero sair da lista", "parar de receber mensagens", "Parar promoções",
        "pare de me mandar mensagem", "Stop promotions", "descadastrar", "unsubscribe", "Ｓ Ａ Ｉ Ｒ".replace(" ", ""),
        "sair\nsair",
    ],
)  # fmt: skip
def test_word_of_the_list_alone_or_among_small_words_is_an_opt_out(text: str) -> None:
    assert is_opt_out(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "não pare", "Não quero sair", "vou sair agora, falo depois", "pode parar na segunda?", "sairei", "1",
        "stop & go?", "cancelar", "quero receber mensagens", "parabéns", "выход stop", "sair " * 11, "👍", "sair 2",
    ],
)  # fmt: skip
def test_any_other_reply_is_no_opt_out(text: str) -> None:
    assert not is_opt_out(text)


@given(st.text(max_size=300))
def test_is_opt_out_never_raises(text: str) -> None:
    assert is_opt_out(text) in {True, False}

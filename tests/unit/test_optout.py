"""Which messages ask to be left alone, which may, and which do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.suppression.optout import OptOutWish, wish_of

ASKS = [
    # One word, as people write it
    "SAIR", "sair", "Sair.", " sair!!! ", "PARE", "parem", "parar", "Para!", "STOP", "sáir", "saír", "SAIR 🙏",
    "*SAIR*", "_sair_", "sai", "Saia", "s a i r", "S.A.I.R", "P-A-R-E", "saiiiir", "PAREEE", "sair\nsair",
    "Ｓ Ａ Ｉ Ｒ", "𝗦𝗔𝗜𝗥", "s\u200bair", "Chega!", "basta", "unsubscribe", "Descadastrar", "descadastre", "Descadastro",
    "DESCADASTRAMENTO", "remover", "Remova", "excluir", "bloquear", "optout", "Opt-out", "opt out", "STOPALL",
    "baja", "st0p", "p4re",
    # … with one wrong letter
    "sairr", "sari", "saor", "saur", "ssair", "parre", "apre", "pate", "parrar", "parae", "paarr", "stopp", "sotp",
    "stpo", "remver", "rremover", "removar", "bloqear", "exclur", "descadastar", "descadrastar", "descadasrto",
    "unsubcribe", "desinscrver", "bloquera",
    # … among small words
    "Por favor, pare", "quero sair", "Quero sair da lista", "gostaria de sair", "sair por favor", "Sair da lista!!",
    "Stop. Obrigado", "Boa tarde, sair", "Olá! Sair. Grata", "pare, por favor 🙏🙏", "Não, pare",
    "remover meu número", "parar de receber mensagens", "Parar promoções", "Stop promotions", "Parar",
    "quero parar de receber", "pode parar", "Sair do grupo", "excluir meu cadastro",
    "sair dessa lista de transmissão pfv", "SAIR DA LISTA DE CONTATOS",
    # Not wanting
    "não quero mais receber mensagens", "Nao quero receber mais nada de vocês", "NÃO QUERO MAIS RECEBER",
    "não desejo receber", "não quero receber propaganda", "n quero mais receber msg",
    "naum qro mais receber essas msgs", "ñ quero + receber", "Não quero mais promoções",
    "não quero contato de vocês", "não autorizo o envio de mensagens", "não aceito mais contatos",
    "Olá, não tenho interesse em receber promoções", "não gostaria de receber mais mensagens, obrigada",
    "nao quero ser incomodado", "não quero que me mandem mais mensagens",
    "Bom dia! Não quero mais receber ofertas no meu zap.",
    # Do not send
    "não me mande mais mensagem", "Não me mandem mais nada", "por favor não me envie mais mensagens",
    "não envie mais mensagens", "nao manda mais msg pra mim", "não me escreva mais", "não me chame mais",
    "não me procurem mais", "não me incomode", "Não me perturbem mais!!", "não entre mais em contato",
    "nao entrem em contato comigo", "não me encha", "não me mande mais mensagem neste número",
    "Já paguei isso ontem. Não me mandem mais mensagens!",
    # Stop sending
    "pare de me mandar mensagem", "parem de mandar mensagens", "para de me encher", "para de encher o saco",
    "Parem de me mandar mensagem!", "pare de enviar", "já paguei, parem de me mandar msg",
    "parar de mandar mensagem", "vocês podem parar de me mandar mensagem?",
    "pode parar de mandar mensagem por favor", "deixem de me mandar mensagens", "quero deixar de receber mensagens",
    "chega de mensagem", "Chega de propaganda!", "parem com essas mensagens", "pare com isso", "Parem já",
    "cansei de receber propaganda de vocês", "pare de me incomodar", "parem de me perturbar", "me deixem em paz",
    "deixa eu em paz não, me deixa em paz", "me esquece", "bloqueia meu número", "sem mais mensagens",
    # Take me off
    "me tira dessa lista", "Me tirem da lista", "me remova da lista de vocês", "retira meu numero da lista",
    "favor retirar meu contato da base", "quero sair dessa lista de transmissão", "excluam meu número",
    "apaga meu contato", "apaguem meus dados", "tira meu whatsapp daí", "Como faço para sair da lista?",
    "cancelar inscrição", "Cancelar o recebimento", "cancelem meu cadastro", "quero cancelar o envio de mensagens",
    "quero me descadastrar", "me descadastra por favor", "gostaria de me descadastrar dessa lista",
    "por favor solicito descadastramento do meu e-mail",
    # Other languages
    "stop sending me messages", "Please stop texting me", "remove me from your list", "take me off this list",
    "leave me alone", "Deixa de me mandar mensagem", "nunca mais me mande mensagem", "Não receber mais",
    "não incomodar", "Cancela essas mensagens", "Não me liguem mais", "parem de mandar essa porra de mensagem",
    "solicito exclusão do meu número", "do not contact me", "Don't message me again", "no more messages please",
    "opt me out", "unsubscribe me", "I no longer wish to receive these emails", "no quiero recibir más mensajes",
    "dame de baja", "quiero darme de baja", "deja de enviarme mensajes", "no me escriban",
    "quero ser removido da lista", "Gostaria de ser excluída da base de dados de vocês", "tira eu da lista",
    "não quero mais estar na lista de vocês", "revogo meu consentimento", "não consinto", "delete my number", "stop it",
    # An e-mail with the message that it answers
    "SAIR\n\nEm seg., 23 de nov. de 2026 às 10:00, Loja <loja@example.com> escreveu:\n> Olá, Maria!\n> Responda SAIR.",
]  # fmt: skip

STAYS = [
    "pode deixar, pare aqui na frente", "pare aqui em frente ao portão", "esse número não atende", "no número",
    "thanks", "o app desativou sozinho",
    "Meu cartão foi bloqueado", "bloqueio judicial", "bloqueio", "Sair às 18h", "sai amanhã", "pare na esquina", "",
    " ", "…", "👍", "ok", "1", "Oi", "Sim, pode falar", "obrigada!", "Quem é?", "não", "Não, obrigado", "top",
    "Top!", "shop", "pagar", "Quero pagar", "saiu", "Já saiu?", "para mim", "É para quando?", "cair", "não pare",
    "Não pare de me avisar", "nao pare de mandar mensagens", "Não quero sair", "não quero parar de receber",
    "não quero deixar de receber as promoções", "não me tire da lista", "Não cancele minha inscrição", "don't stop",
    "não para de me avisar, por favor", "não quero me descadastrar", "nunca pedi nada, mas pode mandar",
    "quero sair mais cedo", "vou sair agora, falo depois", "Posso sair do plano atual?", "quero sair do vermelho",
    "sair do vermelho", "Como faço para sair do SPC?", "Meu nome vai sair do Serasa?", "quando sai meu acordo?",
    "a que horas sai a entrega?", "Preciso sair agora", "saí do trabalho", "acabei de sair do banho",
    "vamos sair hoje?", "pode parar na minha casa", "pode parar na segunda?", "Quando vocês param para almoço?",
    "onde posso parar o carro?", "Parei de trabalhar lá, mas pode falar",
    "parei de receber as mensagens de vocês, por quê?", "o carro parou", "pararam de me mandar o boleto",
    "quero parar de fumar", "stop & go?", "Stop de vendas é amanhã?", "stop loss em 10",
    "Cancelar a reunião de hoje", "quero cancelar o pedido", "cancelar meu plano", "Podem cancelar a compra 123?",
    "quero receber mensagens", "quero receber o boleto", "pode mandar mais mensagens", "me manda mensagem amanhã",
    "Não recebi a mensagem", "não recebo mensagens de vocês", "não manda áudio, não consigo ouvir",
    "não me manda foto", "chega hoje?", "Quando chega o boleto?", "chega amanhã", "parabéns", "sairei",
    "pareceu bom", "Compare os preços", "выход stop", "sair " * 11, "tira uma dúvida minha", "me tira uma dúvida?",
    "quero atualizar meu cadastro", "quando vão retirar meu nome do Serasa?", "remover a multa do boleto",
    "excluir os juros", "bloquear o cartão", "não quero pagar juros", "não quero receber boleto por e-mail",
    "não quero o desconto, quero parcelar", "e a o", "quero me recadastrar", "reparar", "aparar",
    "Qual o número da lista de espera?", "base de dados pronta", "pode me ligar?", "não consigo pagar hoje",
    "a mensagem chegou", "minha mãe vai sair da UTI", "não sei", "já deixei pago", "deixa comigo", "estou saindo",
    "fui removida do grupo", "não quero ser removido da lista", "não autorizo o débito em conta",
    "já falei que não vou conseguir hoje", "quero desativar o débito automático", "cancela isso aí do pedido",
]  # fmt: skip

NEAR = [
    "desativar notificações", "Desative as notificações", "desativa essas mensagens por favor", "esse número não",
    "Este numero nao!", "nesse número não, por favor", "no thanks", "No, thank you.",
    "me exclui", "me tira", "retirar", "como cancelo?", "cai fora", "não quero mais participar", "spam",
    "Bloqueado", "cancelar", "CANCELA", "cancelar minha assinatura", "não tenho interesse",
    "Sem interesse, obrigado", "não quero", "não quero mais", "nao me interessa", "número errado", "Aqui é engano",
    "foi engano", "não sou a Maria", "não conheço essa pessoa", "vou denunciar no Procon", "isso é spam",
    "vou bloquear vocês", "já bloqueei", "tô fora", "não aguento mais", "quem passou meu número?",
    "como vocês conseguiram meu telefone?", "Quem é? Sair", "posso sair?", "como faço para sair?",
    "não me mande mensagem hoje", "não me mande mensagem antes das 10", "pare de me mandar mensagem de madrugada",
    "parem de mandar boleto errado", "pare de me cobrar todo dia", "não me mande mais mensagem, só e-mail",
    "pare de mandar mensagem kkk brincadeira", "quero sair da lista de inadimplentes",
    "vocês não param de mandar mensagem", "não para de chegar mensagem", "não precisa mais mandar",
    "pare seu chato", "Sai daqui", "não consigo sair da lista", "se eu pagar vocês param de mandar mensagem?",
    "esse número não é mais dele", "para de graça não, pare", "me deixa em paz até amanhã", "não mande",
    "não autorizo", "não autorizo o envio", "cancela isso", "quero ser removido", "pode tirar meu nome",
    "eu já pedi para parar", "já falei que não quero", "sai do meu whatsapp", "isso é golpe", "dispenso, obrigado",
    "sem mensagens por favor", "not interested", "desativar", "exclusão dos dados", "não mais",
]  # fmt: skip


def test_corpus_is_large_and_says_each_sentence_once() -> None:
    every = [*ASKS, *STAYS, *NEAR]
    assert len(every) == len(set(every))
    assert len(ASKS) >= 120
    assert len(STAYS) >= 80


@pytest.mark.parametrize("text", ASKS)
def test_person_who_asks_to_be_left_alone_is_understood(text: str) -> None:
    assert wish_of(text) is OptOutWish.DESCADASTRO


@pytest.mark.parametrize("text", STAYS)
def test_other_message_is_no_opt_out_and_no_doubt(text: str) -> None:
    assert wish_of(text) is None


@pytest.mark.parametrize("text", NEAR)
def test_message_that_may_ask_for_it_is_a_doubt(text: str) -> None:
    assert wish_of(text) is OptOutWish.DUVIDA


@pytest.mark.parametrize("change", [str.upper, str.title, lambda text: f"  {text} 😡!", lambda text: f"“{text}”"])
@pytest.mark.parametrize(
    "text", ["pare de me mandar mensagem", "não quero mais receber", "sair", "me tira dessa lista"]
)
def test_case_and_marks_do_not_matter(text: str, change: object) -> None:
    assert callable(change)
    assert wish_of(change(text)) is OptOutWish.DESCADASTRO


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(" ".join([*ASKS, *STAYS, *NEAR]).split()), max_size=40).map(" ".join)
)
def test_any_text_has_a_verdict(text: str) -> None:
    assert wish_of(text) in {None, *OptOutWish}

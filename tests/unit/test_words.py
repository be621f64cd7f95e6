"""What titles of columns say: those that people and other systems write, and those that must not be taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.layout.words import RANK_OF_TWO, Role, Title, is_data, plain_words, read_title

TAKEN = {
    Role.ID: """
        ID | id | Lead ID | ID do lead | Id Externo | LEAD_ID_EXTERNO | Identificador
        """,
    Role.NOME: """
        Nome | NOME: | nome* | Nome completo | nomecompleto | NomeCompleto | Nome do cliente | Nome cliente | Nome
        do(a) aluno(a) | Nome do paciente | Nome do titular | Titular | Cliente | Cliente(s) | Comprador(a) |
        Devedor | Lead | Aluno | Paciente | Associado | Morador | Assinante | Participante | Sacado | Segurado |
        Nome (obrigatório) | Nome/Razão Social | Razão Social | RAZAO_SOCIAL | razaosocial | Nome ou razão social |
        Nome fantasia | Fantasia | Empresa | Nome da empresa | Nome social | <Nome> | [Nome] | Pessoa - Nome |
        Organização - Nome | Name | Full Name | Full name * | Customer Name | Client | Client name | Customer |
        Company | Company name | Organization Name | Account name | Student name | Person - Name | Qual seu nome
        completo? | Nome (ex.: Ana Souza)
        """,
    Role.PRIMEIRO_NOME: """
        Primeiro nome | First Name | FIRST_NAME | firstName | firstname | Given Name | Prenome | Lead First Name |
        Billing First Name | Contact First Name | Primeiro nome do cliente
        """,
    Role.NOME_DO_MEIO: """
        Nome do meio | Segundo nome | Middle Name | middle_name | Additional Name
        """,
    Role.SOBRENOME: """
        Sobrenome | SOBRENOME | Último nome | Sobrenome do cliente | Last Name | lastName | LASTNAME | Surname |
        Family Name | Nome de família | Billing Last Name
        """,
    Role.CONTATO: """
        Contato | CONTATO | Contatos | Nome do contato | Nome contato | Contato principal | Pessoa de contato |
        Contato financeiro | Responsável | Nome do responsável | Contact | Contact name | Primary contact | Contact
        person | Contato 1 | Contato do cliente
        """,
    Role.DOCUMENTO: """
        CPF | C.P.F. | CPF/CNPJ | CNPJ/CPF | CNPJ / CPF | CpfCnpj | cpfcnpj | cpf_cnpj | CPF ou CNPJ | CNPJ e CPF |
        Nº do CPF | N° CPF | Número do CPF | num cpf | CPF (somente números) | CPF (só números, sem pontos) | CPF
        (000.000.000-00) | CPF: 000.000.000-00 | CPF do cliente | CPF do titular | CPF do responsável | CPF do
        comprador | CNPJ da empresa | Documento | Documento (CPF) | Documento do cliente | Nº do documento | DOC |
        Documento CPF/CNPJ | CPF* | CPF (obrigatório) | CNPJ (com ou sem pontuação) | Cliente - CPF | Inscrição
        federal | Tax ID | CPF do aluno | Identificação (CPF) | CPF (ex: 529.982.247-25) | cpf cliente | CNPJ
        Cliente | CPF do(a) aluno(a) | CNPJ/CPF do devedor | cnpj_cpf | Qual seu CPF? | Informe o CPF | Customer CPF
        """,
    Role.EMAIL: """
        E-mail | Email | EMAIL | e_mail | eMail | E-mail: | email 2 | E-mail 1 | 1º E-mail | 2o email | E-mails |
        E-mail(s) | Mail | Correio eletrônico | correio_eletronico | Endereço eletrônico | Endereço de e-mail |
        Endereco email | E-mail de contato | E-mail para contato | Email contato | E-mail corporativo | E-mail
        comercial | E-mail pessoal | E-mail profissional | E-mail do trabalho | E-mail principal | E-mail secundário
        | E-mail alternativo | Outros e-mails | Outro e-mail | Melhor e-mail | Seu melhor e-mail | Qual o seu melhor
        e-mail? | E-mail do cliente | E-mail cliente | E-mail do aluno | E-mail do responsável | E-mail do titular |
        E-mail do(a) Comprador(a) | E-mail da empresa | E-mail empresarial | E-mail financeiro | E-mail de cobrança
        | E-mail NFe | E-mail para faturamento | E-mail (obrigatório) | E-mail (ex.: nome@empresa.com.br) | E-mail
        (nome@empresa.com) | E-mail ex: ana@x.com | E-mail do lead | Pessoa - E-mail - Trabalho | Person - Email -
        Work | E-mail 1 - Value | E-mail 2 Address | E-mail Address | Email address | Work Email | Home email |
        Personal Email | Primary email | Billing Email | Customer email | Contact Email | Business email | Other
        email | Company email | contato_email | EmailContato | emailcliente | Cliente: e-mail | Contato (e-mail) |
        Email cadastrado | E-mail para NFe
        """,
    Role.TELEFONE: """
        Telefone | TELEFONE01 | telefone_1 | Telefone 2 | 2º telefone | Telefones | Telefone(s) | Tel | Tel. | TEL:
        | Fone | FONE 1 | Celular | Celulares | Cel | Cel. | celular_1 | WhatsApp | Whats App | Whats | WPP | Zap |
        ZapZap | Móvel | Fixo | Telefone fixo | Telefone celular | Telefone móvel | telefonecelular |
        Telefone/Celular | Celular/Telefone | Celular/WhatsApp | Telefone ou WhatsApp | Telefone WhatsApp | Celular
        (WhatsApp) | WhatsApp (com DDD) | Telefone com DDD | Celular c/ DDD (11 dígitos) | Telefone (11 dígitos) |
        Telefone (DDD + número) | Celular (ex: 71 99999-9999) | Celular (ex.: 71 99999-0000) | Celular ex:
        71999990000 | Telefone (71 99999-9999) | Telefone (00) 00000-0000 | Telefone (99) 99999-9999 | Telefone (xx)
        xxxxx-xxxx | Celular do cliente | Celular cliente | Telefone do cliente | Telefone do responsável | Telefone
        do aluno | Celular do(a) responsável | Telefone do titular | Telefone do lead | Telefone da empresa |
        Telefone do devedor | Telefone principal | Telefone secundário | Telefone alternativo | Outro telefone |
        Outros telefones | Telefone adicional | Telefone residencial | Telefone comercial | Telefone trabalho |
        Telefone pessoal | Celular pessoal | Celular corporativo | Telefone para contato | Telefone de contato |
        Telefone contato | Contato telefônico | Contato (WhatsApp) | Contato (telefone) | Contato - Telefone |
        Contato/WhatsApp | Número de telefone | Número do WhatsApp | Nº celular | Nº de celular | Num. telefone |
        Número Whats | Tel. residencial | Tel. comercial | Tel cel | Fone celular | Fone residencial | Telefone
        recado | Telefone (recado) | Telefone preferencial | Seu WhatsApp | Qual o seu WhatsApp? | Informe seu
        celular com DDD | Telefone* | Celular (obrigatório) | Telefone - somente números | Pessoa - Telefone -
        Celular | Pessoa - Telefone - Trabalho | Person - Phone - Mobile | Telefone 1 - Valor | Phone 1 - Value |
        Phone | Phone number | phoneNumber | PhoneNumber | Mobile | Mobile phone | Mobile Phone Number |
        mobile_phone | Cell phone | Cellphone | Cell | Telephone | Home Phone | Business Phone | Business Phone 2 |
        Primary Phone | Other Phone | Company Main Phone | Work phone | Customer phone | Contact phone | Billing
        Phone | WhatsApp number | ddd_telefone_1 | DDD + Telefone | Ddd e telefone | Te\u0301le\u0301fone |
        \ufeffTelefone\u200b | ﬁxo
        """,
    Role.MISTO: """
        Telefone/E-mail | E-mail ou telefone | Telefone ou e-mail | Phone/Email | Contato (telefone ou e-mail)
        """,
    Role.DDD: """
        DDD | DDD1 | DDD 2 | ddd_1 | Código de área | Cód. área | Area code | DDD (2 dígitos) | DDD do cliente
        | phone_prefix | Prefixo do telefone
        """,
    Role.DDI: """
        DDI | ddi_1 | Código do país | Country code
        """,
}

# These say something about a contact or a person, but hold none that may be used.
NOT_TAKEN = """
    Data do telefonema | Data do e-mail | Data de contato | Data do contato | Último contato | Próximo contato |
    Status do e-mail | Status do telefone | Status | Situação | Valor | Valor total | Email enviado? | E-mail
    enviado em | E-mail aberto | WhatsApp enviado | Tipo de documento | Tipo documento | Tipo de telefone | Tipo da
    pessoa | Telefone bloqueado | E-mail inválido | Telefone errado | Celular antigo | Telefone antigo | Qtd
    telefones | Qtde. de e-mails | Quantidade de contatos | Total de contatos | Código do cliente | Cód. cliente |
    Código | Nome da mãe | Nome do pai | CPF da mãe | CPF do cônjuge | Telefone do cônjuge | Celular da mãe | E-mail
    do pai | Telefone da referência | Telefone de emergência | Contato de emergência | Vendedor | Nome do vendedor |
    E-mail do vendedor | Telefone do vendedor | E-mail do corretor | Telefone do corretor | CPF do avalista |
    Telefone do fiador | Atendente | E-mail do atendente | Consultor | Quem indicou | Telefone de quem indicou |
    Nome do produto | Produto | Plano | Nome do plano | Nome da campanha | Nome do arquivo | Nome de usuário |
    Username | Nome da rua | Nome do banco | Forma de contato | Canal de contato | Meio de contato | Horário para
    contato | Melhor horário para contato | Preferência de contato | Contato feito | Contato realizado? | Contact
    owner | Owner | Lead Status | Lead Source | Origem do lead | Tem WhatsApp? | Possui e-mail? | WhatsApp? | Aceita
    WhatsApp? | Aceita receber e-mails | Opt-in WhatsApp | Opt-out email | Email opt out | Unsubscribed from email |
    E-mail bounce | Marketing emails opened | Operadora do celular | Operadora | Marca do celular | Ramal | Fax |
    Fax comercial | Telefone/Fax (fax) | RG | Documento (RG) | Documento de identidade | Órgão emissor do documento
    | Data de emissão do documento | Documento estrangeiro | Passaporte | CNH | PIX | Chave PIX (CPF) | Chave pix
    celular | Observações | Obs. telefone | Observação do contato | Mensagem | Mensagem do WhatsApp | Assunto do
    e-mail | Corpo do e-mail | Link do WhatsApp | Senha do e-mail | Domínio do e-mail | E-mail 1 - Label | E-mail 1
    - Type | Phone 1 - Label | Phone 1 - Type | E-mail Display Name | E-mail 2 Type | Nome para exibição do email |
    Business Fax | Assistant's Phone | Manager's Name | Assistant's Name | Spouse | Phonetic First Name | Name
    Prefix | Name Suffix | Nickname | File As | Birthday | Notes | Labels | Group Membership | Organization Title |
    Job title | Website | Endereço | Endereço comercial | Número | Nº | Cidade | UF | CEP | Bairro | Cargo | Tags |
    Negócio - Título | Negócio - Etapa | Deal - Title | Etapa do funil | Carimbo de data/hora | Timestamp | Data de
    nascimento | Idade | Sexo | Vencimento | Parcela | Nº do contrato | Nº do pedido | Nota fiscal | Documento
    fiscal | Dados | Dados cadastrais | Completo | Pessoa física | Social | linha | coluna | codigo | mensagem |
    Relatório de e-mail | Custo fixo | Telefones encontrados na busca | Record ID | Contact ID | 1 | 2026 | 71 |
    (71) 99999-9999 | 71999990001 | Cel (71) 99222-1101 | Tel: 71 3333-4444 | ana@x.com | E-mail: ana@x.com | Ana
    (ana@x.com) | 529.982.247-25 | CPF 529.982.247-25 | CPF e telefone | Nome, CPF e e-mail | | - | ???
    """


def listed(titles: str) -> list[str]:
    return " ".join(titles.split()).split(" | ")


def test_corpus_is_large_enough() -> None:
    assert sum(len(listed(titles)) for titles in (*TAKEN.values(), NOT_TAKEN)) >= 450


@pytest.mark.parametrize("role", TAKEN)
def test_common_title_is_taken_for_certain(role: Role) -> None:
    read = {title: read_title(title) for title in listed(TAKEN[role])}
    assert {title: (found.role, found.certain) for title, found in read.items()} == dict.fromkeys(read, (role, True))


def test_title_about_something_else_is_never_taken_for_certain() -> None:
    assert [title for title in listed(NOT_TAKEN) if read_title(title).certain] == []


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Status do e-mail", "coluna_de_outro_assunto"),
        ("Telefone bloqueado", "coluna_de_outro_assunto"),
        ("Documento (RG)", "coluna_de_outro_assunto"),
        ("CPF do cônjuge", "coluna_de_outra_pessoa"),
        ("Telefone (mãe)", "coluna_de_outra_pessoa"),
        ("Nome da mãe", "coluna_de_outra_pessoa"),
        ("Fax", "coluna_de_outro_assunto"),
        ("Vendedor", "coluna_de_outra_pessoa"),
        ("Proprietário do contato", "coluna_de_outra_pessoa"),
        ("Shipping Phone", "coluna_de_outra_pessoa"),
        ("Asst Phone", "coluna_de_outra_pessoa"),
        ("Telefone da secretária", "coluna_de_outra_pessoa"),
        ("Celular da avó", "coluna_de_outra_pessoa"),
        ("WhatsApp do vizinho", "coluna_de_outra_pessoa"),
        ("CPF do dependente", "coluna_de_outra_pessoa"),
        ("Cidade", None),
    ],
)
def test_title_about_something_else_says_so(title: str, reason: str | None) -> None:
    assert read_title(title) == Title(about_other=reason)


def test_kind_beside_an_unknown_word_is_left_to_the_cells() -> None:
    assert read_title("Telefone do zelador") == Title(Role.TELEFONE, certain=False)
    assert read_title("WhatsApp?") == Title(Role.TELEFONE, certain=False)


@pytest.mark.parametrize(
    ("title", "number", "may_be_ddd"), [("Telefone", 0, False), ("2º telefone", 2, False), ("ddd_telefone_1", 1, True)]
)
def test_number_of_a_title_is_read_and_a_ddd_in_it(title: str, number: int, may_be_ddd: bool) -> None:
    assert read_title(title)[3:] == (number, None, may_be_ddd)


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
def test_line_of_titles_is_no_title(separator: str) -> None:
    assert read_title(f"Nome{separator}E-mail") == Title()
    assert read_title(f"Telefone{separator} celular").certain


@pytest.mark.parametrize("title", ["Company name", "Account Name", "Business name", "Nome da organização"])
def test_name_of_a_company_comes_after_that_of_a_person_in_two_columns(title: str) -> None:
    assert read_title(title).rank > RANK_OF_TWO


def test_names_are_ranked() -> None:
    titles = [
        "Nome",
        "Nome completo",
        "Nome do cliente",
        "Razão Social",
        "Nome da empresa",
        "Fantasia",
        "Cliente",
        "Empresa",
    ]
    ranks = [read_title(title).rank for title in titles]
    assert ranks == sorted(set(ranks))
    assert ranks[2] < RANK_OF_TWO < ranks[3]


@pytest.mark.parametrize(
    "cell", ["(71) 99999-9999", "71999990001", "ana@x.com", "Cel (71) 99222-1101", "529.982.247-25"]
)
def test_contact_is_data_and_a_title_with_an_example_is_not(cell: str) -> None:
    assert is_data(cell)
    assert not is_data(f"Telefone (ex.: {cell})")
    assert not is_data("Telefone")


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    words = plain_words(text)
    assert words == plain_words(words)
    assert set(words) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    read_title(text)

"""The texts that people read, by stable code: in pt-BR (the default) and in English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.errors import FieldError

_QUOTED = re.compile(r"'([^']*)'")

PORTUGUESE = "pt-BR"
ENGLISH = "en"

_TITLES: dict[int, tuple[str, str]] = {
    400: ("Requisição inválida", "Bad request"),
    401: ("Não autenticado", "Unauthenticated"),
    403: ("Proibido", "Forbidden"),
    404: ("Não encontrado", "Not found"),
    405: ("Método não permitido", "Method not allowed"),
    409: ("Conflito", "Conflict"),
    412: ("Versão mudou", "Version changed"),
    413: ("Grande demais", "Too large"),
    414: ("Endereço longo demais", "URI too long"),
    415: ("Tipo não aceito", "Unsupported media type"),
    422: ("Dados inválidos", "Invalid data"),
    429: ("Pedidos demais", "Too many requests"),
    431: ("Cabeçalhos grandes demais", "Headers too large"),
    500: ("Erro interno", "Internal error"),
    501: ("Não implementado", "Not implemented"),
    503: ("Indisponível", "Unavailable"),
    504: ("Sem resposta a tempo", "No answer in time"),
}

_HEADINGS: dict[str, tuple[str, str]] = {
    "briefing": ("Briefing", "Briefing"),
    "quando": ("Quando", "When"),
    "tipo": ("Tipo", "Kind"),
    "canal": ("Canal", "Channel"),
    "responsavel": ("Responsável", "Person in charge"),
    "status": ("Status", "Status"),
    "observacoes": ("Observações", "Remarks"),
    "pontos_em_aberto": ("Pontos em aberto", "Open points"),
    "contatos": ("Contatos", "Contacts"),
    "principal": ("principal", "principal"),
    "nao_enviavel": ("não enviável", "not fit for sending"),
    "suprimido": ("suprimido", "suppressed"),
    "dados": ("Dados", "Data"),
    "contato": ("Contato", "Person to ask for"),
    "documento": ("Documento", "Document"),
    "tags": ("Tags", "Tags"),
    "mensagens": ("Mensagens enviadas", "Messages"),
    "respostas": ("Respostas", "Replies"),
    "agendamentos": ("Outros agendamentos", "Other agendamentos"),
    "notas": ("Notas", "Notes"),
}

CATALOGUE: dict[str, tuple[str, str]] = {
    # Requests
    "requisicao_invalida": ("A requisição tem campos inválidos.", "The request has invalid fields."),
    "requisicao_malformada": ("A requisição não é HTTP válido para esta API.", "This is no valid request to this API."),
    "acesso_negado": ("O acesso foi negado.", "Access was denied."),
    "requisicoes_demais": (
        "São requisições demais; tente de novo em instantes.",
        "These are too many requests; try again in a moment.",
    ),
    "limite_de_requisicoes": (
        "São mais de {limite} requisições neste minuto; o próximo começa em {segundos} s.",
        "These are more than {limite} requests in this minute; the next one begins in {segundos} s.",
    ),
    "resposta_tardia": (
        "A API não respondeu a tempo; o que foi pedido pode ter sido feito.",
        "The API did not answer in time; what was asked may have been done.",
    ),
    "corpo_grande_demais": (
        "O corpo passa de {maximo} bytes; para um arquivo maior, peça um formulário de upload a "
        "POST /ingest/leads/xlsx, com arquivo e tamanho em JSON.",
        "The body is longer than {maximo} bytes; for a larger file, ask POST /ingest/leads/xlsx for an upload form, "
        "with arquivo and tamanho as JSON.",
    ),
    "metodo_nao_permitido": (
        "Este endereço não aceita o método; aceita {metodos}.",
        "This address does not take the method; it takes {metodos}.",
    ),
    "endereco_longo": ("O endereço é longo demais.", "The address is too long."),
    "cabecalhos_longos": ("Os cabeçalhos são longos demais.", "The headers are too long."),
    "metodo_desconhecido": (
        "Não há esse método, nem esse modo de enviar um corpo.",
        "There is no such method, and no such way to send a body.",
    ),
    "resposta_grande_demais": (
        "A resposta passaria de 6 MB; peça menos itens com limit.",
        "The answer would be longer than 6 MB; ask for fewer items with limit.",
    ),
    "tipo_nao_suportado": (
        "O corpo deve ser JSON, com Content-Type: application/json.",
        "The body must be JSON, with Content-Type: application/json.",
    ),
    "nao_autenticado": ("Falta um token válido ou uma chave válida.", "A valid token or a valid key is missing."),
    "grupo_exigido": ("É preciso ser do grupo {grupo}.", "Membership of the group {grupo} is needed."),
    "rota_fora_da_chave": ("A chave é para outras rotas.", "The key is for other routes."),
    "usuario_ja_existe": (
        "Já existe um login com este e-mail; quem ainda não entrou pode ser convidado de novo.",
        "There is a login with this e-mail already; who has not signed in yet can be invited again.",
    ),
    "ultimo_admin": (
        "Ninguém mais que entra seria administrador; dê esse grupo a outra pessoa antes.",
        "Nobody else who signs in would be an administrator; give that group to another person first.",
    ),
    "so_para_pessoas": ("Só uma pessoa pode fazer isso, não uma chave.", "Only a person may do this, no key."),
    "chaves_do_cognito_indisponiveis": (
        "Não foi possível verificar o token; tente de novo em instantes.",
        "The token could not be verified; try again in a moment.",
    ),
    "validade_invalida": (
        "A validade de uma chave fica no futuro, no máximo daqui a dois anos.",
        "A key ends in the future, and two years from now at most.",
    ),
    "rota_desconhecida": (
        "Não há essa rota para chaves; escreva-a como no contrato, por exemplo GET /leads.",
        "There is no such route for keys; write it as the contract does, such as GET /leads.",
    ),
    "rota_de_outro_grupo": (
        "O grupo da chave não pode usar uma dessas rotas.",
        "The group of the key may not use one of these routes.",
    ),
    "nao_encontrado": ("Não existe.", "There is no such thing."),
    "erro_interno": ("Algo falhou do nosso lado.", "Something failed on our side."),
    "autenticacao_indisponivel": (
        "Não foi possível saber quem chama; tente de novo em instantes.",
        "It could not be told who calls; try again in a moment.",
    ),
    "banco_indisponivel": (
        "O banco de dados não respondeu; tente de novo em instantes.",
        "The database did not answer; try again in a moment.",
    ),
    "consulta_demorada": (
        "A consulta demorou demais e foi interrompida; restrinja os filtros ou tente de novo em instantes.",
        "The query took too long and was stopped; narrow its filters, or try again in a moment.",
    ),
    "buscas_demais": (
        "Há buscas demais desta conta ao mesmo tempo; tente de novo em instantes.",
        "Too many searches of this account run at once; try again in a moment.",
    ),
    "cursor_invalido": ("O cursor não é um dos nossos.", "The cursor is not one of ours."),
    "cursor_de_outra_lista": (
        "O cursor é de outra lista, ou da mesma com outros filtros; comece da primeira página.",
        "The cursor is of another list, or of this one with other filters; begin with the first page.",
    ),
    "chave_de_idempotencia_invalida": (
        "Idempotency-Key deve ter de 1 a 255 caracteres ASCII visíveis.",
        "Idempotency-Key must have 1 to 255 visible ASCII characters.",
    ),
    "chave_de_idempotencia_reutilizada": (
        "Esta Idempotency-Key já foi usada em outra requisição.",
        "This Idempotency-Key was used for another request.",
    ),
    "requisicao_em_andamento": (
        "A mesma requisição está em andamento: repita em instantes.",
        "The same request is under way: repeat it in a moment.",
    ),
    "resposta_nao_guardada": (
        "Esta requisição já foi atendida, e a resposta dela não é guardada.",
        "This request was carried out already, and its answer is not kept.",
    ),
    "versao_mudou": (
        "Alguém mudou isto depois da versão em If-Match; leia de novo e repita a mudança.",
        "Somebody changed this after the version in If-Match; read it again and repeat the change.",
    ),
    "if_match_invalido": (
        'If-Match deve ser o ETag de uma resposta, entre aspas, ou "*".',
        'If-Match must be the ETag of an answer, in quotes, or "*".',
    ),
    "offset_longe": (
        "O offset vai até 10000; para ir mais longe, siga o cursor em proximo.",
        "An offset goes up to 10000; to go further, follow the cursor in proximo.",
    ),
    "campo_de_item_desconhecido": (
        "Os itens desta lista não têm este campo.",
        "The items of this list have no such field.",
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
    "instante_fora_do_calendario": (
        "Em UTC, a data fica fora dos anos 1 a 9999.",
        "In UTC, the time lies outside the years 1 to 9999.",
    ),
    "caractere_nulo": ("O texto tem um caractere nulo.", "The text holds a NUL character."),
    "destino_de_coluna_invalido": (
        "Uma coluna pode ser um dos nossos campos (nome, telefone, email, documento, …), “campo”, “campo:nome” ou "
        "“ignorar”.",
        "A column can be one of our fields (nome, telefone, email, documento, …), “campo”, “campo:name” or “ignorar”.",
    ),
    # Files
    "formato_nao_suportado": (
        "O arquivo é deste formato: {formato}. Abra-o ou extraia-o e salve a planilha como .xlsx ou .csv.",
        "The format of the file is {formato}. Open or extract it and save the sheet as .xlsx or .csv.",
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
    "titulos_desconhecidos": (
        "Nenhum título de documento, e-mail ou telefone é conhecido, mas parece haver contatos em: “{colunas}”. "
        "Para ler, envie com adivinhar=true.",
        "No title of a document, e-mail or phone is known, but there seem to be contacts in: “{colunas}”. "
        "To read them, send the file with adivinhar=true.",
    ),
    "planilha_na_vertical": (
        "Os títulos estão na primeira coluna: ponha-os na primeira linha, e cada pessoa em uma linha.",
        "The titles are in the first column: put them into the first row, and each person into a row.",
    ),
    "aba_inexistente": ("A planilha não tem a aba “{aba}”.", "The workbook has no sheet “{aba}”."),
    "titulos_ausentes": (
        "O mapeamento fala de títulos que o arquivo não tem: {titulos}.",
        "The mapping is about titles that the file does not have: {titulos}.",
    ),
    "arquivo_sem_abas": (
        "Um arquivo de texto não tem abas: envie sem “aba”.",
        "A text file has no sheets: send it without “aba”.",
    ),
    "colunas_demais": ("A planilha passa de {maximo} colunas.", "The sheet has more than {maximo} columns."),
    "linhas_demais": ("A planilha passa de {maximo} linhas.", "The sheet has more than {maximo} rows."),
    "celulas_demais": (
        "A planilha passa de {maximo} células, contadas as vazias; apague as colunas que sobram e envie de novo.",
        "The sheet has more than {maximo} cells, blank ones included; remove needless columns and upload again.",
    ),
    "linha_grande_demais": (
        "A linha {linha} é grande demais para ser de uma planilha de leads.",
        "Row {linha} is too large to be of a sheet of leads.",
    ),
    "celula_grande_demais": (
        "A linha {linha} tem uma célula grande demais; em um .csv, talvez por aspas que não fecham.",
        "Row {linha} has a cell that is too large; in a .csv perhaps because a quote is never closed.",
    ),
    "aspas_abertas": (
        "Aspas demais abrem e não fecham, a última na linha {linha}; feche-as ou apague-as.",
        "Too many quotes open and are never closed, the last one in row {linha}; close or remove them.",
    ),
    "codificacao_nao_serve": (
        "O arquivo não está na codificação {codificacao}; informe outra ou nenhuma.",
        "The file is not in the encoding {codificacao}; name another one or none.",
    ),
    "textos_demais": (
        "Os textos da planilha, juntos, são grandes demais; divida-a em partes.",
        "The texts of the workbook are too large together; split it into parts.",
    ),
    "texto_grande_demais": (
        "A planilha tem um texto grande demais para uma célula.",
        "The workbook has a text that is too large for a cell.",
    ),
    "recusas_demais": (
        "Mais de {maximo} valores da planilha foram recusados; corrija-a e envie de novo.",
        "More than {maximo} values of the sheet were refused; correct it and upload again.",
    ),
    # Rows and cells
    "id_longo": ("O ID passa de 255 caracteres.", "The ID is longer than 255 characters."),
    "id_de_outra_pessoa": (
        "O ID “{valor}” é de um lead com outro nome e outros contatos. Nada foi mudado: confira o ID, ou informe a"
        " origem do arquivo se os IDs vêm de outro sistema.",
        "The ID “{valor}” is that of a lead with another name and other contacts. Nothing was changed: check the ID, or"
        " name the file's origem if its IDs come from another system.",
    ),
    "id_de_outro_documento": (
        "O ID “{valor}” é de um lead com outro documento, ou o documento desta linha é de outro lead. Nada foi mudado:"
        " confira os dois, ou informe a origem do arquivo se os IDs vêm de outro sistema.",
        "The ID “{valor}” is that of a lead with another document, or this row's document is another lead's. Nothing"
        " was changed: check both, or name the file's origem if its IDs come from another system.",
    ),
    "linha_sem_contato": (
        "A linha não tem documento, e-mail nem telefone.",
        "The row has no document, e-mail or phone.",
    ),
    "cabecalho_repetido": ("A linha repete os títulos.", "The row repeats the titles."),
    "linha_oculta": ("A linha está oculta na planilha.", "The row is hidden in the sheet."),
    "linha_de_exemplo": ("A linha é um exemplo de preenchimento.", "The row is an example of how to fill it in."),
    "linha_de_instrucao": ("A linha explica como preencher.", "The row explains how to fill it in."),
    "linha_de_total": ("A linha é um total.", "The row is a total."),
    "aspas_sem_fim": (
        "As aspas que abrem nesta linha não fecham nela e juntariam as linhas seguintes; feche-as ou apague-as.",
        "The quote that opens in this row is not closed in it and would join the rows below; close or remove it.",
    ),
    "email_invalido": ("“{valor}” não é um e-mail válido.", "“{valor}” is not a valid e-mail."),
    "dominio_suspeito": (
        "O domínio de “{valor}” parece escrito errado; talvez seja “{provavel}”. Corrija ou apague o endereço.",
        "The domain of “{valor}” looks misspelt; it may be “{provavel}”. Correct the address or delete it.",
    ),
    "telefone_invalido": ("“{valor}” não é um telefone válido.", "“{valor}” is not a valid phone."),
    "telefone_sem_ddd": (
        "“{valor}” não tem DDD, e a linha não diz com certeza qual é: escreva-o, ou preencha as colunas DDD, ou Cidade "
        "e UF.",
        "“{valor}” has no area code, and its row does not say for certain which it is: write it, or fill the columns "
        "DDD, or Cidade and UF.",
    ),
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
    "campo_longo": (
        "O texto passa de 1.000 caracteres: o campo não foi guardado.",
        "The text is longer than 1,000 characters: the campo was not kept.",
    ),
    "campos_grandes": (
        "Os campos do lead passam de 8 KB, ou de 60: este não foi guardado.",
        "The campos of the lead are more than 8 KB, or than 60: this one was not kept.",
    ),
    "tags_demais": (
        "O lead já tem 20 tags: “{valor}” não foi acrescentada.",
        "The lead has 20 tags already: “{valor}” was not added.",
    ),
    "contatos_demais": (
        "Há mais de 50 contatos deste tipo na linha; os demais ficaram de fora.",
        "There are more than 50 contacts of this kind in the row; the others were left out.",
    ),
    "erros_demais": (
        "A linha tem mais de 50 erros; os que não estão aqui: {valor}.",
        "The row has more than 50 errors; those that are not shown here: {valor}.",
    ),
    "relatorio_cortado": (
        "O relatório ficaria grande demais e termina aqui: faltam erros desta linha em diante.",
        "The report would be too large and ends here: errors are missing from this row on.",
    ),
    # How a file was read
    "coluna_lida_pelo_conteudo": (
        "O título deixa dúvida: a coluna foi lida pelo que há nela.",
        "The title leaves a doubt: the column was read by what is in it.",
    ),
    "coluna_adivinhada": (
        "O título não é conhecido: a coluna foi lida pelo que há nela.",
        "The title is not known: the column was read by what is in it.",
    ),
    "coluna_proposta": (
        "O título não é conhecido, mas a coluna parece ter {campo}: ficou como campo. Para lê-la, envie com "
        "adivinhar=true ou com um mapeamento.",
        "The title is not known, but the column seems to hold {campo}: it was kept as a campo. To read it, send it "
        "with adivinhar=true or with a mapping.",
    ),
    "coluna_desconhecida": (
        "O título não é conhecido: a coluna não foi lida.",
        "The title is not known: the column was not read.",
    ),
    "coluna_sem_titulo": ("A coluna não tem título: não foi lida.", "The column has no title: it was not read."),
    "coluna_vazia": ("A coluna está vazia.", "The column is empty."),
    "coluna_de_outro_assunto": (
        "O título fala de um contato, mas não é um contato que se use: a coluna ficou como campo.",
        "The title is about a contact, but names none that may be used: the column was kept as a campo.",
    ),
    "coluna_de_outra_pessoa": (
        "O título fala de outra pessoa: a coluna ficou como campo, e ninguém é contatado por ela.",
        "The title is about another person: the column was kept as a campo, and nobody is contacted by it.",
    ),
    "coluna_com_outros_dados": (
        "O título fala de um contato, mas a coluna tem outros dados: ficou como campo.",
        "The title is about a contact, but the column holds other data: it was kept as a campo.",
    ),
    "coluna_sem_par": (
        "Falta a coluna que completa esta, como o telefone de um DDD: ficou como campo.",
        "The column that completes this one is missing, as the phone of a DDD: it was kept as a campo.",
    ),
    "coluna_mapeada": (
        "A coluna foi lida como o envio pediu.",
        "The column was read as the upload asked.",
    ),
    "coluna_ignorada": (
        "O envio pediu para deixar a coluna de fora.",
        "The upload asked to leave the column out.",
    ),
    "campos_demais": (
        "Há colunas demais para guardar como campos: esta ficou de fora.",
        "There are too many columns to keep as campos: this one was left out.",
    ),
    "coluna_do_relatorio": (
        "A coluna é do relatório de erros: não é lida.",
        "The column belongs to the error report: it is not read.",
    ),
    "aba_com_os_mesmos_titulos": (
        "A aba tem os mesmos títulos, mas só uma aba é lida: para ler todas, envie com “aba=*”.",
        "The sheet has the same titles, but one sheet is read: to read all, send it with “aba=*”.",
    ),
    "aba_com_outros_titulos": (
        "A aba tem títulos de contatos, mas só uma aba é lida: para ler esta, envie com o nome dela em “aba”.",
        "The sheet has titles of contacts, but one sheet is read: to read this one, send it with its name in “aba”.",
    ),
    "aba_sem_titulos": (
        "A aba não tem uma linha de títulos de contatos: não foi lida.",
        "The sheet has no row of titles of contacts: it was not read.",
    ),
    "aba_vazia": ("A aba está vazia.", "The sheet is empty."),
    "aba_ilegivel": ("A aba não pôde ser lida.", "The sheet could not be read."),
    "aba_nao_examinada": (
        "Há abas demais: esta não foi examinada nem lida.",
        "There are too many sheets: this one was neither looked at nor read.",
    ),
    "sem_linhas": (
        "Abaixo dos títulos não há nenhuma linha com dados: nenhum lead foi lido.",
        "There is no row with data below the titles: no lead was read.",
    ),
    "linhas_ocultas": (
        "Há linhas ocultas ou filtradas na planilha ({total}): {linhas}. Para deixá-las de fora, envie com "
        "ignorar_ocultas=true.",
        "The sheet has hidden or filtered rows ({total}): {linhas}. To leave them out, send it with "
        "ignorar_ocultas=true.",
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
    "disco_cheio": (
        "Faltou espaço em disco para ler este arquivo.",
        "There was no room on the disk to read this file.",
    ),
    "memoria_insuficiente": (
        "Este arquivo pede mais memória do que há; divida-o em partes e envie de novo.",
        "This file takes more memory than there is; split it into parts and upload again.",
    ),
    "job_nao_retomavel": (
        "Um job {status} não pode ser retomado.",
        "A job that is {status} cannot be resumed.",
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
    "sem_previa": (
        "Este job não tem prévia: ele não é só uma validação.",
        "This job has no preview: it does more than validate.",
    ),
    "job_nao_terminou": (
        "O job ainda não terminou ({status}); espere ou cancele-o antes de desfazê-lo.",
        "The job has not ended ({status}); wait or cancel it before undoing it.",
    ),
    "nada_a_desfazer": (
        "Uma validação não grava nada: não há o que desfazer.",
        "A dry run writes nothing: there is nothing to undo.",
    ),
    "job_desfeito": (
        "O job foi desfeito e não pode ser retomado; envie o arquivo de novo.",
        "The job was undone and cannot be resumed; upload the file again.",
    ),
    "bucket_alheio": ("O arquivo deve estar no bucket do serviço.", "The file must be in the bucket of the service."),
    "fora_do_prefixo": (
        "O arquivo deve estar sob {prefixo}.",
        "The file must be under {prefixo}.",
    ),
    "endereco_do_banco_ausente": (
        "Falta o endereço do banco de dados: nem o evento nem o segredo têm host.",
        "The address of the database is missing: neither the event nor the secret has a host.",
    ),
    "banco_ja_configurado": (
        "O segredo {nome} já leva a outro banco de dados; esvazie-o antes, se é isso que você quer.",
        "The secret {nome} leads to another database; empty it first if that is what you want.",
    ),
    "banco_de_outro_dono": (
        "O banco de dados {nome} já existe e é de {dono}.",
        "The database {nome} exists and belongs to {dono}.",
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
    "mudanca_vazia": ("Nada a mudar: informe ao menos um campo.", "Nothing to change: give at least one field."),
    "tag_nos_dois": (
        "A mesma tag não pode ser adicionada e retirada.",
        "The same tag cannot be added and removed.",
    ),
    "tags_no_limite": (
        "Um lead tem no máximo {maximo} tags.",
        "A lead has at most {maximo} tags.",
    ),
    "lead_existente": (
        "Este lead já existe: {lead_id}, encontrado por {por}.",
        "This lead exists already: {lead_id}, found by {por}.",
    ),
    "documento_de_outro_lead": (
        "O documento já é do lead {lead_id}.",
        "The document is that of lead {lead_id} already.",
    ),
    "id_de_outro_lead": (
        "O ID já é do lead {lead_id}, que tem outro documento, ou outro nome e outros contatos.",
        "The ID is that of lead {lead_id} already, which has another document, or another name and other contacts.",
    ),
    "lead_sem_contato": (
        "Informe um telefone, um e-mail ou um documento.",
        "Give a phone, an e-mail or a document.",
    ),
    "ultimo_contato": (
        "O lead ficaria sem telefone, e-mail e documento; acrescente outro antes.",
        "The lead would have no phone, e-mail and document left; add another one first.",
    ),
    "nome_vazio": ("O nome não diz nada; null o apaga.", "The name says nothing; null removes it."),
    "nota_vazia": ("A nota não diz nada.", "The note says nothing."),
    "nota_de_outra_pessoa": (
        "Só quem escreveu a nota ou um administrador pode removê-la.",
        "Only its author or an administrator may remove the note.",
    ),
    # The life of a lead
    "vida_ingestao": ("Criado a partir de um arquivo.", "Created from a file."),
    "vida_ingestao_atualizou": ("Atualizado por um arquivo.", "Updated by a file."),
    "vida_cadastro": ("Cadastrado por uma pessoa.", "Created by a person."),
    "vida_disparo": (
        "Disparo criado: {template}, por {canal}.",
        "Disparo created: {template}, by {canal}.",
    ),
    "vida_disparo_lido": ("O lead leu a mensagem.", "The lead read the message."),
    "vida_disparo_falhou": ("A mensagem não chegou.", "The message did not arrive."),
    "vida_disparo_cancelado": ("O disparo foi cancelado.", "The disparo was cancelled."),
    "vida_disparo_suprimido": (
        "Não foi enviado: o contato pediu para não receber.",
        "It was not sent: the contact asked for no messages.",
    ),
    "vida_disparo_expirado": ("O prazo do disparo passou.", "The disparo expired."),
    "vida_disparo_simulado": ("Disparo simulado: nada foi enviado.", "A simulated disparo: nothing was sent."),
    "vida_disparo_dispensado": ("O disparo não era mais necessário.", "The disparo was not needed any more."),
    "vida_disparo_resolvido": ("Uma pessoa resolveu a dúvida.", "A person settled the doubt."),
    "vida_resposta": ("O lead respondeu por {canal}.", "The lead replied by {canal}."),
    "vida_agendamento": ("Agendamento criado.", "Agendamento created."),
    "vida_agendamento_reagendado": ("O agendamento mudou de horário.", "The agendamento moved to another time."),
    "vida_agendamento_realizado": ("O agendamento aconteceu.", "The agendamento took place."),
    "vida_agendamento_cancelado": ("O agendamento foi cancelado.", "The agendamento was cancelled."),
    "vida_agendamento_nao_compareceu": (
        "O lead não compareceu ao agendamento.",
        "The lead did not come to the agendamento.",
    ),
    "vida_status": ("Passou de {de} para {para}.", "Moved from {de} to {para}."),
    "vida_dados": ("Dados corrigidos: {campos}.", "Data corrected: {campos}."),
    "vida_contato_incluido": ("Contato incluído: {campos}.", "Contact added: {campos}."),
    "vida_contato_removido": ("Contato removido: {campos}.", "Contact removed: {campos}."),
    "vida_contato_principal": ("Outro contato é o principal: {campos}.", "Another contact is the principal: {campos}."),
    "vida_nota": ("Nota de uma pessoa.", "A note of a person."),
    "vida_nota_removida": ("Uma nota foi removida.", "A note was removed."),
    "vida_supressao": (
        "Um contato não recebe mais mensagens por {canal}.",
        "A contact gets no more messages by {canal}.",
    ),
    "vida_supressao_da_pessoa": (
        "O lead não recebe mais mensagens por nenhum contato.",
        "The lead gets no more messages by any contact.",
    ),
    "fato_disparo_criado": ("Um disparo foi criado.", "A disparo was created."),
    "fato_disparo_confirmado": ("O lead foi alcançado.", "The lead was reached."),
    "fato_disparo_esgotado": ("Nenhum disparo o alcança mais.", "No disparo reaches it any more."),
    "fato_agendamento_criado": ("Um agendamento foi criado.", "An agendamento was created."),
    "fato_agendamento_realizado": ("O agendamento aconteceu de fato.", "The agendamento has taken place."),
    "fato_agendamento_perdido": ("O lead faltou ao agendamento.", "The lead missed the agendamento."),
    "fato_agendamento_cancelado": (
        "O último agendamento foi cancelado.",
        "Its last agendamento was cancelled.",
    ),
    # Open points of a briefing
    "ponto_resposta_a_revisar": (
        "Uma resposta por {canal} espera que uma pessoa decida.",
        "A reply by {canal} waits for the decision of a person.",
    ),
    "ponto_pessoa_suprimida": (
        "O lead não recebe mensagens por nenhum contato.",
        "The lead gets no messages by any contact.",
    ),
    "ponto_contato_suprimido": (
        "Um contato não recebe mensagens por {canal}.",
        "A contact gets no messages by {canal}.",
    ),
    "ponto_sem_contato": ("O lead não tem contato para {canal}.", "The lead has no contact for {canal}."),
    "ponto_contatos_nao_enviaveis": (
        "Nenhum contato do lead serve para {canal}.",
        "No contact of the lead is fit for {canal}.",
    ),
    "ponto_erro_no_arquivo": (
        "O arquivo tinha um erro na coluna {coluna}: {motivo}.",
        "The file had an error in the column {coluna}: {motivo}.",
    ),
    "ponto_disparo_falhou": (
        "O disparo {template} não chegou: {motivo}.",
        "The disparo {template} did not arrive: {motivo}.",
    ),
    "ponto_confirmacao_atrasada": (
        "O lead ainda não confirmou, e o prazo passou.",
        "The lead has not confirmed yet, and the time to do so has passed.",
    ),
    "ponto_agendamento_sem_desfecho": (
        "Um agendamento já passou, e ninguém disse como terminou.",
        "An agendamento is over, and nobody has said how it ended.",
    ),
    "ponto_valor_vencido": (
        "{campo} passou em {dia}; valores: {valores}.",
        "{campo} has passed, on {dia}; amounts: {valores}.",
    ),
    "id_invalido": (
        "O ID não diz nada, ou passa de {maximo} caracteres.",
        "The ID says nothing, or is longer than {maximo} characters.",
    ),
    "um_contato_por_vez": ("Há mais de um contato no texto.", "There is more than one contact in the text."),
    "contato_repetido": (
        "O lead já tem este contato: {contato_id}.",
        "The lead has this contact already: {contato_id}.",
    ),
    "contatos_no_limite": (
        "O lead já tem {maximo} contatos deste tipo.",
        "The lead has {maximo} contacts of this kind already.",
    ),
    "contato_nao_enviavel": (
        "Nenhuma mensagem pode ir a este contato, mas a outro do lead sim: o principal é um desses.",
        "No message can go to this contact, but to another one of the lead: the principal is one of those.",
    ),
    "contato_com_disparos": (
        "Disparos que esperam por este contato: {quantos}. Cancele-os, ou repita com cancelar=true.",
        "Disparos that wait for this contact: {quantos}. Cancel them, or repeat with cancelar=true.",
    ),
    "contato_em_envio": (
        "Disparos para este contato que estão em envio, ou em dúvida: {quantos}. Espere que terminem.",
        "Disparos to this contact that are being sent, or in doubt: {quantos}. Wait until they have ended.",
    ),
    "contato_removido": ("O contato foi removido do lead.", "The contact was removed from the lead."),
    # Campos
    "campo_desconhecido": (
        "Nenhum lead tem o campo “{nome}”. Parecidos: {proximos}. Todos: GET /campos.",
        "No lead has the campo “{nome}”. Similar ones: {proximos}. All of them: GET /campos.",
    ),
    "campo_sem_ordem": (
        "O campo “{nome}” não tem números nem datas: _min e _max não valem para ele.",
        "The campo “{nome}” has neither numbers nor dates: _min and _max do not go with it.",
    ),
    "campo_de_outro_tipo": (
        "O campo “{nome}” é {tipos}: escreva 1234.56, 2026-12-31, 2026-12-31T14:30, 14:30, true ou false.",
        "The campo “{nome}” is {tipos}: write 1234.56, 2026-12-31, 2026-12-31T14:30, 14:30, true or false.",
    ),
    "campo_invalido": (
        "O valor é um texto, um número menor que 10¹⁵, true ou false.",
        "The value is a text, a number below 10¹⁵, true or false.",
    ),
    "nome_de_campo_invalido": (
        "“{campo}” não é nome de campo: até 64 letras minúsculas sem acento, dígitos e _, e nenhum dos nomes do lead.",
        "“{campo}” names no campo: up to 64 unaccented lower-case letters, digits and _, and none of the lead's names.",
    ),
    "campo_vazio": ("O valor está vazio; null apaga o campo.", "The value is empty; null removes the campo."),
    "valor_de_campo_longo": ("O valor passa de 1.000 caracteres.", "The value is longer than 1,000 characters."),
    "valor_de_outro_tipo": (
        "O valor não é do tipo do campo: {nomes}.",
        "The value is not of the campo's type: {nomes}.",
    ),
    "campos_do_lead_demais": (
        "O lead teria mais de {maximo} campos.",
        "The lead would have more than {maximo} campos.",
    ),
    "campos_do_lead_grandes": (
        "Os campos do lead passariam de {maximo} bytes.",
        "The campos of the lead would be longer than {maximo} bytes.",
    ),
    "documento_de_busca_invalido": (
        "Escreva o CPF ou o CNPJ inteiro, com ou sem pontuação, ou os últimos 4 a 8 dígitos.",
        "Write the whole CPF or CNPJ, with or without punctuation, or its last 4 to 8 digits.",
    ),
    "telefone_de_busca_invalido": (
        "Escreva o telefone com o DDD, como (71) 99999-1234 ou +5571999991234, ou os últimos 4 a 9 dígitos.",
        "Write the phone with its area code, as (71) 99999-1234 or +5571999991234, or its last 4 to 9 digits.",
    ),
    "busca_curta": (
        "Escreva ao menos três letras ou algarismos do nome.",
        "Write at least three letters or digits of the name.",
    ),
    # Templates
    "canal_do_template_padrao": (
        "O produto manda as palavras desse template por {canal}: o canal não pode ser outro.",
        "The product sends the words of this template by {canal}: the channel cannot be another one.",
    ),
    "nome_de_template_invalido": (
        "O nome de um template tem de 1 a 100 letras, dígitos, pontos, hifens ou sublinhados.",
        "The name of a template has 1 to 100 letters, digits, dots, hyphens or underscores.",
    ),
    "template_vazio": ("O texto está vazio.", "The text is empty."),
    "template_longo": ("O texto passa de {maximo} caracteres.", "The text is longer than {maximo} characters."),
    "chaves_desequilibradas": (
        "Há chaves que não formam uma variável, como {{{{nome}}}}.",
        "There are braces that do not make a variable such as {{{{nome}}}}.",
    ),
    "variavel_invalida": (
        "Escreva {{{{nome}}}}, só com letras sem acento, dígitos e sublinhados; ou números, como {{{{1}}}}, {{{{2}}}}.",
        "Write {{{{nome}}}}, with unaccented letters, digits and underscores; or numbers, as {{{{1}}}}, {{{{2}}}}.",
    ),
    "variaveis_misturadas": (
        "Use só nomes, como {{{{nome}}}}, ou só números, como {{{{1}}}}.",
        "Use only names, such as {{{{nome}}}}, or only numbers, such as {{{{1}}}}.",
    ),
    "variaveis_com_falhas": (
        "As variáveis numeradas vão de {{{{1}}}} em diante, sem saltos; há {nomes}.",
        "Numbered variables go from {{{{1}}}} on without gaps; there are {nomes}.",
    ),
    "chaves_simples": (
        "Escreva {{{{nome}}}}, com duas chaves de cada lado; com uma só, {trecho} sairia como está.",
        "Write {{{{nome}}}}, with two braces on each side; with one, {trecho} would be sent as it is.",
    ),
    "campo_reservado": (
        "{nomes} é do próprio lead, e não dos campos da planilha; escreva {{{{{nomes}}}}}.",
        "{nomes} is the lead's own, not one of the sheet's campos; write {{{{{nomes}}}}}.",
    ),
    "formato_desconhecido": (
        "Não há o formato {trecho}; há {conhecidos}.",
        "There is no format {trecho}; there are {conhecidos}.",
    ),
    "formato_fora_de_ordem": (
        "Em {trecho}, o formato que lê um número, uma data ou uma hora vem primeiro, e padrao vem por último.",
        "In {trecho}, the format that reads a number, a date or a time comes first, and padrao comes last.",
    ),
    "padrao_invalido": (
        'Em {trecho}, só padrao tem um texto, entre aspas e com até {maximo} caracteres, como padrao:"cliente".',
        'In {trecho}, only padrao has a text, in quotes and of at most {maximo} characters, as padrao:"cliente".',
    ),
    "padrao_em_branco": (
        "O WhatsApp recusa um valor em branco; dê um texto a padrao: {nomes}.",
        "WhatsApp refuses a blank value; give padrao a text: {nomes}.",
    ),
    "idioma_da_meta": (
        "No WhatsApp, o idioma se escreve como na Meta, com sublinhado e o país em maiúsculas: pt_BR; não há {idioma}.",
        "For WhatsApp, the language is written as Meta does, with an underscore and the country in capitals: pt_BR; "
        "there is no {idioma}.",
    ),
    "caractere_invalido": ("Há um caractere que não se vê.", "There is a character that cannot be seen."),
    "assunto_de_uma_linha": ("O assunto deve ter uma só linha.", "The subject must be on one line."),
    "assunto_obrigatorio": ("Um template de e-mail precisa de assunto.", "A template for e-mail needs a subject."),
    "campo_so_de_email": ("Só um template de e-mail tem este campo.", "Only a template for e-mail has this field."),
    "variaveis_diferentes": (
        "As variáveis informadas devem ser as que aparecem no template: {nomes}.",
        "The variables given must be those that appear in the template: {nomes}.",
    ),
    "variaveis_demais": (
        "Um template tem no máximo {maximo} variáveis.",
        "A template has at most {maximo} variables.",
    ),
    "variavel_ausente": ("Faltam variáveis do template: {nomes}.", "Variables of the template are missing: {nomes}."),
    "variavel_desconhecida": (
        "O template não tem estas variáveis: {nomes}.",
        "The template has no such variables: {nomes}.",
    ),
    "valor_vazio": (
        "O WhatsApp recusa um valor em branco: {nomes}.",
        "WhatsApp refuses a blank value: {nomes}.",
    ),
    "valor_fora_do_formato": (
        "O valor não é do tipo que o formato do template lê: {nomes}.",
        "The value is not of the kind that the format of the template reads: {nomes}.",
    ),
    "valor_nao_escalar": (
        "O valor deve ser um texto, um número, verdadeiro ou falso.",
        "The value must be a text, a number, true or false.",
    ),
    "valor_longo": ("O valor é longo demais: {nomes}.", "The value is too long: {nomes}."),
    "mensagem_longa": (
        "A mensagem pronta passa de {maximo} caracteres.",
        "The finished message is longer than {maximo} characters.",
    ),
    # Channels
    "canal_invalido": ("A configuração do canal tem erros.", "The configuration of the channel has errors."),
    "canal_inacessivel": (
        "O servidor do canal não respondeu ({motivo}).",
        "The server of the channel did not answer ({motivo}).",
    ),
    "canal_nao_configurado": ("O canal não está configurado.", "The channel has not been configured."),
    "segredo_inacessivel": (
        "A configuração do canal não pôde ser lida.",
        "The configuration of the channel could not be read.",
    ),
    "canal_longo": (
        "A configuração de um canal tem no máximo 16.384 caracteres.",
        "The configuration of a channel has at most 16,384 characters.",
    ),
    "outro_canal": ("Isto é um canal de {nomes}.", "This is a channel for {nomes}."),
    "url_sem_tls": ("O endereço tem que começar por https.", "The address must begin with https."),
    "endereco_interno": (
        "O endereço leva para dentro de uma rede; só os públicos servem.",
        "The address leads into a private network; only public ones will do.",
    ),
    "servidor_inacessivel": (
        "O servidor não abriu uma sessão ({nomes}).",
        "The server did not open a session ({nomes}).",
    ),
    "credencial_recusada": (
        "O servidor recusou as credenciais ({nomes}).",
        "The server refused the credentials ({nomes}).",
    ),
    "header_literal": (
        "O valor de um header fica num segredo; diga qual: {nomes}.",
        "The value of a header stays in a secret; say which: {nomes}.",
    ),
    "segredo_do_canal_ausente": (
        "Não há esse segredo, ou não tem esse campo: {nomes}.",
        "There is no such secret, or it has no such field: {nomes}.",
    ),
    "segredo_literal": (
        "Isto parece um segredo, e a configuração não guarda segredos: use um header.",
        "This looks like a secret, and a configuration keeps none: use a header.",
    ),
    "perfil_desconhecido": ("Não há esse perfil; há: {nomes}.", "There is no such profile; there are: {nomes}."),
    "url_invalida": ("Não é um endereço http ou https.", "Not an http or https URL."),
    "url_com_senha": ("Credenciais ficam em headers, não na URL.", "Credentials belong in headers, not in the URL."),
    "headers_demais": ("Um canal tem no máximo {nomes} headers.", "A channel has at most {nomes} headers."),
    "header_reservado": ("Este header é do próprio protocolo.", "This header is set by the protocol itself."),
    "header_invalido": (
        "Um header só tem ASCII visível, sem espaços em volta.",
        "A header has printable ASCII only, without blanks around it.",
    ),
    "regra_contraditoria": (
        "A regra tem campos que não são da sua classe.",
        "The rule has fields that do not belong to its class.",
    ),
    "leitura_vazia": ("Diga onde ler: campo, padrao ou ambos.", "Say where to read: campo, padrao or both."),
    "ocupados_ausente": (
        "Para bloquear horários, diga em ocupados que ferramenta lista os eventos.",
        "To block times, say in ocupados which tool lists the events.",
    ),
    "padrao_com_dois_valores": ("Um padrão tem no máximo um {{valor}}.", "A pattern has at most one {{valor}}."),
    "argumentos_profundos": (
        "Os argumentos passam de {nomes} níveis.",
        "The arguments are deeper than {nomes} levels.",
    ),
    "marcador_desconhecido": ("Não há esse marcador: {nomes}.", "There is no such placeholder: {nomes}."),
    "marcador_nao_e_texto": (
        "{nomes} não é texto e não cabe entre palavras.",
        "{nomes} is no text and cannot stand among words.",
    ),
    "marcador_nao_e_lista": ("{nomes} não é uma lista.", "{nomes} is not a list."),
    "forma_desconhecida": ("Não há essa forma: {nomes}.", "There is no such form: {nomes}."),
    "argumento_obrigatorio": ("A ferramenta exige {nomes}.", "The tool demands {nomes}."),
    "argumento_desconhecido": ("A ferramenta não conhece {nomes}.", "The tool does not know {nomes}."),
    "argumento_de_outro_tipo": ("A ferramenta espera outro tipo: {nomes}.", "The tool expects another type: {nomes}."),
    "ferramenta_ausente": ("O servidor não tem a ferramenta.", "The server does not have the tool."),
    "argumentos_invalidos": (
        "A mensagem não pôde ser escrita como JSON.",
        "The message could not be written as JSON.",
    ),
    "sem_conexao": ("Não houve conexão com o provedor.", "There was no connection to the provider."),
    "handshake_falhou": ("O provedor não abriu uma sessão.", "The provider did not open a session."),
    "sessao_perdida": ("O provedor encerrou a sessão.", "The provider ended the session."),
    "tempo_esgotado": ("O provedor não respondeu a tempo.", "The provider did not answer in time."),
    "sem_tempo": (
        "Não havia mais tempo para começar o envio neste lote.",
        "There was no time left to begin sending it in this batch.",
    ),
    "conexao_perdida": ("A conexão caiu antes da resposta.", "The connection broke before the answer."),
    "resposta_invalida": ("A resposta do provedor é ilegível.", "The answer of the provider cannot be read."),
    "erro_sem_codigo": ("O provedor falhou sem dizer por quê.", "The provider failed without saying why."),
    "incerto": ("O provedor não sabe se enviou.", "The provider does not know whether it was sent."),
    "recusado": ("O provedor recusou a mensagem.", "The provider refused the message."),
    "limite": ("O limite do provedor foi atingido.", "The limit of the provider was reached."),
    "sem_whatsapp": ("O número não tem WhatsApp.", "The number is not on WhatsApp."),
    "smtp_inacessivel": (
        "O servidor SMTP não abriu uma sessão.",
        "The SMTP server did not open a session.",
    ),
    "servidor_mal_configurado": (
        "O servidor MCP do canal está mal configurado.",
        "The MCP server of the channel is badly configured.",
    ),
    "token_recusado": ("O provedor recusou o token.", "The provider refused the token."),
    "evolution_inalcancavel": (
        "O servidor MCP não alcançou a Evolution API.",
        "The MCP server could not reach the Evolution API.",
    ),
    "codigo_explicado": (
        "Código do provedor: {codigo} ({sentido}).",
        "Code of the provider: {codigo} ({sentido}).",
    ),
    "codigo_do_provedor": ("Código do provedor: {codigo}.", "Code of the provider: {codigo}."),
    # Disparos
    "template_desconhecido": ("Não há um template com esse nome em uso.", "No template of that name is in use."),
    "template_de_outro_canal": ("O template é de outro canal.", "The template is of another channel."),
    "contato_desconhecido": ("O lead não tem esse contato.", "The lead has no such contact."),
    "contato_invalido": ("O contato não serve para disparo.", "The contact is not fit for sending."),
    "contato_de_outro_canal": ("O contato é de outro canal.", "The contact is of another channel."),
    "sem_contato_valido": (
        "O lead não tem contato válido para esse canal.",
        "The lead has no contact that is fit for that channel.",
    ),
    "agendar_para_no_passado": ("A data já passou.", "The time is past."),
    "agendar_para_distante": ("A data está a mais de um ano.", "The time is more than a year away."),
    "item_repetido": (
        "A mesma mensagem já está neste lote: o mesmo lead, canal, template, contato e hora.",
        "The same message is in this batch already: the same lead, channel, template, contact and time.",
    ),
    "itens_ou_lead_ids": (
        "Informe itens ou lead_ids, um dos dois, com pelo menos um.",
        "Give either itens or lead_ids, with one at least.",
    ),
    "mensagem_fora_dos_itens": (
        "Com itens, a mensagem vai dentro de cada item.",
        "With itens, the message goes inside of each item.",
    ),
    "canal_e_template": ("Com lead_ids, informe canal e template.", "With lead_ids, give canal and template."),
    "disparo_nao_cancelavel": (
        "Um disparo {status} não pode ser cancelado, nem um que já possa ter saído.",
        "A disparo that is {status} cannot be cancelled, nor one that may have left already.",
    ),
    "tentativas_esgotadas": ("Todas as tentativas falharam.", "Every attempt has failed."),
    "mensagem_nao_montada": (
        "O template não pôde ser preenchido.",
        "The template could not be filled in.",
    ),
    "envio_desligado": ("O envio está desligado: nada saiu.", "Sending is switched off: nothing has left."),
    "contato_suprimido": (
        "O contato pediu para não receber mensagens: nada foi enviado.",
        "The contact has asked for no messages: nothing was sent.",
    ),
    "prazo_expirado": (
        "O prazo para enviar passou: nada foi enviado.",
        "The time for sending it is over: nothing was sent.",
    ),
    "lease_vencida": (
        "Quem enviava parou no meio: a mensagem pode ter saído.",
        "The sender stopped halfway: the message may have left.",
    ),
    "nao_iniciado": (
        "Quem enviava parou antes de começar: nada saiu.",
        "The sender stopped before it began: nothing has left.",
    ),
    "envio_desistiu": (
        "O envio parou várias vezes antes de começar: nada saiu.",
        "Sending stopped several times before it began: nothing has left.",
    ),
    "lead_respondeu": (
        "O lead respondeu: a etapa seguinte da campanha não é mais enviada.",
        "The lead has answered: the campaign's next step is not sent any more.",
    ),
    "lead_agendado": (
        "O lead tem um agendamento: a etapa seguinte da campanha não é mais enviada.",
        "The lead has an appointment: the campaign's next step is not sent any more.",
    ),
    "etapa_anterior_nao_enviada": (
        "A etapa anterior da campanha não foi enviada: esta não tem a que se referir.",
        "The campaign's step before this one was not sent, so this one refers to nothing.",
    ),
    "recusas_da_campanha": (
        "O provedor recusou mensagens demais: a campanha foi pausada.",
        "The provider refused too many messages: the campaign was paused.",
    ),
    "dia_sem_serie": (
        "Há séries dos dias de {primeiro} a {ultimo}.",
        "There are series of the days from {primeiro} to {ultimo}.",
    ),
    # Suppression
    "contato_de_supressao_invalido": (
        "Não é um único contato válido para o canal {nomes}.",
        "This is not one valid contact of the channel {nomes}.",
    ),
    "consentimento_exigido": (
        "Foi a própria pessoa quem pediu; só um novo consentimento dela (novo_consentimento=true) desfaz o pedido.",
        "The person asked for it; only their new consent (novo_consentimento=true) undoes that.",
    ),
    "convite_desconhecido": (
        "Este link não está completo ou não é nosso; copie-o inteiro da mensagem.",
        "This link is not complete or not ours; copy all of it from the message.",
    ),
    "convite_sem_prova": (
        "Esta resposta não veio da página do convite: abra o link e use os botões.",
        "This answer did not come from the page of the invitation: open the link and use its buttons.",
    ),
    "convite_pagina_antiga": (
        "Esta página ficou aberta por muito tempo: abra o link de novo.",
        "This page was open for too long: open the link again.",
    ),
    "agendamento_desatualizado": (
        "O encontro mudou desde que este link foi enviado: use o da mensagem mais nova.",
        "The meeting has changed since this link was sent: use the one of the newest message.",
    ),
    "convite_nao_permite": (
        "Isso já não pode ser decidido por aqui.",
        "This cannot be decided here any more.",
    ),
    "convite_horario_indisponivel": (
        "Este horário acabou de ser ocupado: escolha outro.",
        "This time has just been taken: choose another one.",
    ),
    "convite_titulo": ("Nosso encontro.", "Our meeting."),
    "convite_resumo": ("{quando}, com {responsavel}, {onde}.", "{quando}, with {responsavel}, {onde}."),
    "convite_a_confirmar": ("Você ainda não confirmou.", "You have not confirmed it yet."),
    "convite_mudado": (
        "Pronto: você mudou o encontro para este horário. Ainda falta confirmar.",
        "Done: you moved the meeting to this time. It is still to be confirmed.",
    ),
    "convite_confirmado": ("Confirmado. Até lá.", "Confirmed. See you then."),
    "convite_passou": ("Este encontro já passou.", "This meeting is over."),
    "convite_cancelado": ("Este encontro foi cancelado.", "This meeting was cancelled."),
    "convite_desatualizado_aviso": (
        "O encontro mudou desde que este link foi enviado. Ele está assim agora; responda pela mensagem mais nova.",
        "The meeting has changed since this link was sent. This is how it stands now; answer by the newest message.",
    ),
    "convite_botao_confirmar": ("Confirmo.", "I confirm."),
    "convite_outro_horario": ("Prefiro outro horário.", "I prefer another time."),
    "convite_sem_horario": (
        "Não há outro horário livre: responda à mensagem que recebeu.",
        "There is no other free time: answer the message that you got.",
    ),
    "convite_nao_posso": ("Não posso ir.", "I cannot come."),
    "convite_botao_cancelar": ("Cancelar o encontro.", "Cancel the meeting."),
    "convite_falha": ("Não deu certo. Tente de novo.", "That did not work. Try again."),
    "convite_sem_script": (
        "Para responder por aqui, ligue o JavaScript; ou responda à mensagem que recebeu.",
        "To answer here, turn JavaScript on; or answer the message that you got.",
    ),
    "descadastro_desconhecido": (
        "Este link não está completo ou não é nosso; copie-o inteiro da mensagem.",
        "This link is not complete or not ours; copy all of it from the message.",
    ),
    "descadastro_pergunta": (
        "Não quer mais receber nossas mensagens neste contato? Confirme.",
        "You do not want our messages at this address any more? Confirm.",
    ),
    "descadastro_botao": ("Não quero mais receber.", "Stop the messages."),
    "descadastro_feito": (
        "Pronto: não enviaremos mais mensagens a este contato.",
        "Done: we will send no more messages to this address.",
    ),
    # Personal data (LGPD)
    "titular_sem_identificador": (
        "Diga de quem se trata: pelo menos um documento, telefone ou e-mail.",
        "Say who is meant: at least one document, phone or e-mail.",
    ),
    "titular_invalido": (
        "Este texto não é um valor válido de {nomes}.",
        "This text is no valid value of {nomes}.",
    ),
    "titular_em_envio": (
        "{quantos} leads têm uma mensagem saindo neste momento; repita o pedido em alguns minutos.",
        "{quantos} leads have a message that is being sent just now; repeat the request in some minutes.",
    ),
    "titular_em_arquivo_aberto": (
        "{quantos} arquivos ainda estão sendo lidos e podem conter a pessoa; repita o pedido quando terminarem.",
        "{quantos} files are still being read and may hold the person; repeat the request when they have ended.",
    ),
    "titular_em_calendario": (
        "{quantos} eventos da pessoa ainda estão no calendário (eventos_no_calendario): repita o pedido em alguns "
        "minutos e apague à mão os que ficarem como recusado.",
        "{quantos} events of the person are still at the calendar (eventos_no_calendario): repeat the request in some "
        "minutes, and delete by hand those that stay recusado.",
    ),
    "titular_com_mais_leads": (
        "Faltam {quantos} leads; repita o pedido para continuar.",
        "{quantos} leads are left; repeat the request to go on.",
    ),
    "lead_apagado": (
        "Os dados deste lead foram apagados a pedido do titular; cadastre-o de novo se houver nova base legal.",
        "The data of this lead were erased at the person's request; create it anew if there is a new legal basis.",
    ),
    "disparo_apagado": (
        "O texto deste disparo já foi apagado; ele não pode ser enviado de novo.",
        "The text of this disparo has been erased; it cannot be sent again.",
    ),
    "titular_documento": ("Seus dados pessoais.", "Your personal data."),
    "titular_direitos": (
        "Este documento reúne os dados pessoais tratados a seu respeito (Lei 13.709/2018 - LGPD, art. 18, II). Você "
        "pode pedir a correção, a eliminação e a portabilidade deles, e revogar o consentimento.",
        "This document has all personal data that is kept about you (Brazilian law 13.709/2018, art. 18, II). You may "
        "ask for its correction, erasure and portability, and revoke your consent.",
    ),
    "titular_gerado": ("Gerado em.", "Made at."),
    "titular_sem_leads": ("Nenhum cadastro foi encontrado.", "No record was found."),
    "titular_cadastro": ("Cadastro.", "Record."),
    "titular_parte_telefones": ("Telefones.", "Phones."),
    "titular_parte_emails": ("E-mails.", "E-mail addresses."),
    "titular_parte_disparos": ("Mensagens enviadas a você.", "Messages sent to you."),
    "titular_parte_passos": ("Histórico das mensagens.", "History of the messages."),
    "titular_parte_respostas": ("O que você nos escreveu.", "What you wrote to us."),
    "titular_parte_agendamentos": ("Agendamentos.", "Appointments."),
    "titular_parte_horarios": ("Horários dos agendamentos.", "Times of the appointments."),
    "titular_parte_eventos": ("O que mudou no seu cadastro.", "What changed in your record."),
    "titular_parte_notas": ("O que a equipe anotou.", "What the team noted."),
    "titular_parte_mesclas": ("Dados anteriores, alterados por arquivos.", "Earlier data, changed by files."),
    "titular_parte_exclusoes": ("Campanhas que não incluíram você.", "Campaigns that left you out."),
    "titular_parte_supressao": ("Não receber mensagens.", "No more messages."),
    "titular_parte_consentimentos": ("Consentimentos.", "Consents."),
    "titular_parte_usuarios": ("Como os provedores identificam você.", "How providers identify you."),
    "titular_parte_recusadas": ("Linhas de arquivos que foram recusadas.", "Rows of files that were refused."),
    "titular_incompleto": (
        "Há mais dados do que cabem aqui nestas partes: {partes}.",
        "There is more data than fits here in these parts: {partes}.",
    ),
    # Webhooks
    "chave_de_webhook_invalida": (
        "A chave na URL do webhook não é uma das nossas; um administrador vê a URL em /tenant/webhooks.",
        "The key in the webhook's URL is not one of ours; an administrator finds the URL under /tenant/webhooks.",
    ),
    "assinatura_invalida": (
        "Falta a assinatura do provedor, ou ela não confere.",
        "The signature of the provider is missing or does not fit.",
    ),
    "desafio_recusado": (
        "O token de verificação não confere.",
        "The token of the verification does not fit.",
    ),
    "avisos_demais": (
        "O webhook traz mais de {maximo} avisos e respostas; envie-os em partes.",
        "The webhook holds more than {maximo} reports and replies; send them in parts.",
    ),
    "corpo_nao_e_json": ("O corpo não é um objeto JSON.", "The body is no JSON object."),
    "disparo_nao_reenviavel": (
        "Só um disparo com erro pode ser reenviado; este está {status}.",
        "Only a disparo that failed can be sent again; this one is {status}.",
    ),
    "disparo_expirado": ("O prazo do disparo já passou.", "The time for the disparo is over."),
    "disparo_de_campanha_encerrada": (
        "A campanha desse disparo está encerrada: para enviar de novo, crie outra para quem falhou.",
        "The campaign of this disparo is over: to send again, make another one for those that failed.",
    ),
    "disparo_com_alternativa": (
        "O disparo seguiu para outro contato do lead; reenvie o último deles.",
        "The disparo went on to another contact of the lead; send the last of them again.",
    ),
    "disparo_nao_resolvivel": (
        "Só um disparo incerto pode ser resolvido; este está {status}.",
        "Only a disparo that is incerto can be resolved; this one is {status}.",
    ),
    "disparo_nao_confirmavel": (
        "Só um disparo enviado ou incerto pode ser confirmado; este está {status}.",
        "Only a disparo that is enviado or incerto can be confirmed; this one is {status}.",
    ),
    "filtro_ausente": (
        "Diga quais reenviar: erro_codigo, canal, template, criado_de ou criado_ate.",
        "Say which to send again: erro_codigo, canal, template, criado_de or criado_ate.",
    ),
    "filtro_de_cancelamento_ausente": (
        "Diga quais cancelar: canal, template, campanha_id, job_id, espera, criado_de ou criado_ate.",
        "Say which to cancel: canal, template, campanha_id, job_id, espera, criado_de or criado_ate.",
    ),
    "nao_enviado": ("Uma pessoa verificou: não foi enviado.", "A person has looked: it was not sent."),
    "foi_enviado": ("Uma pessoa verificou: foi enviado.", "A person has looked: it was sent."),
    "expira_antes_do_envio": (
        "O prazo termina antes que o disparo possa sair.",
        "The time for it is over before the disparo may leave.",
    ),
    "expira_em_distante": (
        "O prazo passa de um ano depois do envio.",
        "The time for it ends more than a year after it is sent.",
    ),
    "pausa_de_admin": (
        "Um administrador pausou o canal, e só um administrador pode retomá-lo.",
        "An administrator has paused the channel, and only an administrator can resume it.",
    ),
    "pausado_por_pessoa": ("Uma pessoa pausou o canal.", "A person has paused the channel."),
    # Subscriptions
    "receptor_invalido": (
        "O endereço não serve para receber eventos.",
        "The address cannot be used to receive events.",
    ),
    "assinaturas_demais": (
        "Há no máximo {maximo} assinaturas: apague uma antes.",
        "There are at most {maximo} subscriptions: delete one first.",
    ),
    "assinatura_desligada": (
        "A assinatura está desligada: ligue-a antes, com ativa.",
        "The subscription is off: switch it on first, with ativa.",
    ),
    "receptor_inacessivel": (
        "O endereço não existe ou não responde ({nomes}).",
        "The address does not exist or does not answer ({nomes}).",
    ),
    # Why a disparo has not left yet
    "espera_agendado": ("Aguarda a hora marcada.", "It waits for its set time."),
    "espera_janela": (
        "Aguarda o horário em que se pode escrever ao lead.",
        "It waits for the hours in which the lead may be written to.",
    ),
    "espera_limite": ("Aguarda a vez: o limite de envios foi atingido.", "It waits its turn: the limit is reached."),
    "espera_orcamento_diario": (
        "Aguarda amanhã: os envios de hoje já foram feitos.",
        "It waits for tomorrow: all that may be sent today has been.",
    ),
    "espera_canal_pausado": ("Aguarda o canal, que está pausado.", "It waits for the channel, which is paused."),
    "espera_canal_lento": (
        "Aguarda o provedor, que não responde ou pediu para ir mais devagar.",
        "It waits for the provider, who does not answer or asked to go slower.",
    ),
    "espera_destino": (
        "Aguarda um intervalo entre mensagens à mesma pessoa.",
        "It waits for a while between messages to the same person.",
    ),
    "espera_tentativa": ("Aguarda uma nova tentativa.", "It waits for another attempt."),
    "espera_revisao": (
        "Aguarda uma pessoa: uma resposta do contato pode ser um pedido para sair (GET /respostas?revisar=true).",
        "It waits for a person: a reply of the contact may be an opt-out (GET /respostas?revisar=true).",
    ),
    "espera_campanha": (
        "Aguarda a sua vez na campanha.",
        "It waits for its turn in the campaign.",
    ),
    "espera_etapa": (
        "Aguarda os dias úteis depois da etapa anterior da campanha.",
        "It waits for the working days after the step before it in the campaign.",
    ),
    "espera_limite_pessoa": (
        "Aguarda: a pessoa já recebeu as mensagens permitidas no dia ou na semana.",
        "The person has had as many messages as are allowed in a day or a week.",
    ),
    # Replies
    "lead_desconhecido": ("Não há esse lead.", "There is no such lead."),
    "resposta_sem_contato": (
        "Não se sabe de quem é a resposta; atribua-a antes a um lead.",
        "Nobody knows whose reply it is; assign it to a lead first.",
    ),
    "resposta_resolvida": (
        "A resposta já foi resolvida como {decisao}.",
        "The reply has been settled as {decisao} already.",
    ),
    # The steps of a disparo
    "passo_enviado": ("O provedor aceitou a mensagem.", "The provider accepted the message."),
    "passo_transitorio": ("Não foi enviada desta vez.", "It was not sent this time."),
    "passo_permanente": ("Recusada em definitivo.", "It was refused for good."),
    "passo_incerto": ("Não se sabe se foi enviada.", "Nobody knows whether it was sent."),
    "passo_canal_fora": ("O canal não aceita mensagens.", "The channel takes no messages."),
    "passo_consulta_enviado": (
        "Consultado, o provedor diz que tem a mensagem.",
        "When asked, the provider says that it has the message.",
    ),
    "passo_consulta_nao_enviado": (
        "Consultado, o provedor diz que não tem a mensagem.",
        "When asked, the provider says that it does not have the message.",
    ),
    "passo_consulta_desconhecido": (
        "Consultado, o provedor não soube dizer se tem a mensagem.",
        "When asked, the provider could not say whether it has the message.",
    ),
    "passo_sem_chave": (
        "Uma tentativa anterior pode ter chegado; não foi repetida.",
        "An earlier attempt may have arrived; it was not repeated.",
    ),
    "passo_falhou": ("O provedor avisou que não foi entregue.", "The provider reported that it was not delivered."),
    "passo_entregue": ("A mensagem chegou ao lead.", "The message has reached the lead."),
    "passo_cancelado": ("Cancelado por uma pessoa.", "A person called it off."),
    "passo_reenviado": ("Reenviado por uma pessoa.", "A person had it sent again."),
    # What a creation is answered with
    "aviso_contato_suprimido": (
        "O contato pediu para não receber mensagens por este canal: esta não será enviada.",
        "The contact has asked for no messages by this channel: this one will not be sent.",
    ),
    "aviso_fora_da_janela": (
        "Está fora da janela de envio: a mensagem pode sair a partir de {quando}.",
        "It is outside of the window for sending: the message may leave from {quando} on.",
    ),
    "aviso_canal_pausado": (
        "O canal está pausado: a mensagem espera até que seja retomado.",
        "The channel is paused: the message waits until it is resumed.",
    ),
    "aviso_template_repetido": (
        "Esta pessoa recebe o mesmo template duas vezes em 24 horas.",
        "This person gets the same template twice within 24 hours.",
    ),
    "aviso_destino_repetido": (
        "Outro lead tem o mesmo telefone ou e-mail: a mensagem pode chegar a quem o outro lead é.",
        "Another lead has the same phone or e-mail: the message may reach the person that the other lead is.",
    ),
    "aviso_lead_ocupado": (
        "O lead já tem outro agendamento nesse horário.",
        "The lead already has another agendamento at that time.",
    ),
    "aviso_hora_incomum": (
        "No horário do lead, não fica entre 9h e 18h.",
        "By the lead's clock, it is not between 9:00 and 18:00.",
    ),
    "aviso_feriado": (
        "É feriado onde o lead está, ou dia de folga.",
        "It is a holiday where the lead is, or a day off.",
    ),
    "aviso_calendario_indisponivel": (
        "O calendário do responsável não responde: vale o que foi lido por último.",
        "The calendar of the person in charge does not answer: what was read last counts.",
    ),
    # Agendamentos
    "agendamento_nao_comecou": (
        "O agendamento ainda não começou: só depois disso pode ser dado como realizado.",
        "The agendamento has not begun yet: only then can it be marked as realizado.",
    ),
    "transicao_de_agendamento_invalida": (
        "Um agendamento {de} não pode passar a {para}.",
        "An agendamento that is {de} cannot become {para}.",
    ),
    "horario_ocupado": (
        "O responsável já tem um compromisso nesse horário.",
        "The person in charge already has an appointment at that time.",
    ),
    "evento_nao_resolvivel": (
        "Nenhum evento deste agendamento está em dúvida no calendário: {status}.",
        "No event of this agendamento is in doubt at the calendar: {status}.",
    ),
    "reagendamentos_esgotados": (
        "O agendamento já mudou de horário {maximo} vezes, o máximo que o tenant permite.",
        "The agendamento has moved {maximo} times already, as often as the tenant allows.",
    ),
    "local_obrigatorio": ("Um encontro presencial precisa de local.", "A meeting in person needs a local."),
    "local_so_presencial": ("Só um encontro presencial tem local.", "Only a meeting in person has a local."),
    "link_so_de_video": ("Só um agendamento por vídeo tem link.", "Only an agendamento by video has a link."),
    "agendamento_mudou": (
        "O agendamento mudou de horário: a mensagem falava do horário antigo.",
        "The agendamento has moved: the message was about its old time.",
    ),
    "agendamento_encerrado": (
        "O agendamento foi encerrado ou cancelado antes da mensagem.",
        "The agendamento ended or was cancelled before the message.",
    ),
    "horario_no_passado": ("O horário já passou.", "The time is in the past."),
    "horario_antecedencia_minima": (
        "Está perto demais: o responsável pede mais antecedência.",
        "It is too soon: the person in charge asks for more notice.",
    ),
    "horario_horizonte": (
        "Está longe demais: a agenda do responsável ainda não abriu para esse dia.",
        "It is too far ahead: the calendar of the person in charge is not open for that day yet.",
    ),
    "horario_feriado": ("É feriado ou dia de folga.", "It is a holiday or a day off."),
    "horario_intervalo": (
        "Cai no intervalo do responsável.",
        "It falls into a break of the person in charge.",
    ),
    "horario_fora_do_expediente": (
        "Fica fora do expediente do responsável.",
        "It is outside of the working hours of the person in charge.",
    ),
    "horario_bloqueado": ("O horário está bloqueado.", "The time is blocked."),
    "horario_limite_do_dia": (
        "O responsável já tem nesse dia todos os agendamentos que aceita.",
        "On that day, the person in charge has as many agendamentos as they take.",
    ),
    "horarios_demais": (
        "São responsáveis e dias demais para uma resposta, que tem no máximo {maximo} dias somados: peça menos dias "
        "ou menos responsáveis.",
        "These are too many people and days for one answer, which has at most {maximo} days in all: ask for fewer days "
        "or fewer people.",
    ),
    "periodo_longo": (
        "O período tem no máximo {valor} dias.",
        "The span has at most {valor} days.",
    ),
    "nome_de_responsavel_repetido": (
        "Já há um responsável com este nome.",
        "There is a person in charge with this name already.",
    ),
    "agendas_sobrepostas": (
        "Há agendamentos com o novo nome nos mesmos horários: mude um deles antes.",
        "There are agendamentos with the new name at the same times: move one of them first.",
    ),
    "responsavel_com_agendamentos": (
        "O responsável tem agendamentos por acontecer: {total}. Mude-os ou cancele-os antes.",
        "The person in charge has agendamentos that are still to take place: {total}. Move or cancel them first.",
    ),
    "responsavel_desconhecido": ("Não há esse responsável.", "There is no such person in charge."),
    "intervalos_sobrepostos": ("Dois intervalos do dia se sobrepõem.", "Two intervals of the day overlap."),
    "periodo_ou_semanal": ("Mande periodo ou semanal, um dos dois.", "Send either periodo or semanal."),
    "data_no_passado": ("A data precisa estar no futuro.", "The time must be in the future."),
    "data_distante": ("A data passa de {dias} dias a partir de hoje.", "The time is more than {dias} days from now."),
    # Segments
    "condicao_unica": (
        "Cada objeto do filtro tem exatamente uma chave, como status, campo ou todos.",
        "Each object of a filter has exactly one key, such as status, campo or todos.",
    ),
    "filtro_profundo": (
        "O filtro tem mais de {nomes} níveis de todos, algum e nao.",
        "The filter has more than {nomes} levels of todos, algum and nao.",
    ),
    "filtro_longo": ("O filtro tem mais de {nomes} condições.", "The filter has more than {nomes} conditions."),
    "lead_ou_segmento": (
        "Mande lead_id ou segmento_id, não os dois.",
        "Send lead_id or segmento_id, not both.",
    ),
    "filtro_ou_segmento": (
        "Mande filtro ou segmento_id, um dos dois.",
        "Send either filtro or segmento_id.",
    ),
    "campo_do_filtro_desconhecido": (
        "Nenhum lead tem esse campo. Parecidos: {nomes}.",
        "No lead has that campo. Similar ones: {nomes}.",
    ),
    "operador_de_outro_tipo": (
        "O operador não serve para este valor em um campo que é: {nomes}.",
        "The operator does not fit this value in a campo that is: {nomes}.",
    ),
    "valor_de_operador": (
        "Os operadores vazio e nao_vazio não levam valor; os outros precisam de um.",
        "The operators vazio and nao_vazio take no valor; the others need one.",
    ),
    "valor_de_filtro_invalido": (
        "O valor deve ser texto, número, true ou false.",
        "The value must be a text, a number, true or false.",
    ),
    "numero_de_filtro_invalido": (
        "O número deve ficar entre -10^15 e 10^15.",
        "The number must lie between -10^15 and 10^15.",
    ),
    "dia_de_filtro_invalido": (
        "O dia deve ser AAAA-MM-DD, de 1900 a 2199, ou hoje, hoje-5, hoje+5.",
        "The day must be YYYY-MM-DD, from 1900 to 2199, or hoje, hoje-5, hoje+5.",
    ),
    "momento_de_filtro_invalido": (
        "O momento deve ser um dia, como 2026-12-05 ou hoje-5, ou uma data ISO 8601 com fuso.",
        "The moment must be a day, such as 2026-12-05 or hoje-5, or an ISO 8601 time with an offset.",
    ),
    "periodo_vazio": ("O período precisa de de ou de ate.", "The period needs de or ate."),
    "uf_desconhecida": ("Não existe esse estado; use a sigla, como BA.", "There is no such state; write it like BA."),
    "ddd_desconhecido": ("Não existe esse DDD.", "There is no such DDD."),
    "nome_de_segmento_repetido": (
        "Já há um segmento com este nome.",
        "There is a segment of this name already.",
    ),
    # Campaigns
    "campanha_nao_e_rascunho": (
        "A campanha não é mais rascunho: está {status}.",
        "The campaign is no draft any more: it is {status}.",
    ),
    "campanha_nao_muda": (
        "A campanha está {status}, e isso não muda assim.",
        "The campaign is {status}, which does not allow this.",
    ),
    "todas_ou_campanha_ids": (
        "Informe todas ou campanha_ids, um dos dois.",
        "Give either todas or campanha_ids.",
    ),
    "campanha_sem_publico": (
        "Nenhum lead se encaixa no filtro da campanha.",
        "No lead fits the filter of the campaign.",
    ),
    "segmento_desconhecido": ("Não há esse segmento.", "There is no such segment."),
    "segmento_ou_filtro": (
        "Informe segmento_id ou filtro, um dos dois.",
        "Give either segmento_id or filtro.",
    ),
    "mensagem_ou_etapas": (
        "Informe mensagem ou etapas, uma das duas.",
        "Give either mensagem or etapas.",
    ),
    "canal_repetido": (
        "Cada canal aparece uma só vez numa variante.",
        "Each channel appears once in a variant.",
    ),
    "variante_repetida": (
        "Cada variante de uma etapa tem um nome só seu.",
        "Each variant of a step has a name of its own.",
    ),
    "pesos_nao_somam": (
        "Os pesos das variantes de uma etapa somam 100.",
        "The weights of the variants of a step add up to 100.",
    ),
    "dias_da_etapa": (
        "Cada etapa depois da primeira tem apos_dias_uteis; a primeira não tem.",
        "Each step after the first has apos_dias_uteis, and the first has none.",
    ),
    "primeiros_ou_percentual": (
        "O piloto tem primeiros ou percentual, um dos dois.",
        "A pilot has either primeiros or percentual.",
    ),
    "inicio_no_passado": ("O início da campanha já passou.", "The start of the campaign is past."),
    "inicio_distante": (
        "A campanha começa em no máximo 366 dias.",
        "A campaign starts within 366 days.",
    ),
    "campanha_sem_resultados": (
        "A campanha está {status}: ninguém está nela ainda.",
        "The campaign is {status}: nobody is in it yet.",
    ),
    "campanha_pausada_retome": (
        "A campanha está pausada: retome-a, e quem espera recebe.",
        "The campaign is paused: resume it, and those who wait get it.",
    ),
    "campanha_nao_encerrada": (
        "A campanha está {status}: quem espera ainda recebe.",
        "The campaign is {status}: those who wait still get it.",
    ),
    "ninguem_de_novo": ("A campanha não tem ninguém assim.", "The campaign has nobody like that."),
    "etapa_desconhecida": ("A campanha não tem essa etapa.", "The campaign has no such step."),
    "variante_desconhecida": ("A etapa não tem essa variante.", "The step has no such variant."),
    "canal_sem_mensagem": (
        "A variante não tem mensagem para esse canal.",
        "The variant has no message for this channel.",
    ),
    "contato_de_teste_invalido": (
        "Isto não é um contato desse canal.",
        "This is no contact of this channel.",
    ),
    "campanha_cancelada": ("A campanha foi cancelada.", "The campaign was cancelled."),
    "campanha_em_planejamento": (
        "O público da campanha está sendo planejado.",
        "The audience of the campaign is being planned.",
    ),
    "campanha_ate_o_inicio": ("Começa em {quando}.", "It starts on {quando}."),
    "campanha_reagendada": ("Mudou o início.", "Its start was changed."),
    "campanha_ja_comecou": (
        "A campanha já começou: pause ou cancele.",
        "The campaign has begun already: pause or cancel it.",
    ),
    "campanha_pausada_por_pessoa": ("Pausada por uma pessoa.", "Paused by a person."),
    "campanha_piloto_reprovado": (
        "O piloto teve recusas demais: a campanha espera por uma decisão.",
        "Too much of the pilot was refused: the campaign waits for a decision.",
    ),
    "campanha_piloto_concluido": (
        "O piloto terminou: a campanha espera por uma decisão.",
        "The pilot has ended: the campaign waits for a decision.",
    ),
    "campanha_so_o_piloto": (
        "Só o piloto sai por enquanto; os outros esperam pelo resultado dele.",
        "Only the pilot leaves for now; the others wait for what comes of it.",
    ),
    "campanha_ate_a_janela": (
        "Até {quando}, quando abre a janela de envio dos próximos leads.",
        "Until {quando}, when the window of the next leads opens.",
    ),
    "campanha_ate_o_orcamento": (
        "Até {quando}: o limite de mensagens do dia foi atingido.",
        "Until {quando}: the budget of the day is spent.",
    ),
    "campanha_canal_lento": (
        "Até {quando}: o provedor pediu uma pausa.",
        "Until {quando}: the provider has asked for a rest.",
    ),
    "campanha_limite_de_envio": (
        "Até {quando}, limite de mensagens por minuto.",
        "Until {quando}, the limit of messages per minute.",
    ),
    "excluido_suprimido": (
        "A pessoa pediu para não receber mensagens, ou o contato está suprimido.",
        "The person asked for no messages, or the contact is suppressed.",
    ),
    "excluido_sem_contato": (
        "O lead não tem contato válido para os canais da campanha.",
        "The lead has no valid contact for the channels of the campaign.",
    ),
    "excluido_variavel_ausente": (
        "Faltam valores que o template pede.",
        "Values that the template needs are missing.",
    ),
    "excluido_lead_encerrado": ("O lead está encerrado.", "The lead is closed."),
    "excluido_destino_repetido": (
        "Outro lead da campanha tem o mesmo contato, que recebe uma vez só.",
        "Another lead of the campaign has the same contact, which gets it once.",
    ),
    "previsao_taxa": (
        "O que mais demora é o limite de mensagens por minuto ou segundo.",
        "The limit of messages per minute or second takes longest.",
    ),
    "previsao_orcamento": (
        "O que mais demora é o limite de mensagens por dia.",
        "The limit of messages per day takes longest.",
    ),
    "previsao_janela": (
        "O que mais demora é a janela de envio.",
        "The window for sending takes longest.",
    ),
    # Tenants
    "configuracao_incompleta": (
        "PUT troca a configuração inteira, e ao documento faltam campos que estão configurados; para mudar só alguns, "
        "use PATCH.",
        "PUT replaces the whole configuration, and the document lacks fields that are configured; use PATCH to change "
        "only some.",
    ),
    "configuracao_disputada": (
        "Outra pessoa mudou a configuração ao mesmo tempo; confira-a e tente de novo.",
        "Somebody else changed the configuration at the same time; look at it and try again.",
    ),
    "fuso_desconhecido": (
        "O fuso deve ser um nome da IANA, como America/Sao_Paulo.",
        "The zone must be a name of the IANA's, such as America/Sao_Paulo.",
    ),
    "hora_invalida": (
        "A hora deve ter a forma HH:MM, de 00:00 a 24:00.",
        "The time must have the form HH:MM, from 00:00 to 24:00.",
    ),
    "fim_antes_do_inicio": (
        "O fim da janela deve ser depois do início, no mesmo dia.",
        "The window must end after it begins, on the same day.",
    ),
    "tarifa_repetida": (
        "Um canal tem uma só tarifa a partir de cada dia.",
        "A channel has one tariff only from any day on.",
    ),
    "dia_invalido": (
        "O dia deve ter a forma AAAA-MM-DD, como 2026-12-24.",
        "The day must have the form YYYY-MM-DD, such as 2026-12-24.",
    ),
}

# The texts for pydantic's error types; a type that is not here has pydantic's English text in both languages. `{nomes}`
# is what the value may be (`allowed`).
_FIELD: dict[str, tuple[str, str]] = {
    "missing": ("campo obrigatório", "required field"),
    "extra_forbidden": ("campo desconhecido", "unknown field"),
    "json_invalid": ("não é JSON", "not JSON"),
    "enum": ("um de {nomes}", "one of {nomes}"),
    "literal_error": ("um de {nomes}", "one of {nomes}"),
    "model_type": ("deve ser um objeto JSON", "must be a JSON object"),
    "list_type": ("deve ser uma lista", "must be a list"),
    "tuple_type": ("deve ser uma lista", "must be a list"),
    "dict_type": ("deve ser um objeto JSON", "must be a JSON object"),
    "string_type": ("deve ser texto", "must be text"),
    "string_unicode": ("não é texto Unicode", "not Unicode text"),
    "too_long": ("no máximo {nomes} itens", "at most {nomes} items"),
    "too_short": ("no mínimo {nomes} itens", "at least {nomes} items"),
    "int_from_float": ("deve ser um número inteiro", "must be a whole number"),
    "int_parsing_size": ("número grande demais", "number too large"),
    "string_too_short": ("no mínimo {nomes} caracteres", "at least {nomes} characters"),
    "string_too_long": ("no máximo {nomes} caracteres", "at most {nomes} characters"),
    "string_pattern_mismatch": ("formato inválido", "does not have the form"),
    "int_parsing": ("deve ser um número inteiro", "must be a whole number"),
    "int_type": ("deve ser um número inteiro", "must be a whole number"),
    "greater_than_equal": ("no mínimo {nomes}", "at least {nomes}"),
    "less_than_equal": ("no máximo {nomes}", "at most {nomes}"),
    "uuid_parsing": ("não é um identificador", "not an id"),
    "bool_parsing": ("deve ser true ou false", "must be true or false"),
    "bool_type": ("deve ser true ou false", "must be true or false"),
    "timezone_aware": ("a data precisa do fuso (por exemplo -03:00)", "the time needs an offset (such as -03:00)"),
    "datetime_from_date_parsing": ("não é uma data ISO 8601", "not an ISO 8601 time"),
    "datetime_type": ("não é uma data ISO 8601", "not an ISO 8601 time"),
    "uuid_type": ("não é um identificador", "not an id"),
    "datetime_parsing": ("não é uma data ISO 8601", "not an ISO 8601 time"),
    "date_from_datetime_parsing": ("não é um dia do calendário", "not a day of the calendar"),
}


# What a provider's code means: Meta (WhatsApp Cloud API, error codes), Twilio (error dictionary), Resend, SMTP.
PROVIDERS: dict[str, tuple[str, str]] = {
    "2": ("serviço da Meta fora do ar por um momento", "a service of Meta is down for a moment"),
    "4": ("chamadas demais do aplicativo na Meta", "too many calls of the app at Meta"),
    "10": ("o token não tem a permissão", "the token lacks the permission"),
    "100": ("parâmetro inválido", "invalid parameter"),
    "190": ("o token expirou ou foi revogado", "the token has expired or was revoked"),
    "200": ("o token não tem a permissão", "the token lacks the permission"),
    "401": ("credencial recusada", "credentials refused"),
    "403": ("sem permissão", "not permitted"),
    "429": ("chamadas demais", "too many calls"),
    "470": ("a janela de 24 h para texto livre fechou", "the window of 24 h for free text has closed"),
    "500": ("falha no provedor", "failure of the provider"),
    "502": ("falha no provedor", "failure of the provider"),
    "503": ("provedor fora do ar por um momento", "the provider is down for a moment"),
    "504": ("o provedor não respondeu a tempo", "the provider did not answer in time"),
    "14107": ("mensagens demais por segundo", "too many messages a second"),
    "20003": ("credencial recusada", "credentials refused"),
    "20404": ("a conta ou o recurso não existe no Twilio", "the account or resource does not exist at Twilio"),
    "20429": ("chamadas demais", "too many calls"),
    "21211": ("o número não é válido", "the number is not valid"),
    "21610": ("a pessoa pediu para não receber mensagens", "the person has asked for no messages"),
    "21614": ("o número não é de celular", "the number is not a mobile one"),
    "63003": ("o número não tem WhatsApp", "the number is not on WhatsApp"),
    "63007": ("o remetente não está ligado ao WhatsApp", "the sender is not connected to WhatsApp"),
    "63016": ("fora da janela de 24 h é preciso um template", "outside the window of 24 h a template is needed"),
    "63018": ("mensagens demais por segundo", "too many messages a second"),
    "63024": ("o destinatário não é válido", "the recipient is not valid"),
    "63038": ("a conta chegou ao limite do dia", "the account has reached the limit of the day"),
    "80007": ("chamadas demais da conta na Meta", "too many calls of the account at Meta"),
    "130429": ("mensagens demais por segundo", "too many messages a second"),
    "131000": ("falha na Meta", "failure of Meta"),
    "131008": ("falta um parâmetro do template", "a parameter of the template is missing"),
    "131016": ("serviço da Meta fora do ar por um momento", "a service of Meta is down for a moment"),
    "131026": (
        "não pôde ser entregue; em geral o número não tem WhatsApp",
        "undeliverable; most often not on WhatsApp",
    ),
    "131042": (
        "há um problema de pagamento na conta da Meta",
        "there is a problem with the payment of the Meta account",
    ),
    "131047": ("a janela de 24 h para texto livre fechou", "the window of 24 h for free text has closed"),
    "131048": ("a Meta limitou o número por denúncias de spam", "Meta has limited the number for reports of spam"),
    "131049": (
        "a pessoa já recebeu da Meta o máximo de marketing",
        "the person has got all the marketing that Meta allows",
    ),
    "131050": ("a pessoa parou as mensagens de marketing", "the person has stopped marketing messages"),
    "131051": ("tipo de mensagem não aceito", "unsupported type of message"),
    "131056": ("mensagens demais à mesma pessoa", "too many messages to the same person"),
    "132000": (
        "o número de variáveis não é o do template na Meta",
        "not as many variables as the template has at Meta",
    ),
    "132001": ("a Meta não tem esse template nesse idioma", "Meta has no such template in that language"),
    "132015": ("a Meta pausou o template por baixa qualidade", "Meta has paused the template for low quality"),
    "132016": ("a Meta desativou o template por baixa qualidade", "Meta has disabled the template for low quality"),
    "133010": ("o número não está registrado na Meta", "the number is not registered at Meta"),
    "rate_limit_exceeded": ("chamadas demais", "too many calls"),
    "daily_quota_exceeded": ("a cota do dia acabou", "the quota of the day is used up"),
    "monthly_quota_exceeded": ("a cota do mês acabou", "the quota of the month is used up"),
    "concurrent_idempotent_requests": ("a mesma mensagem já está em envio", "the same message is being sent already"),
    "invalid_idempotent_request": ("a chave já foi usada em outra mensagem", "the key was used for another message"),
    "invalid_idempotency_key": ("a chave da mensagem não é aceita", "the key of the message is not accepted"),
    "missing_api_key": ("falta a credencial", "the credentials are missing"),
    "invalid_api_key": ("credencial recusada", "credentials refused"),
    "restricted_api_key": ("a credencial não pode enviar", "the credentials do not allow sending"),
    "invalid_access": ("sem permissão", "not permitted"),
    "invalid_from_address": ("o remetente não é aceito", "the sender is not accepted"),
    "validation_error": (
        "um campo não é aceito, em geral o destinatário",
        "a field is refused, most often the recipient",
    ),
    "invalid_parameter": (
        "um campo não é aceito, em geral o destinatário",
        "a field is refused, most often the recipient",
    ),
    "application_error": ("falha no provedor", "failure of the provider"),
    "internal_server_error": ("falha no provedor", "failure of the provider"),
    "smtp-data-unknown": ("a conexão caiu depois da mensagem", "the connection broke behind the message"),
    "provider-timeout": ("o servidor de e-mail não respondeu a tempo", "the mail server did not answer in time"),
    "smtp-recipient-rejected": ("o servidor recusou o destinatário", "the server refused the recipient"),
    "smtp-utf8-unsupported": (
        "o servidor não aceita acentos no endereço",
        "the server takes no accents in the address",
    ),
    "smtp-data-rejected": ("o servidor recusou a mensagem", "the server refused the message"),
    "smtp-mail-rejected": ("o servidor recusou o remetente", "the server refused the sender"),
    "smtp-mail-unavailable": ("o servidor não recebe e-mail agora", "the server takes no mail now"),
    "smtp-mail-cancelled": ("o envio foi interrompido", "the sending was interrupted"),
    "smtp-cancelled-before-data": ("o envio foi interrompido", "the sending was interrupted"),
    "smtp-session-lost-before-data": ("a conexão caiu antes da mensagem", "the connection broke before the message"),
    "not-attempted": ("o envio não chegou a começar", "the sending did not begin"),
}


# Words of calendars and messages: names of things, so they end without a full stop.
LABELS: dict[str, tuple[str, str]] = {
    "convite_reuniao": ("Reunião com {nome}", "Meeting with {nome}"),
    "convite_callback": ("Retorno de {nome}", "Callback from {nome}"),
    "agenda_reuniao": ("Reunião com o lead {nome}", "Meeting with the lead {nome}"),
    "agenda_callback": ("Retorno para o lead {nome}", "Callback to the lead {nome}"),
    "agenda_de": ("Agenda de {nome}", "Calendar of {nome}"),
    "lead_sem_nome": ("sem nome", "without a name"),
    "por_telefone": ("Por telefone", "By phone"),
    "por_whatsapp": ("Por WhatsApp", "By WhatsApp"),
    "por_video": ("Por vídeo", "By video"),
    "por_presencial": ("Presencial", "In person"),
    "como_telefone": ("por telefone", "by phone"),
    "como_whatsapp": ("pelo WhatsApp", "on WhatsApp"),
    "como_video": ("por vídeo", "by video"),
    "como_presencial": ("presencialmente", "in person"),
    "horario_de": ("horário de {cidade}", "{cidade} time"),
    "entrar_na_reuniao": ("Entrar na reunião", "Join the meeting"),
    "ligar": ("Ligar", "Call"),
    "abrir_conversa": ("Abrir a conversa", "Open the chat"),
}


def label(code: str, language: str, **params: object) -> str:
    """The name of a thing, with its parameters filled in.

    Raises:
        KeyError: the code is not among the labels.
    """
    return _pick(LABELS[code], language).format(**params)


def meaning(code: str, language: str) -> str | None:
    """What a provider's code means, in words; None for one that is not known."""
    return _pick(PROVIDERS[code], language) if code in PROVIDERS else None


# Where pydantic says what a value may be. Its other words may quote the value.
_ALLOWED = ("expected", "le", "ge", "max_length", "min_length")


def allowed(message: str, context: Mapping[str, object]) -> str:
    """What pydantic says that a value may be: the limit, or the values of a list; else its own message."""
    found = next((str(context[name]) for name in _ALLOWED if name in context), None)
    if found is None:
        return message
    return ", ".join(_QUOTED.findall(found)) or found


def title(status: int, language: str) -> str:
    """The title of an HTTP status."""
    return _pick(_TITLES.get(status, _TITLES[400]), language)


def heading(name: str, language: str) -> str:
    """The word above a part of a document that a person reads."""
    return _pick(_HEADINGS[name], language)


_CHANNELS = {"whatsapp": "WhatsApp", "email": "e-mail"}
"""How a sentence names a channel, in either language."""


def text(code: str, language: str = PORTUGUESE, **params: object) -> str:
    """The sentence of a code, with its parameters filled in.

    Raises:
        KeyError: the code is not in the catalogue; a test searches the source for such codes.
    """
    if "canal" in params:
        params["canal"] = _CHANNELS.get(str(params["canal"]), params["canal"])
    return _pick(CATALOGUE[code], language).format(**params)


def field_text(error: FieldError, language: str, **params: object) -> str:
    """What is wrong with one field; `params` are those of the whole error, which the sentence may need, too.

    `{nomes}` is what the field's own error names: with the names of all errors, the answer would grow as their square.
    `{campo}` and `{valor}` are the same.
    """
    if error.code in _FIELD:
        return _pick(_FIELD[error.code], language).format(nomes=error.detail)
    if error.code not in CATALOGUE:
        return error.detail
    return text(error.code, language, **{**params, **dict.fromkeys(("nomes", "campo", "valor"), error.detail)})


def _pick(pair: tuple[str, str], language: str) -> str:
    return pair[1] if language == ENGLISH else pair[0]

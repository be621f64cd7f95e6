/**
 * The tour of the README by the types that openapi-typescript made.
 *
 * `node tour.js API TOKEN SAMPLE CARTEIRA PROVIDER`: two workbooks, and the provider that is told to lose an answer.
 * It prints a line for each step, with a tab: what was asked, and what the typed answer said. It ends at the first
 * answer that is not as it should be.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import createClient from "openapi-fetch";
import { Webhook } from "standardwebhooks";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
type Answer<T> = { data?: T; error?: Schemas["Problem"]; response: Response };
type Delivery = { headers: IncomingHttpHeaders; body: string };

const MOST_MS = 120_000;
const [API, TOKEN, SAMPLE, CARTEIRA, PROVIDER] = process.argv.slice(2) as [string, string, string, string, string];

const clientOf = (token: string) =>
  createClient<paths, "application/json" | "application/problem+json">({
    baseUrl: API,
    headers: { Authorization: `Bearer ${token}` },
    // `campo` is an object whose members are parameters of their own.
    querySerializer: { object: { style: "form", explode: true } },
  });
const client = clientOf(TOKEN);

function said(step: string, answer: string): void {
  console.log(`${step}\t${answer}`);
}

function expect(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}

async function got<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (data === undefined) throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

async function refused<T>(answer: Promise<Answer<T>>, status: number): Promise<Schemas["Problem"]> {
  const { error, response } = await answer;
  if (error === undefined || response.status !== status) throw new Error(`${response.url}: ${response.status}`);
  return error;
}

async function until<T>(ask: () => Promise<T>, ended: (found: T) => boolean): Promise<T> {
  const deadline = performance.now() + MOST_MS;
  for (;;) {
    const found = await ask();
    if (ended(found)) return found;
    if (performance.now() > deadline) throw new Error(`not within ${MOST_MS} ms: ${JSON.stringify(found)}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

function tomorrow(): string {
  return `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}Z`;
}

/** The body as a form, with the file in it: a list repeats the name of its field, and an object is JSON. */
function asForm(file: Blob, name: string): (body: object) => FormData {
  return (body) => {
    const form = new FormData();
    for (const [field, value] of Object.entries(body)) {
      if (field === "arquivo") form.append(field, file, name);
      else if (Array.isArray(value)) for (const each of value) form.append(field, String(each));
      else form.append(field, typeof value === "object" ? JSON.stringify(value) : String(value));
    }
    return form;
  };
}

type Options = Omit<
  NonNullable<paths["/ingest/leads/xlsx"]["post"]["requestBody"]>["content"]["multipart/form-data"], "arquivo"
>;

async function uploaded(file: Blob, name: string, options: Options): Promise<Schemas["JobDetail"]> {
  const body = { arquivo: name, ...options };
  const job = await got(client.POST("/ingest/leads/xlsx", { body, bodySerializer: asForm(file, name) }));
  return followed(job.job_id);
}

async function followed(job_id: string): Promise<Schemas["JobDetail"]> {
  const ask = () => got(client.GET("/ingest/leads/jobs/{job_id}", { params: { path: { job_id } } }));
  const job = await until(ask, (found) => found.concluido_em !== null || found.erro_codigo !== null);
  expect(job.status === "concluido", `the job is ${job.status} ${job.erro_codigo}`);
  return job;
}

async function uploadWorkbooks(): Promise<void> {
  const sample = new Blob([await readFile(SAMPLE)]);
  const job = await uploaded(sample, basename(SAMPLE), { modo: "ignorar" });
  said("upload", `${job.status} ${job.leads_criados} leads, ${job.linhas_rejeitadas} refused`);
  const path = { job_id: job.job_id };
  const report = await got(client.GET("/ingest/leads/jobs/{job_id}/erros", { params: { path } }));
  said("refused rows", (await (await fetch(report.url)).text()).split("\r\n")[0] ?? "");

  const debtors = await uploaded(new Blob([await readFile(CARTEIRA)]), basename(CARTEIRA), {
    tags: ["carteira", "cobrança"],
    mapeamento: { Ramal: "ignorar", "Valor da Dívida": "campo:valor" },
  });
  expect([...debtors.tags].sort().join() === "carteira,cobrança", `the tags are ${debtors.tags}`);
  said("upload of debtors", `${debtors.leads_criados} leads with the tags ${debtors.tags.join(" and ")}`);

  const body = { arquivo: basename(SAMPLE), tamanho: sample.size, validar_apenas: true };
  const announced = await got(client.POST("/ingest/leads/xlsx", { body }));
  expect("upload" in announced, "there is no form to upload with");
  const form = new FormData();
  for (const [field, value] of Object.entries(announced.upload.fields)) form.append(field, value);
  form.append("file", sample, basename(SAMPLE));
  const stored = await fetch(announced.upload.url, { method: "POST", body: form });
  expect(stored.ok, `S3 answers ${stored.status}`);
  const dry = await followed(announced.job_id);
  const at = { params: { path: { job_id: announced.job_id } } };
  const preview = await got(client.GET("/ingest/leads/jobs/{job_id}/previa", at));
  said("dry run", `${dry.duplicados} duplicates, ${preview.itens.length} rows shown`);

  const more = new Blob(["Nome;Email;Telefone\nZé da Silva;ze@example.com;(71) 99999-1234\n"]);
  const { job_id } = await uploaded(more, "mais.csv", {});
  const of = { params: { path: { job_id } } };
  await got(client.POST("/ingest/leads/jobs/{job_id}/desfazer", of));
  const ask = () => got(client.GET("/ingest/leads/jobs/{job_id}", of));
  const undone = await until(ask, (found) => found.desfeito_em !== null);
  said("undo", `${undone.status}, ${undone.leads_removidos} lead removed`);
}

async function lookAtLeads(): Promise<string> {
  const found = await got(client.GET("/leads", { params: { query: { q: "limpeza", limit: 2 } } }));
  const first = await got(client.GET("/leads", { params: { query: { limit: 2 } } }));
  expect(first.proximo !== null, "there is no next page");
  const after = await got(client.GET("/leads", { params: { query: { limit: 2, cursor: first.proximo } } }));
  const seen = new Set(first.itens.map((each) => each.lead_id));
  expect(after.itens.every((each) => !seen.has(each.lead_id)), "a page came twice");
  said("leads", `${found.total} of ${first.total} with “limpeza”`);
  const query = { campo: { "campo.valor_min": "99999999" } };
  const none = await got(client.GET("/leads", { params: { query } }));
  expect(none.total === 0, `${none.total} leads have a campo that nobody has`);
  const ready = await got(client.GET("/leads/para-disparo", { params: { query: { tipo_contato: "ambos" } } }));
  const lead_id = ready.itens[0]?.lead_id;
  expect(lead_id !== undefined, "no lead is ready");
  const lead = await got(client.GET("/leads/{lead_id}", { params: { path: { lead_id } } }));
  said("one lead", `${lead.status}, ${lead.telefones.length} phones, ${lead.emails.length} e-mails`);
  return lead_id;
}

async function send(lead_id: string): Promise<void> {
  const limites = { whatsapp: { por_minuto: 1200 }, email: { por_minuto: 1200 } };
  const saved = await got(client.PATCH("/tenant/config", { body: { janela: { ligada: false }, limites } }));
  said("config", `janela ligada: ${saved.janela.ligada}`);
  const path = { nome: "lembrete" };
  const texto = 'Olá, {{nome|titulo|padrao:"tudo bem"}}! Podemos conversar?';
  const template = { canal: "whatsapp", idioma: "pt_BR", texto } as const;
  const made = await got(client.PUT("/templates/{nome}", { params: { path }, body: template }));
  const shown = await got(client.POST("/templates/{nome}/previa", { params: { path }, body: { lead_id } }));
  said("template", `${made.nome} ${made.versao}: ${shown.itens[0]?.mensagem?.texto}`);

  const leads = { params: { path: { lead_id } } };
  const body = { canal: "whatsapp", template: "lembrete", payload: { variaveis: { nome: "Ana" } } } as const;
  const once = { params: { ...leads.params, header: { "Idempotency-Key": "tour" } }, body };
  const disparo = await got(client.POST("/leads/{lead_id}/disparos", once));
  const again = await got(client.POST("/leads/{lead_id}/disparos", once));
  expect(again.disparo_id === disparo.disparo_id, "the key made two disparos");
  const of = { params: { path: { disparo_id: disparo.disparo_id } } };
  const ask = () => got(client.GET("/disparos/{disparo_id}", of));
  const sent = await until(ask, (found) => found.status !== "pendente" && found.status !== "enviando");
  expect(sent.status === "enviado" || sent.status === "confirmado", `the disparo is ${sent.status}`);
  said("disparo", `${sent.status}, once under its key`);
  const tomorrowsBody = { ...body, agendar_para: tomorrow() };
  const later = await got(client.POST("/leads/{lead_id}/disparos", { ...leads, body: tomorrowsBody }));
  const last = { params: { path: { disparo_id: later.disparo_id } } };
  const gone = await got(client.POST("/disparos/{disparo_id}/cancelar", last));
  said("cancel", `${later.status}, then ${gone.status}`);
}

async function lose(faults: object): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const set = await fetch(`${PROVIDER}/admin/falhas`, { method: "PUT", headers, body: JSON.stringify(faults) });
  expect(set.ok, `the provider answers ${set.status}`);
}

async function loseAnAnswer(): Promise<void> {
  await lose({ falhas: [{ conexao: "depois", limite: 1 }] });
  const ready = await got(client.GET("/leads/para-disparo", { params: { query: { tipo_contato: "ambos" } } }));
  const lead_id = ready.itens[0]?.lead_id;
  expect(lead_id !== undefined, "no lead is ready");
  const body = { canal: "whatsapp", template: "lembrete" } as const;
  const { disparo_id } = await got(client.POST("/leads/{lead_id}/disparos", { params: { path: { lead_id } }, body }));
  const of = { params: { path: { disparo_id } } };
  const ask = () => got(client.GET("/disparos/{disparo_id}", of));
  const doubt = await until(ask, (found) => found.status === "incerto");
  await lose({});
  const decision = { ...of, body: { resultado: "nao_enviado" } as const };
  const resolved = await got(client.POST("/disparos/{disparo_id}/resolver", decision));
  const again = await got(client.POST("/disparos/{disparo_id}/reenviar", of));
  said("lost answer", `${doubt.status} ${doubt.erro_codigo}, then ${resolved.status}, then ${again.status}`);
}

async function sendToMany(): Promise<void> {
  const overdue: Schemas["SegmentFilter"] = {
    todos: [
      { campo: { nome: "vencimento", op: "<", valor: "hoje" } },
      { campo: { nome: "valor", op: ">", valor: 100 } },
    ],
  };
  const segment = await got(client.POST("/segmentos", { body: { nome: "Vencidas", filtro: overdue } }));
  const { segmento_id } = segment;
  const count = await got(client.POST("/segmentos/contar", { body: { segmento_id } }));
  said("segment", `${count.total} leads, ${count.por_canal.whatsapp} by whatsapp`);
  const texto = "Olá, {{nome|titulo}}! Sua parcela de {{valor|moeda}} venceu em {{vencimento|data}}.";
  const templates: [string, Schemas["NewTemplate"]][] = [
    ["vencida", { canal: "whatsapp", idioma: "pt_BR", texto }],
    ["vencida-email", { canal: "email", idioma: "pt_BR", texto, assunto: "Sua parcela" }],
  ];
  for (const [nome, body] of templates) await got(client.PUT("/templates/{nome}", { params: { path: { nome } }, body }));
  const mensagens: Schemas["CampaignMessage"][] = [
    { canal: "whatsapp", template: "vencida" },
    { canal: "email", template: "vencida-email" },
  ];
  const etapas = [{ variantes: [{ mensagens }] }];
  const draft = await got(client.POST("/campanhas", { body: { nome: "Vencidas", segmento_id, etapas } }));
  const of = { params: { path: { campanha_id: draft.campanha_id } } };
  const preflight = await got(client.POST("/campanhas/{campanha_id}/conferir", of));
  expect(preflight.publico === count.total, `the audience is ${preflight.publico}`);
  said("preflight", `${preflight.elegiveis} of ${preflight.publico}: ${preflight.previsao.mensagem}`);
  const contatos = [{ canal: "email", contato: "equipe@example.com" } as const];
  const trial = await got(client.POST("/campanhas/{campanha_id}/testar", { ...of, body: { contatos } }));
  said("test", `${trial.itens.length} to the team`);
  const start = { ...of, body: { iniciar_em: tomorrow() } };
  const planned = await got(client.POST("/campanhas/{campanha_id}/agendar", start));
  const pause = { ...of, body: { motivo: "o chefe ligou" } };
  const paused = await got(client.POST("/campanhas/{campanha_id}/pausar", pause));
  expect(paused.espera[0]?.codigo === "pessoa", `it waits for ${JSON.stringify(paused.espera)}`);
  const resumed = await got(client.POST("/campanhas/{campanha_id}/retomar", of));
  const stopped = await got(client.POST("/campanhas/{campanha_id}/cancelar", { ...of, body: { motivo: "vai hoje" } }));
  said("campaign", [planned, paused, resumed, stopped].map((each) => each.status).join(", then "));
  const again = { ...of, body: { quem: "pendentes", nome: "Vencidas, hoje" } as const };
  const today = await got(client.POST("/campanhas/{campanha_id}/de-novo", again));
  const at = { params: { path: { campanha_id: today.campanha_id } } };
  await got(client.POST("/campanhas/{campanha_id}/agendar", { ...at, body: {} }));
  const ask = () => got(client.GET("/campanhas/{campanha_id}", at));
  const { contadores } = await until(
    ask, ({ contadores: n }) => n.planejados > 0 && n.planejados === n.enviados + n.falhas,
  );
  const link = await got(client.GET("/campanhas/{campanha_id}/resultados.csv", at));
  const rows = (await (await fetch(link.url)).text()).trim().split("\n");
  said("campaign today", `${contadores.enviados} of ${contadores.planejados} sent, ${rows.length} lines as CSV`);
}

async function book(lead_id: string): Promise<void> {
  const of = { params: { path: { lead_id } } };
  const body = { tipo: "reuniao", canal: "video", data_agendada: tomorrow(), responsavel: "Bruno" } as const;
  const booked = await got(client.POST("/leads/{lead_id}/agendamentos", { ...of, body }));
  const taken = await refused(client.POST("/leads/{lead_id}/agendamentos", { ...of, body }), 409);
  expect(taken.ocupado?.agendamento_id === booked.agendamento_id, "what is there is not named");
  expect(taken.horarios_livres?.length === 3, `free times: ${taken.horarios_livres}`);
  said("meeting", `${booked.status}; again: ${taken.status} ${taken.code}, ${taken.title}`);
  const meeting = { params: { path: { agendamento_id: booked.agendamento_id } } };
  const confirmed = await got(client.POST("/agendamentos/{agendamento_id}/confirmar", meeting));
  const listed = await got(client.GET("/agendamentos", { params: { query: { responsavel: "Bruno" } } }));
  expect(listed.itens.length === 1, `${listed.itens.length} agendamentos are listed`);
  said("confirmed", confirmed.status);
  const text = { ...meeting, parseAs: "text" } as const;
  const invitation: string = await got(client.GET("/agendamentos/{agendamento_id}.ics", text));
  const feed = await got(client.POST("/agendas", { body: { responsavel: "Bruno" } }));
  const shown = await (await fetch(feed.url)).text();
  said("calendar", `${invitation.split("\r\n")[0]}, and a feed of ${shown.split("BEGIN:VEVENT").length - 1}`);
}

async function beRefused(lead_id: string): Promise<void> {
  const texto = "Sua parcela de {{parcela|moeda}} vence hoje.";
  const template = { canal: "whatsapp", idioma: "pt_BR", texto } as const;
  await got(client.PUT("/templates/{nome}", { params: { path: { nome: "cobranca" } }, body: template }));
  const of = { params: { path: { lead_id } } };
  const body = { canal: "whatsapp", template: "cobranca" } as const;
  const wrong = await refused(client.POST("/leads/{lead_id}/disparos", { ...of, body }), 422);
  said("422", `${wrong.code} ${wrong.errors?.map((each) => each.pointer)}`);
  said("401", (await refused(clientOf("not a token").GET("/leads"), 401)).code);
  const made = await got(client.POST("/chaves", { body: { nome: "Painel", grupo: "leitor" } }));
  const program = clientOf(made.chave);
  const { total } = await got(program.GET("/leads", { params: { query: { limit: 1 } } }));
  const canal = { params: { path: { canal: "email" } } };
  said("key", `reads ${total} leads, else ${(await refused(program.POST("/canais/{canal}/pausar", canal), 403)).code}`);
  const audited = await got(client.GET("/auditoria", { params: { query: { limit: 1 } } }));
  said("audit", `${audited.itens[0]?.acao} ${audited.itens[0]?.objeto}`);
}

/** A receiver of our own gets what the worker posts, and npm's `standardwebhooks` verifies it. */
async function subscribe(): Promise<void> {
  const received: Delivery[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/eventos`;
  try {
    const made = await got(client.POST("/assinaturas", { body: { url, eventos: ["agendamento.created"] } }));
    const of = { params: { path: { assinatura_id: made.assinatura_id } } };
    await got(client.POST("/assinaturas/{assinatura_id}/testar", of));
    const first = await until(async () => received[0], (found) => found !== undefined);
    expect(first !== undefined, "nothing was delivered");
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
    const headers = Object.fromEntries(names.map((name) => [name, String(first.headers[name])]));
    const event = new Webhook(made.segredo).verify(first.body, headers) as { type: string };
    let answer = "accepted";
    try {
      new Webhook(made.segredo).verify(`${first.body} `, headers);
    } catch (error) {
      answer = (error as Error).message;
    }
    expect(answer !== "accepted", "another body is verified, too");
    const ask = () => got(client.GET("/assinaturas/{assinatura_id}/entregas", of));
    const { itens } = await until(ask, (found) => found.itens[0]?.status === "entregue");
    said("webhook", `${event.type} verified, ${itens[0]?.http_status}; another body: ${answer}`);
  } finally {
    server.close();
  }
}

const health = await got(client.GET("/saude"));
said("saude", health.status);
await uploadWorkbooks();
const lead = await lookAtLeads();
await send(lead);
await loseAnAnswer();
await sendToMany();
await book(lead);
await beRefused(lead);
await subscribe();

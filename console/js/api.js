// The public API, and nothing else: this console can do only what every client of the contract can do.
import { config } from "./config.js";
import { ended, token } from "./session.js";
import { language, t } from "./texts.js";

/** @import { Answer, Method, Options, PathsWith } from "../types/api.js" */

/** What the API refused, as its problem document says it (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status 0: no answer came
   * @param {{code?: string, detail?: string, title?: string, errors?: FieldProblem[], request_id?: string}} document
   * @param {Headers} [headers]
   */
  constructor(status, document, headers) {
    super(document.detail || document.title || t("erro.sem_resposta"));
    this.status = status;
    this.code = document.code ?? "";
    this.errors = document.errors ?? [];
    /** The whole document, for what it says beside the usual members. @type {Record<string, any>} */
    this.document = document;
    this.requestId = document.request_id ?? headers?.get("x-request-id") ?? "";
    /** Seconds to wait before another try; null if the API names none. */
    this.retryAfter = headers?.get("retry-after") ? Number(headers.get("retry-after")) : null;
  }
}

/** @typedef {{pointer?: string, code?: string, detail?: string}} FieldProblem */

/** An answer and its version, for a change that must not undo a colleague's. @template T @typedef {{data: T, version: string | null}} Versioned */

/** @type {Map<string, {etag: string, data: unknown}>} */
const seen = new Map();
const MOST_SEEN = 50;

/**
 * @param {string} template
 * @param {Record<string, unknown>} [path]
 * @param {Record<string, unknown>} [query]
 */
function address(template, path = {}, query = {}) {
  const filled = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(path[name])));
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return `${config.api}${filled}${text ? `?${text}` : ""}`;
}

/**
 * @param {Method} method
 * @param {string} template
 * @param {{path?: any, query?: any, body?: any, key?: string, version?: string | null, signal?: AbortSignal}} options
 * @returns {Promise<Versioned<any>>}
 */
async function request(method, template, { path, query, body, key, version, signal } = {}) {
  const url = address(template, path, query);
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "Accept-Language": language.value };
  const known = method === "get" ? seen.get(url) : undefined;
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (version) headers["If-Match"] = version;
  if (known) headers["If-None-Match"] = known.etag;
  let response;
  try {
    const init = { method: method.toUpperCase(), headers, signal, cache: /** @type {const} */ ("no-store") };
    response = await fetch(url, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, { code: "sem_resposta", detail: t("erro.sem_resposta") });
  }
  if (response.status === 304 && known) return { data: known.data, version: known.etag };
  const data = await content(response);
  if (response.status === 401) ended();
  if (!response.ok) throw new Problem(response.status, typeof data === "object" ? (data ?? {}) : {}, response.headers);
  const etag = response.headers.get("etag");
  if (method === "get" && etag) remember(url, etag, data);
  return { data, version: etag };
}

/** @param {Response} response */
async function content(response) {
  if (response.status === 204) return undefined;
  return /\bjson\b/.test(response.headers.get("content-type") ?? "") ? response.json() : response.text();
}

/** @param {string} url @param {string} etag @param {unknown} data */
function remember(url, etag, data) {
  seen.delete(url);
  seen.set(url, { etag, data });
  if (seen.size > MOST_SEEN) seen.delete(/** @type {string} */ (seen.keys().next().value));
}

/** Forget every answer: another person may have signed in. */
export function forget() {
  seen.clear();
}

/**
 * Each method takes a path of the contract and what it needs, and returns the body of the answer.
 *
 * Raises `Problem`. A `get` whose answer has not changed returns the very same object again.
 */
export const api = {
  /** @template {PathsWith<"get">} P @param {P} path @param {Options<P, "get">} [options] @returns {Promise<Answer<P, "get">>} */
  get: async (path, options) => (await request("get", path, options)).data,
  /** The answer with its version, for a `patch` of it. @template {PathsWith<"get">} P @param {P} path @param {Options<P, "get">} [options] @returns {Promise<Versioned<Answer<P, "get">>>} */
  version: (path, options) => request("get", path, options),
  /** @template {PathsWith<"post">} P @param {P} path @param {Options<P, "post">} [options] @returns {Promise<Answer<P, "post">>} */
  post: async (path, options) => (await request("post", path, options)).data,
  /** @template {PathsWith<"put">} P @param {P} path @param {Options<P, "put">} [options] @returns {Promise<Answer<P, "put">>} */
  put: async (path, options) => (await request("put", path, options)).data,
  /** @template {PathsWith<"patch">} P @param {P} path @param {Options<P, "patch">} [options] @returns {Promise<Answer<P, "patch">>} */
  patch: async (path, options) => (await request("patch", path, options)).data,
  /** A `patch` that answers with the new version, for the next one. @template {PathsWith<"patch">} P @param {P} path @param {Options<P, "patch">} [options] @returns {Promise<Versioned<Answer<P, "patch">>>} */
  change: (path, options) => request("patch", path, options),
  /** @template {PathsWith<"delete">} P @param {P} path @param {Options<P, "delete">} [options] @returns {Promise<Answer<P, "delete">>} */
  delete: async (path, options) => (await request("delete", path, options)).data,
};

// Where the API and the sign-in are: `config.json` beside this page, which each deployment writes.

/**
 * The addresses of the sign-in may be relative to this page; they are absolute once they are read.
 *
 * @typedef {object} Config
 * @property {string} api the base address of the API, without a slash at the end; empty: this origin
 * @property {string} authorize the address at which a person signs in (OAuth 2 authorization endpoint)
 * @property {string} token the address that gives tokens for a code
 * @property {string} logout the address that ends the sign-in
 * @property {string} issuer who issues the tokens
 * @property {string} client the id of this console at the issuer
 */

/** @type {Config} */
export const config = { api: "", authorize: "", token: "", logout: "", issuer: "", client: "" };

/** Read the configuration, once, before anything else. */
export async function loadConfig() {
  const response = await fetch(new URL("../config.json", import.meta.url));
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  Object.assign(config, await response.json());
  for (const name of /** @type {const} */ (["authorize", "token", "logout"])) {
    config[name] = new URL(config[name], document.baseURI).href;
  }
}

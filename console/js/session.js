// Who is signed in. Tokens stay in memory: a page that is loaded again asks the identity provider again.
import { computed, signal } from "@preact/signals";
import { config } from "./config.js";

/** @typedef {"leitor" | "operador" | "admin"} Group */

/**
 * @typedef {object} Person
 * @property {string} token the ID token
 * @property {string} id the subject
 * @property {string} email
 * @property {string} tenant
 * @property {Group | null} group
 */

const RANKS = /** @type {Group[]} */ (["leitor", "operador", "admin"]);
const PLACE = "lugar";

/** @type {import("@preact/signals").Signal<Person | null>} */
export const person = signal(null);
/** Whether the sign-in has run out while a page was open. */
export const isOver = signal(false);
/** @type {any} */
let manager;

export function token() {
  return person.value?.token ?? "";
}

/** The API has refused the token. */
export function ended() {
  if (person.value) isOver.value = true;
}

/**
 * Whether the person may do what takes this group. The API decides; a console only does not offer the rest.
 * @param {Group} group
 */
export function can(group) {
  const own = person.value?.group;
  return own ? RANKS.indexOf(own) >= RANKS.indexOf(group) : false;
}

export const isAdmin = computed(() => can("admin"));

/** @param {any} user */
function accept(user) {
  const claims = user.profile;
  const groups = /** @type {string[]} */ (claims["cognito:groups"] ?? []);
  person.value = {
    token: user.id_token,
    id: claims.sub,
    email: claims.email ?? claims["cognito:username"] ?? "",
    tenant: claims["custom:tenant_id"] ?? "",
    group: RANKS.findLast((group) => groups.includes(group)) ?? null,
  };
  isOver.value = false;
}

/** Whether the identity provider has sent the browser back. */
export function isBack() {
  const answered = new URLSearchParams(location.search);
  return answered.has("code") || answered.has("error");
}

/**
 * Sign in: take the code that the identity provider has sent back, else go there. Whoever comes back is at their place
 * again at once, before the code is taken.
 * @returns {Promise<boolean>} false while the browser leaves for the identity provider
 */
export async function signIn() {
  const { UserManager, WebStorageStateStore, InMemoryWebStorage } = globalThis.oidc;
  manager = new UserManager({
    authority: config.issuer,
    metadata: {
      issuer: config.issuer,
      authorization_endpoint: config.authorize,
      token_endpoint: config.token,
    },
    client_id: config.client,
    redirect_uri: `${location.origin}${location.pathname}`,
    scope: "openid email",
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    // What must survive the way to the provider and back: the verifier of PKCE.
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: true,
    loadUserInfo: false,
    monitorSession: false,
  });
  manager.events.addUserLoaded(accept);
  manager.events.addSilentRenewError(ended);
  manager.events.addAccessTokenExpired(ended);
  if (isBack()) {
    const answer = location.href;
    history.replaceState(null, "", `${location.pathname}${sessionStorage.getItem(PLACE) ?? ""}`);
    dispatchEvent(new PopStateEvent("popstate"));
    accept(await manager.signinRedirectCallback(answer));
    return true;
  }
  await leave();
  return false;
}

/** Go to the identity provider, and come back to this place. */
export async function leave() {
  sessionStorage.setItem(PLACE, location.hash);
  await manager.signinRedirect();
}

/** End the sign-in, here and at the identity provider. */
export async function signOut() {
  await manager.removeUser();
  sessionStorage.removeItem(PLACE);
  const back = `${location.origin}${location.pathname}`;
  location.assign(`${config.logout}?client_id=${encodeURIComponent(config.client)}&logout_uri=${encodeURIComponent(back)}`);
}

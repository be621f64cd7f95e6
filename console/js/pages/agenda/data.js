// What the calendar shows of the API. Two people who look at it see each other's changes within seconds.
import { api } from "../../api.js";
import { addDays, instantOf, now } from "../../format.js";
import { useResource } from "../../resource.js";

/** @import { Schemas } from "../../../types/api.js" */

/** @typedef {Schemas["AgendamentoAnswer"]} Appointment */
/** @typedef {Schemas["AgendamentoDetail"]} AppointmentDetail */
/** @typedef {Schemas["ResponsavelAnswer"]} Staff */
/** @typedef {Schemas["BlockAnswer"]} Block */
/** @typedef {Schemas["SlotsAnswer"]} Slots */

export const EVERY_MS = 10_000;
const STAFF_EVERY_MS = 60_000;
const A_PAGE = 500;
const MOST_PAGES = 4;
/** Nothing takes longer (minutes): an appointment of the evening before may end on the first day. */
const LONGEST_MS = 480 * 60_000;

/**
 * All pages of a list, up to 2,000 rows; `proximo` says whether there are more. One page is the answer itself, so that
 * one which has not changed is the same object.
 * @template R
 * @param {(page: {limit: number, cursor?: string}) => Promise<{itens: R[], proximo: string | null}>} ask
 * @returns {Promise<{itens: R[], proximo: string | null}>}
 */
export async function whole(ask) {
  const first = await ask({ limit: A_PAGE });
  if (!first.proximo) return first;
  const itens = [...first.itens];
  /** @type {string | null} */
  let proximo = first.proximo;
  for (let page = 1; page < MOST_PAGES && proximo; page += 1) {
    const next = await ask({ limit: A_PAGE, cursor: proximo });
    itens.push(...next.itens);
    proximo = next.proximo;
  }
  return { itens, proximo };
}

/** The instants between which some days lie. @param {string[]} days in order */
function spanOf(days) {
  return { de: instantOf(/** @type {string} */ (days[0])), ate: instantOf(addDays(/** @type {string} */ (days.at(-1)), 1)) };
}

/** @param {string[]} days in order @param {string} responsavel a name; empty: everybody */
export function useAppointments(days, responsavel) {
  return useResource(
    (signal) => {
      const { de, ate } = spanOf(days);
      const since = new Date(Date.parse(de) - LONGEST_MS).toISOString();
      return whole((page) => api.get("/agendamentos", { query: { de: since, ate, responsavel, ...page }, signal }));
    },
    ["agendamentos", days, responsavel],
    { every: EVERY_MS },
  );
}

/** Those who have a row, by name. */
export function useStaff() {
  return useResource((signal) => whole((page) => api.get("/responsaveis", { query: page, signal })), ["responsaveis"], { every: STAFF_EVERY_MS });
}

/** Time that is not offered on these days, of everybody. @param {string[]} days in order */
export function useBlocks(days) {
  return useResource(
    (signal) => {
      const { de, ate } = spanOf(days);
      return whole((page) => api.get("/bloqueios", { query: { de, ate, ...page }, signal }));
    },
    ["bloqueios", days],
    { every: EVERY_MS },
  );
}

/**
 * When people are free on these days; null if the days are over.
 * @param {string[]} days in order
 * @param {string} responsavel a name; empty: all who have a row
 */
export function useFree(days, responsavel) {
  return useResource(
    async (signal) => {
      const { de, ate } = spanOf(days);
      if (Date.parse(ate) <= now()) return null;
      const since = Date.parse(de) > now() ? de : undefined;
      const query = { responsavel: responsavel || undefined, de: since, ate };
      return api.get("/agendamentos/horarios", { query, signal });
    },
    ["livres", days, responsavel],
    { every: EVERY_MS },
  );
}

// Who did something: the API gives an id, and only administrators may ask whose it is.
import { api } from "../api.js";
import { useResource } from "../resource.js";
import { isAdmin, person } from "../session.js";

const MOST_PEOPLE = 60;

/**
 * Tells of an id whether it is the reader's own, else its e-mail where the reader may know it; null if not.
 * @returns {(id: string) => {own: boolean, email: string | null}}
 */
export function usePeople() {
  const people = useResource(
    async (signal) => (isAdmin.value ? (await api.get("/usuarios", { query: { limit: MOST_PEOPLE }, signal })).itens : []),
    [isAdmin.value],
  );
  return (id) => ({ own: id === person.value?.id, email: people.data?.find((each) => each.usuario_id === id)?.email ?? null });
}

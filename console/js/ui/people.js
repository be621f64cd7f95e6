// Who did something: answers give an id, and the API tells everybody who reads whose it is.
import { api } from "../api.js";
import { useResource } from "../resource.js";
import { person } from "../session.js";

/**
 * Tells of an id whether it is the reader's own, else the e-mail of the person, or what the key is for; null where nobody
 * knows it.
 * @returns {(id: string) => {own: boolean, name: string | null}}
 */
export function usePeople() {
  const people = useResource(
    async (signal) => new Map((await api.get("/pessoas", { signal })).itens.map((each) => [each.id, each.nome])),
    [],
  );
  return (id) => ({ own: id === person.value?.id, name: people.data?.get(id) ?? null });
}

// What the contract says of each operation, for `js/api.js`. `contract` is made by openapi-typescript of our own OpenAPI.
import type { components, paths } from "contract";

export type Schemas = components["schemas"];
export type Method = "get" | "post" | "put" | "patch" | "delete";

export type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never;
}[keyof paths] & string;

type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type Parameters<O> = O extends { parameters: infer Q } ? Q : never;
type Part<O, N extends string> = Parameters<O> extends { [K in N]?: infer V } ? V : undefined;

export type PathOf<P extends keyof paths, M extends Method> = Part<Operation<P, M>, "path">;
export type QueryOf<P extends keyof paths, M extends Method> = Part<Operation<P, M>, "query">;
export type BodyOf<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: { content: { "application/json": infer B } } } ? B : undefined;

type Json<R> = R extends { content: infer C } ? (C extends { "application/json": infer J } ? J : string) : undefined;
export type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R }
    ? { [S in keyof R & (200 | 201 | 202 | 204)]: Json<R[S]> }[keyof R & (200 | 201 | 202 | 204)]
    : never;

/** Parameters of a query that were read from the address are texts, whatever type the contract gives them. */
export type Loose<Q> = { [N in keyof NonNullable<Q>]?: NonNullable<Q>[N] | string | null };

export interface Options<P extends keyof paths, M extends Method> {
  path?: PathOf<P, M>;
  query?: Loose<QueryOf<P, M>>;
  body?: BodyOf<P, M>;
  /** Another request with this key, of the same body, has no second effect. */
  key?: string;
  /** The `ETag` of what is changed. */
  version?: string | null;
  signal?: AbortSignal;
}

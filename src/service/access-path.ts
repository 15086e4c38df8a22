/** One step of an access path: `.name`, `[0]` or `["key"]`. */
export type Segment = { readonly name: string } | { readonly index: number } | { readonly key: string };

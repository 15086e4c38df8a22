/** A place in a configuration: keys and indices from its top. */
export type ConfigPath = readonly (string | number)[];

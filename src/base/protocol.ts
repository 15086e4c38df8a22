/** The version of the wire's own additions; raised when an older client would misread something. */
export const PROTOCOL = 1;

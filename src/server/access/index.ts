export { AccessControl, type AccessParts, type AccessSettings } from './access-control.ts';
export { Certificate, type TlsFiles, type TlsKeys } from './certificate.ts';
export { gateOf, gateOfThisMachine } from './gate-of.ts';
export type { Principal, Visit } from './principal.ts';
export { hashPassword } from './scrypt.ts';
export { type ListedToken, TokenBook } from './token-book.ts';

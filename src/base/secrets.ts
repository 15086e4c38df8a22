const SECRET_KEY = /pass(word|wd|phrase)?$|token|secret|credential/i;
// Each is anchored or bounded, so that a long text of an instrument in a message costs no more than its length.
/** Also a password that should have been percent-encoded and has a slash in it. */
const USER_INFO = /(:\/\/)(?:[^\s/?#"']{0,1024}|[^\s/:@"']{0,256}:[^\s"'@]{0,1024})@/g;
/** The same without a scheme, as in a mistyped URL. */
const BARE_USER_INFO = /(?<![^\s/:@"'*])[^\s/:@"'*]+:[^\s/"']{1,1024}@/g;
const PARAMETER = /([?&;](?:p|u|password|username|token|access_token|api_?key)=)[^&\s"'#]+/gi;
const AUTHORISATION = /\b(bearer|token|basic)(\s+)[A-Za-z0-9+/_.=~-]{8,}/gi;

/** Access tokens lose their secret and keep the id by which they are found; hashes of passwords and sessions go whole. */
const ACCESS_TOKEN = /\b(lw_[0-9a-f]{12}_)[A-Za-z0-9_-]{16,}/g;
const PASSWORD_HASH = /\bscrypt\$[0-9$]{1,32}[A-Za-z0-9+/$]{16,}/g;
const SESSION = /\b(labwire_session=)[^\s;,"']+/g;

/** Whether what stands under this key is never to be shown. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** A text without the passwords and tokens that stand in its URLs and headers: `mqtt://user:pw@host` loses `user:pw`. */
export function maskSecrets(text: string): string {
  const urls = text.replace(USER_INFO, '$1***@').replace(BARE_USER_INFO, '***@');
  const own = urls.replace(ACCESS_TOKEN, '$1***').replace(PASSWORD_HASH, 'scrypt$$***').replace(SESSION, '$1***');
  return own.replace(PARAMETER, '$1***').replace(AUTHORISATION, '$1$2***');
}

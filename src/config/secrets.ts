const SECRET_KEY = /pass(word|wd|phrase)?$|token|secret|credential/i;
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"']*@/gi;
/** The same without a scheme, as in a mistyped URL. */
const BARE_USER_INFO = /[^\s/:@"'*]+:[^\s/"']+@/g;
const PARAMETER = /([?&;](?:p|u|password|username|token|access_token|api_?key)=)[^&\s"'#]+/gi;
const AUTHORISATION = /\b(bearer|token|basic)(\s+)[A-Za-z0-9+/_.=~-]{8,}/gi;

/** Whether what stands under this key is never to be shown. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** A text without the passwords and tokens that stand in its URLs and headers: `mqtt://user:pw@host` loses `user:pw`. */
export function maskSecrets(text: string): string {
  const urls = text.replace(USER_INFO, '$1***@').replace(BARE_USER_INFO, '***@');
  return urls.replace(PARAMETER, '$1***').replace(AUTHORISATION, '$1$2***');
}

const escapes: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' };

/** Bytes as printable ASCII: any other one is `\r`, `\n`, `\t` or `\xNN`, a backslash is `\\`. */
export function visibleBytes(latin1: string): string {
  return latin1.replace(
    /[^ -~]|\\/g,
    (byte) => escapes[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** What instruments and gateways say, in any language: only what a terminal would not show as a letter is escaped. */
export function visibleWords(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (one) => escapes[one] ?? `\\u{${one.codePointAt(0)?.toString(16)}}`,
  );
}

/** Joins two characters without a sign of its own between them (U+2060, word joiner). */
const JOINER = '\u2060';

/**
 * A text of the site as Grafana shows it: `$name`, `${name}` and `[[name]]` in it are no variables of a dashboard, nor parts of
 * the name of a series.
 */
export function plainText(text: string): string {
  return text.replace(/\$(?=[\w{@-])/g, `$${JOINER}`).replace(/\[(?=\[)/g, `[${JOINER}`);
}

/** `dilution_of_precision` as people write it. */
export function inWords(id: string): string {
  const words = id.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

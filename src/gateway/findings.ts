import { type ConfigIssue, type ConfigPath, type ErrorCode, isSecretKey, show } from '../base/index.ts';

/** Where a fact of a device is written: in the site's configuration, or in the catalogue entry of its model. */
export interface Place {
  readonly by: 'site' | 'model';
  /** Below the device, or within the entry. */
  readonly path: ConfigPath;
}

export const atSite = (...path: ConfigPath): Place => ({ by: 'site', path });
export const inModel = (...path: ConfigPath): Place => ({ by: 'model', path });

/** Whether the value at a place of the configuration must not be shown, since it was put in from elsewhere. */
export type Concealed = (path: ConfigPath) => boolean;

interface Finding {
  readonly code: ErrorCode;
  readonly place: Place;
  /** Which of the two at this place is meant; default the value. */
  readonly at?: 'key' | 'value';
  /** What is wrong there: the end of a sentence that begins with the place. It shows a value only as `shown` gives it. */
  readonly text: string;
  /** ` Did you mean "x"?`, or nothing. */
  readonly hint?: string;
  readonly severity?: 'error' | 'warning';
}

/** Gathers what is wrong with one device: every mistake at the place where its author made it. */
export class Findings {
  readonly issues: ConfigIssue[] = [];
  readonly concealed: Concealed;
  readonly #device: string;
  readonly #model: string;

  constructor(device: string, model: string, concealed: Concealed) {
    this.#device = device;
    this.#model = model;
    this.concealed = concealed;
  }

  get faulty(): boolean {
    return this.issues.some(({ severity }) => severity === 'error');
  }

  /** A place of the device from the top of the configuration on. */
  path(below: ConfigPath): ConfigPath {
    return ['devices', this.#device, ...below];
  }

  add({ code, place, at = 'value', text, hint = '', severity = 'error' }: Finding): void {
    const message = `${this.#subject(place)} ${text}${hint && `.${hint}`}`;
    // What the catalogue says stands in no file of the site; what the site said is the model's name.
    if (place.by === 'site') this.issues.push({ code, path: this.path(place.path), at, message, severity });
    else this.issues.push({ code, path: this.path(['model']), at: 'value', message, severity });
  }

  /** A value as a message may show it: what was put in from the environment or another file may be a secret. */
  shown(place: Place, value: unknown): string {
    const secret = place.path.some((step) => isSecretKey(String(step)));
    const concealed = secret || (place.by === 'site' && this.concealed(this.path(place.path)));
    return concealed ? `a ${typeof value === 'string' ? 'text' : typeof value} that is not shown here` : show(value);
  }

  #subject({ by, path }: Place): string {
    if (by === 'site') return this.path(path).join('.');
    return `${this.path(['model']).join('.')} names ${this.#model}, whose ${path.join('.')}`;
  }
}

import { Talker, type TalkerOptions } from './talker.ts';

export interface Nmea0183EmulatorOptions extends TalkerOptions {
  /** Middle of the circle on which it moves, degrees, north and east positive; default in Bern. */
  readonly latitude?: number;
  readonly longitude?: number;
  /** Radius of the circle in m; default 100. */
  readonly radius?: number;
  /** Time for one round in s; default 60. */
  readonly round?: number;
}

const METRES_PER_DEGREE = 111_320;
const KNOT = 1852 / 3600;

/** A sentence with its start, its checksum and the line's end. */
export function sentence(body: string): string {
  const sum = [...body].reduce((xor, character) => xor ^ character.charCodeAt(0), 0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
}

/** A GNSS receiver that is carried round a circle: GGA, RMC, GSA, VTG, GLL and ZDA in each burst. */
export class Nmea0183Emulator extends Talker {
  /** GGA's quality; 0 and all sentences are void. */
  quality = 1;
  readonly #options: Required<Omit<Nmea0183EmulatorOptions, keyof TalkerOptions>>;

  constructor({
    latitude = 46.951,
    longitude = 7.4386,
    radius = 100,
    round = 60,
    ...options
  }: Nmea0183EmulatorOptions = {}) {
    super(options);
    this.#options = { latitude, longitude, radius, round };
  }

  protected override word(): string {
    const now = new Date(this.clock.now() / 1000).toISOString();
    const [year = '', month = '', day = ''] = now.slice(0, 10).split('-');
    const time = now.slice(11, 23).replaceAll(':', '');
    const void_ = this.quality === 0;
    const [status, mode] = void_ ? ['V', 'N'] : ['A', this.quality === 2 ? 'D' : 'A'];
    const { position, knots, course } = void_ ? NOWHERE : this.#place();
    const date = day + month + year.slice(2);
    const [height, hdop] = void_ ? ['', ''] : ['542.3', '0.9'];
    return [
      `GPGGA,${time},${position},${this.quality},${void_ ? '00' : '09'},${hdop},${height},M,48.0,M,,`,
      `GPRMC,${time},${status},${position},${knots},${course},${date},,,${mode}`,
      `GPGSA,A,${void_ ? '1' : '3'},${void_ ? ',,,,,,,,,,,' : '02,05,07,09,13,16,20,27,30,,,'},,${hdop},`,
      `GPVTG,${course},T,,M,${knots},N,${void_ ? '' : kilometresPerHour(knots)},K,${mode}`,
      `GPGLL,${position},${time},${status},${mode}`,
      `GPZDA,${time},${day},${month},${year},00,00`,
    ]
      .map(sentence)
      .join('');
  }

  #place(): { position: string; knots: string; course: string } {
    const { latitude, longitude, radius, round } = this.#options;
    const turn = (this.clock.now() / 1_000_000 / round) % 1;
    const [north, east] = [radius * Math.cos(2 * Math.PI * turn), radius * Math.sin(2 * Math.PI * turn)];
    const metresEast = METRES_PER_DEGREE * Math.cos((latitude / 180) * Math.PI);
    return {
      position: `${angle(latitude + north / METRES_PER_DEGREE, 2, 'NS')},${angle(longitude + east / metresEast, 3, 'EW')}`,
      knots: ((2 * Math.PI * radius) / round / KNOT).toFixed(2),
      course: ((turn * 360 + 90) % 360).toFixed(1),
    };
  }
}

const NOWHERE = { position: ',,,', knots: '', course: '' };

/** Degrees as a sentence has them: whole degrees in so many digits, minutes, a letter for the side. */
function angle(degrees: number, digits: number, sides: string): string {
  // Counted in the last digit that is sent, so that 59.99999 minutes do not become 60.
  const tenThousandths = Math.round(Math.abs(degrees) * 600_000);
  const whole = Math.floor(tenThousandths / 600_000);
  const minutes = ((tenThousandths % 600_000) / 10_000).toFixed(4);
  return `${String(whole).padStart(digits, '0')}${minutes.padStart(7, '0')},${sides[degrees < 0 ? 1 : 0]}`;
}

function kilometresPerHour(knots: string): string {
  return (Number(knots) * 1.852).toFixed(2);
}

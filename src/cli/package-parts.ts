import { drivers, models } from '../../drivers/index.ts';
import { emulators } from '../../mocks/index.ts';

/** What the package itself brings along for a gateway. */
export const packageParts = { drivers, models: [models], emulators };

// Lets worker threads run the project's TypeScript under Node 20, which cannot. Vitest serves only its own thread.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);

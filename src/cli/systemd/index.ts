export { type Supervision, superviseBySystemd } from './supervision.ts';

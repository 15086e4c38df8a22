export { exceptionNode } from './exception-node.ts';
export type * from './node.ts';
export { changeNode, nodeAt, serialise } from './serialise.ts';
export { triggerMethod, updateValue } from './write.ts';

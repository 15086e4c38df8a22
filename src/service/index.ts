export { BRANCH, type Branch, type BranchCore, isBranch } from './branch.ts';
export type { Change } from './change-queue.ts';
export { ServiceList, ServiceMap, serviceList, serviceMap } from './collections.ts';
export {
  type Arguments,
  type CallArguments,
  type Command,
  CommandCore,
  type CommandOptions,
  command,
  type Parameter,
  type Parameters,
  type Tier,
} from './command.ts';
export {
  type Actor,
  Control,
  type ControlOptions,
  type TaskVerb,
  taskVerbs,
  type Write,
} from './control.ts';
export { addMember, DataService, isService, removeMember } from './data-service.ts';
export { type Observation, type ObserveOptions, observe } from './observe.ts';
export { type Reading, ReadingCore, type ReadingOptions, reading } from './reading.ts';
export { replaceFile } from './replace-file.ts';
export { ServiceHost, type ServiceHostOptions } from './service-host.ts';
export { type Setting, type SettingOptions, setting } from './setting.ts';
export { SettingCore } from './setting-core.ts';
export { childrenOf, type Exposed, type Located, locate, type Resolved, resolve, type TreeNode, walk } from './tree.ts';
export { type TreeListener, TreeWatch } from './tree-watch.ts';
export { isValueCore, type ValueCore } from './value-core.ts';
export { checkValue, type SettingValue, type ValueRules, type ValueType, valueFault } from './value-rules.ts';
export { inTime, WorkQueue } from './work-queue.ts';

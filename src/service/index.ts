export type { Segment } from './access-path.ts';
export { BRANCH, type Branch, type BranchCore, isBranch } from './branch.ts';
export { type ServiceList, type ServiceMap, serviceList, serviceMap } from './collections.ts';
export {
  type Arguments,
  type CallArguments,
  type Command,
  type CommandCore,
  type CommandOptions,
  command,
  type Parameter,
  type Parameters,
  type Tier,
} from './command.ts';
export { addMember, DataService, removeMember } from './data-service.ts';
export { type Change, type Observation, type ObserveOptions, observe } from './observe.ts';
export { type Reading, type ReadingCore, type ReadingOptions, reading } from './reading.ts';
export { ServiceHost, type ServiceHostOptions } from './service-host.ts';
export { type Setting, type SettingOptions, setting } from './setting.ts';
export type { SettingCore } from './setting-core.ts';
export { type Resolved, resolve, type TreeNode, walk } from './tree.ts';
export { checkValue, type SettingValue, type ValueRules, type ValueType } from './value-rules.ts';

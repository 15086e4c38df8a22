import { LabwireError } from '../base/index.ts';
import { BRANCH, type Branch, type BranchCore } from './branch.ts';

/** A part of an experiment: settings, readings, commands, tasks, and further services below it. */
export class DataService implements Branch {
  readonly [BRANCH]: BranchCore = undefined as never;
}

/** Hangs a service under a plain name at run time, as the gateway does with its devices. */
export function addMember(_service: DataService, _name: string, _child: DataService): void {
  throw new LabwireError('INTERNAL', 'not yet');
}

/** Takes away what `addMember` has added; false if there is none of this name. */
export function removeMember(_service: DataService, _name: string): boolean {
  throw new LabwireError('INTERNAL', 'not yet');
}

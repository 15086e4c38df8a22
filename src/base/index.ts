export { appendSegment, isName, parsePath, type Segment } from './access-path.ts';
export { Allowance } from './allowance.ts';
export { geometricDelay } from './backoff.ts';
export { type Clock, FakeClock, sleep, systemClock, type Timer } from './clock.ts';
export { type ErrorCode, errorCodes } from './codes.ts';
export { type ConfigIssue, configIssues, type IssueContext } from './config-issue.ts';
export type { ConfigPath } from './config-path.ts';
export { DURATION_PATTERN, parseDuration } from './duration.ts';
export {
  abortError,
  ConditionLost,
  codeOf,
  type ErrorDetails,
  FrameError,
  isAbort,
  LabwireError,
  toError,
} from './errors.ts';
export { isObject } from './is-object.ts';
export { Listeners } from './listeners.ts';
export { type Logger, silentLogger } from './logger.ts';
export { isLoopbackAddress, isLoopbackHost, letsStrangersIn } from './loopback.ts';
export { isMember, MEMBER, type Member, type MemberCore } from './member.ts';
export { formatPasswordHash, type PasswordHash, parsePasswordHash, type ScryptCost } from './password-hash.ts';
export { PROTOCOL } from './protocol.ts';
export { ACCOUNT_NAME, atLeast, type Role, roles } from './role.ts';
export { isSecretKey, maskSecrets } from './secrets.ts';
export { show } from './show.ts';
export { parseSize } from './size.ts';
export { closest, didYouMean } from './suggest.ts';
export { parseTime, TIME_FORM } from './time-argument.ts';
export { unlessAborted, within } from './time-limit.ts';
export { isoTime } from './time-text.ts';
export { canonicalUnit, type Unit, units } from './units.ts';

export { geometricDelay } from './backoff.ts';
export { type Clock, FakeClock, sleep, systemClock, type Timer } from './clock.ts';
export { type ErrorCode, errorCodes } from './codes.ts';
export { abortError, ConditionLost, type ErrorDetails, FrameError, isAbort, LabwireError, toError } from './errors.ts';
export { type Logger, silentLogger } from './logger.ts';

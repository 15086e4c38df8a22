/**
 * Every error code of labwire with its one-line meaning. `docs/errors.md` lists the same codes with their remedies, and
 * a test holds the two together.
 */
export const errorCodes = {
  ABORTED: 'What was waited for was cancelled by a stop.',
  TIMEOUT: 'A time limit passed.',
  QUEUE_FULL: 'More requests are waiting than the queue holds.',
  CONDITION_LOST: 'What a task had waited for before its start is gone.',

  TASK_OPTION: 'An option of a task is unknown or out of range, or two options contradict each other.',
  TASK_PERIOD: 'The period of `every` is not a positive number.',
  TASK_FAILED: 'A task with `exitOnFailure` is failed, and the process ends with status 1.',
  TASK_WATCHDOG: 'A task worked for longer than its watchdogSec without waiting.',

  MEMBER_UNKNOWN: 'No exposed member has this access path.',
  VALUE_INVALID: 'A value does not fit the type, range or options of its member.',
  VALUE_READ_ONLY: 'The member cannot be written.',
  READ_ONLY: 'The gateway is set to be read only: it takes no writes.',
  VALUE_REJECTED: 'The instrument did not take the value.',
  REQUEST_INVALID: 'A request over MQTT is not what its topic takes.',
  STATE_FILE: 'The file of kept settings cannot be read or written.',

  PORT_ABSENT: 'No such port.',
  PORT_AMBIGUOUS: 'Several ports fit what the configuration says of one.',
  PORT_BUSY: 'Another program has the port open.',
  PORT_DENIED: 'No permission to open the port.',
  PORT_FAILED: 'The port cannot be opened, or failed while open.',
  PORT_CLOSED: 'The port is not open.',
  PTY_UNAVAILABLE: 'This system gives no pseudo-terminal.',
  FRAME_TOO_LONG: 'More bytes arrived without a terminator than a frame may have.',
  FRAME_INVALID: 'A frame is malformed.',
  FRAME_CHECKSUM: 'The checksum of a frame is wrong.',
  REPLY_TIMEOUT: 'The instrument did not answer in time.',
  REPLY_UNEXPECTED: 'The instrument answered something that does not fit the question.',
  REPLY_REJECTED: 'The instrument answered that it does not do what was asked.',
  SILENT: 'A talking instrument has said nothing for too long.',
  TRANSCRIPT_INVALID: 'A transcript of a port cannot be read.',
  TRANSCRIPT_FILE: 'A transcript of a port cannot be written.',

  CHANNEL_UNKNOWN: 'A driver recorded a channel that its model does not declare.',
  IDENTITY_WRONG: 'Another instrument than the configured model answers.',
  IDENTITY_CHANGED: 'The serial number is not that of the instrument seen before.',
  MODEL_INVALID: 'A catalogue file is malformed.',
  MODEL_UNKNOWN: 'No catalogue entry has this model id.',
  DRIVER_UNKNOWN: 'No driver has this name.',
  DRIVER_INVALID: 'A driver file does not load or exports no instrument class.',

  CONFIG_FILE: 'The configuration file cannot be read.',
  CONFIG_SYNTAX: 'The configuration is not well-formed YAML.',
  CONFIG_UNKNOWN_KEY: 'The configuration has a key that labwire does not know.',
  CONFIG_INVALID: 'A value of the configuration is not what its key takes.',
  CONFIG_SUBSTITUTION: 'An environment variable or file named in the configuration is missing.',

  JOURNAL_BUSY: 'Another process has the journal open.',
  JOURNAL_FAILED: 'The journal cannot be written to the disk, or read from it.',
  SINK_UNREACHABLE: 'A broker or database cannot be reached.',
  SINK_REFUSED: 'A broker or database refused the connection or the data.',
  SINK_FILE: 'The files of a file sink cannot be written.',
  SERVER_ADDRESS: 'The server cannot listen on the configured address.',
  NOTIFY_FAILED: 'The service manager cannot be told how the gateway does.',
  GATEWAY_UNREACHABLE: 'No gateway answers at the address.',
  GATEWAY_REFUSED: 'A gateway does not do what it was asked for, or something else answers at its address.',
  EXPORT_FAILED: 'What is exported cannot be written.',
  USAGE: 'A command was called with wrong arguments.',
  INTERNAL: 'A mistake in labwire or a driver.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

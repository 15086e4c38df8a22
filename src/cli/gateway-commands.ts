import { Argument, type Command, Option } from 'commander';
import { taskVerbs } from '../service/index.ts';
import { decimalNumber, gatewayAddress, notAnOption, upToADay, wholeNumber } from './arguments.ts';
import type { CommandParts } from './command-parts.ts';

/** Adds the commands that ask a running gateway: `devices` `tasks` `read` `set` `call` `watch` `events`. */
export function addGatewayCommands(program: Command, { io, finish, config, json, examples }: CommandParts): void {
  const add = (name: string, what: string, lines: readonly string[]): Command =>
    program
      .command(name)
      .description(what)
      .addOption(
        new Option(
          '--url <url>',
          'where the gateway is (default: LABWIRE_URL, or that of the configuration)',
        ).argParser(gatewayAddress),
      )
      .addOption(
        new Option(
          '--token <token>',
          'lets you in; others here can see it on the command line, so better in LABWIRE_TOKEN',
        ),
      )
      .addOption(config())
      .addOption(json())
      .addHelpText('after', examples(...lines));
  const timeout = (): Option =>
    new Option('--timeout <duration>', 'longest wait for its end; default 30s').argParser(upToADay);

  add('devices', 'List the devices of a running gateway, and how they are.', [
    'labwire devices',
    'labwire devices --url http://lab-pi:8001',
  ]).action(async (options) => {
    const { devicesCommand } = await import('./commands/devices.ts');
    finish(await devicesCommand(options, io));
  });

  add('tasks', 'List the tasks of a running gateway; start, stop or restart one.', [
    'labwire tasks',
    'labwire tasks cryostat.acquire restart',
    'labwire tasks cryostat stop      # where it has only one',
  ])
    .argument('[path]', 'a task, or what has tasks, e.g. a device')
    .addArgument(new Argument('[action]', 'what to do with it').choices(taskVerbs))
    .addOption(timeout())
    .action(async (path, verb, options) => {
      const { tasksCommand } = await import('./commands/tasks.ts');
      finish(await tasksCommand(path, verb, options, io));
    });

  add('read', 'Read the present values of a running gateway, of a device, or one value.', [
    'labwire read',
    'labwire read cryostat',
    'labwire read cryostat.stage1',
  ])
    .argument('[path]', 'a device, or one of its values')
    .action(async (path, options) => {
      const { readCommand } = await import('./commands/read.ts');
      finish(await readCommand(path, options, io));
    });

  add('set', 'Set a setting or a writable channel; tells the value that it has then.', [
    'labwire set cryostat.interval 0.5',
    'labwire set oven.setpoint "300 K"',
    'labwire set oven.offset "-2.5 mV"',
  ])
    .argument('<path>', 'e.g. cryostat.interval')
    .argument('<value>', 'a number, with its unit or without; true or false; a word', notAnOption)
    // `-5 mV` is no option.
    .allowUnknownOption()
    .addOption(timeout())
    .action(async (path, value, options) => {
      const { setCommand } = await import('./commands/set.ts');
      finish(await setCommand(path, value, options, io));
    });

  add('call', 'Call a command, and tell its result; or list the commands.', [
    'labwire call',
    'labwire call sensor.zero',
    'labwire call sensor.ramp to=5 mode=slow',
  ])
    .argument('[path]', 'e.g. sensor.zero; without it the commands are listed')
    .argument('[name=value...]', 'its arguments')
    .addOption(timeout())
    .action(async (path, texts, options) => {
      const { callCommand } = await import('./commands/call.ts');
      finish(await callCommand(path, texts, options, io));
    });

  add('watch', 'Show values as they change, until Ctrl-C: in place on a terminal, else a line for each change.', [
    'labwire watch',
    'labwire watch cryostat oven.setpoint --hz 5',
    'labwire watch cryostat --json | tee cryostat.jsonl',
  ])
    .argument('[path...]', 'devices or values; default all')
    .addOption(
      new Option('--hz <number>', 'how often at most each value, per second')
        .default(2)
        .argParser(decimalNumber(0.001, 100)),
    )
    .action(async (paths, options) => {
      const { watchCommand } = await import('./commands/watch.ts');
      finish(await watchCommand(paths, options, io));
    });

  add('events', 'Tell what happened at a running gateway, the newest last.', [
    'labwire events',
    'labwire events --follow --device cryostat',
    'labwire events --severity error --limit 5 --json',
  ])
    .option('--follow', 'stay, and tell what happens')
    .option('--device <id>', 'of this device only')
    .addOption(new Option('--severity <severity>', 'only of this one').choices(['info', 'warning', 'error']))
    .addOption(new Option('--limit <number>', 'how many at first').default(20).argParser(wholeNumber(1, 1000)))
    .action(async (options) => {
      const { eventsCommand } = await import('./commands/events.ts');
      finish(await eventsCommand(options, io));
    });
}

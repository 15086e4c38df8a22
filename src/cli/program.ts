import { Command, CommanderError, Option } from 'commander';
import { type ErrorCode, LabwireError, maskSecrets, toError } from '../base/index.ts';
import { version } from '../version.ts';
import { addAccessCommands } from './access-commands.ts';
import { DEFAULT_CONFIG, gatewayAddress, logLevels, oneOf, time, wholeNumber } from './arguments.ts';
import { addGatewayCommands } from './gateway-commands.ts';
import type { CliIo } from './io.ts';

const FAILURE = 1;
const WRONG_USAGE = 2;

/**
 * Runs one command line.
 *
 * @param args without the names of node and script
 * @returns the exit status: 0 clean, 1 failure, 2 wrong usage or configuration
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let status = 0;
  const program = createProgram(io, (result) => {
    status = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    io.complain(maskSecrets(`labwire: ${toError(error).message}`));
    if (error instanceof LabwireError) return isUsage(error.code) ? WRONG_USAGE : FAILURE;
    io.complain(maskSecrets(toError(error).stack ?? ''));
    return FAILURE;
  }
}

function isUsage(code: ErrorCode): boolean {
  return code === 'USAGE' || code.startsWith('CONFIG_');
}

/**
 * The parser of the command line, and what each command does. Each is loaded when it is called: help comes at once, and a
 * gateway that runs needs no client.
 */
export function createProgram(io: CliIo, finish: (status: number) => void): Command {
  const program = new Command('labwire')
    .description('A gateway between laboratory instruments and MQTT, InfluxDB and your own programs.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.complain(text.trimEnd()),
    })
    // Nobody needs to read of each command that it has options, and without that there is room for the rest.
    .configureHelp({
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace('[options]', '')}`.trim().replace(/ +/g, ' '),
    })
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', examples('labwire demo', 'labwire check --config /etc/labwire/labwire.yaml', 'labwire run'));
  const config = (): Option => new Option('--config <file>', 'the configuration').default(DEFAULT_CONFIG);
  const optionalConfig = (): Option =>
    new Option('--config <file>', 'the configuration (default: labwire.yaml, where there is one)');
  const logLevel = (): Option => new Option('--log-level <level>', 'least level that is logged').choices(logLevels);
  const json = (): Option => new Option('--json', 'print JSON');

  program
    .command('run')
    .description('Run the gateway until Ctrl-C or SIGTERM.')
    .addOption(config())
    .addOption(logLevel().default('info'))
    .addHelpText('after', examples('labwire run', 'labwire run --config /etc/labwire/labwire.yaml'))
    .action(async (options) => {
      const { runCommand } = await import('./commands/run.ts');
      finish(await runCommand(options, io));
    });

  program
    .command('demo')
    .description('Run emulated instruments and a broker of its own: nothing else is needed.')
    .addOption(logLevel())
    .addHelpText('after', examples('labwire demo'))
    .action(async (options) => {
      const { demoCommand } = await import('./commands/demo.ts');
      finish(await demoCommand(options, io));
    });

  program
    .command('check')
    .description('Check the configuration and say all that is wrong with it.')
    .addOption(config())
    .addOption(json())
    .addHelpText('after', examples('labwire check', 'labwire check --config new.yaml', 'labwire check --json'))
    .action(async (options) => {
      const { checkCommand } = await import('./commands/check.ts');
      finish(await checkCommand(options, io));
    });

  program
    .command('ports')
    .description('List the serial ports of this machine, and which device of the configuration has which.')
    .addOption(optionalConfig())
    .addOption(new Option('--watch', 'stay, and tell of each port that appears or vanishes').conflicts('json'))
    .addOption(json())
    .addHelpText('after', examples('labwire ports', 'labwire ports --watch', 'labwire ports --json'))
    .action(async (options) => {
      const { portsCommand } = await import('./commands/ports.ts');
      finish(await portsCommand(options, io));
    });

  program
    .command('monitor')
    .description('Show what goes over a port, from the gateway that has it open or by opening a free one.')
    .argument('<port>', 'id of a device or port of the configuration, or the path of a port')
    .addOption(optionalConfig())
    .addOption(
      new Option('--url <url>', 'ask the gateway there, and open nothing (default: that of the configuration)')
        .argParser(gatewayAddress)
        .conflicts(['baudRate', 'dataBits', 'parity', 'stopBits', 'model']),
    )
    .addOption(new Option('--token <token>', 'lets you in where the gateway has users; better in LABWIRE_TOKEN'))
    .addOption(new Option('--record <file>', 'write a transcript that tests can replay'))
    .addOption(new Option('--model <model>', 'open a free port as this model needs it'))
    .addOption(new Option('--baud-rate <number>', 'of a free port; default 9600').argParser(wholeNumber(50, 4_000_000)))
    .addOption(new Option('--data-bits <number>', 'of a free port; default 8').argParser(oneOf(5, 6, 7, 8)))
    .addOption(
      new Option('--parity <parity>', 'of a free port; default none').choices(['none', 'even', 'odd', 'mark', 'space']),
    )
    .addOption(new Option('--stop-bits <number>', 'of a free port; default 1').argParser(oneOf(1, 1.5, 2)))
    .addOption(new Option('--hex', 'show bytes as hex only').conflicts(['text', 'json']))
    .addOption(new Option('--text', 'show bytes as text only').conflicts(['hex', 'json']))
    .addOption(json())
    .addHelpText('after', monitorHelp)
    .addHelpText(
      'after',
      examples(
        'labwire monitor cryostat',
        'labwire monitor /dev/ttyUSB0 --model lakeshore-218',
        'labwire monitor /dev/ttyUSB0 --baud-rate 115200 --text',
        'labwire monitor cryostat --record cryostat.jsonl',
      ),
    )
    .action(async (port, options) => {
      const { monitorCommand } = await import('./commands/monitor.ts');
      finish(await monitorCommand(port, options, io));
    });

  program
    .command('models')
    .description('List the instrument models, or tell all that is known of one.')
    .argument('[name]', 'id of a model')
    .addOption(json())
    .addOption(config())
    .addHelpText('after', examples('labwire models', 'labwire models lakeshore-218'))
    .action(async (name, options) => {
      const { modelsCommand } = await import('./commands/models.ts');
      finish(await modelsCommand(name, options, io));
    });

  program
    .command('simulate')
    .description('Put an emulated instrument on a pseudo-terminal or a TCP port.')
    .argument('<model>', 'id of a model')
    .addOption(new Option('--pty <path>', 'make a link to the pseudo-terminal here').conflicts('tcp'))
    .addOption(
      new Option('--tcp <port>', 'listen on this TCP port of the loopback address; 0: any free one').argParser(
        wholeNumber(0, 65_535),
      ),
    )
    .addHelpText(
      'after',
      examples('labwire simulate lakeshore-218 --pty /tmp/ttyLS218', 'labwire simulate nmea0183 --tcp 4001'),
    )
    .action(async (model, options) => {
      const { simulateCommand } = await import('./commands/simulate.ts');
      finish(await simulateCommand(model, options, io));
    });

  program
    .command('export')
    .description('Write the samples of the journal, also while the gateway runs.')
    .addOption(config())
    .option('--journal <file>', 'the journal, where it is not that of the configuration')
    .addOption(new Option('--from <time>', 'the first time; default all that is kept').argParser(time))
    .addOption(new Option('--to <time>', 'the time before which it ends; default now').argParser(time))
    .option('--device <id>', 'of this device only')
    .addOption(new Option('--format <format>', 'how it is written').choices(['csv', 'line-protocol']).default('csv'))
    .option('--out <file>', 'write a new file instead of standard output')
    .addHelpText(
      'after',
      examples(
        'labwire export --from 2026-11-24 --to 2026-11-25 --device cryostat --out cryostat.csv',
        'labwire export --from 2h --format line-protocol',
      ),
    )
    .action(async (options) => {
      const { exportCommand } = await import('./commands/export.ts');
      finish(await exportCommand(options, io));
    });

  program
    .command('grafana')
    .description('Write data source, folder and dashboards for Grafana, made from the configuration.')
    .addOption(config())
    .option('--out <folder>', 'the folder that is written', 'grafana')
    .option('--seen-as <folder>', 'the same folder as Grafana sees it, where that is another')
    .addHelpText(
      'after',
      examples(
        'labwire grafana',
        'labwire grafana --out /srv/grafana',
        'labwire grafana --seen-as /etc/labwire-grafana',
      ),
    )
    .action(async (options) => {
      const { grafanaCommand } = await import('./commands/grafana.ts');
      finish(await grafanaCommand(options, io));
    });

  addAccessCommands(program, { io, finish, config, json, examples });
  addGatewayCommands(program, { io, finish, config: optionalConfig, json, examples });

  program
    .command('schema')
    .description('Print the JSON Schema of the configuration, for editors.')
    .option('--catalogue', 'that of a catalogue entry')
    .addOption(new Option('--page', 'all keys of the configuration as Markdown').conflicts('catalogue'))
    .addHelpText('after', examples('labwire schema > labwire.schema.json', 'labwire schema --page'))
    .action(async (options) => {
      const { schemaCommand } = await import('./commands/schema.ts');
      finish(await schemaCommand(options, io));
    });

  return program;
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

const monitorHelp = `
→ sent  ← received  × not used (came while the port settled, or dropped)  = frame  ! error  • state of the port
In text a byte that is no printable ASCII is \\r, \\n, \\t or \\xNN, and a backslash is \\\\.`;

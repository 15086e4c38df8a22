import { type Command, Option } from 'commander';
import { roles } from '../base/index.ts';
import type { CommandParts } from './command-parts.ts';

/** Adds `password` and `token`: who may use a gateway. */
export function addAccessCommands(program: Command, { io, finish, config, json, examples }: CommandParts): void {
  program
    .command('password')
    .description('Print the hash of a password, for server.users of the configuration.')
    .addHelpText('after', examples('labwire password', 'labwire password < /run/secrets/ada'))
    .action(async () => {
      const { passwordCommand } = await import('./commands/password.ts');
      finish(await passwordCommand(io));
    });

  const token = program
    .command('token')
    .description('Give out and take back tokens, by which programs use the gateway; also while it runs.')
    .addHelpText(
      'after',
      examples(
        'labwire token create notebook --role operator',
        'labwire token create grafana --role viewer --expires 90d',
        'labwire token list',
        'labwire token revoke notebook',
      ),
    );

  token
    .command('create')
    .description('Make a token and print it, this once.')
    .argument('<name>', 'who or what it is for')
    .addOption(
      new Option('--role <role>', 'viewer looks, operator also writes, admin may do all')
        .choices(roles)
        .makeOptionMandatory(),
    )
    .option('--expires <time>', 'after which it is of no use, e.g. 90d; default never')
    .addOption(config())
    .addHelpText('after', examples('labwire token create grafana --role viewer --expires 90d'))
    .action(async (name, options) => {
      const { tokenCreateCommand } = await import('./commands/token.ts');
      finish(await tokenCreateCommand(name, options, io));
    });

  token
    .command('list')
    .description('List the tokens: name, role, expiry and last use.')
    .addOption(config())
    .addOption(json())
    .addHelpText('after', examples('labwire token list', 'labwire token list --json'))
    .action(async (options) => {
      const { tokenListCommand } = await import('./commands/token.ts');
      finish(await tokenListCommand(options, io));
    });

  token
    .command('revoke')
    .description('Take a token back; whoever is connected by it is cut off.')
    .argument('<name>', 'as `labwire token list` shows it')
    .addOption(config())
    .addHelpText('after', examples('labwire token revoke notebook'))
    .action(async (name, options) => {
      const { tokenRevokeCommand } = await import('./commands/token.ts');
      finish(await tokenRevokeCommand(name, options, io));
    });
}

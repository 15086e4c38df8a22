import { LabwireError } from '../../base/index.ts';
import { hashPassword } from '../../server/index.ts';
import type { CliIo } from '../io.ts';
import { type SecretInput, secretInput } from '../secret-input.ts';

const LONGEST = 1024;

/** `labwire password`: the hash of a password, for `server.users`. */
export async function passwordCommand(io: CliIo, input: SecretInput = secretInput()): Promise<number> {
  try {
    const password = await input.next('Password: ');
    if (password === '') throw new LabwireError('USAGE', 'The password is empty');
    if (password.length > LONGEST) throw new LabwireError('USAGE', `The password has more than ${LONGEST} characters`);
    if (input.typed && (await input.next('Once more: ')) !== password)
      throw new LabwireError('USAGE', 'The two are not the same; nothing was made of them');
    io.print(await hashPassword(password));
    if (input.typed) io.complain('It goes under server: users: NAME: { role: …, password: HERE }');
    return 0;
  } finally {
    input.end();
  }
}

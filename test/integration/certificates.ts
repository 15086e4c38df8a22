import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An authority of its own, a server's certificate for 127.0.0.1 and a client's, as files in PEM. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  remove(): Promise<void>;
}

export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'labwire-certificates-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): Promise<unknown> => run('openssl', words, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=lab', '-keyout', 'ca.key', '-out', 'ca.crt');
  const signed = async (name: string, subject: string, extension: string): Promise<{ cert: string; key: string }> => {
    await openssl('req', ...newKey, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    await writeFile(file(`${name}.ext`), extension);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`);
    return { cert: file(`${name}.crt`), key: file(`${name}.key`) };
  };
  return {
    ca: file('ca.crt'),
    server: await signed('server', '/CN=broker', 'subjectAltName=IP:127.0.0.1\n'),
    client: await signed('client', '/CN=gateway', 'extendedKeyUsage=clientAuth\n'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what a configuration holds.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatIssue, type LoadedConfiguration, loadConfiguration } from '../../src/config/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string | Uint8Array): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function load(text: string | Uint8Array, env: Record<string, string> = {}): LoadedConfiguration {
  return loadConfiguration(write('labwire.yaml', text), { sections: ['line'], env });
}

/** The issues as they are printed, without the folder. */
const printed = (loaded: LoadedConfiguration): string[] =>
  loaded.issues.map((issue) => formatIssue(issue).replaceAll(`${folder}/`, ''));

describe('a configuration file', () => {
  it('is read with its defaults filled in and its durations in seconds', () => {
    const { configuration, issues } = load(`
gateway: { id: lab_a }
mqtt: { url: mqtt://localhost:1883 }
devices:
  cryostat:
    model: lakeshore-218
    port: { tcp: "[::1]:4001" }
    interval: 500ms
    timing: { reply: 2s }
    channels: { input1: { name: stage1, scale: 2 }, input8: false }
`);
    expect(issues).toEqual([]);
    expect(configuration).toMatchObject({
      gateway: { id: 'lab_a', tags: {} },
      mqtt: { url: 'mqtt://localhost:1883', base: 'labwire', qos: 1, publish: 'channels' },
      server: { host: '127.0.0.1', port: 8001 },
      devices: {
        cryostat: {
          port: { tcp: '[::1]:4001' },
          interval: 0.5,
          timing: { reply: 2 },
          channels: { input1: { name: 'stage1', scale: 2 }, input8: false },
        },
      },
    });
  });

  it('has all its mistakes told at once, in order of position', () => {
    const loaded = load(
      [
        'mqtt: { url: mqtt://localhost, qos: 7 }',
        'devices:',
        '  oven:',
        '    modl: line',
        '    interval: 1 sec',
        '    port: { com: 3 }',
      ].join('\n'),
    );
    expect(printed(loaded)).toEqual([
      'labwire.yaml:1:37: mqtt.qos must be 0, 1 or 2, is 7 (CONFIG_INVALID)',
      'labwire.yaml:3:3: devices.oven lacks "model" (CONFIG_INVALID)',
      'labwire.yaml:4:5: devices.oven has an unknown key "modl". Did you mean "model"? (CONFIG_UNKNOWN_KEY)',
      'labwire.yaml:5:15: devices.oven.interval must be a duration such as 500ms, 1s, 5min, 2h, 30d or a number of seconds, is "1 sec" (CONFIG_INVALID)',
      'labwire.yaml:6:11: devices.oven.port needs one of path, usb, tcp, rfc2217, unix, emulated (CONFIG_INVALID)',
      'labwire.yaml:6:13: devices.oven.port has an unknown key "com". It takes path, usb, tcp, rfc2217, unix, emulated (CONFIG_UNKNOWN_KEY)',
    ]);
    expect(loaded.configuration).toBeUndefined();
  });

  it('that is not there is an issue that says what to do', () => {
    const loaded = loadConfiguration(join(folder, 'none.yaml'), { sections: [] });
    expect(printed(loaded)).toEqual([
      'none.yaml:1:1: the configuration file does not exist; write one, or name another with --config (CONFIG_FILE)',
    ]);
  });

  it('that is a folder, too large or not UTF-8 is an issue', () => {
    mkdirSync(join(folder, 'labwire.d'));
    expect(printed(loadConfiguration(join(folder, 'labwire.d'), { sections: [] }))[0]).toContain('is no file');
    expect(printed(load('#'.repeat(1_048_577)))[0]).toContain('has more than 1048576 bytes');
    expect(printed(load(Uint8Array.from([0x75, 0x3a, 0x20, 0xb0, 0x43])))[0]).toContain('save it as UTF-8');
  });

  it('that is empty is a gateway without devices', () => {
    for (const text of ['', '# nothing yet\n', 'devices:\n']) {
      const { configuration, issues } = load(text);
      expect(issues).toEqual([]);
      expect(configuration?.devices).toEqual({});
    }
  });

  it('tells which of its files have nothing in them, as one has that is being written over', () => {
    const file = write('devices.d/a.yaml', '');
    write('devices.d/b.yaml', '# nothing yet\n');
    expect(load('devices:\n').empty).toEqual([file]);
    expect(load('').empty).toEqual([join(folder, 'labwire.yaml'), file]);
  });

  it('names every line with broken YAML, and none of what follows from it', () => {
    const loaded = load('server: { port: 1 }\nmqtt: [1}\nx: y\n');
    expect(loaded.issues.map(({ code }) => code)).toContain('CONFIG_SYNTAX');
    expect(loaded.issues[0]).toMatchObject({ line: 2 });
    expect(loaded.issues.every(({ code }) => code === 'CONFIG_SYNTAX')).toBe(true);
  });

  it('says that a variable between braces needs quotes', () => {
    expect(printed(load('influx: { url: ${URL}, database: lab }'))[0]).toContain('needs quotes');
  });

  it.each([
    ['devices:\n\ta: 1\n', '2:1: Tabs are not allowed as indentation; indent with blanks'],
    ['devices:\n  a:\n    model:line\n    port: x\n', '3:5: … put a blank behind the colon, …'],
    ['gateway: { tags: { room: @lab } }\n', '1:26: … put the text in quotes…'],
    ['gateway: { tags: { room: "\\S" } }\n', '1:27: … put a text with backslashes in single quotes …'],
    ['gateway:\n  id: lab: a\n', '2:7: … put a text that has a colon in quotes, …'],
    ['server: { host: x port: 1 }\n', '1:17: … put a comma between two keys within { } …'],
  ])('says of the broken YAML %j what to do', (text, words) => {
    const parts = words.split('…').map((part) => part.trim());
    const [first = ''] = printed(load(text));
    for (const part of parts) expect(first).toContain(part);
  });

  it.each([
    ['port: { path: x, baudrate: 9600 }', 'Write serial: { baudRate: … } beside "port"'],
    ['port: { path: x, serial: { baudRate: 9600 } }', 'It stands beside "port", not in it'],
    ['port: { path: x }, parity: even', 'Write serial: { parity: … }'],
    ['port: { path: x }, colour: red', 'It takes model, label, port, '],
  ])('says where the misplaced key of { %s } belongs', (device, words) => {
    const [first = ''] = printed(load(`devices: { a: { model: line, ${device} } }\n`));
    expect(first).toContain(`has an unknown key`);
    expect(first).toContain(words);
  });

  it('may not say a key twice', () => {
    const text = 'devices:\n  a: { model: line, port: { emulated: true } }\n  a: { model: line, port: { path: x } }\n';
    expect(printed(load(text))).toEqual([
      'labwire.yaml:3:3: the key "a" stands here for the second time, first in line 2 (CONFIG_SYNTAX)',
    ]);
  });

  it('may use anchors, each place with its own position', () => {
    const loaded = load('server: { host: &h "127.0.0.1", port: 1 }\ngateway: { tags: { here: *h, bad: 3 } }\n');
    expect(printed(loaded)).toEqual([
      'labwire.yaml:2:35: gateway.tags.bad must be a text, is 3: put it in quotes (CONFIG_INVALID)',
    ]);
  });

  it('cannot grow without limit by aliases of aliases, or by an alias of itself', () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) {
      bomb.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    }
    expect(printed(load(bomb.join('\n'))).join()).toContain('more than 100000 entries');
    expect(printed(load('devices: &d { a: *d }')).join()).toContain('more than 32 levels');
    expect(printed(load('['.repeat(200_000))).join()).toContain('CONFIG_SYNTAX');
  });

  it('cannot reach a prototype', () => {
    const loaded = load('devices: { __proto__: { model: line } }\n');
    expect(printed(loaded)[0]).toContain('labwire.yaml:1:12');
  });

  it('whatever it holds, never makes the loader throw', () => {
    const word = fc.constantFrom(
      'devices',
      'a',
      ':',
      ' ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      '&x',
      '*x',
      '${A',
      '}',
      '"',
      '!!set',
      '%',
      '- ',
      '? ',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, (content) => {
        const { configuration, issues } = load(content);
        expect(configuration !== undefined || issues.length > 0).toBe(true);
        for (const { line, column } of issues) expect(Math.min(line, column)).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a relative folder of files', () => {
  it.each([
    ['files: { path: ./data }', (at: string) => ({ path: at })],
    ['files: [{ name: a, path: data }]', (at: string) => [{ name: 'a', path: at }]],
  ])('is relative to the configuration: %s', (text, expected) => {
    expect(load(`${text}\n`).configuration?.files).toMatchObject(expected(join(folder, 'data')));
  });
});

describe('relative files of certificates', () => {
  it('are relative to the configuration, of each broker in a list too', () => {
    const text =
      'mqtt: [{ name: a, url: mqtts://x, ca: ca.pem, cert: /etc/c.pem, key: keys/k.pem }, { name: b, url: mqtt://y }]';
    expect(load(text).configuration?.mqtt).toMatchObject([
      { ca: join(folder, 'ca.pem'), cert: '/etc/c.pem', key: join(folder, 'keys/k.pem') },
      { url: 'mqtt://y' },
    ]);
  });
});

describe('a relative port path', () => {
  it('is relative to the file that says it', () => {
    write('devices.d/b.yaml', 'b: { model: line, port: { path: ttyB } }');
    const { configuration } = load(
      'devices: { a: { model: line, port: { path: ./ttyA } }, c: { model: line, port: { path: COM3 } } }',
    );
    expect(configuration?.devices.a?.port).toEqual({ path: join(folder, 'ttyA') });
    expect(configuration?.devices.b?.port).toEqual({ path: join(folder, 'devices.d', 'ttyB') });
    expect(configuration?.devices.c?.port).toEqual({ path: 'COM3' });
  });
});

describe('devices.d', () => {
  it('adds the devices of each of its files', () => {
    write('devices.d/b.yaml', 'b: { model: line, port: { emulated: true } }');
    write('devices.d/.#b.yaml', 'left by an editor: {');
    write('devices.d/notes.txt', 'no device: {');
    const { configuration } = load('devices: { a: { model: line, port: { emulated: true } } }');
    expect(Object.keys(configuration?.devices ?? {})).toEqual(['a', 'b']);
  });

  it('adds them where the main file has no devices', () => {
    write('devices.d/b.yaml', 'b: { model: line, port: { emulated: true } }');
    expect(Object.keys(load('devices:\n').configuration?.devices ?? {})).toEqual(['b']);
  });

  it('has its mistakes told at their place in its own file', () => {
    write('devices.d/b.yaml', 'b:\n  model: line\n  port: { emulated: true }\n  lin: {}\n');
    const loaded = load('');
    expect(printed(loaded)).toEqual([
      'devices.d/b.yaml:4:3: devices.b has an unknown key "lin". Did you mean "line"? (CONFIG_UNKNOWN_KEY)',
    ]);
  });

  it('may not define a device that is already there', () => {
    write('devices.d/b.yaml', '\na: { model: line, port: { emulated: true } }');
    write('devices.d/c.yaml', 'd: { model: line, port: { emulated: true } }');
    write('devices.d/d.yaml', 'd: { model: line, port: { emulated: true } }');
    expect(printed(load('devices:\n  a: { model: line, port: { emulated: true } }'))).toEqual([
      'devices.d/b.yaml:2:1: the device "a" is already there, in labwire.yaml line 2; give it another id (CONFIG_INVALID)',
      'devices.d/d.yaml:1:1: the device "d" is already there, in devices.d/c.yaml line 1; give it another id (CONFIG_INVALID)',
    ]);
  });

  it('says that its files need no key "devices"', () => {
    write('devices.d/b.yaml', 'devices: { b: { model: line, port: { emulated: true } } }');
    expect(printed(load(''))[0]).toContain('without "devices:" above');
  });
});

describe('a substitution', () => {
  it('puts in the environment and files, and leaves what is escaped', () => {
    write('secret', 'geheim \n\n');
    const text = 'mqtt: { url: "mqtt://${HOST}:1883", username: "a$${b}", password: "${file:secret}" }';
    expect(load(text, { HOST: 'broker' }).configuration?.mqtt).toMatchObject({
      url: 'mqtt://broker:1883',
      username: 'a${b}',
      password: 'geheim',
    });
  });

  it('that is missing or malformed is an issue at its place', () => {
    const loaded = load(
      'gateway:\n  tags:\n    a: ${NONE}\n    b: ${file:none}\n    c: ${not a name}\n    d: ${OPEN\n',
    );
    expect(loaded.issues.map(({ line, column, code }) => [line, column, code])).toEqual([
      [3, 8, 'CONFIG_SUBSTITUTION'],
      [4, 8, 'CONFIG_SUBSTITUTION'],
      [5, 8, 'CONFIG_SUBSTITUTION'],
      [6, 8, 'CONFIG_SUBSTITUTION'],
    ]);
  });

  it('never reads a folder or a device', () => {
    expect(printed(load('gateway: { id: "${file:/dev/zero}" }'))[0]).toContain('is no regular file');
  });

  it('is never shown', () => {
    const loaded = load('gateway: { id: "${SECRET}" }\ninflux: { url: "${URL}", database: x }\n', {
      SECRET: 'Top-Secret',
      URL: 'joe:Top-Secret@host',
    });
    expect(loaded.issues).toHaveLength(2);
    expect(printed(loaded).join()).not.toContain('Top-Secret');
    expect(loaded.concealed(['gateway', 'id'])).toBe(true);
    expect(loaded.concealed(['influx', 'database'])).toBe(false);
  });
});

describe('a later check', () => {
  const later = (path: string[], at: 'key' | 'value' = 'value') =>
    ({ code: 'MODEL_UNKNOWN', message: `${path.join('.')} is wrong`, severity: 'error', path, at }) as const;

  it('has what it found placed among the other issues', () => {
    const loaded = load('devices:\n  a:\n    model: lakeshor\n    port: { emulated: true }\n    lin: 1\n');
    const issues = loaded.withFurther([
      later(['devices', 'a', 'port', 'emulated']),
      later(['devices', 'a', 'model'], 'key'),
      later(['devices', 'a', 'model']),
      later(['devices', 'a', 'line', 'x']),
    ]);
    expect(issues.map(({ line, column }) => [line, column])).toEqual([
      [2, 3],
      [3, 5],
      [3, 12],
      [4, 23],
      [5, 5],
    ]);
  });

  it('goes on with what is sound in a faulty configuration', () => {
    const loaded = load(
      'devices:\n  a: { model: line, port: { emulated: true }, intervall: 3 }\n  b: { port: { emulated: true } }\nmqtt: 3\n',
    );
    expect(loaded.configuration).toBeUndefined();
    expect(loaded.sound?.devices).toMatchObject({ a: { model: 'line' } });
    expect(Object.keys(loaded.sound?.devices ?? {})).toEqual(['a']);
    expect(loaded.sound?.mqtt).toBeUndefined();
  });

  it.each([
    ['no port', ''],
    ['two ports', ', port: { path: x, tcp: "a:1" }'],
    ['a malformed port', ', port: { tcp: a }'],
    ['a port that is none', ', port: 7'],
  ])('goes on with a device that has %s, as if it had one of its own', (_what, port) => {
    const { sound, issues } = load(`devices: { a: { model: line${port} }, b: { model: line${port} } }`);
    expect(issues).toHaveLength(2);
    expect(sound?.devices).toMatchObject({ a: { model: 'line' }, b: { model: 'line' } });
    expect(sound?.devices.a?.port).not.toEqual(sound?.devices.b?.port);
  });

  it('has the paths of its ports resolved beside the file that says them, those of shared lines too', () => {
    const { configuration } = load(
      'ports: { bus1: { path: tty1 }, bus2: { unix: run/serial.sock } }\ndevices: { a: { model: line, port: bus1 } }\n',
    );
    expect(configuration?.ports).toMatchObject({
      bus1: { path: join(folder, 'tty1') },
      bus2: { unix: join(folder, 'run/serial.sock') },
    });
    expect(configuration?.devices.a?.port).toBe('bus1');
  });

  it('does not speak of what a failed substitution left behind', () => {
    const loaded = load('devices:\n  a: { model: "${NONE}", port: { emulated: true } }\n');
    expect(loaded.withFurther([later(['devices', 'a', 'model'])]).map(({ code }) => code)).toEqual([
      'CONFIG_SUBSTITUTION',
    ]);
  });
});

it('marks a warning as one, since it keeps nothing from running', () => {
  const issue = {
    code: 'CONFIG_INVALID',
    path: [],
    at: 'value',
    message: 'm',
    file: 'a.yaml',
    line: 2,
    column: 3,
  } as const;
  expect(formatIssue({ ...issue, severity: 'error' })).toBe('a.yaml:2:3: m (CONFIG_INVALID)');
  expect(formatIssue({ ...issue, severity: 'warning' })).toBe('a.yaml:2:3: warning: m (CONFIG_INVALID)');
});

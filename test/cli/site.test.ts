import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteParts } from '../../src/cli/package.ts';
import { readSite } from '../../src/cli/site.ts';
import { formatIssue } from '../../src/config/index.ts';
import { silentLogger } from '../../src/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-site-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `labwire check` says of a device `a` with these lines. */
async function said(...device: string[]): Promise<string[]> {
  const file = join(folder, 'labwire.yaml');
  writeFileSync(file, ['devices:', '  a:', ...device.map((line) => `    ${line}`), ''].join('\n'));
  const { issues } = readSite(file, await siteParts(file, silentLogger), silentLogger);
  return issues.map((issue) => formatIssue(issue).slice(file.length + 1));
}

describe('the mistakes of a device', () => {
  it('that declares channels are told where it declares them', async () => {
    const lines = await said(
      'model: line',
      'port: { emulated: true }',
      'line:',
      '  format: json',
      '  channels:',
      '    acquire: {}',
      '    time: {}',
      '    x_quality: {}',
      '    e: { type: enum }',
      '    u: { unit: furlong }',
    );
    const place = 'devices.a.line.channels';
    const reserved = 'is reserved (time, and all that ends in _quality or _reason); choose another (CONFIG_INVALID)';
    expect(lines).toEqual([
      `8:9: ${place}.acquire is the id of the task acquire already; choose another (CONFIG_INVALID)`,
      `9:9: ${place}.time ${reserved}`,
      `10:9: ${place}.x_quality ${reserved}`,
      `11:20: ${place}.e.type is enum, which needs options: the words that it can have (CONFIG_INVALID)`,
      `12:20: warning: ${place}.u.unit is none that labwire can translate for Home Assistant, Grafana and pint (CONFIG_INVALID)`,
    ]);
  });

  it.each([
    ['input2: { name: input3 }', '5:33: devices.a.channels.input2.name is the id of the channel input3'],
    ['input3: { name: input2 }', '5:33: devices.a.channels.input3.name is the id of the channel input2'],
    ['input2: { name: interval }', '5:33: devices.a.channels.input2.name is the id of the setting interval'],
    ['input2: { type: enum }', '5:33: devices.a.channels.input2.type is enum'],
  ])('that changes channels are told at the change: %s', async (change, message) => {
    const lines = await said('model: lakeshore-218', 'port: { emulated: true }', `channels: { ${change} }`);
    expect(lines).toEqual([expect.stringContaining(message)]);
  });

  it('that renames a channel to one that it declares are told at the new name', async () => {
    const lines = await said(
      'model: line',
      'port: { emulated: true }',
      'line: { format: json, channels: { t: {}, u: {} } }',
      'channels: { t: { name: u } }',
    );
    expect(lines).toEqual([
      '6:28: devices.a.channels.t.name is the id of the channel u already; choose another (CONFIG_INVALID)',
    ]);
  });

  it('send the correction of a declared channel to where it belongs', async () => {
    const lines = await said(
      'model: line',
      'port: { emulated: true }',
      'line: { format: json, channels: { t: { scale: 2 } } }',
      'channels: { t: { label: Temperature } }',
    );
    expect(lines).toEqual([
      '5:44: devices.a.line.channels.t has an unknown key "scale". Name, scale and offset go into devices.a.channels.t (CONFIG_UNKNOWN_KEY)',
    ]);
  });

  it('are all told, the port and the model and each option of a task', async () => {
    expect(await said('model: lakeshore-281', 'port: { path: x, tcp: "h:1" }')).toEqual([
      '3:12: devices.a.model names no model of the catalogue. Did you mean "lakeshore-218"? (MODEL_UNKNOWN)',
      '4:11: devices.a.port can have only one of path, tcp (CONFIG_INVALID)',
    ]);
    expect(
      await said(
        'model: line',
        'port: {}',
        'line: { format: json, channels: { t: {} } }',
        'tasks: { acquire: { restartSecs: 1, restartSteps: -2, autostart: 7 } }',
      ),
    ).toEqual([
      '4:11: devices.a.port needs one of path, usb, tcp, rfc2217, unix, emulated (CONFIG_INVALID)',
      '6:25: devices.a.tasks.acquire.restartSecs is unknown. Did you mean "restartSec"? (TASK_OPTION)',
      '6:55: devices.a.tasks.acquire.restartSteps takes a whole number, 0 or more, not -2 (TASK_OPTION)',
      '6:70: devices.a.tasks.acquire.autostart takes true or false, not 7 (TASK_OPTION)',
    ]);
  });

  it('do not show what was put in from elsewhere, whoever finds them', async () => {
    writeFileSync(join(folder, 'secret'), '(geheim');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a configuration holds.
    const put = '"${file:secret}"';
    const driver = await said(
      'model: line',
      'port: { emulated: true }',
      `line: { pattern: ${put}, channels: { t: {} } }`,
      `tasks: { acquire: { restartSec: ${put} } }`,
    );
    const others = await said(
      `model: lakeshore-218`,
      'port: { emulated: true }',
      `settings: { interval: ${put} }`,
      `channels: { input1: { unit: ${put}, label: ${put} } }`,
    );
    const model = await said(`model: ${put}`, 'port: { emulated: true }');
    expect([driver.length, others.length, model.length]).toEqual([2, 3, 1]);
    expect([...driver, ...others, ...model].join('\n')).not.toContain('geheim');
  });
});

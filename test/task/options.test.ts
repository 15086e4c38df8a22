import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabwireError } from '../../src/base/index.ts';
import { task, taskControl } from '../../src/task/index.ts';
import { optionFault, resolveOptions } from '../../src/task/options.ts';

const resolve = (options: Record<string, unknown>, ...more: [string, Record<string, unknown>][]) =>
  resolveOptions('Task oven.acquire', [
    { name: 'the driver', options },
    ...more.map(([name, given]) => ({ name, options: given })),
  ]);

describe('options', () => {
  it('have the defaults of TASKS.md', () => {
    expect(resolve({})).toEqual({
      autostart: false,
      restartOnException: true,
      restartSec: 1,
      restartSteps: 0,
      restartMaxDelaySec: 1,
      restartRandomizedDelaySec: 0,
      startLimitIntervalSec: undefined,
      startLimitBurst: 3,
      startPre: undefined,
      exitOnFailure: false,
      watchdogSec: undefined,
      timeoutStopSec: 5,
      doc: '',
    });
    expect(resolve({ restartSec: 7 }).restartMaxDelaySec).toBe(7);
  });

  it.each([
    [{ restartsec: 1 }, 'restartsec (from the driver) is unknown. Did you mean "restartSec"?'],
    [{ colour: 1 }, 'colour (from the driver) is unknown; a task takes autostart, restartOnException'],
    [{ restartSec: -1 }, 'restartSec (from the driver) takes a number of seconds, 0 or more, not -1'],
    [{ restartSec: Number.NaN }, 'not NaN'],
    [{ restartMaxDelaySec: Number.POSITIVE_INFINITY }, 'not Infinity'],
    [{ restartRandomizedDelaySec: -0.1 }, 'not -0.1'],
    [{ startLimitIntervalSec: '10' }, 'startLimitIntervalSec'],
    [{ startLimitBurst: 1.5 }, 'a whole number'],
    [{ startLimitBurst: -1 }, 'a whole number'],
    [{ restartSteps: 0.5 }, 'a whole number'],
    [{ watchdogSec: 0 }, 'above 0'],
    [{ timeoutStopSec: -1 }, 'timeoutStopSec'],
    [{ autostart: 1 }, 'true or false'],
    [{ startPre: 'wait' }, 'a function'],
    [{ doc: 5 }, 'a text'],
    [{ restartSec: 2, restartMaxDelaySec: 1 }, 'restartMaxDelaySec is below restartSec'],
    [{ restartSec: 0, restartSteps: 2, restartMaxDelaySec: 5 }, 'restartSec of 0'],
    [{ restartSteps: 2 }, 'restartSteps needs a restartMaxDelaySec'],
    [{ restartMaxDelaySec: 5 }, 'without restartSteps'],
    [{ prototype: 1 }, 'is unknown'],
    [JSON.parse('{"__proto__": 1}'), 'is unknown'],
  ])('refuse %j', (given, message) => {
    expect(() => resolve(given)).toThrow(message);
    expect(() => resolve(given)).toThrow('TASK_OPTION');
  });

  it('accept steps that do not grow', () => {
    expect(resolve({ restartSteps: 2, restartMaxDelaySec: 1 }).restartMaxDelaySec).toBe(1);
  });

  it('merge key by key, the later layer wins', () => {
    const merged = resolve(
      { restartSec: 1, timeoutStopSec: 3 },
      ['lakeshore-218', { restartSteps: 5, restartMaxDelaySec: 60 }],
      ['the configuration', { restartMaxDelaySec: 120 }],
    );
    expect(merged).toMatchObject({ restartSec: 1, timeoutStopSec: 3, restartSteps: 5, restartMaxDelaySec: 120 });
  });

  it('say where each value of a contradiction comes from', () => {
    expect(() =>
      resolve({ restartSteps: 3 }, ['lakeshore-218', { restartMaxDelaySec: 5 }], ['labwire.yaml', { restartSec: 10 }]),
    ).toThrow(
      'Task oven.acquire: restartMaxDelaySec is below restartSec: restartSec 10 (from labwire.yaml), ' +
        'restartSteps 3 (from the driver), restartMaxDelaySec 5 (from lakeshore-218)',
    );
  });

  it('keep startPre and doc to the driver', () => {
    expect(() => resolve({}, ['labwire.yaml', { doc: 'x' }])).toThrow('can only be set by the driver');
    expect(() => resolve({}, ['labwire.yaml', { startPre: async () => {} }])).toThrow('can only be set by the driver');
  });

  it('throw nothing but TASK_OPTION, whatever a configuration holds', () => {
    const names = ['restartSec', 'restartSteps', 'restartMaxDelaySec', 'startLimitBurst', 'watchdogSec', 'autostart'];
    const given = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.anything());
    fc.assert(
      fc.property(given, (options) => {
        try {
          resolve({}, ['labwire.yaml', options]);
        } catch (error) {
          expect(error).toBeInstanceOf(LabwireError);
          expect((error as LabwireError).code).toBe('TASK_OPTION');
        }
      }),
    );
  });
});

describe('configure()', () => {
  it('names the task, replaces the same layer, and changes nothing when it throws', () => {
    const control = taskControl(task({ restartSec: 2 }, async () => {}));
    control.path = 'oven.acquire';
    control.configure('labwire.yaml', { restartSec: 3, timeoutStopSec: 1 });
    expect(control.options).toMatchObject({ restartSec: 3, timeoutStopSec: 1 });
    control.configure('labwire.yaml', { restartSec: 4 });
    expect(control.options).toMatchObject({ restartSec: 4, timeoutStopSec: 5 });
    expect(() => control.configure('labwire.yaml', { restartSec: -4 })).toThrow('Task oven.acquire: option restartSec');
    expect(control.options.restartSec).toBe(4);
  });

  it('warns of a start limit that can never be reached, with the name and the figures', () => {
    const control = taskControl(
      task({ restartSec: 0.1, startLimitIntervalSec: 0.1, startLimitBurst: 2 }, async () => {}),
    );
    control.path = 'oven.acquire';
    expect(control.warnings()).toEqual([
      expect.stringMatching(/Task oven\.acquire: .*restarts 2 to 2 add up to 0\.1 s.*is 0\.1 s \(startLimitBurst 2\)/),
    ]);
    control.configure('labwire.yaml', { startLimitIntervalSec: 1 });
    expect(control.warnings()).toEqual([]);
  });
});

it('a task without a body is refused', () => {
  expect(() => task({}, undefined as never)).toThrow('TASK_OPTION');
});

describe('one option by itself', () => {
  it('is told what is wrong with it, and never that of another', () => {
    expect(optionFault('restartSteps', 3)).toBeUndefined();
    expect(optionFault('autostart', 7)).toEqual({ of: 'value', text: 'takes true or false, not 7' });
    expect(optionFault('restartSecs', 1)).toEqual({ of: 'name', text: 'is unknown. Did you mean "restartSec"?' });
    expect(optionFault('startpre', 1)?.text).not.toContain('startPre');
    expect(optionFault('doc', 'x')).toEqual({ of: 'name', text: 'can only be set by the driver' });
  });

  it('is not shown where it must not be', () => {
    expect(optionFault('restartSec', 'geheim', { shown: 'a secret' })?.text).toMatch(/, not a secret$/);
  });
});

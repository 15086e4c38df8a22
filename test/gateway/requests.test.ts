import { describe, expect, test } from 'vitest';
import { requestsTo } from '../../src/gateway/requests.ts';
import { command, DataService, serviceMap, setting, task } from '../../src/index.ts';
import { Control } from '../../src/service/index.ts';

class Detector extends DataService {
  readonly gain = setting(1, { minimum: 0, maximum: 10 });
}

class Oven extends DataService {
  readonly limit = setting(20, { unit: '°C' });
  readonly fixed = setting('a', { read: () => 'a' });
  readonly detectors = serviceMap<Detector>();
  readonly add = command(
    { parameters: { a: { type: 'number' }, b: { type: 'number', default: 1 } } },
    ({ a, b }) => a + b,
  );
  readonly heat = task({}, ({ sleep }) => sleep(1000));
  readonly secret = { gain: 1 };
}

class Root extends DataService {
  readonly oven = new Oven();
}

function made(): { root: Root; requests: ReturnType<typeof requestsTo> } {
  const root = new Root();
  root.oven.detectors.set('a/b', new Detector());
  return { root, requests: requestsTo(new Control(root), { name: 'broker', via: 'mqtt' }) };
}

describe('what clients may ask of a gateway', () => {
  test('a setting is set by its rules, and its value told', async () => {
    const { root, requests } = made();
    expect(await requests.set('oven.limit', 30)).toBe(30);
    expect(await requests.set('oven.detectors["a/b"].gain', 2)).toBe(2);
    expect(root.oven.limit.value).toBe(30);
    await expect(requests.set('oven.limit', '30')).rejects.toMatchObject({ code: 'VALUE_INVALID' });
    await expect(requests.set('oven.detectors["a/b"].gain', 11)).rejects.toMatchObject({ code: 'VALUE_INVALID' });
    await expect(requests.set('oven.fixed', 'b')).rejects.toMatchObject({ code: 'VALUE_READ_ONLY' });
  });

  test('a task is started, restarted and stopped, and its state told', async () => {
    const { root, requests } = made();
    expect(await requests.start('oven.heat')).toMatch(/activ/);
    expect(root.oven.heat.status).toBe('RUNNING');
    expect(await requests.restart('oven.heat')).toMatch(/activ/);
    expect(await requests.stop('oven.heat')).toBe('inactive');
  });

  test('a command is called with checked arguments', async () => {
    const { requests } = made();
    expect(await requests.call('oven.add', { a: 1 })).toBe(2);
    for (const named of [{}, { a: '1' }, { a: 1, c: 1 }, [1], null, JSON.parse('{"a":1,"__proto__":2}')])
      await expect(requests.call('oven.add', named)).rejects.toMatchObject({ code: 'VALUE_INVALID' });
  });

  test.each([
    ...['', 'oven', 'nothing', 'oven.nothing', 'oven.secret', 'oven.secret.gain', 'oven.constructor', 'oven.__proto__'],
    ...['oven.heat.start', 'oven.limit.value', 'oven.detectors', 'oven..limit', 'oven.limit/x'],
  ])('nothing else can be reached: %j', async (path) => {
    const { requests } = made();
    const unknown = { code: 'MEMBER_UNKNOWN' };
    await expect(requests.set(path, 1)).rejects.toMatchObject(unknown);
    await expect(requests.start(path)).rejects.toMatchObject(unknown);
    await expect(requests.call(path, {})).rejects.toMatchObject(unknown);
  });

  test('a member is reached as what it is alone', async () => {
    const { requests } = made();
    await expect(requests.set('oven.heat', 1)).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    await expect(requests.call('oven.limit', {})).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    await expect(requests.set('oven.heat.state', 'active')).rejects.toMatchObject({ code: 'VALUE_READ_ONLY' });
    await expect(requests.setChannel('oven.limit', 21)).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    await expect(requests.stop('oven.add')).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
  });
});

import { expect, it } from 'vitest';
import { Listeners } from '../../src/base/index.ts';

it('tells listeners in their order, each as often as it was added', () => {
  const listeners = new Listeners<[number]>();
  const told: string[] = [];
  const twice = (value: number): number => told.push(`twice ${value}`);
  const end = listeners.add(twice);
  listeners.add((value) => told.push(`once ${value}`));
  listeners.add(twice);
  listeners.tell(1);
  end();
  end();
  listeners.tell(2);
  expect(told).toEqual(['twice 1', 'once 1', 'twice 1', 'once 2', 'twice 2']);
});

it('tells nothing to one who left during the telling, and the next thing first to one who came', () => {
  const listeners = new Listeners<[number]>();
  const told: string[] = [];
  listeners.add((value) => {
    if (value === 1) {
      leave();
      listeners.add((later) => told.push(`came ${later}`));
    }
  });
  const leave = listeners.add((value) => told.push(`left ${value}`));
  listeners.tell(1);
  listeners.tell(2);
  expect(told).toEqual(['came 2']);
});

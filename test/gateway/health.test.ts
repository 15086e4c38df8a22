import { describe, expect, it } from 'vitest';
import { deviceStatus, type HealthFacts, type HealthState, healthState } from '../../src/gateway/health.ts';

const facts = (acquire: HealthFacts['acquire'], speaking = false, rejecting = false): HealthFacts => ({
  acquire,
  speaking,
  rejecting,
});

describe('the health of a device', () => {
  const cases: [HealthFacts, HealthState, 'online' | 'offline'][] = [
    [facts(undefined), 'disabled', 'offline'],
    [facts('inactive'), 'disabled', 'offline'],
    [facts('deactivating', true), 'disabled', 'offline'],
    [facts('activating'), 'connecting', 'offline'],
    [facts('auto-restart', true), 'connecting', 'offline'],
    [facts('active'), 'connecting', 'offline'],
    [facts('active', true), 'online', 'online'],
    [facts('active', true, true), 'degraded', 'online'],
    [facts('active', false, true), 'connecting', 'offline'],
    [facts('failed', true), 'failed', 'offline'],
  ];
  it.each(cases)('%j is %s, and its status %s', (given, state, status) => {
    expect(healthState(given)).toBe(state);
    expect(deviceStatus(state)).toBe(status);
  });
});

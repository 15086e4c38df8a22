import { describe, expect, it } from 'vitest';
import { networkRemedy } from '../../src/sinks/network-remedy.ts';

describe('what the system says of a connection', () => {
  it.each([
    ['connect ECONNREFUSED 127.0.0.1:1883', /; nothing listens there/],
    ['Error: connect ECONNREFUSED ::1:1883; Error: connect ECONNREFUSED 127.0.0.1:1883', /; nothing listens there/],
    ['getaddrinfo ENOTFOUND broker.example.org', /; this name is not known/],
    ['connect EHOSTUNREACH 192.168.1.5:1883', /; nobody answers there/],
    ['the broker closed the connection', /^$/],
  ])('%s leads to what to do', (reason, remedy) => {
    expect(networkRemedy(reason)).toMatch(remedy);
  });
});

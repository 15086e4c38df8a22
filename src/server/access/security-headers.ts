import type { FastifyHelmetOptions } from '@fastify/helmet';

/** What a browser may do with the pages of the server: only what the pages themselves need. */
export const securityHeaders: FastifyHelmetOptions = {
  global: false,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      // The page of the API brings styles within itself. No script may, and without one a style gives nothing away.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      workerSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  crossOriginResourcePolicy: { policy: 'same-origin' },
  // It would hold for every port of this machine, and lock out a Grafana beside labwire that has no certificate.
  hsts: false,
};

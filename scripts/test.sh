#!/usr/bin/env bash
# All tests of the project but those on captures: `npm test`. Further arguments go to vitest.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/services.sh
export PATH="$PATH:/usr/sbin"
LABWIRE_NODE24="$PWD/.cache/node24/node_modules/node-linux-$(node -p process.arch)/bin/node"
export LABWIRE_NODE24
npm run --silent build
exec npx vitest run --project unit --project integration --project e2e "$@"

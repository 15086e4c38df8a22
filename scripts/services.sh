#!/usr/bin/env bash
# Makes sure that what the tests of the whole need is on this machine: Mosquitto, InfluxDB 1.x, ser2net, Chromium, Python's
# socket.io client, curl, openssl, systemd's checker of units, and Node 24 beside the running Node. Installs what is missing when it may, else prints the one line that does.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A package_of=([mosquitto]=mosquitto [mosquitto_sub]=mosquitto-clients [influxd]=influxdb [ser2net]=ser2net
  [chromium]=chromium [curl]=curl [openssl]=openssl [systemd-analyze]=systemd)
missing=()
for program in "${!package_of[@]}"; do
  PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
/usr/bin/python3 -c 'import socketio, requests, websocket' 2>/dev/null || missing+=(python3-socketio python3-requests python3-websocket)
if ((${#missing[@]})); then
  line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  as_root=()
  if ((EUID != 0)); then
    if sudo -n true 2>/dev/null; then as_root=(sudo); else as_root=(false); fi
  fi
  if [[ ${as_root[0]:-} == false ]] || ! command -v apt-get >/dev/null; then
    echo "The tests need ${missing[*]}. Install them, e.g. with: sudo sh -c '$line'" >&2
    exit 1
  fi
  echo "Installing ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
  # Debian starts a server when it is installed. The tests start their own, and that one would hold serial ports.
  if [[ " ${missing[*]} " == *" ser2net "* && -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl disable --quiet --now ser2net >&2
  fi
fi

# The registry has Node's binaries as packages: no download from elsewhere, nothing installed for the whole machine.
architecture=$(node -p process.arch)
for major in 20 24; do
  if [[ ! -x .cache/node$major/node_modules/node-linux-$architecture/bin/node ]]; then
    npm install --silent --no-save --no-package-lock --prefix ".cache/node$major" "node-linux-$architecture@$major" >&2
  fi
done

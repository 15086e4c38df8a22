// The script that somebody writes in an afternoon: port → line → number → MQTT. The yardstick of bench/throughput.mjs.

import { autoDetect } from '@serialport/bindings-cpp';
import { ReadlineParser } from '@serialport/parser-readline';
import { SerialPortStream } from '@serialport/stream';
import mqtt from 'mqtt';

const [path, broker] = process.argv.slice(2);
const client = mqtt.connect(broker);
client.once('connect', () => {
  const port = new SerialPortStream({ binding: autoDetect(), path, baudRate: 115200 });
  port.pipe(new ReadlineParser({ delimiter: '\n' })).on('data', (line) => {
    const payload = { value: Number(line), unit: 'V', time: new Date().toISOString(), quality: 'good' };
    client.publish('bench/bare/device/channels/value', JSON.stringify(payload), { qos: 1, retain: true });
  });
});

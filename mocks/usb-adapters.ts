/** What a USB adapter says of itself, and how Linux makes serial ports of it. */
export interface AdapterFacts {
  readonly vendorId: string;
  readonly productId: string;
  readonly manufacturer?: string;
  readonly product?: string;
  /** That of one specimen; many cheap adapters have none, or all the same. */
  readonly serialNumber?: string;
  /** Ports, each on an interface of its own. */
  readonly ports: number;
  /** `serial` makes `ttyUSB0`, `acm` makes `ttyACM0`. */
  readonly kind: 'serial' | 'acm';
}

/** As these adapters are sold; the serial numbers are invented. */
export const usbAdapters = {
  /** FTDI FT232R: each one has a serial number of its own. */
  ftdi: {
    vendorId: '0403',
    productId: '6001',
    manufacturer: 'FTDI',
    product: 'FT232R USB UART',
    serialNumber: 'A5069RR4',
    ports: 1,
    kind: 'serial',
  },
  /** FTDI FT4232H: four ports under one serial number, told apart by the interface. */
  'ftdi-quad': {
    vendorId: '0403',
    productId: '6011',
    manufacturer: 'FTDI',
    product: 'Quad RS232-HS',
    serialNumber: 'FT5QUAD1',
    ports: 4,
    kind: 'serial',
  },
  /** Silicon Labs CP2102: the serial number is often that of all others, 0001. */
  cp210x: {
    vendorId: '10c4',
    productId: 'ea60',
    manufacturer: 'Silicon Labs',
    product: 'CP2102 USB to UART Bridge Controller',
    serialNumber: '0001',
    ports: 1,
    kind: 'serial',
  },
  /** WCH CH340: no serial number and no manufacturer, so two of them differ by their sockets only. */
  ch340: { vendorId: '1a86', productId: '7523', product: 'USB2.0-Serial', ports: 1, kind: 'serial' },
  /** Arduino Uno: its port is a `ttyACM`. */
  arduino: {
    vendorId: '2341',
    productId: '0043',
    manufacturer: 'Arduino (www.arduino.cc)',
    serialNumber: '7583335303535170F102',
    ports: 1,
    kind: 'acm',
  },
  /** Prolific PL2303: no serial number. */
  prolific: {
    vendorId: '067b',
    productId: '2303',
    manufacturer: 'Prolific Technology Inc.',
    product: 'USB-Serial Controller',
    ports: 1,
    kind: 'serial',
  },
} as const satisfies Readonly<Record<string, AdapterFacts>>;

export type UsbAdapter = keyof typeof usbAdapters;

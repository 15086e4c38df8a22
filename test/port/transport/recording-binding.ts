import type { BindingInterface, BindingPortInterface, OpenOptions, SetOptions } from '@serialport/bindings-cpp';

/** A binding that records what reaches its `open`, and fails as it is told. */
export function recordingBinding(
  open: (options: OpenOptions) => Promise<void> = async () => {},
  set: (levels: SetOptions) => Promise<void> = async () => {},
) {
  const opened: OpenOptions[] = [];
  const levels: SetOptions[] = [];
  let closes = 0;
  const port = (options: OpenOptions): BindingPortInterface => {
    let isOpen = true;
    let cancel = (_error: Error): void => {};
    return {
      openOptions: options as Required<OpenOptions>,
      get isOpen() {
        return isOpen;
      },
      close: async () => {
        isOpen = false;
        closes++;
        cancel(Object.assign(new Error('Canceled'), { canceled: true }));
      },
      read: () => new Promise((_resolve, reject) => (cancel = reject)),
      write: async () => {},
      update: async () => {},
      set: async (options) => {
        levels.push(options);
        await set(options);
      },
      get: async () => ({ cts: false, dsr: false, dcd: false }),
      getBaudRate: async () => ({ baudRate: options.baudRate }),
      flush: async () => {},
      drain: async () => {
        throw new Error('drain can block for ever');
      },
    } as BindingPortInterface;
  };
  const binding: BindingInterface = {
    list: async () => [],
    open: async (options) => {
      opened.push(options);
      await open(options);
      return port(options);
    },
  };
  return { binding, opened, levels, closes: () => closes };
}

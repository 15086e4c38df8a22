/** `labwire/client`: speaks to a server of labwire, or of pydase, from Node and from a browser. */
export { LabwireError, PROTOCOL } from '../base/index.ts';
export { type Address, readAddress } from './address.ts';
export type { ChangesOptions, RemoteChange } from './change-feed.ts';
export type {
  CallOptions,
  Client,
  ClientState,
  ServerInfo,
  Subscription,
} from './client.ts';
export { type ConnectOptions, connect } from './connect.ts';
export { RemoteError } from './errors.ts';
export { childNodes, type Quantity, type RemoteNode, type RemoteParameter } from './node.ts';
export { valueOfNode } from './node-values.ts';
export type { Remote, RemoteMap, RemoteReading, RemoteService, RemoteSetting, RemoteTask } from './remote.ts';

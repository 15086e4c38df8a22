export type PortState = 'closed' | 'opening' | 'settling' | 'open' | 'waiting';

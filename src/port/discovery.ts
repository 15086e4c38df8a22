export interface PortInfo {
  readonly path: string;
  readonly byId?: string;
  readonly byPath?: string;
  readonly vendorId?: string;
  readonly productId?: string;
  readonly serialNumber?: string;
  readonly manufacturer?: string;
  readonly product?: string;
}

export async function listPorts(_options: { readonly root?: string } = {}): Promise<PortInfo[]> {
  return [];
}

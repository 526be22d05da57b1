// What the tests use of Node, without the types of all of Node.

declare module "node:crypto" {
  export function createHash(name: "sha256"): { update(data: Uint8Array): { digest(): Uint8Array<ArrayBuffer> } };
}

declare module "node:zlib" {
  export function deflateSync(data: Uint8Array): Uint8Array<ArrayBuffer>;
}

declare function setImmediate(act: (nothing: unknown) => void): void;

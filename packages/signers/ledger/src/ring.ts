import {
  CofferError,
  type EcdsaSignature,
  type Engine,
  formatPath,
  type KeyRing,
  type Keys,
  nobleEngine,
  parsePath,
} from '@coffer/core'

/** What a device gives for the paths of an account. */
export interface DeviceKeys {
  /** 33 bytes. Throws `INVALID_PATH` for a path that the device has no key of. */
  publicKey(path: string): Promise<Uint8Array>
  /** r ‖ s. Of several the one that is over the hash is taken, and the others are never looked at. */
  ecdsa(path: string, hash: Uint8Array): Promise<Iterable<Uint8Array>>
  /** 64 bytes, of the taproot output key. */
  schnorr?(path: string, hash: Uint8Array): Promise<Iterable<Uint8Array>>
}

/**
 * A device as the key ring of a chain: the chain says which hash has to be signed, the device is given the document that the
 * hash is of, and what comes back leaves only when it verifies for that very hash and key. A device that read the document in
 * another way, or lies, ends in `SIGNATURE_WRONG`. One question at a time.
 */
export function deviceRing(device: DeviceKeys, engine: Engine = nobleEngine): KeyRing {
  let last: Promise<unknown> = Promise.resolve()
  const oneByOne = <R>(task: () => Promise<R>): Promise<R> => {
    const turn = last.then(task)
    last = turn.catch(() => {})
    return turn
  }
  const known = new Map<string, Promise<Uint8Array>>()
  return async (text) => {
    const path = formatPath(parsePath(text))
    let found = known.get(path)
    if (!found) known.set(path, (found = oneByOne(() => device.publicKey(path))))
    const publicKey = await found
    const { schnorr } = device
    return {
      publicKey: new Uint8Array(publicKey),
      ecdsa: (hash) =>
        oneByOne(async () => {
          for (const signature of await device.ecdsa(path, hash)) {
            const signed = withRecovery(signature, hash, publicKey, engine)
            if (signed) return signed
          }
          throw wrongSignature(path)
        }),
      ...(schnorr && {
        schnorr: (
          hash: Uint8Array,
          { tweak }: NonNullable<Parameters<NonNullable<Keys['schnorr']>>[1]> = {},
        ) =>
          oneByOne(async () => {
            const output = tweak
              ? engine.publicAdd(Uint8Array.of(2, ...publicKey.subarray(1)), tweak)
              : publicKey
            for (const signature of await schnorr(path, hash))
              if (output && engine.schnorrVerify(signature, hash, output.subarray(1))) return signature
            throw wrongSignature(path)
          }),
      }),
    }
  }
}

/** The signature with the parity that it has, or `undefined` when it is not of this key and hash. */
export function withRecovery(
  signature: Uint8Array,
  hash: Uint8Array,
  publicKey: Uint8Array,
  engine: Engine = nobleEngine,
): EcdsaSignature | undefined {
  const recovery = [0, 1].find((bit) => engine.ecdsaVerify(signature, hash, publicKey, bit))
  return recovery === undefined ? undefined : { signature, recovery }
}

function wrongSignature(path: string): CofferError {
  return new CofferError({
    code: 'SIGNATURE_WRONG',
    message: `The Ledger returned a signature that is not of its key at ${path} or not over what was asked. It was thrown away. Update the app on the device; if it happens again, do not use the device.`,
    details: { path },
  })
}

import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import type { Clients, TronClient } from '../clients.ts'
import { type KitAction, outputOf } from './action.ts'
import { loadKit } from './kit.ts'
import { type DmkTransport, dmkLink, kitPath } from './link.ts'
import { pathBytes, rawCommand } from './raw.ts'

/** What is needed of `@ledgerhq/device-signer-kit-tron`. Signatures are r ‖ s ‖ v. */
interface TronKit {
  readonly SignerTrxBuilder: new (transport: DmkTransport) => { build(): Signer }
}
interface Signer {
  getAddress(
    path: string,
    options: { readonly checkOnDevice: boolean } & SkipOpenApp,
  ): KitAction<{ readonly publicKey: string; readonly address: string }>
  signTransaction(path: string, raw: Uint8Array, options: SkipOpenApp): KitAction<Uint8Array>
  signTransactionHash(path: string, hash: Uint8Array, options: SkipOpenApp): KitAction<Uint8Array>
  signPersonalMessage(path: string, message: Uint8Array, options: SkipOpenApp): KitAction<Uint8Array>
}
interface SkipOpenApp {
  readonly skipOpenApp: true
}

const PEER = '@ledgerhq/device-signer-kit-tron'

/** The signer opens the app itself. */
const OPEN: SkipOpenApp = { skipOpenApp: true }

export const tronClients: Clients<DmkTransport, TronClient> = {
  link: dmkLink,
  connect: async (transport) => {
    const { SignerTrxBuilder } = await loadKit<TronKit>(
      PEER,
      () => import('@ledgerhq/device-signer-kit-tron'),
    )
    const signer = new SignerTrxBuilder(transport).build()
    return {
      publicKey: async ({ path, show }) => {
        const { publicKey, address } = await outputOf(() =>
          signer.getAddress(kitPath(path), { ...OPEN, checkOnDevice: show }),
        )
        return { publicKey: hexToBytes(publicKey.replace(/^0x/, '')), address }
      },
      signTransaction: async ({ path, raw }) =>
        rs(await outputOf(() => signer.signTransaction(kitPath(path), raw, OPEN))),
      signHash: async ({ path, hash }) =>
        rs(await outputOf(() => signer.signTransactionHash(kitPath(path), hash, OPEN))),
      signMessage: async ({ path, message }) =>
        rs(await outputOf(() => signer.signPersonalMessage(kitPath(path), message, OPEN))),
      // The kit has no method for it.
      signTypedDataHashes: async ({ path, domainHash, messageHash }) => {
        const request = concatBytes(pathBytes(path), domainHash, messageHash)
        return rs((await rawCommand(transport, [0xe0, 0x0c, 0, 0], request)).data)
      },
    }
  },
}

function rs(signature: Uint8Array): Uint8Array {
  return signature.slice(0, 64)
}

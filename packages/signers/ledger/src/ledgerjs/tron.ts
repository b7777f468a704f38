import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Clients, TronClient } from '../clients.ts'
import { defaultOf, loadPeer } from '../peer.ts'
import { type LedgerjsTransport, ledgerjsLink, ledgerPath } from './transport.ts'

/** What is needed of `@ledgerhq/hw-app-trx`. */
type TrxConstructor = new (transport: LedgerjsTransport) => Trx
interface Trx {
  getAddress(
    path: string,
    display: boolean,
  ): Promise<{ readonly publicKey: string; readonly address: string }>
  signTransaction(path: string, hex: string, tokens: readonly string[]): Promise<string>
  signTransactionHash(path: string, hash: string): Promise<string>
  signPersonalMessage(path: string, hex: string): Promise<string>
  signTIP712HashedMessage(path: string, domainHash: string, messageHash: string): Promise<string>
}

const PEER = '@ledgerhq/hw-app-trx'

export const tronClients: Clients<LedgerjsTransport, TronClient> = {
  link: ledgerjsLink,
  connect: async (transport) => {
    const Trx = defaultOf<TrxConstructor>(await loadPeer(PEER, () => import('@ledgerhq/hw-app-trx/lib/Trx')))
    const trx = new Trx(transport)
    return {
      publicKey: async ({ path, show }) => {
        const { publicKey, address } = await trx.getAddress(ledgerPath(path), show)
        return { publicKey: hexToBytes(publicKey), address }
      },
      signTransaction: async ({ path, raw }) =>
        read(await trx.signTransaction(ledgerPath(path), bytesToHex(raw), [])),
      signHash: async ({ path, hash }) =>
        read(await trx.signTransactionHash(ledgerPath(path), bytesToHex(hash))),
      signMessage: async ({ path, message }) =>
        read(await trx.signPersonalMessage(ledgerPath(path), bytesToHex(message))),
      signTypedDataHashes: async ({ path, domainHash, messageHash }) =>
        read(
          await trx.signTIP712HashedMessage(
            ledgerPath(path),
            bytesToHex(domainHash),
            bytesToHex(messageHash),
          ),
        ),
    }
  },
}

/** r ‖ s of r ‖ s ‖ v. */
function read(hex: string): Uint8Array {
  return hexToBytes(hex).subarray(0, 64)
}

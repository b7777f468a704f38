import { base64 } from '@scure/base'
import type { BitcoinClient, Clients, WalletPolicy } from '../clients.ts'
import { loadPeer } from '../peer.ts'
import { buffer, type LedgerjsTransport, ledgerjsLink, ledgerPath } from './transport.ts'

/** What is needed of `@ledgerhq/ledger-bitcoin`. */
interface LedgerBitcoin {
  readonly AppClient: new (transport: LedgerjsTransport) => AppClient
  readonly WalletPolicy: new (name: string, template: string, keys: readonly string[]) => Policy
}
type Policy = { readonly policy: never }
interface AppClient {
  getMasterFingerprint(): Promise<string>
  getExtendedPubkey(path: string, display: boolean): Promise<string>
  registerWallet(policy: Policy): Promise<readonly [Uint8Array, Uint8Array]>
  getWalletAddress(
    policy: Policy,
    hmac: Uint8Array | null,
    change: number,
    index: number,
    display: boolean,
  ): Promise<string>
  signPsbt(
    psbt: string,
    policy: Policy,
    hmac: Uint8Array | null,
  ): Promise<readonly (readonly [number, { readonly signature: Uint8Array }])[]>
  signMessage(message: Uint8Array, path: string): Promise<string>
}

const PEER = '@ledgerhq/ledger-bitcoin'

export const bitcoinClients: Clients<LedgerjsTransport, BitcoinClient> = {
  link: ledgerjsLink,
  connect: async (transport) => {
    const { AppClient, WalletPolicy } = named(
      await loadPeer<LedgerBitcoin | { default: LedgerBitcoin }>(
        PEER,
        () => import('@ledgerhq/ledger-bitcoin'),
      ),
    )
    const client = new AppClient(transport)
    const policyOf = ({ name, template, keys }: WalletPolicy): Policy =>
      new WalletPolicy(name, template, keys)
    const hmacOf = (hmac: Uint8Array | undefined): Uint8Array | null => (hmac ? buffer(hmac) : null)
    return {
      fingerprint: () => client.getMasterFingerprint(),
      xpub: (path) => client.getExtendedPubkey(ledgerPath(path), false),
      register: async (policy) => Uint8Array.from((await client.registerWallet(policyOf(policy)))[1]),
      address: ({ policy, hmac, keychain, index, show }) =>
        client.getWalletAddress(policyOf(policy), hmacOf(hmac), keychain, index, show),
      signPsbt: async ({ psbt, policy, hmac }) =>
        (await client.signPsbt(psbt, policyOf(policy), hmacOf(hmac))).map(([input, { signature }]) => ({
          input,
          signature: Uint8Array.from(signature),
        })),
      signMessage: async ({ path, message }) =>
        base64.decode(await client.signMessage(buffer(message), ledgerPath(path))).subarray(1),
    }
  },
}

/** Node gives a CommonJS package by its default export, bundlers by name. */
function named(module: LedgerBitcoin | { default: LedgerBitcoin }): LedgerBitcoin {
  return 'AppClient' in module ? module : module.default
}

import { bytesToHex } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import type { BitcoinClient, Clients, WalletPolicy } from '../clients.ts'
import { buffer } from '../ledgerjs/transport.ts'
import { type KitAction, outputOf } from './action.ts'
import { signBitcoinMessage } from './bitcoin-message.ts'
import { loadKit } from './kit.ts'
import { type DmkTransport, dmkLink, kitPath } from './link.ts'

/** What is needed of `@ledgerhq/device-signer-kit-bitcoin`. */
interface BitcoinKit {
  readonly SignerBtcBuilder: new (transport: DmkTransport) => { build(): Signer }
}
interface Signer {
  getMasterFingerprint(options: SkipOpenApp): KitAction<{ readonly masterFingerprint: Uint8Array }>
  getExtendedPublicKey(
    path: string,
    options: { readonly checkOnDevice: false } & SkipOpenApp,
  ): KitAction<{ readonly extendedPublicKey: string }>
  registerWallet(wallet: Wallet, options: SkipOpenApp): KitAction<{ readonly hmac: Uint8Array }>
  getWalletAddress(
    wallet: Wallet,
    index: number,
    options: { readonly checkOnDevice: boolean; readonly change: boolean } & SkipOpenApp,
  ): KitAction<{ readonly address: string }>
  signPsbt(
    wallet: Wallet,
    psbt: Uint8Array,
    options: SkipOpenApp,
  ): KitAction<readonly { readonly inputIndex: number; readonly signature?: Uint8Array }[]>
}
interface Wallet {
  readonly name: string
  readonly descriptorTemplate: string
  readonly keys: readonly string[]
  readonly hmac: Uint8Array
}
interface SkipOpenApp {
  readonly skipOpenApp: true
}

const PEER = '@ledgerhq/device-signer-kit-bitcoin'

/** The signer opens the app itself; the kit knows `Bitcoin` alone, not `Bitcoin Test`. */
const OPEN: SkipOpenApp = { skipOpenApp: true }

export const bitcoinClients: Clients<DmkTransport, BitcoinClient> = {
  link: dmkLink,
  connect: async (transport) => {
    // Of the library that the kit reads PSBTs with.
    needsBuffer()
    const { SignerBtcBuilder } = await loadKit<BitcoinKit>(
      PEER,
      () => import('@ledgerhq/device-signer-kit-bitcoin'),
    )
    const signer = new SignerBtcBuilder(transport).build()
    return {
      fingerprint: async () =>
        bytesToHex((await outputOf(() => signer.getMasterFingerprint(OPEN))).masterFingerprint),
      xpub: async (path) =>
        (await outputOf(() => signer.getExtendedPublicKey(kitPath(path), { ...OPEN, checkOnDevice: false })))
          .extendedPublicKey,
      register: async (policy) => (await outputOf(() => signer.registerWallet(walletOf(policy), OPEN))).hmac,
      address: async ({ policy, hmac, keychain, index, show }) => {
        const options = { ...OPEN, checkOnDevice: show, change: keychain === 1 }
        return (await outputOf(() => signer.getWalletAddress(walletOf(policy, hmac), index, options))).address
      },
      signPsbt: async ({ psbt, policy, hmac }) => {
        const signed = await outputOf(() =>
          signer.signPsbt(walletOf(policy, hmac), base64.decode(psbt), OPEN),
        )
        return signed.flatMap(({ inputIndex: input, signature }) =>
          signature ? [{ input, signature: Uint8Array.from(signature) }] : [],
        )
      },
      // The kit signs text alone, not bytes.
      signMessage: (request) => signBitcoinMessage(transport, request),
    }
  },
}

/** Throws `MISSING_DEPENDENCY` in a page that brings no `Buffer`. */
function needsBuffer(): void {
  buffer(new Uint8Array())
}

/**
 * As the kit takes a registered policy. Given this way, a standard one (its proof is 32 zeros) is not asked of the device by the
 * kit once more, before each of its operations.
 */
function walletOf({ name, template, keys }: WalletPolicy, hmac?: Uint8Array): Wallet {
  return { name, descriptorTemplate: template, keys, hmac: hmac ?? new Uint8Array(32) }
}

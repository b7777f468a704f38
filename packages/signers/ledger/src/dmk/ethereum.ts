import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { authorizationApdu } from '../apps/authorization-apdu.ts'
import type { Clients, EthereumClient, TypedDataJson } from '../clients.ts'
import { type KitAction, outputOf } from './action.ts'
import { onlyWhatIsAsked } from './guard.ts'
import { loadKit } from './kit.ts'
import { type DmkTransport, dmkLink, kitPath } from './link.ts'
import { pathBytes, rawCommand } from './raw.ts'

/** What is needed of `@ledgerhq/device-signer-kit-ethereum`. */
interface EthereumKit {
  readonly SignerEthBuilder: new (transport: DmkTransport) => Builder
}
interface Builder {
  withContextModule(contextModule: ContextModule): Builder
  build(): Signer
}
interface Signer {
  getAddress(
    path: string,
    options: { readonly checkOnDevice: boolean } & SkipOpenApp,
  ): KitAction<{ readonly publicKey: string; readonly address: string }>
  signTransaction(path: string, transaction: Uint8Array, options: SkipOpenApp): KitAction<Parts>
  signMessage(path: string, message: Uint8Array, options: SkipOpenApp): KitAction<Parts>
  signTypedData(path: string, typedData: TypedDataJson, options: SkipOpenApp): KitAction<Parts>
}
interface SkipOpenApp {
  readonly skipOpenApp: true
}
interface Parts {
  readonly r: string
  readonly s: string
}
/** Of `@ledgerhq/context-module`. */
interface ContextModule {
  getContexts(
    input: unknown,
    expectedTypes?: readonly string[],
  ): Promise<readonly { readonly type: string; readonly payload: string }[]>
  getFieldContext(): Promise<{ readonly type: 'error'; readonly error: Error }>
  getTypedDataFilters(): Promise<{ readonly type: 'error'; readonly error: Error }>
  report(): Promise<void>
}

const PEER = '@ledgerhq/device-signer-kit-ethereum'
const TOKEN = 'ethereumToken'

/** The signer opens the app itself. */
const OPEN: SkipOpenApp = { skipOpenApp: true }

export const ethereumClients: Clients<DmkTransport, EthereumClient> = {
  link: dmkLink,
  connect: async (transport) => {
    const { SignerEthBuilder } = await loadKit<EthereumKit>(
      PEER,
      () => import('@ledgerhq/device-signer-kit-ethereum'),
    )
    const { dmk, sessionId } = transport
    const signer = (tokens: readonly string[] = []): Signer =>
      new SignerEthBuilder({ dmk: onlyWhatIsAsked(dmk), sessionId })
        .withContextModule(offline(tokens))
        .build()
    return {
      publicKey: async ({ path, show }) => {
        const { publicKey, address } = await outputOf(() =>
          signer().getAddress(kitPath(path), { ...OPEN, checkOnDevice: show }),
        )
        return { publicKey: hexToBytes(bare(publicKey)), address }
      },
      signTransaction: async ({ path, transaction, tokens }) =>
        joined(await outputOf(() => signer(tokens).signTransaction(kitPath(path), transaction, OPEN))),
      // The kit's own method takes chain id and nonce as floats, and opens the app.
      signAuthorization: (request) => authorizationApdu((apdu) => dmkLink.exchange(transport, apdu), request),
      signMessage: async ({ path, message }) =>
        joined(await outputOf(() => signer().signMessage(kitPath(path), message, OPEN))),
      signTypedData: async ({ path, typedData }) =>
        joined(await outputOf(() => signer().signTypedData(kitPath(path), typedData, OPEN))),
      // The kit has no method for it.
      signTypedDataHashes: async ({ path, domainHash, messageHash }) => {
        const request = concatBytes(pathBytes(path), domainHash, messageHash)
        return (await rawCommand(transport, [0xe0, 0x0c, 0, 0], request)).data.slice(1, 65)
      },
    }
  },
}

/** In place of the kit's downloads: the descriptions of tokens that were given, and nothing else. Reports to nobody. */
function offline(tokens: readonly string[]): ContextModule {
  const nothing = async () => ({ type: 'error', error: new Error('offline') }) as const
  return {
    getContexts: async (_, expectedTypes) =>
      expectedTypes?.includes(TOKEN) ? tokens.map((payload) => ({ type: TOKEN, payload })) : [],
    getFieldContext: nothing,
    getTypedDataFilters: nothing,
    report: async () => {},
  }
}

function joined({ r, s }: Parts): Uint8Array {
  return hexToBytes(bare(r).padStart(64, '0') + bare(s).padStart(64, '0'))
}

const bare = (hex: string): string => hex.replace(/^0x/, '')

import { decodeUnsigned } from '@coffer/evm'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { authorizationApdu } from '../apps/authorization-apdu.ts'
import type { Clients, DeviceKey, EthereumClient, TypedDataJson } from '../clients.ts'
import { defaultOf, loadPeer } from '../peer.ts'
import { type LedgerjsTransport, ledgerjsLink, ledgerPath } from './transport.ts'

/** What is needed of `@ledgerhq/hw-app-eth`. */
type EthConstructor = new (
  transport: LedgerjsTransport,
  scrambleKey: string,
  loadConfig: object,
  ledgerService: object,
) => Eth
interface Eth {
  getAddress(
    path: string,
    display: boolean,
  ): Promise<{ readonly publicKey: string; readonly address: string }>
  signTransaction(path: string, hex: string, resolution: object | null): Promise<Parts>
  signPersonalMessage(path: string, hex: string): Promise<Parts>
  signEIP712Message(path: string, message: TypedDataJson): Promise<Parts>
  signEIP712HashedMessage(path: string, domainHash: string, messageHash: string): Promise<Parts>
}
interface Parts {
  readonly r: string
  readonly s: string
}

const PEER = '@ledgerhq/hw-app-eth'

/** Every place where the library would go to the network, closed. */
const OFFLINE = {
  nftExplorerBaseURL: null,
  pluginBaseURL: null,
  cryptoassetsBaseURL: null,
  calServiceURL: null,
  extraPlugins: null,
  staticERC20Signatures: {},
  staticEIP712SignaturesV1: {},
  staticEIP712SignaturesV2: {},
}

const TYPES = { legacy: 0, eip2930: 1, eip1559: 2, eip7702: 4 } as const

/** In place of the library's own reader of transactions, which knows no EIP-7702, and of its downloads. */
const SERVICE = {
  parseTransaction: (hex: string) => {
    const { type, chainId } = decodeUnsigned(hex)
    return { type: type === 'legacy' ? null : TYPES[type], chainId: chainId.toString() }
  },
  resolveTransaction: () => Promise.reject(new Error('offline')),
  signDomainResolution: () => Promise.resolve(null),
  signAddressResolution: () => Promise.resolve(null),
}

export const ethereumClients: Clients<LedgerjsTransport, EthereumClient> = {
  link: ledgerjsLink,
  connect: async (transport) => {
    const Eth = defaultOf<EthConstructor>(await loadPeer(PEER, () => import('@ledgerhq/hw-app-eth/lib/Eth')))
    const eth = new Eth(transport, 'w0w', OFFLINE, SERVICE)
    return {
      publicKey: async ({ path, show }): Promise<DeviceKey> => {
        const { publicKey, address } = await eth.getAddress(ledgerPath(path), show)
        return { publicKey: hexToBytes(publicKey), address }
      },
      signTransaction: async ({ path, transaction, tokens }) =>
        joined(
          await eth.signTransaction(ledgerPath(path), bytesToHex(transaction), {
            erc20Tokens: tokens,
            nfts: [],
            externalPlugin: [],
            plugin: [],
            domains: [],
          }),
        ),
      // The library has no method for it.
      signAuthorization: (request) =>
        authorizationApdu((apdu) => ledgerjsLink.exchange(transport, apdu), request),
      signMessage: async ({ path, message }) =>
        joined(await eth.signPersonalMessage(ledgerPath(path), bytesToHex(message))),
      signTypedData: async ({ path, typedData }) =>
        joined(await eth.signEIP712Message(ledgerPath(path), typedData)),
      signTypedDataHashes: async ({ path, domainHash, messageHash }) =>
        joined(
          await eth.signEIP712HashedMessage(
            ledgerPath(path),
            bytesToHex(domainHash),
            bytesToHex(messageHash),
          ),
        ),
    }
  },
}

function joined({ r, s }: Parts): Uint8Array {
  return concatBytes(hexToBytes(r.padStart(64, '0')), hexToBytes(s.padStart(64, '0')))
}

import { Address, OutScript } from '@scure/btc-signer'
import { hardened } from '../secp-key.ts'

/** What the app has compiled in. */
export interface DeviceNetwork {
  readonly name: string
  readonly ticker: string
  /** As in the key paths, hardened. */
  readonly coinType: number
  readonly versions: { readonly private: number; readonly public: number }
  /** Of the addresses. */
  readonly prefixes: {
    readonly bech32: string
    readonly pubKeyHash: number
    readonly scriptHash: number
    readonly wif: number
  }
}

export const NETWORKS: { readonly main: DeviceNetwork; readonly test: DeviceNetwork } = {
  main: {
    name: 'Bitcoin',
    ticker: 'BTC',
    coinType: hardened(0),
    versions: { private: 0x0488ade4, public: 0x0488b21e },
    prefixes: { bech32: 'bc', pubKeyHash: 0x00, scriptHash: 0x05, wif: 0x80 },
  },
  test: {
    name: 'Bitcoin Test',
    ticker: 'TEST',
    coinType: hardened(1),
    versions: { private: 0x04358394, public: 0x043587cf },
    prefixes: { bech32: 'tb', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef },
  },
}

/** The address of a script; `undefined` when it has none. */
export function addressOf(script: Uint8Array, { prefixes }: DeviceNetwork): string | undefined {
  try {
    return Address(prefixes).encode(
      OutScript.decode(script) as Parameters<ReturnType<typeof Address>['encode']>[0],
    )
  } catch {
    return undefined
  }
}

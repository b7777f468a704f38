import type { LedgerLink } from './link.ts'

/**
 * What Coffer asks of a device app, whichever of Ledger's own clients carries it. Paths are canonical (`m/84h/0h/0h`).
 * ECDSA signatures are r ‖ s, 64 bytes: the parity is found by recovery, since every app writes it in its own way.
 *
 * Clients throw what Ledger's libraries throw; the signer makes one `CofferError` of it.
 */
export interface Clients<T, C> {
  readonly link: LedgerLink<T>
  /** A fresh client for one operation. Throws `MISSING_DEPENDENCY` where its library is not installed. */
  connect(transport: T): Promise<C>
}

/** A wallet policy of BIP-388. */
export interface WalletPolicy {
  /** Empty for the standard ones, which need no registration. At most 64 bytes of ASCII. */
  readonly name: string
  /** `wsh(sortedmulti(2,@0/**,@1/**))` */
  readonly template: string
  /** `[f5acc2fd/48'/0'/0'/2']xpub…`, in the order of the template. */
  readonly keys: readonly string[]
}

export interface BitcoinClient {
  /** Of the root key, eight hex digits. */
  fingerprint(): Promise<string>
  /** `xpub…` or `tpub…`, as the app is of. */
  xpub(path: string): Promise<string>
  /** Shows the policy; returns the 32 bytes that prove the registration. */
  register(policy: WalletPolicy): Promise<Uint8Array>
  address(request: {
    readonly policy: WalletPolicy
    readonly hmac: Uint8Array | undefined
    readonly keychain: 0 | 1
    readonly index: number
    readonly show: boolean
  }): Promise<string>
  signPsbt(request: {
    /** Base64, version 0. */
    readonly psbt: string
    readonly policy: WalletPolicy
    readonly hmac: Uint8Array | undefined
  }): Promise<readonly PsbtSignature[]>
  /** r ‖ s over the message with Bitcoin's prefix. */
  signMessage(request: { readonly path: string; readonly message: Uint8Array }): Promise<Uint8Array>
}

export interface PsbtSignature {
  readonly input: number
  /** As a PSBT carries it: DER and a byte for ECDSA, 64 or 65 bytes for Schnorr. */
  readonly signature: Uint8Array
}

export interface EthereumClient {
  /** 33 bytes. */
  publicKey(request: { readonly path: string; readonly show: boolean }): Promise<DeviceKey>
  signTransaction(request: {
    readonly path: string
    /** As it is signed: type byte and RLP. */
    readonly transaction: Uint8Array
    /** Descriptions of tokens, signed by Ledger, in hex. */
    readonly tokens: readonly string[]
  }): Promise<Uint8Array>
  /** Of EIP-7702. */
  signAuthorization(request: {
    readonly path: string
    readonly chainId: bigint
    readonly address: string
    readonly nonce: bigint
  }): Promise<Uint8Array>
  signMessage(request: { readonly path: string; readonly message: Uint8Array }): Promise<Uint8Array>
  /** Every field is sent and shown. `typedData` is JSON: numbers are decimal strings. */
  signTypedData(request: { readonly path: string; readonly typedData: TypedDataJson }): Promise<Uint8Array>
  signTypedDataHashes(request: {
    readonly path: string
    readonly domainHash: Uint8Array
    readonly messageHash: Uint8Array
  }): Promise<Uint8Array>
}

export interface TypedDataJson {
  readonly domain: Readonly<Record<string, unknown>>
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
  readonly primaryType: string
  readonly message: Readonly<Record<string, unknown>>
}

export interface TronClient {
  publicKey(request: { readonly path: string; readonly show: boolean }): Promise<DeviceKey>
  signTransaction(request: { readonly path: string; readonly raw: Uint8Array }): Promise<Uint8Array>
  /** Blind: the device shows the hash alone. */
  signHash(request: { readonly path: string; readonly hash: Uint8Array }): Promise<Uint8Array>
  signMessage(request: { readonly path: string; readonly message: Uint8Array }): Promise<Uint8Array>
  signTypedDataHashes(request: {
    readonly path: string
    readonly domainHash: Uint8Array
    readonly messageHash: Uint8Array
  }): Promise<Uint8Array>
}

export interface DeviceKey {
  /** 65 or 33 bytes. */
  readonly publicKey: Uint8Array
  /** As the device shows it. */
  readonly address: string
}

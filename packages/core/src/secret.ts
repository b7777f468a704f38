import type { KeyOrigin } from './path.ts'

/** Words of BIP-39. */
export interface MnemonicSecret {
  readonly kind: 'mnemonic'
  readonly mnemonic: string
  /** The "25th word"; none when not given. */
  readonly passphrase?: string | undefined
  /** The list the words are of: `english` when not given, `japanese`, `simplified-chinese` and so on. */
  readonly language?: string | undefined
}

/** An extended private key, `xprv…` or `tprv…`. */
export interface XprvSecret {
  readonly kind: 'xprv'
  readonly xprv: string
  /** Where the key stands in its tree. Needed unless it is the root. */
  readonly origin?: KeyOrigin | undefined
  /** True for `tprv…`. */
  readonly testnet?: boolean | undefined
}

/** One key by itself. */
export interface PrivateKeySecret {
  readonly kind: 'private-key'
  /** 32 bytes, the caller's to wipe. */
  readonly privateKey: Uint8Array
}

/** What keys come from, as vaults keep it and backups carry it. Never in a log, an error or JSON that is not encrypted. */
export type Secret = MnemonicSecret | XprvSecret | PrivateKeySecret

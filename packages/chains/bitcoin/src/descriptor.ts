import type { Engine, HdKey, KeyOrigin } from '@coffer/core'
import type { BitcoinNetwork } from './networks.ts'

/** What kind of output script an account has. */
export type ScriptType =
  | 'p2pkh'
  | 'p2sh-p2wpkh'
  | 'p2wpkh'
  | 'p2tr'
  | 'p2wsh-sortedmulti'
  | 'p2sh-p2wsh-sortedmulti'
  | 'address'

export interface DescriptorKey {
  readonly origin?: KeyOrigin
  /** Present for an extended key. */
  readonly hd?: HdKey
  /** 33 bytes; the extended key's own, or the single key. */
  readonly publicKey: Uint8Array
  /** Unhardened steps between the extended key and the last one. A pair is a BIP-389 multipath step. */
  readonly steps: readonly (number | readonly [number, number])[]
  /** Ends in `/*`. */
  readonly ranged: boolean
}

export interface Descriptor {
  /** Canonical, with its checksum. Several addresses of a group are separated by one space. */
  readonly text: string
  readonly type: ScriptType
  readonly keys: readonly DescriptorKey[]
  /** How many signatures a sortedmulti needs; 1 otherwise. */
  readonly threshold: number
  /** Output scripts of `addr(…)`, in their order; for type `address` alone. */
  readonly scripts: readonly Uint8Array[]
  /** 2 when receiving and change have keychains of their own (multipath), else 1. */
  readonly keychains: 1 | 2
  /** False when there is one fixed script (or one per address of a group). */
  readonly ranged: boolean
}

export declare function parseDescriptor(text: string, network: BitcoinNetwork, engine?: Engine): Descriptor

import { type ChainId, randomBytes } from '@coffer/core'
import type { WalletBackup } from './wallet-backup.ts'

export const MNEMONIC = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
export const PASSPHRASE = 'five random words are good'
/** The least work that age does for a passphrase. */
export const CHEAP = 2

/** One of everything that a backup can hold. */
export function fullBackup(): WalletBackup {
  return {
    v: 1,
    createdAt: '2026-01-31T12:00:00.000Z',
    secrets: [
      {
        kind: 'mnemonic',
        mnemonic: MNEMONIC,
        passphrase: 'ключ',
        id: 'a',
        birth: { ['eip155:1' as ChainId]: 19_000_000 },
      },
      {
        kind: 'xprv',
        xprv: 'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi',
        origin: { fingerprint: '3442193e', path: 'm' },
        id: 'b',
        label: 'tree',
      },
      { kind: 'private-key', privateKey: randomBytes(32), id: 'c' },
    ],
    accounts: [
      { chain: 'eip155:1', index: 0, secret: 'a', descriptor: 'eip155:1:0x00' },
      { chain: 'eip155:1', label: 'watched', descriptor: 'eip155:1:0x01' },
    ],
    labels: { 'eip155:1:0x00': '{"type":"tx"}\n' },
  }
}

import { CofferError, type KeyOrigin, randomBytes, type Secret, type Signer } from '@coffer/core'
import {
  checkMnemonic,
  mnemonicToSeed,
  privateKeySigner,
  seedSigner,
  type Wordlist,
  xprvSigner,
} from '@coffer/signer-software'
import type { StoredSecret } from './body.ts'
import { fromUtf8, utf8 } from './bytes.ts'
import { toHex } from './envelope.ts'

export interface AddSecretOptions {
  /** What people call it. It can be read without a key unless the vault shows nothing. */
  readonly label?: string | undefined
  /** The list that the words are of; English when not given. */
  readonly wordlist?: Wordlist | undefined
}

/** Checks a secret and makes it ready to be kept. Throws `INVALID_MNEMONIC` or `INVALID_KEY`. */
export async function storedSecret(
  secret: Secret,
  { label = '', wordlist }: AddSecretOptions = {},
): Promise<StoredSecret> {
  const { facts, parts } = await takeApart(secret, wordlist)
  const stored: StoredSecret = {
    id: toHex(randomBytes(8)),
    kind: secret.kind,
    label: String(label),
    addedAt: new Date().toISOString(),
    fingerprint: '',
    facts,
    parts,
  }
  const signer = signerOf(stored)
  try {
    const origin = facts['origin'] as KeyOrigin | undefined
    const { fingerprint, chainCode } = await signer.publicKey(origin?.path ?? 'm')
    // Of a root it is half of what leads to every key.
    chainCode?.fill(0)
    return { ...stored, fingerprint }
  } finally {
    signer.dispose()
  }
}

/** A software signer over a secret; it copies what it needs. */
export function signerOf({ kind, facts, parts }: StoredSecret): Signer {
  if (kind === 'mnemonic') return seedSigner({ seed: parts['seed']! })
  if (kind === 'private-key') return privateKeySigner({ privateKey: parts['key']! })
  return xprvSigner({ xprv: fromUtf8(parts['xprv']!), ...facts })
}

/** The secret as it was given. Strings in it cannot be wiped. */
export function revealed({ kind, facts, parts }: StoredSecret): Secret {
  if (kind === 'private-key') return { kind, privateKey: Uint8Array.from(parts['key']!) }
  if (kind === 'xprv') return { kind, xprv: fromUtf8(parts['xprv']!), ...facts }
  const passphrase = fromUtf8(parts['passphrase']!)
  return { kind, mnemonic: fromUtf8(parts['mnemonic']!), ...facts, ...(passphrase !== '' && { passphrase }) }
}

async function takeApart(
  secret: Secret,
  wordlist: Wordlist | undefined,
): Promise<Pick<StoredSecret, 'facts' | 'parts'>> {
  switch (secret.kind) {
    case 'mnemonic': {
      const { mnemonic, passphrase = '', language } = secret
      if (language !== undefined && language !== 'english' && !wordlist)
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: `Words in ${JSON.stringify(language.slice(0, 30))} need their list: { wordlist }, from @coffer/signer-software/wordlists/….`,
        })
      checkMnemonic(mnemonic, { wordlist })
      const seed = await mnemonicToSeed(mnemonic, { passphrase, wordlist })
      const facts = language === undefined ? {} : { language }
      return { facts, parts: { mnemonic: utf8(canonical(mnemonic)), passphrase: utf8(passphrase), seed } }
    }
    case 'xprv': {
      const { xprv, origin, testnet } = secret
      const facts = {
        ...(origin && { origin: { fingerprint: origin.fingerprint, path: origin.path } }),
        ...(testnet && { testnet }),
      }
      return { facts, parts: { xprv: utf8(String(xprv).trim()) } }
    }
    case 'private-key': {
      const { privateKey } = secret
      if (!(privateKey instanceof Uint8Array) || privateKey.length !== 32)
        throw new CofferError({ code: 'INVALID_KEY', message: 'A private key has 32 bytes in a Uint8Array.' })
      return { facts: {}, parts: { key: Uint8Array.from(privateKey) } }
    }
    default:
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: 'A secret is of kind mnemonic, xprv or private-key.',
      })
  }
}

/** One blank between words, as a person would write them down. */
function canonical(mnemonic: string): string {
  return mnemonic.normalize('NFKD').toLowerCase().trim().split(/\s+/).join(' ')
}

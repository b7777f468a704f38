import { type ApprovedDraft, authorise } from '../approve.ts'
import type { Chain } from '../chain.ts'
import type { Draft } from '../draft.ts'
import { fingerprintOf } from '../hd.ts'
import type { PublicKey } from '../keys.ts'
import { formatPath, parsePath } from '../path.ts'
import type { Signer } from '../signer.ts'
import { memoryStore } from '../store.ts'
import { ok, type Runner, refuses, same } from './assert.ts'

/** What a signer brings to be tried. */
export interface SignerSubject {
  readonly name: string
  /** A signer over the same keys each time. */
  make(): Promise<Signer> | Signer
  /** The chain whose drafts it is asked to sign. */
  readonly chain: Chain
  /** Paths at which it has keys: canonical, at least two for an `hd` signer; `['m']` for a single key. */
  readonly paths: readonly string[]
  /** A sound draft of the account of `key`, as `create` makes it. */
  draft(key: PublicKey): Promise<Draft> | Draft
  /** The address of an account, for `chain.verifyMessage`; without it message signatures are only made, not verified. */
  address?(key: PublicKey): string
  /** What is signed as messages; a text, an empty one, one beyond ASCII and bytes that are no text when not given. */
  readonly messages?: readonly (string | Uint8Array)[]
  /** Typed data that the chain takes, where signer and chain sign any. */
  readonly typedData?: unknown
}

/**
 * What every `Signer` must do. Works with any test runner that has `describe` and `it`. A person's refusal is for a
 * signer's own tests.
 *
 * @example
 * import { describe, it } from 'vitest'
 * signerConformance({ describe, it }, {
 *   name: 'softwareSigner',
 *   make: () => softwareSigner({ mnemonic }),
 *   chain,
 *   paths: [chain.path(0), chain.path(1)],
 *   draft: (key) => makeDraft(chain.describe(key)),
 * })
 */
export function signerConformance({ describe, it }: Runner, subject: SignerSubject): void {
  const { chain, paths } = subject
  const first = paths[0]!
  const approvedDraft = async (key: PublicKey): Promise<ApprovedDraft> => {
    const draft = await subject.draft(key)
    return (await authorise({ chain, draft, policy: {}, accept: [], store: memoryStore() })).draft
  }
  const test = (title: string, body: (signer: Signer) => Promise<void>) =>
    it(title, async () => {
      const signer = await subject.make()
      try {
        await body(signer)
      } finally {
        signer.dispose()
      }
    })

  describe(`signer ${subject.name}`, () => {
    test('says what it is', async (signer) => {
      ok(/^[a-z0-9-]+$/.test(signer.name), 'its name is lower-case letters, digits and dashes')
      ok(signer.keys === 'hd' || signer.keys === 'single', 'its keys are hd or single')
      same(paths.includes('m'), signer.keys === 'single', 'that a single key is at m')
    })

    test('gives public keys in their canonical form', async (signer) => {
      for (const path of paths) {
        const key = await signer.publicKey(path)
        ok(key.publicKey instanceof Uint8Array && key.publicKey.length === 33, 'a public key has 33 bytes')
        ok(key.publicKey[0] === 2 || key.publicKey[0] === 3, 'a public key is compressed')
        ok(/^[0-9a-f]{8}$/.test(key.fingerprint), 'a fingerprint is eight lower-case hex digits')
        same(key.path, path, 'the path')
        same(formatPath(parsePath(key.path)), key.path, 'the canonical path')
        if (signer.keys === 'single') {
          same(key.chainCode, undefined, 'the chain code of a single key')
          same(key.fingerprint, fingerprintOf(key.publicKey), 'the fingerprint of a single key')
        } else if (key.chainCode) same(key.chainCode.length, 32, 'the length of a chain code')
      }
    })

    test('gives the same key for every writing of a path, and another for another path', async (signer) => {
      for (const path of paths) {
        const key = await signer.publicKey(path)
        for (const writing of [path, path.replaceAll('h', "'"), path.replaceAll('h', 'H')])
          same(await signer.publicKey(writing), key, `the key at ${writing}`)
      }
      const keys = await Promise.all(paths.map((path) => signer.publicKey(path)))
      same(
        new Set(keys.map(({ publicKey }) => publicKey.join())).size,
        paths.length,
        'the number of different keys',
      )
      same(new Set(keys.map(({ fingerprint }) => fingerprint)).size, 1, 'the number of root fingerprints')
    })

    test('gives the same keys when it is made again, as copies that a caller may spoil', async (signer) => {
      const again = await subject.make()
      const key = await signer.publicKey(first)
      same(await again.publicKey(first), key, 'the key of the second signer')
      again.dispose()
      key.publicKey.fill(0)
      key.chainCode?.fill(0)
      ok((await signer.publicKey(first)).publicKey[0] !== 0, 'the key is unharmed')
    })

    test('refuses paths that are none', async (signer) => {
      for (const path of ['', 'M', 'm/', 'm//0', ' m', 'm/0 ', 'm/2147483648', 'm/x', '44h/60h'])
        await refuses(() => signer.publicKey(path), 'INVALID_PATH')
      if (signer.keys === 'single') await refuses(() => signer.publicKey('m/0'), 'INVALID_PATH')
    })

    test('signs an approved draft, so that the chain accepts it', async (signer) => {
      for (const path of paths) {
        const draft = await approvedDraft(await signer.publicKey(path))
        const signed = await signer.sign({ chain, draft })
        same([signed.chain, signed.account], [draft.chain, draft.account], 'chain and account')
        chain.checkSigned(signed)
        ok(!sameKeys(signed, draft), 'a signed transaction is no draft')
      }
    })

    test('refuses a draft that was not approved, or was changed afterwards', async (signer) => {
      const key = await signer.publicKey(first)
      const approved = await approvedDraft(key)
      const raw = await subject.draft(key)
      const bent = (field: string, value: unknown): Draft => Object.create(approved, { [field]: { value } })
      const changed = [
        bent('payload', `${approved.payload}00`),
        bent('account', `${approved.account}0`),
        bent('chain', 'other:1'),
        bent('intent', { ...approved.intent, other: 'field' }),
        bent('signatures', ['00']),
      ]
      for (const draft of [raw, { ...approved }, structuredClone({ ...approved }), ...changed])
        await refuses(() => signer.sign({ chain, draft: draft as ApprovedDraft }), 'NOT_APPROVED')
    })

    test('refuses an approved draft for another chain', async (signer) => {
      const draft = await approvedDraft(await signer.publicKey(first))
      const other: Chain = { ...chain, id: 'other:1' }
      await refuses(() => signer.sign({ chain: other, draft }), 'DRAFT_MISMATCH', 'UNSUPPORTED')
    })

    test('signs messages in the way of the chain, or says that it cannot', async (signer) => {
      const key = await signer.publicKey(first)
      const account = chain.describe(key)
      const { signMessage } = signer
      if (!signMessage) return
      for (const message of subject.messages ?? ['hello', '', 'длинно 🔑', new Uint8Array([0, 255, 128])]) {
        if (!chain.signMessage)
          await refuses(() => signer.signMessage!({ chain, account, message }), 'UNSUPPORTED')
        else {
          const signature = await signer.signMessage!({ chain, account, message })
          const address = subject.address?.(key)
          if (address !== undefined && chain.verifyMessage) {
            ok(chain.verifyMessage({ address, message, signature }), 'the signature verifies')
            ok(
              !chain.verifyMessage({ address, message: 'another', signature }),
              'it does not for another message',
            )
          }
        }
      }
    })

    test('signs typed data in the way of the chain, or says that it cannot', async (signer) => {
      const account = chain.describe(await signer.publicKey(first))
      const { typedData } = subject
      if (!signer.signTypedData) return
      if (!chain.signTypedData)
        await refuses(() => signer.signTypedData!({ chain, account, typedData }), 'UNSUPPORTED')
      else if (typedData !== undefined)
        ok((await signer.signTypedData({ chain, account, typedData })).length > 0, 'there is a signature')
    })

    test('does nothing for a caller who has cancelled', async (signer) => {
      const draft = await approvedDraft(await signer.publicKey(first))
      const signal = AbortSignal.abort()
      await refuses(() => signer.publicKey(first, { signal }), 'ABORTED')
      await refuses(() => signer.sign({ chain, draft }, { signal }), 'ABORTED')
      const account = chain.describe(await signer.publicKey(first))
      if (signer.signMessage)
        await refuses(() => signer.signMessage!({ chain, account, message: 'a' }, { signal }), 'ABORTED')
      chain.checkSigned(await signer.sign({ chain, draft }, { signal: new AbortController().signal }))
    })

    test('serves many at the same time', async (signer) => {
      const keys = await Promise.all([...paths, ...paths].map((path) => signer.publicKey(path)))
      const drafts = await Promise.all(keys.map((key) => approvedDraft(key)))
      for (const signed of await Promise.all(drafts.map((draft) => signer.sign({ chain, draft }))))
        chain.checkSigned(signed)
    })

    test('is of no use after dispose, which may be called twice', async (signer) => {
      const key = await signer.publicKey(first)
      const draft = await approvedDraft(key)
      signer.dispose()
      signer.dispose()
      await refuses(() => signer.publicKey(first), 'SIGNER_DISPOSED')
      await refuses(() => signer.sign({ chain, draft }), 'SIGNER_DISPOSED')
      const account = chain.describe(key)
      if (signer.signMessage)
        await refuses(() => signer.signMessage!({ chain, account, message: 'a' }), 'SIGNER_DISPOSED')
      if (signer.signTypedData)
        await refuses(
          () => signer.signTypedData!({ chain, account, typedData: subject.typedData }),
          'SIGNER_DISPOSED',
        )
    })

    test('ends at dispose what it had begun', async (signer) => {
      const begun = Promise.allSettled(paths.map((path) => signer.publicKey(path)))
      signer.dispose()
      for (const result of await begun)
        if (result.status === 'rejected')
          await refuses(() => Promise.reject(result.reason), 'SIGNER_DISPOSED')
    })

    test('has a Symbol.dispose where the platform has one', async (signer) => {
      const symbol = (Symbol as { readonly dispose?: symbol }).dispose
      if (symbol)
        ok(typeof (signer as unknown as Record<symbol, unknown>)[symbol] === 'function', 'using works')
    })
  })
}

function sameKeys(a: object, b: object): boolean {
  return Object.keys(a).sort().join() === Object.keys(b).sort().join()
}

import type { Chain } from '../chain.ts'
import type { Draft } from '../draft.ts'
import { createDraft, createSigned, readDraft, readSigned } from '../forms.ts'
import { parseAssetId, parseChainId } from '../ids.ts'
import { writeJson } from '../json.ts'
import type { KeyRing, PublicKey } from '../keys.ts'
import { parsePath } from '../path.ts'
import { verify } from '../verify.ts'
import { ok, type Runner, refuses, same } from './assert.ts'

/** What a chain brings to be tried. */
export interface ChainUnderTest {
  readonly chain: Chain
  /** The key of `chain.path(0)`, and what signs with it. */
  readonly key: PublicKey
  readonly keys: KeyRing
  /** The key of another account. */
  readonly otherKey: PublicKey
  /** Sound drafts of the account of `key`, one of each kind of intent. */
  readonly drafts: readonly Draft[]
  /** Texts that are no address of this chain, whatever they look like. */
  readonly badAddresses: readonly string[]
}

/**
 * What every `Chain` must hold. Takes the `describe` and `it` of any test runner.
 *
 * @example
 * chainConformance({ describe, it }, 'ethereum', async () => ({ chain: ethereum(), … }))
 */
export function chainConformance(
  { describe, it }: Runner,
  name: string,
  make: () => Promise<ChainUnderTest>,
): void {
  describe(`${name}: chain conformance`, () => {
    it('names itself, its coin and its tokens in CAIP ids', async () => {
      const { chain } = await make()
      parseChainId(chain.id)
      ok(/^[a-z0-9-]+$/.test(chain.name), 'the name is lower-case letters, digits and dashes')
      for (const asset of [chain.coin, ...chain.assets]) {
        same(parseAssetId(asset.id).chain, chain.id, 'the chain of an asset')
        ok(
          Number.isInteger(asset.decimals) && asset.decimals >= 0 && asset.decimals <= 36,
          'decimals are sane',
        )
        ok(asset.symbol.length > 0 && asset.name.length > 0, 'an asset has a symbol and a name')
      }
      ok(chain.maxFee > 0n, 'there is a highest fee')
    })

    it('gives each account index its own path, and coin type 1 to testnets alone', async () => {
      const { chain } = await make()
      const paths = [0, 1, 2].map((index) => chain.path(index))
      same(new Set(paths).size, 3, 'the number of different paths')
      const coinType = parsePath(paths[0]!)[1]
      same(coinType === 0x80000001, chain.testnet, 'the use of coin type 1')
    })

    it('rebuilds the account from its own text', async () => {
      const { chain, key, otherKey } = await make()
      const descriptor = chain.describe(key)
      same(chain.parseAccount(descriptor), descriptor, 'the canonical descriptor')
      ok(chain.describe(otherKey) !== descriptor, 'another key is another account')
      await refuses(() => chain.parseAccount('nonsense'), 'INVALID_ACCOUNT', 'INVALID_ADDRESS')
    })

    it('refuses what is no address (G2)', async () => {
      const { chain, badAddresses } = await make()
      for (const text of badAddresses) await refuses(() => chain.parseAddress(text), 'INVALID_ADDRESS')
    })

    it('inspects from the bytes alone', async () => {
      const { chain, drafts } = await make()
      for (const draft of drafts) {
        const effects = chain.inspect(draft)
        same(effects, draft.effects, 'the effects')
        const lied = chain.inspect({
          ...draft,
          hints: { gasUsed: '1', baseFeePerGas: '1' },
          intent: { kind: 'nothing' },
        })
        same(lied.list, effects.list, 'the list of effects, whatever hints and intent say,')
        same(lied.fee.ceiling, effects.fee.ceiling, 'the ceiling of the fee')
        ok(effects.fee.expected <= effects.fee.ceiling, 'the expected fee is not above the ceiling')
        ok(lied.fee.expected <= lied.fee.ceiling, 'whatever the hints say')
      }
    })

    it('rebuilds each payload from its intent, byte by byte', async () => {
      const { chain, drafts } = await make()
      for (const draft of drafts) same(chain.rebuild(draft), draft.payload, 'the rebuilt payload')
    })

    it('takes drafts through JSON unchanged', async () => {
      const { chain, drafts } = await make()
      for (const draft of drafts) {
        const read = readDraft(chain, JSON.stringify(draft))
        same(read, draft, 'the draft that was read')
        same(read.effects, draft.effects, 'its effects')
        const policy = { unlimitedApprovals: true, approvalForAll: true, permissionChanges: true }
        same(verify(chain, read, { policy }).refusals, [], 'what speaks against it')
      }
    })

    it('refuses or shows every change of one character of the payload', async () => {
      const { chain, drafts } = await make()
      for (const draft of drafts)
        for (let at = 2; at < draft.payload.length; at++) {
          const payload = changeOne(draft.payload, at)
          const face = faceOf(chain, { ...draft, payload })
          ok(face === undefined || face !== faceOf(chain, draft), `a change at ${at} goes unseen`)
        }
    })

    it('signs what it inspected, with the key of the account alone', async () => {
      const { chain, drafts, keys, otherKey } = await make()
      for (const draft of drafts) {
        const signed = createSigned(chain, await chain.sign(draft, keys))
        same(readSigned(chain, JSON.stringify(signed)), signed, 'the signed transaction that was read')
        const stranger = { ...draft, account: chain.describe({ ...otherKey, path: chain.path(0) }) }
        await refuses(() => chain.sign(createDraft(chain, stranger), keys), 'WRONG_ACCOUNT', 'INVALID_DRAFT')
      }
    })

    it('refuses signed bytes that were changed anywhere', async () => {
      const { chain, drafts, keys } = await make()
      for (const draft of drafts) {
        const signed = await chain.sign(draft, keys)
        for (let at = 2; at < signed.raw.length; at += 3)
          await refuses(
            () => chain.checkSigned({ ...signed, raw: changeOne(signed.raw, at) }),
            'INVALID_SIGNED',
          )
        await refuses(
          () => chain.checkSigned({ ...signed, txid: changeOne(signed.txid, 5) }),
          'INVALID_SIGNED',
        )
      }
    })
  })
}

function changeOne(text: string, at: number): string {
  const next = text[at] === '0' ? '1' : text[at] === '1' ? '0' : '0'
  return text.slice(0, at) + next + text.slice(at + 1)
}

/** Everything that a person is shown of a draft; `undefined` when it is refused. */
function faceOf(chain: Chain, draft: Draft): string | undefined {
  try {
    const { effects, refusals } = verify(chain, draft)
    return refusals.some(({ rule }) => rule === 'mismatch') ? undefined : writeJson(effects)
  } catch {
    return undefined
  }
}

import { describe, expect, it } from 'vitest'
import { ZERO_ADDRESS } from './address.ts'
import { BOB, OWN, USDT } from './fake-source.fixture.ts'
import type { TronNetwork } from './intent.ts'
import { tronNetwork } from './networks.ts'
import { checkTypedData, inspectTypedData } from './typed-data.ts'

const ACCOUNT = `tron:0x2b6653dc:${OWN}`
const field = (text: string) => ({ type: text.split(' ')[0]!, name: text.split(' ')[1]! })
const permit = (domain: object) => ({
  types: {
    Permit: ['address owner', 'address spender', 'uint256 value', 'uint256 nonce', 'uint256 deadline'].map(
      field,
    ),
  },
  primaryType: 'Permit',
  domain: { name: 'Any', chainId: 0x2b6653dc, ...domain },
  message: { owner: OWN, spender: BOB, value: '5', nonce: 0, deadline: 99 },
})
const look = (typedData: unknown) => inspectTypedData({ account: ACCOUNT, typedData }, tronNetwork)

describe('TIP-712: the chain of a network', () => {
  it('is the number in its id, and none where the id is another one', () => {
    expect(checkTypedData(permit({}), tronNetwork).domain['chainId']).toBe(0x2b6653dcn)
    for (const id of [
      'tron:2b6653dc',
      'tron:0x2b6653d',
      'tron:0x2b6653dc0',
      'xtron:0x2b6653dc',
      'tron:0x2B6653DC',
    ])
      expect(() => checkTypedData(permit({}), { ...tronNetwork, id } as TronNetwork), id).toThrow(
        expect.objectContaining({ code: 'INVALID_CHAIN' }),
      )
  })

  it('is named in what is said of another one', () => {
    expect(() => checkTypedData(permit({ chainId: 1 }), tronNetwork)).toThrow(/\btron\b/)
  })
})

describe('E4: a permit', () => {
  it('of the zero address is a call too, since it is not known of what', () => {
    for (const domain of [
      {},
      { verifyingContract: ZERO_ADDRESS },
      { verifyingContract: `0x${'00'.repeat(20)}` },
    ])
      expect(look(permit(domain)).list).toMatchObject([
        { kind: 'approve', asset: `tron:0x2b6653dc/trc20:${ZERO_ADDRESS}`, spender: BOB, amount: 5n },
        { kind: 'call', to: ZERO_ADDRESS, selector: '0x', data: '0x' },
      ])
    expect(look(permit({ verifyingContract: USDT })).list).toHaveLength(1)
  })
})

describe('what is not known', () => {
  it('is told by the first 40 letters of its name, with the contract that is asked', () => {
    const primaryType = `Order${'r'.repeat(60)}`
    const typedData = {
      types: { [primaryType]: [field('uint256 price')] },
      primaryType,
      domain: { name: 'Market', chainId: 0x2b6653dc, verifyingContract: USDT },
      message: { price: 1 },
    }
    const { warnings } = look(typedData)
    expect(warnings).toMatchObject([{ code: 'unknown-call' }])
    expect(warnings[0]!.message).toContain(
      `What ${USDT} may do with the signed ${primaryType.slice(0, 40)} is`,
    )
  })
})

import { type KeysInput, parseAddress } from '@coffer/tron'
import { invalid } from './words.ts'

/**
 * Reads keys as a person writes them: `2:T…,T…` for two of two, `2:T…=2,T…` where one counts twice, `T…` for one alone.
 * Throws `INVALID_REQUEST`, `INVALID_ADDRESS`.
 */
export function keysOf(text: string): KeysInput {
  const [, threshold = '1', list = ''] = /^(?:([1-9][0-9]{0,8}):)?([^:]+)$/.exec(text) ?? []
  const keys = list.split(',').map((key) => {
    const [, address, weight = '1'] = /^([0-9A-Za-z]+)(?:=([1-9][0-9]{0,8}))?$/.exec(key) ?? []
    if (address === undefined)
      throw invalid(
        'Write keys as 2:T…,T…, which is how much weight is needed and who counts; T…=2 counts twice.',
      )
    return { address: parseAddress(address), weight: BigInt(weight) }
  })
  return { threshold: BigInt(threshold), keys }
}

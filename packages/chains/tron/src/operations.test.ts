import { describe, expect, it } from 'vitest'
import { operationsOf } from './operations.ts'

describe('the operations of a permission', () => {
  it('are told by the names of contracts, and by number where they are not signed here', () => {
    expect(operationsOf('')).toEqual([])
    expect(operationsOf('00'.repeat(32))).toEqual([])
    expect(operationsOf('07')).toEqual(['AccountCreate', 'Transfer', 'TransferAsset'])
    expect(operationsOf('2a80')).toEqual(['Transfer', 'contract 3', 'contract 5', 'contract 15'])
    expect(operationsOf(`${'00'.repeat(31)}80`)).toEqual(['contract 255'])
    expect(operationsOf('00000080')).toEqual(['TriggerSmart'])
    expect(new Set(operationsOf('ff'.repeat(32))).size).toBe(256)
  })
})

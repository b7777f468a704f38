import { type Observable, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { statusWordOf } from '../status.ts'
import { type KitState, kitError, outputOf } from './action.ts'

function action(observable: Observable<KitState<number>>) {
  const cancelled: boolean[] = []
  return { observable, cancel: () => void cancelled.push(true), cancelled }
}

const states = (...list: KitState<number>[]) => action(of(...list))

describe('what a device action ends in', () => {
  it('is its output', async () => {
    const run = states({ status: 'not-started' }, { status: 'pending' }, { status: 'completed', output: 7 })
    expect(await outputOf(() => run)).toBe(7)
    expect(run.cancelled).toEqual([])
  })

  it('is an error with the status word, wherever the kit put it', async () => {
    const refused = { _tag: 'EthAppCommandError', errorCode: '6985', message: 'Condition not satisfied' }
    const error = await outputOf(() => states({ status: 'error', error: refused })).catch((error) => error)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'EthAppCommandError', ...refused })
    expect(statusWordOf(error)).toBe(0x6985)

    const unknown = { _tag: 'UnknownDeviceExchangeError', originalError: { errorCode: 'b009' } }
    expect(statusWordOf(kitError(unknown))).toBe(0xb009)
  })

  it('is an error where it is stopped, ends without a result, fails or cannot start', async () => {
    await expect(outputOf(() => states({ status: 'stopped' }))).rejects.toThrow('stopped')
    await expect(outputOf(() => states({ status: 'pending' }))).rejects.toThrow('stopped')

    const failing = action(throwError(() => ({ _tag: 'DeviceSessionNotFound' })))
    await expect(outputOf(() => failing)).rejects.toMatchObject({ name: 'DeviceSessionNotFound' })
    expect(failing.cancelled).toEqual([true])

    const start = () => {
      throw { _tag: 'DeviceSessionNotFound' }
    }
    await expect(outputOf(start)).rejects.toMatchObject({ _tag: 'DeviceSessionNotFound' })
  })

  it('keeps what is an error already, and its own message or that of its reason', () => {
    const own = new Error('mine')
    expect(kitError(own)).toBe(own)
    const reason = { _tag: 'InvalidStatusWordError', originalError: new Error('Too many bytes to encode.') }
    expect(kitError(reason).message).toBe('Too many bytes to encode.')
    expect(kitError(undefined).message).toBe('The device action failed.')
  })
})

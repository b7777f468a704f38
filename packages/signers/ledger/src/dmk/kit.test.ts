import { describe, expect, it } from 'vitest'
import { loadKit } from './kit.ts'

const KIT = '@ledgerhq/device-signer-kit-tron'

const failing = (message: string, code: string) => () =>
  Promise.reject(Object.assign(new Error(message), { code }))

describe('loading a kit', () => {
  it('names the package that is missing', async () => {
    const load = failing(`Cannot find package '${KIT}' imported from /app/index.js`, 'ERR_MODULE_NOT_FOUND')
    await expect(loadKit(KIT, load)).rejects.toMatchObject({
      code: 'MISSING_DEPENDENCY',
      message: expect.stringContaining(`npm install ${KIT}`),
      details: { package: KIT },
    })
  })

  it('names what the kit itself needs, in the version that it needs', async () => {
    const load = failing("Cannot find module 'bitcoinjs-lib'", 'MODULE_NOT_FOUND')
    await expect(loadKit(KIT, load)).rejects.toMatchObject({
      code: 'MISSING_DEPENDENCY',
      message: `${KIT} needs the package bitcoinjs-lib, which is not installed. Run: npm install bitcoinjs-lib@6`,
    })
    const other = failing(
      "Cannot find package '@ledgerhq/context-module' imported from /x",
      'ERR_MODULE_NOT_FOUND',
    )
    await expect(loadKit(KIT, other)).rejects.toMatchObject({
      details: { package: '@ledgerhq/context-module' },
    })
  })

  it('takes the CommonJS form where the ES module is for bundlers only', async () => {
    const path = '/app/node_modules/@ledgerhq/device-signer-kit-tron/lib/esm/api/index'
    const load = failing(`Cannot find module '${path}' imported from /app/x.js`, 'ERR_MODULE_NOT_FOUND')
    expect(await loadKit(KIT, load)).toHaveProperty('SignerTrxBuilder')
    const folder = failing(
      "Directory import '/app/node_modules/@ledgerhq/device-management-kit/lib/esm/src' is not supported",
      'ERR_UNSUPPORTED_DIR_IMPORT',
    )
    expect(await loadKit(KIT, folder)).toHaveProperty('SignerTrxBuilder')
  })

  it('lets every other error pass', async () => {
    await expect(loadKit(KIT, failing('boom', 'ERR_OTHER'))).rejects.toThrow('boom')
    const own = failing("Cannot find module './other.js'", 'MODULE_NOT_FOUND')
    await expect(loadKit(KIT, own)).rejects.toThrow('other.js')
  })
})

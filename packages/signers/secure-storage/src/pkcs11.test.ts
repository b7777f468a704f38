import { execFileSync, spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import { memoryStore } from '@coffer/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { fromBase64, toBase64 } from './bytes.ts'
import type { DeviceKey } from './device-key.ts'
import { createVault, openVault } from './index.ts'
import {
  fault,
  loadPkcs11,
  type Overrides,
  PIN,
  type SoftHsm,
  softHsm,
  whatIsMissing,
  withFaults,
} from './pkcs11.fixture.ts'
import { type Pkcs11Options, pkcs11Key } from './pkcs11.ts'
import { deviceKeyConformance } from './testing/index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

/** CKS_RW_PUBLIC_SESSION and CKS_RW_USER_FUNCTIONS of the standard. */
const PUBLIC_SESSION = 2
const USER_SESSION = 3

const missing = whatIsMissing()
const isRequired = process.env['COFFER_REQUIRE_TOOLS'] === '1'

it.runIf(isRequired)('has its tools', () => expect(missing).toBeUndefined())

const failing = async (task: Promise<unknown>): Promise<unknown> =>
  task.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

describe.skipIf(missing !== undefined)(
  `SoftHSM${missing ? ` (skipped: there is no ${missing})` : ''}`,
  () => {
    let hsm: SoftHsm
    beforeAll(() => {
      hsm = softHsm()
    })
    afterAll(() => hsm.remove())

    const keyOf = (token: string, more: Partial<Pkcs11Options> = {}): DeviceKey =>
      pkcs11Key({ library: hsm.library, token, pin: () => PIN, ...more })

    const tokenOf = new WeakMap<DeviceKey, string>()
    deviceKeyConformance(
      {
        describe,
        it: (title, body) =>
          void (title.startsWith('forgets')
            ? it.skip(`${title} (all of it lies in the vault, whose slot goes)`, body)
            : it(title, body)),
      },
      {
        name: 'pkcs11Key',
        make: () => {
          const token = hsm.token()
          const key = keyOf(token)
          tokenOf.set(key, token)
          return key
        },
        reopen: (key) => keyOf(tokenOf.get(key)!),
      },
    )

    it('opens a vault', async () => {
      const store = memoryStore()
      const key = keyOf(hsm.token())
      const secrets = [{ kind: 'mnemonic', mnemonic: MNEMONIC } as const]
      const vault = await createVault({ store, password: PASSWORD, secrets, cost: CHEAP })
      await vault.addSlot({ key })
      const again = await openVault({ store, cost: CHEAP, autoLock: false })
      await again.unlock({ key })
      expect(again.secrets).toHaveLength(1)
    })

    it('serves many at once', async () => {
      const key = keyOf(hsm.token())
      const made = await Promise.all(Array.from({ length: 10 }, () => key.create()))
      const found = await Promise.all(made.map(({ data }) => key.get(data)))
      for (const [i, secret] of found.entries()) expect(secret).toEqual(made[i]!.secret)
    })

    describe('the key in the token', () => {
      const template = (label: string, more: Record<string, boolean | number | Buffer>) => {
        const pkcs11 = loadPkcs11()
        const all = {
          CKA_CLASS: pkcs11.CKO_SECRET_KEY,
          CKA_KEY_TYPE: pkcs11.CKK_AES,
          CKA_LABEL: label,
          CKA_TOKEN: true,
          CKA_PRIVATE: true,
          CKA_SENSITIVE: true,
          CKA_EXTRACTABLE: false,
          CKA_ENCRYPT: true,
          CKA_DECRYPT: true,
          ...more,
        }
        return Object.entries(all).map(([name, value]) => ({
          type: (pkcs11 as unknown as Record<string, number>)[name]!,
          value,
        }))
      }
      const generate = (token: string, more: Record<string, boolean | number | Buffer>): void =>
        hsm.inside(token, (api, session) => {
          const mechanism = { mechanism: loadPkcs11().CKM_AES_KEY_GEN }
          api.C_GenerateKey(session, mechanism, template('coffer', { CKA_VALUE_LEN: 32, ...more }))
        })

      it('cannot be taken out', async () => {
        const token = hsm.token()
        await keyOf(token).create()
        const pkcs11 = loadPkcs11()
        hsm.inside(token, (api, session) => {
          api.C_FindObjectsInit(session, [{ type: pkcs11.CKA_LABEL, value: 'coffer' }])
          const [key, ...more] = api.C_FindObjects(session, 10)
          api.C_FindObjectsFinal(session)
          expect(more).toEqual([])
          expect(() => api.C_GetAttributeValue(session, key!, [{ type: pkcs11.CKA_VALUE }])).toThrow(
            'CKR_ATTRIBUTE_SENSITIVE',
          )
          const wrapping = api.C_GenerateKey(session, { mechanism: pkcs11.CKM_AES_KEY_GEN }, [
            { type: pkcs11.CKA_VALUE_LEN, value: 32 },
            { type: pkcs11.CKA_WRAP, value: true },
          ])
          const by = { mechanism: pkcs11.CKM_AES_KEY_WRAP }
          expect(() => api.C_WrapKey(session, by, wrapping, key!, Buffer.alloc(100))).toThrow(
            'CKR_KEY_UNEXTRACTABLE',
          )
        })
      })

      it.skipIf(spawnSync('pkcs11-tool', ['--help']).error !== undefined)(
        'is what another program says (skipped where there is no pkcs11-tool)',
        async () => {
          const token = hsm.token()
          await keyOf(token).create()
          const args = ['--module', hsm.library, '--token-label', token, '--login', '--pin', PIN]
          const listed = execFileSync('pkcs11-tool', [...args, '--list-objects', '--type', 'secrkey'], {
            encoding: 'utf8',
            stdio: 'pipe',
          })
          expect(listed).toMatch(/AES length 32/)
          expect(listed).toMatch(/sensitive, always sensitive, never extractable/)
        },
      )

      it('G7: is never one that somebody without the PIN has put there', async () => {
        const token = hsm.token()
        const known = Buffer.alloc(32, 7)
        const plant = template('coffer', { CKA_PRIVATE: false, CKA_SENSITIVE: false, CKA_VALUE: known })
        hsm.inside(token, (api, session) => void api.C_CreateObject(session, plant), true)
        const { data, secret } = await keyOf(token).create()
        // With the planted key alone, nothing can be unwrapped.
        const pkcs11 = loadPkcs11()
        hsm.inside(
          token,
          (api, session) => {
            api.C_FindObjectsInit(session, [{ type: pkcs11.CKA_LABEL, value: 'coffer' }])
            const [planted, ...more] = api.C_FindObjects(session, 10)
            api.C_FindObjectsFinal(session)
            expect(more).toEqual([])
            const wrapped = Buffer.from(fromBase64(data['wrapped']!))
            const iv = wrapped.subarray(19, 31)
            const aad = Buffer.from(`coffer vault ${data['id']}`)
            const parameter = { type: pkcs11.CK_PARAMS_AES_GCM_v240, iv, ivBits: 96, aad, tagBits: 128 }
            api.C_DecryptInit(session, { mechanism: pkcs11.CKM_AES_GCM, parameter }, planted!)
            expect(() => api.C_Decrypt(session, wrapped.subarray(31), Buffer.alloc(64))).toThrow('CKR_')
          },
          true,
        )
        expect(await keyOf(token).get(data)).toEqual(secret)
      })

      it.each([
        ['can be taken out', { CKA_EXTRACTABLE: true }],
        ['can be read', { CKA_SENSITIVE: false }],
        ['is too short', { CKA_VALUE_LEN: 16 }],
      ])('will not do when it %s', async (_, more) => {
        const token = hsm.token()
        generate(token, more)
        await expect(keyOf(token).create()).rejects.toMatchObject({ code: 'STORE_FAILED' })
        expect(await keyOf(token, { label: 'other' }).create()).toBeDefined()
      })

      it('is told from others of its label, as when two servers made one at the same time', async () => {
        const token = hsm.token()
        const one = await keyOf(token).create()
        for (let i = 0; i < 4; i++) generate(token, { CKA_ID: Buffer.alloc(16, i) })
        const two = await keyOf(token).create()
        expect(await keyOf(token).get(one.data)).toEqual(one.secret)
        expect(await keyOf(token).get(two.data)).toEqual(two.secret)
      })

      it('may be one that was made by hand, also without an id, when it is the only such one', async () => {
        const token = hsm.token()
        generate(token, {})
        const { data, secret } = await keyOf(token).create()
        expect(await keyOf(token).get(data)).toEqual(secret)
        generate(token, {})
        await expect(keyOf(token).get(data)).rejects.toMatchObject({ code: 'STORE_FAILED' })
        await expect(keyOf(token).create()).rejects.toMatchObject({ code: 'STORE_FAILED' })
      })
    })

    describe.each([
      ['AES-GCM', {}],
      [
        'AES-CBC, where there is no GCM',
        {
          C_GetMechanismList: (real, slot) =>
            real.C_GetMechanismList(slot).filter((type) => type !== loadPkcs11().CKM_AES_GCM),
        },
      ],
      [
        'AES-CBC, where GCM takes no IV',
        {
          C_EncryptInit: (real, session, mechanism, key) => {
            if (mechanism.mechanism === loadPkcs11().CKM_AES_GCM) throw fault('CKR_MECHANISM_PARAM_INVALID')
            return real.C_EncryptInit(session, mechanism, key)
          },
        },
      ],
      [
        'AES-CBC, where GCM takes another IV than it was told',
        {
          C_EncryptInit: (real, session, mechanism, key) => {
            const { parameter } = mechanism
            const isGcm = mechanism.mechanism === loadPkcs11().CKM_AES_GCM
            const other = { ...(parameter as object), iv: Buffer.alloc(12, 1) } as never
            return real.C_EncryptInit(session, isGcm ? { ...mechanism, parameter: other } : mechanism, key)
          },
        },
      ],
    ] satisfies [string, Overrides][])('with %s', (name, overrides) => {
      it('wraps and unwraps', async () => {
        const token = hsm.token()
        const { module } = withFaults(overrides)
        const { data, secret } = await keyOf(token, { module }).create()
        expect(fromBase64(data['wrapped']!)[1]).toBe(name === 'AES-GCM' ? 1 : 2)
        expect(await keyOf(token, { module }).get(data)).toEqual(secret)
        expect(await keyOf(token).get(data)).toEqual(secret)
      })

      // The last two end with the same cipher as the second.
      it.skipIf(/takes/.test(name))(
        'G6: gives nothing for any flipped byte, for any truncation, or for another context',
        async () => {
          const { module } = withFaults(overrides)
          const key = keyOf(hsm.token(), { module })
          const { data } = await key.create()
          const honest = fromBase64(data['wrapped']!)
          const gone = async (changed: Uint8Array, what: string): Promise<void> => {
            const error = await failing(key.get({ ...data, wrapped: toBase64(changed) }))
            expect(error, what).toMatchObject({ code: 'STORE_INVALIDATED' })
          }
          for (let at = 0; at < honest.length; at++) {
            const flipped = honest.slice()
            flipped[at]! ^= 1 << (at % 8)
            await gone(flipped, `byte ${at}`)
          }
          for (let length = 0; length < honest.length; length++)
            await gone(honest.slice(0, length), `${length}`)
          await gone(Uint8Array.of(...honest, 0), 'one byte more')
          expect(await failing(key.get({ ...data, id: 'other' }))).toMatchObject({
            code: 'STORE_INVALIDATED',
          })
          await expect(key.get(data)).resolves.toHaveLength(32)
        },
      )
    })

    describe('what goes wrong', () => {
      it('tells apart a missing module, token and key, and a wrong PIN, and never shows the PIN', async () => {
        const token = hsm.token()
        const { data } = await keyOf(token).create()
        const wrong = '31415926'
        for (const [more, code, said] of [
          [{ library: '/nonexistent.so' }, 'STORE_UNAVAILABLE', 'cannot be loaded'],
          [{ token: 'no such token' }, 'STORE_UNAVAILABLE', 'no token "no such token"'],
          [{ pin: () => wrong }, 'STORE_UNAVAILABLE', 'PIN is wrong'],
          [{ pin: () => '' }, 'STORE_UNAVAILABLE', 'PIN is wrong'],
          [{ pin: () => Promise.reject(new Error(`cannot read ${wrong}`)) }, 'STORE_FAILED', 'pkcs11 failed'],
          [{ label: 'another' }, 'STORE_INVALIDATED', '"another" of the HSM is gone'],
        ] satisfies [Partial<Pkcs11Options>, string, string][]) {
          const error = await failing(keyOf(token, more).get(data))
          expect(error, said).toMatchObject({ code, message: expect.stringContaining(said) })
          const shown = inspect(error, { depth: 9, showHidden: true })
          expect(shown).not.toContain(PIN)
          expect(shown).not.toContain(wrong)
        }
        expect(await keyOf(token, { token: 'no such token' }).available()).toBe(false)
        expect(await keyOf(token, { library: '/nonexistent.so' }).available()).toBe(false)
      })

      it.each([
        ['CKR_PIN_LOCKED', 'STORE_UNAVAILABLE', 'locked', false],
        ['CKR_PIN_EXPIRED', 'STORE_UNAVAILABLE', 'expired', false],
        ['CKR_USER_PIN_NOT_INITIALIZED', 'STORE_UNAVAILABLE', 'no PIN yet', false],
        ['CKR_DEVICE_REMOVED', 'STORE_UNAVAILABLE', 'taken away', false],
        ['CKR_DEVICE_ERROR', 'STORE_FAILED', 'CKR_DEVICE_ERROR', false],
        ['CKR_SESSION_COUNT', 'STORE_FAILED', 'CKR_SESSION_COUNT', true],
        ['no code at all', 'STORE_FAILED', 'unknown error', false],
      ])('says what %s means', async (name, code, said, retryable) => {
        const { module, open } = withFaults({
          C_Login: () => {
            throw name.startsWith('CKR_') ? fault(name) : new Error(name)
          },
        })
        const error = await failing(keyOf(hsm.token(), { module }).create())
        expect(error).toMatchObject({ code, retryable, message: expect.stringContaining(said) })
        expect(open()).toBe(0)
      })

      it('does not say that a key is gone for good when the token fails', async () => {
        const token = hsm.token()
        const { data, secret } = await keyOf(token).create()
        for (const name of ['CKR_DEVICE_ERROR', 'CKR_GENERAL_ERROR', 'CKR_FUNCTION_FAILED']) {
          const { module, open } = withFaults({
            C_Decrypt: () => {
              throw fault(name)
            },
          })
          expect(await failing(keyOf(token, { module }).get(data))).toMatchObject({ code: 'STORE_FAILED' })
          expect(open()).toBe(0)
        }
        expect(await keyOf(token).get(data)).toEqual(secret)
      })

      it('wraps nothing with a token that gives back something else', async () => {
        const { module } = withFaults({
          C_Decrypt: (real, session, box, room) => {
            real.C_Decrypt(session, box, room)
            return room.fill(7).subarray(0, 32)
          },
        })
        expect(await failing(keyOf(hsm.token(), { module }).create())).toMatchObject({
          code: 'STORE_FAILED',
          message: expect.stringContaining('CKR_FUNCTION_FAILED'),
        })
      })

      it('refuses to guess between two tokens of one label; takes the serial number instead', async () => {
        const label = hsm.token('twins')
        hsm.token('twins')
        expect(await failing(keyOf(label).create())).toMatchObject({
          code: 'STORE_FAILED',
          message: expect.stringContaining('serial number'),
        })
        const pkcs11 = loadPkcs11()
        const serials = hsm.inside(label, (api) =>
          api
            .C_GetSlotList(true)
            .map((slot) => api.C_GetTokenInfo(slot))
            .filter((info) => info.label.trim() === label && info.flags & pkcs11.CKF_TOKEN_INITIALIZED)
            .map((info) => info.serialNumber.trim()),
        )
        const [one, two] = serials
        const { data, secret } = await keyOf(one!).create()
        expect(await keyOf(one!).get(data)).toEqual(secret)
        expect(await failing(keyOf(two!).get(data))).toMatchObject({ code: 'STORE_INVALIDATED' })
      })

      it('never takes the last try of a PIN, and asks whether it works without taking any', async () => {
        const token = hsm.token()
        const pkcs11 = loadPkcs11()
        const last = withFaults({
          C_GetTokenInfo: (real, slot) => {
            const info = real.C_GetTokenInfo(slot)
            return { ...info, flags: info.flags | pkcs11.CKF_USER_PIN_FINAL_TRY }
          },
        })
        expect(await failing(keyOf(token, { module: last.module }).create())).toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringContaining('one more wrong PIN'),
        })
        expect(await keyOf(token, { module: last.module }).available()).toBe(false)
        expect(last.calls).not.toContain('C_Login')
        const asked = withFaults({})
        let pins = 0
        const key = keyOf(token, { module: asked.module, pin: () => String(pins++) })
        expect(await key.available()).toBe(true)
        expect(asked.calls).not.toContain('C_Login')
        expect(pins).toBe(0)
      })

      it('ends what it began: the login, the session, the module', async () => {
        const { module, calls, open } = withFaults({})
        await keyOf(hsm.token(), { module }).create()
        const ends = calls.filter((name) =>
          ['C_Initialize', 'C_Login', 'C_Logout', 'C_CloseSession', 'C_Finalize'].includes(name),
        )
        const once = ['C_Initialize', 'C_Login', 'C_Logout', 'C_CloseSession', 'C_Finalize']
        expect(ends).toEqual([...once, ...once])
        expect(open()).toBe(0)
      })

      it('leaves alone what another part of the program has begun', async () => {
        const token = hsm.token()
        const pkcs11 = loadPkcs11()
        const other = new pkcs11.PKCS11()
        other.load(hsm.library)
        other.C_Initialize()
        try {
          const slot = other
            .C_GetSlotList(true)
            .find((slot) => other.C_GetTokenInfo(slot).label.trim() === token)!
          const session = other.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION)
          const stateNow = (): number => other.C_GetSessionInfo(session).state
          await keyOf(token).create()
          expect(stateNow()).toBe(PUBLIC_SESSION)
          other.C_Login(session, pkcs11.CKU_USER, PIN)
          const { data, secret } = await keyOf(token).create()
          expect(await keyOf(token).get(data)).toEqual(secret)
          expect(stateNow()).toBe(USER_SESSION)
        } finally {
          other.C_Finalize()
          other.close()
        }
      })

      it('names the package that is missing', async () => {
        vi.doMock('pkcs11js', () => {
          throw new Error('Cannot find package')
        })
        try {
          const error = await failing(keyOf('any').create())
          expect(error).toMatchObject({
            code: 'MISSING_DEPENDENCY',
            message: expect.stringContaining('pkcs11js'),
          })
        } finally {
          vi.doUnmock('pkcs11js')
        }
      })
    })
  },
)

import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { memoryStore } from '@coffer/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { fileTarget } from './file.ts'
import { type BackupTarget, s3Target, storeTarget, writeBackup } from './index.ts'

const SECRET = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY'
const ID = 'AKIDEXAMPLE'

/** A server that speaks as much S3 as a backup needs, and checks the signature by itself. */
let server: Server
let endpoint = ''
const objects = new Map<string, string>()
let behave: 'well' | 'forbid' | 'no bucket' | 'claim' | 'fail' | 'redirect' | 'hang' | 'flood' | 'forget' =
  'well'
let seen: string[] = []

function signatureOf(request: IncomingMessage, body: string): string {
  const header = request.headers.authorization ?? ''
  const [, scope = '', names = '', given = ''] =
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      header,
    ) ?? []
  const [date = '', region = '', service = ''] = scope.split('/')
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
  const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  const bodyHash = String(request.headers['x-amz-content-sha256'])
  if (bodyHash !== 'UNSIGNED-PAYLOAD' && bodyHash !== sha(body)) return 'the body was changed'
  const canonical = [
    request.method,
    request.url,
    '',
    ...names.split(';').map((name) => `${name}:${request.headers[name]}`),
    '',
    names,
    bodyHash,
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha(canonical)].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(mac, `AWS4${SECRET}`)
  return mac(key, text).toString('hex') === given ? 'right' : 'wrong'
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push(`${request.method} ${request.url} ${signatureOf(request, body)}`)
    const name = request.url!
    if (behave === 'forbid') return response.writeHead(403).end(`<Error>${ID}</Error>`)
    if (behave === 'no bucket') return response.writeHead(404).end('<Error><Code>NoSuchBucket</Code></Error>')
    if (behave === 'claim') return response.writeHead(200, { 'content-length': '20000001' }).flushHeaders()
    if (behave === 'fail') return response.writeHead(500).end('<Error>no</Error>')
    if (behave === 'redirect') return response.writeHead(307, { location: `${endpoint}/elsewhere` }).end()
    if (behave === 'hang') return
    if (request.method === 'PUT') {
      if (behave !== 'forget') objects.set(name, body)
      return response.writeHead(200).end()
    }
    if (behave === 'flood') {
      response.writeHead(200)
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(1_000_000), more)
      }
      return more()
    }
    const found = objects.get(name)
    return found === undefined ? response.writeHead(404).end('<Error>NoSuchKey</Error>') : response.end(found)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  behave = 'well'
  seen = []
})

const s3 = (more = {}): BackupTarget =>
  s3Target({
    endpoint,
    bucket: 'backups',
    accessKeyId: ID,
    secretAccessKey: SECRET,
    prefix: 'my wallets/',
    ...more,
  })

const text = 'an encrypted backup\n'
const name = 'wallet.age'

describe.each<[string, () => BackupTarget]>([
  ['a store', () => storeTarget(memoryStore())],
  ['a folder', () => fileTarget(join(mkdtempSync(join(tmpdir(), 'coffer-backup-')), 'new'))],
  ['S3', () => s3()],
])('%s as a place of backups', (_, make) => {
  it('gives back what was written, replaces it, and says when there is none', async () => {
    const target = make()
    expect(await target.read('never.age')).toBe(undefined)
    await target.write(name, text)
    expect(await target.read(name)).toBe(text)
    await target.write(name, 'another')
    expect(await target.read(name)).toBe('another')
  })
})

describe('a folder', () => {
  it('holds files that their owner alone can read, and no leftovers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-backup-'))
    await fileTarget(folder).write(name, text)
    expect(readdirSync(folder)).toEqual([name])
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    await expect(fileTarget(join(folder, name)).write(name, text)).rejects.toMatchObject({
      code: 'STORE_FAILED',
    })
  })
})

describe('a folder with something else in it', () => {
  it('G9: reads no file that is larger than any backup', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-backup-'))
    writeFileSync(join(folder, name), '')
    truncateSync(join(folder, name), 20_000_001)
    await expect(fileTarget(folder).read(name)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

describe('S3', () => {
  it('works where answers have no streams, and says when it cannot sign', async () => {
    const withoutStreams: typeof fetch = async (input, init) => {
      const { status, headers, text } = await fetch(input, init).then(async (answer) => {
        const body = await answer.text()
        return { status: answer.status, headers: answer.headers, text: async () => body }
      })
      return { status, headers, text } as Response
    }
    const target = s3({ fetch: withoutStreams })
    await target.write(name, text)
    expect(await target.read(name)).toBe(text)
    vi.stubGlobal('crypto', {})
    try {
      await expect(s3().read(name)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('is asked with right signatures', async () => {
    await s3().write("it's a (strange) name*.age", text)
    await s3({ sessionToken: 'token', region: 'eu-central-1' }).read(name)
    expect(seen).toEqual([
      'PUT /backups/my%20wallets/it%27s%20a%20%28strange%29%20name%2A.age right',
      'GET /backups/my%20wallets/wallet.age right',
    ])
  })

  it.each([
    ['forbid', 'STORE_UNAVAILABLE'],
    ['fail', 'STORE_FAILED'],
    ['no bucket', 'STORE_UNAVAILABLE'],
    ['claim', 'STORE_FAILED'],
    ['redirect', 'NETWORK'],
    ['hang', 'TIMEOUT'],
    ['flood', 'STORE_FAILED'],
  ] as const)('says what is wrong when they %s, once, and shows no credential', async (how, code) => {
    behave = how
    const target = s3({ timeout: 1000 })
    const error = await target.read(name).catch((error: unknown) => error)
    expect(error).toMatchObject({ code })
    expect(seen).toHaveLength(1)
    for (const shown of [inspect(error, { depth: 9 }), JSON.stringify(error), inspect(target), target.name]) {
      expect(shown).not.toContain(SECRET)
      expect(shown).not.toContain(ID)
    }
  })

  it('is cancelled, and needs a sound endpoint', async () => {
    behave = 'hang'
    await expect(s3().read(name, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    for (const wrong of ['http://example.com', 'https://user:pass@example.com', 'nonsense'])
      expect(() => s3({ endpoint: wrong })).toThrow(/https/)
  })
})

describe('writeBackup', () => {
  it('writes to all, reads each back, and says which failed', async () => {
    const lying = { ...storeTarget(memoryStore()), read: async () => 'something else', name: 'lying' }
    const broken = {
      name: 'broken',
      write: async () => {
        throw new Error('quota of user ann@example.com')
      },
      read: async () => undefined,
    }
    const good = storeTarget(memoryStore())
    const written = await writeBackup({ name, text, targets: [good, lying, broken, s3()] })
    expect(written.map((one) => (one.ok ? 'ok' : one.error.code))).toEqual([
      'ok',
      'BACKUP_MISMATCH',
      'STORE_FAILED',
      'ok',
    ])
    expect(JSON.stringify(written)).not.toContain('ann')
    behave = 'forget'
    objects.clear()
    await expect(writeBackup({ name, text, targets: [broken, s3()] })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    })
  })

  it('needs a target and a plain name', async () => {
    await expect(writeBackup({ name, text, targets: [] })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    for (const wrong of ['', '../wallet.age', 'a/b', '.hidden', 'x'.repeat(200)])
      await expect(
        writeBackup({ name: wrong, text, targets: [storeTarget(memoryStore())] }),
      ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

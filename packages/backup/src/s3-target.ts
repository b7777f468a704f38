import { CofferError, isCofferError, throwIfAborted, withTimeout } from '@coffer/core'
import { AwsClient } from 'aws4fetch'
import type { BackupTarget, TargetOptions } from './target.ts'

export interface S3Options {
  /** Of the service, such as `https://s3.eu-central-1.amazonaws.com` or that of any server that speaks S3. */
  readonly endpoint: string
  readonly bucket: string
  /** `us-east-1` when not given. */
  readonly region?: string | undefined
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** Before the name of a backup, such as `wallets/`. */
  readonly prefix?: string | undefined
  /** Milliseconds for one request; 30,000 when not given. */
  readonly timeout?: number | undefined
  readonly fetch?: typeof fetch | undefined
}

const LARGEST = 20_000_000

/**
 * A bucket of a service that speaks S3, signed with AWS Signature Version 4. Follows no redirect, and shows no credential. Throws
 * `NETWORK` or `TIMEOUT` (retryable), `STORE_UNAVAILABLE` when it is not allowed or there is no such bucket, `STORE_FAILED` for any
 * other answer, `UNSUPPORTED` where there is no WebCrypto to sign with.
 *
 * @example
 * s3Target({ endpoint, bucket: 'backups', accessKeyId, secretAccessKey })
 */
export function s3Target(options: S3Options): BackupTarget {
  const { bucket, region = 'us-east-1', prefix = '', timeout = 30_000 } = options
  const { accessKeyId, secretAccessKey, sessionToken } = options
  const base = endpointOf(options.endpoint)
  if (`${bucket}/${prefix}`.split('/').some((part) => part === '.' || part === '..'))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'A bucket and a prefix have no . and no .. between slashes: they would lead elsewhere.',
    })
  const name = `s3 ${base.host}/${bucket}`
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    service: 's3',
    region,
    ...(sessionToken !== undefined && { sessionToken }),
  })
  const urlOf = (file: string): string =>
    new URL(`${base.pathname.replace(/\/$/, '')}/${encode(bucket)}/${encode(prefix + file)}`, base).href

  const ask = async (
    method: 'GET' | 'PUT',
    file: string,
    body: string | undefined,
    { signal }: TargetOptions,
  ): Promise<{ readonly status: number; readonly text: string }> => {
    checkPlatform()
    const send = async (limit: AbortSignal): Promise<{ readonly status: number; readonly text: string }> => {
      const signed = await client.sign(urlOf(file), {
        method,
        ...(body !== undefined && { body, headers: { 'content-type': 'application/octet-stream' } }),
      })
      const response = await (options.fetch ?? fetch)(signed, { redirect: 'error', signal: limit })
      return { status: response.status, text: await readAll(response, name) }
    }
    try {
      return await withTimeout(
        timeout,
        signal,
        send,
        `${name} did not answer in ${timeout / 1000} seconds. Try again later.`,
      )
    } catch (error) {
      if (isCofferError(error)) throw error
      throwIfAborted(signal)
      // Without the cause, whose request bears the signature.
      throw new CofferError({
        code: 'NETWORK',
        message: `${name} cannot be reached. Try again later.`,
        retryable: true,
      })
    }
  }

  return {
    name,
    write: async (file, text, given = {}) => {
      const { status } = await ask('PUT', file, text, given)
      if (status < 200 || status > 299) throw refused(name, status)
    },
    read: async (file, given = {}) => {
      const { status, text } = await ask('GET', file, undefined, given)
      if (status === 404 && !text.includes('<Code>NoSuchBucket</Code>')) return undefined
      if (status !== 200) throw refused(name, status)
      return text
    },
  }
}

function checkPlatform(): void {
  if ((globalThis.crypto as Crypto | undefined)?.subtle) return
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: 'S3 needs WebCrypto to sign, which is there on https and localhost alone. Take another target.',
  })
}

function endpointOf(text: string): URL {
  try {
    const url = new URL(text)
    const isLocal = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/.test(url.hostname)
    if (url.username || url.password || url.search) throw new Error('more than an endpoint')
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) return url
  } catch {
    // Told below, without what it was: it may hold a credential.
  }
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'An endpoint is https://… without user, password and query.',
  })
}

async function readAll(response: Response, name: string): Promise<string> {
  const refuse = (): CofferError =>
    new CofferError({ code: 'STORE_FAILED', message: `${name} answers with more than any backup has.` })
  if (Number(response.headers.get('content-length')) > LARGEST) throw refuse()
  const reader = response.body?.getReader()
  // Some platforms have no streams in answers.
  if (!reader) {
    const text = await response.text()
    if (text.length > LARGEST) throw refuse()
    return text
  }
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    length += value.length
    if (length > LARGEST) {
      await reader.cancel()
      throw refuse()
    }
    text += decoder.decode(value, { stream: true })
  }
}

function refused(name: string, status: number): CofferError {
  const isForbidden = status === 401 || status === 403
  if (status === 404)
    return new CofferError({
      code: 'STORE_UNAVAILABLE',
      message: `${name} is not there (HTTP 404). Make the bucket, or check its name and region.`,
      details: { status },
    })
  return new CofferError({
    code: isForbidden ? 'STORE_UNAVAILABLE' : 'STORE_FAILED',
    message: isForbidden
      ? `${name} does not allow it (HTTP ${status}). Check the access key and its rights.`
      : `${name} answered HTTP ${status}. Nothing is to be relied on there; try again.`,
    details: { status },
    retryable: status >= 500,
  })
}

/** As the signature has it: everything but letters, digits, `-._~` and the slash. */
function encode(path: string): string {
  return path
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/')
}

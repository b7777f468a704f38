import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext, RunningApp, SimulatedApp } from './app.ts'
import { concat, utf8 } from './byte-strings.ts'
import { addressOfKey, checksummed, ethereumKey } from './ethereum-address.ts'
import { type ComingAuthorization, signAuthorization } from './ethereum-authorization.ts'
import { type ComingMessage, signMessage } from './ethereum-message.ts'
import { type ComingTransaction, signTransaction } from './ethereum-sign-transaction.ts'
import { readToken, type Token } from './ethereum-token.ts'
import { signHashedTypedData, type TypedDataSession, typedDataSession } from './ethereum-typed-data.ts'
import { readPath, uncompressed } from './secp-key.ts'
import { versionBytes } from './version-bytes.ts'

export interface EthereumDeviceAppOptions {
  readonly version?: string | undefined
  /** Whether its owner lets it sign what it cannot show. False when not given, as the real app comes. */
  readonly blindSigning?: boolean | undefined
  /** Whether its owner lets it sign EIP-7702 authorizations. False when not given, as the real app comes. */
  readonly smartAccounts?: boolean | undefined
}

const CLASS = 0xe0
const MOST_TOKENS = 5
const NEEDS_TOKENS = 0x02

/** Descriptors with signatures of Ledger's that cannot be made here: refused as with a wrong one. */
const DESCRIPTORS = [0x12, 0x14, 0x16, 0x22, 0x24, 0x2a, 0x36, 0x38]
/** Descriptors of a stored call, which are refused before it is stored. */
const CALL_DESCRIPTORS = [0x26, 0x28]

async function address({ p1, p2, data }: Apdu, context: AppContext): Promise<Uint8Array> {
  if (p1 > 1 || p2 > 1) throw new StatusWord(0x6b00)
  const read = readPath(data)
  if (!read) throw new StatusWord(0x6a80)
  const key = ethereumKey(context.root, read.path)
  // The identifier of a chain may follow: of which network the screen speaks.
  if (read.rest.length !== 0 && read.rest.length !== 8) throw new StatusWord(0x6a80)
  const text = checksummed(addressOfKey(key))
  if (p1 === 1) await context.ask({ kind: 'address', fields: [['Address', `0x${text}`]], warnings: [] })
  const answer = concat(Uint8Array.of(65), uncompressed(key), Uint8Array.of(40), utf8(text))
  return p2 === 1 ? concat(answer, key.chainCode!) : answer
}

/**
 * Ledger's Ethereum app on a simulated device.
 *
 * @example
 * const device = ledgerDevice({ mnemonic, apps: [ethereumDeviceApp({ blindSigning: true })], open: 'Ethereum' })
 */
export function ethereumDeviceApp({
  version = '1.23.0-dev',
  blindSigning = false,
  smartAccounts = false,
}: EthereumDeviceAppOptions = {}): SimulatedApp {
  return {
    name: 'Ethereum',
    version,
    start: (context) => start(context, { version, blindSigning, smartAccounts }),
  }
}

function start(
  context: AppContext,
  {
    version,
    blindSigning,
    smartAccounts,
  }: { version: string; blindSigning: boolean; smartAccounts: boolean },
): RunningApp {
  let transaction: ComingTransaction | undefined
  let message: ComingMessage | undefined
  let authorization: ComingAuthorization | undefined
  let typedData: TypedDataSession | undefined
  let showsTypedData = false
  let tokens: Token[] = []
  let nextToken = 0
  let challenge = 0

  const isIdle = (): boolean => !transaction && !message && !showsTypedData
  const forgetTokens = (): void => {
    tokens = []
    nextToken = 0
  }
  const reset = (): void => {
    transaction = undefined
    message = undefined
    authorization = undefined
    showsTypedData = false
    forgetTokens()
  }
  const onShown = (): void => {
    if (!isIdle() && !showsTypedData) reset()
    showsTypedData = true
  }

  const provideToken = (data: Uint8Array): Uint8Array => {
    const index = nextToken
    tokens[index] = readToken(data)
    nextToken = (index + 1) % MOST_TOKENS
    return Uint8Array.of(index)
  }

  const sign = async (apdu: Apdu): Promise<Uint8Array> => {
    if (apdu.p1 === 0 && apdu.p2 < 2 && !isIdle()) reset()
    const { answer, coming } = await signTransaction(apdu, context, {
      coming: transaction,
      tokens,
      blindSigning,
    })
    transaction = coming
    if (!coming) reset()
    return answer
  }

  const signPersonal = async (apdu: Apdu): Promise<Uint8Array> => {
    forgetTokens()
    const { answer, coming } = await signMessage(apdu, context, { coming: message, isIdle: isIdle() })
    message = coming
    if (!coming) reset()
    return answer
  }

  const signTypedData = async (apdu: Apdu): Promise<Uint8Array> => {
    if (apdu.p2 > 1) throw new StatusWord(0x6b00)
    if (apdu.p2 === 0) {
      reset()
      return signHashedTypedData(apdu, context, blindSigning)
    }
    const answer = await withTypedData((session) => session.sign(apdu.data, context))
    typedData = undefined
    reset()
    return answer
  }

  /** What fails there ends the whole of it. */
  const withTypedData = async <T>(use: (session: TypedDataSession) => T | Promise<T>): Promise<T> => {
    if (!typedData) throw new StatusWord(0x6980)
    try {
      return await use(typedData)
    } catch (error) {
      typedData = undefined
      throw error
    }
  }

  const define = (apdu: Apdu): Promise<Uint8Array> => {
    typedData ??= typedDataSession()
    return withTypedData((session) => session.define(apdu))
  }

  const filter = (apdu: Apdu): Promise<Uint8Array> => {
    if (apdu.p2 === 0) forgetTokens()
    return withTypedData((session) => session.filter(apdu, onShown))
  }

  const authorize = async (apdu: Apdu): Promise<Uint8Array> => {
    const { answer, coming } = await signAuthorization(apdu, context, {
      coming: authorization,
      smartAccounts,
    })
    authorization = coming
    return answer
  }

  const run = (apdu: Apdu): Promise<Uint8Array> | Uint8Array => {
    switch (apdu.ins) {
      case 0x02:
        reset()
        return address(apdu, context)
      case 0x04:
        return sign(apdu)
      case 0x06:
        return Uint8Array.of(NEEDS_TOKENS | (blindSigning ? 1 : 0), ...versionBytes(version))
      case 0x08:
        return signPersonal(apdu)
      case 0x0a:
        return provideToken(apdu.data)
      case 0x0c:
        return signTypedData(apdu)
      case 0x1a:
        return define(apdu)
      case 0x1c:
        return withTypedData((session) => session.implement(apdu, blindSigning, onShown))
      case 0x1e:
        return filter(apdu)
      case 0x20:
        return Uint8Array.of(0, 0, challenge >> 8, challenge++ & 0xff)
      case 0x30:
        if (apdu.p2 === 0x02) return Uint8Array.of(0)
        throw new StatusWord(apdu.p2 < 2 ? 0x6a80 : 0x6b00)
      case 0x34:
        return authorize(apdu)
    }
    if (DESCRIPTORS.includes(apdu.ins)) throw new StatusWord(0x6a80)
    if (CALL_DESCRIPTORS.includes(apdu.ins)) throw new StatusWord(isIdle() ? 0x6980 : 0x6a80)
    throw new StatusWord(0x6d00)
  }

  return {
    handle: async (apdu) => {
      try {
        if (apdu.cla !== CLASS) throw new StatusWord(0x6e00)
        return await run(apdu)
      } catch (error) {
        reset()
        throw error
      }
    },
  }
}

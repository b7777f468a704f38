/** A key of a policy, and the two steps that tell receiving from change: `@0/<0;1>/*`. */
export interface KeyExpression {
  /** Which of the policy's keys. */
  readonly key: number
  readonly receive: number
  readonly change: number
}

/** A descriptor template (BIP-388) of those that the simulated app knows: one key, or a multisig. */
export interface Template {
  readonly wrapper: 'pkh' | 'wpkh' | 'sh(wpkh' | 'tr' | 'sh' | 'wsh' | 'sh(wsh'
  readonly keys: readonly KeyExpression[]
  /** How many signatures a multisig needs. */
  readonly threshold?: number
  readonly sorted?: boolean
}

const NUMBER = '(?:0|[1-9][0-9]{0,9})'
const KEY = `@(${NUMBER})/(?:\\*\\*|<(${NUMBER});(${NUMBER})>/\\*)`
const SINGLE = new RegExp(`^(pkh|wpkh|sh\\(wpkh|tr)\\((${KEY})\\)(\\)?)$`)
const MULTISIG = new RegExp(`^(sh|wsh|sh\\(wsh)\\((sorted)?multi\\((${NUMBER})((?:,${KEY})+)\\)\\)(\\)?)$`)
const MOST_KEYS = 16
const HIGHEST_STEP = 0x80000000

function keyExpressions(text: string): KeyExpression[] {
  return [...text.matchAll(new RegExp(KEY, 'g'))].map(([, key, receive = '0', change = '1']) => ({
    key: Number(key),
    receive: Number(receive),
    change: Number(change),
  }))
}

const isFine = ({ key, receive, change }: KeyExpression): boolean =>
  key <= 0x7fff && receive <= HIGHEST_STEP && change <= HIGHEST_STEP && receive !== change

/** `undefined` for a template that the simulated app does not know. */
export function parseTemplate(text: string): Template | undefined {
  const match = SINGLE.exec(text) ?? MULTISIG.exec(text)
  if (!match) return undefined
  const wrapper = match[1] as Template['wrapper']
  if ((match.at(-1) === ')') !== wrapper.includes('(')) return undefined
  const keys = keyExpressions(text)
  if (!keys.every(isFine)) return undefined
  if (wrapper.includes('pkh') || wrapper === 'tr') return { wrapper, keys }
  const threshold = Number(match[3])
  if (threshold < 1 || threshold > keys.length || keys.length > MOST_KEYS) return undefined
  return { wrapper, keys, threshold, sorted: match[2] !== undefined }
}

/** The version of segregated witness that is spent with; `undefined` for none. */
export function witnessVersion({ wrapper }: Template): 0 | 1 | undefined {
  if (wrapper === 'tr') return 1
  return wrapper === 'pkh' || wrapper === 'sh' ? undefined : 0
}

/** The first step of the path of the accounts that may use a template without registering it. */
export function standardPurpose({ wrapper, keys }: Template): number | undefined {
  const [key] = keys
  if (keys.length !== 1 || key!.key !== 0 || key!.receive !== 0 || key!.change !== 1) return undefined
  const purposes: Partial<Record<Template['wrapper'], number>> = {
    pkh: 44,
    'sh(wpkh': 49,
    wpkh: 84,
    tr: 86,
  }
  return purposes[wrapper]
}

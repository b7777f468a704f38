import {
  CofferError,
  isCofferError,
  type PublicKey,
  randomBytes,
  type Signer,
  sleep,
  withLock,
} from '@coffer/core'
import type { Argon2Options } from './argon2.ts'
import { attemptsOf, counted, MOST_PINS } from './attempts.ts'
import { type Watchman, watchman } from './auto-lock.ts'
import { type StoredSecret, wipeSecrets } from './body.ts'
import { fillRoom, infoOf, type Opened, openHidden, readContents, writeContents } from './contents.ts'
import {
  type Envelope,
  type KnownKey,
  knownKey,
  MOST_PASSWORDS,
  publicKeyOf,
  type SecretInfo,
  type Slot,
} from './envelope.ts'
import { type Loaded, loadVault, saveVault, settleVault } from './generations.ts'
import { isWeaker, type KdfCost, stretch } from './kdf.ts'
import { revealed, signerOf, storedSecret } from './secrets.ts'
import {
  checkHas,
  checkPassword,
  makeSlot,
  openSlots,
  rewrapSlot,
  type Stretcher,
  stretcher,
  type Unlock,
} from './slots.ts'
import type { LockReason, OpenVaultOptions, SlotInfo, Vault } from './vault.ts'

/** What the signer of a vault may do with it, and nobody else. */
export interface Inside {
  /** A software signer over a secret, for the caller to dispose. Throws `VAULT_LOCKED`. */
  signer(secret: string): Signer
  /** Calls `listener` when what is open may be another vault or hold other secrets. Returns a function that ends that. */
  onChange(listener: () => void): () => void
  /** A public key that was asked for before; `undefined` when it is not known. */
  known(secret: string, path: string): PublicKey | undefined
  /** Keeps a public key for when the vault is locked. */
  remember(secret: string, key: PublicKey): Promise<void>
  /** Counts who signs with it: when the last one ends, the vault is locked. */
  enter(): () => void
}

const insides = new WeakMap<Vault, Inside>()

/** Reachable from this package alone: a vault shows nothing of it. */
export function insideOf(vault: Vault): Inside {
  const inside = insides.get(vault)
  if (inside) return inside
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'This is no vault. Make one with createVault or openVault.',
  })
}

type Config = OpenVaultOptions & { readonly name: string; readonly cost: KdfCost }

/** What a change makes of a vault. */
interface Change<T> {
  readonly envelope: Envelope
  readonly result: T
  /** The key after it, where that is another. */
  readonly dataKey?: Uint8Array
  /** True when nothing of the state before may be left. */
  readonly forget?: boolean
}

/** The vault as an object: what is known of it, its open session, and one change at a time. */
export function keepVault(
  config: Config,
  loaded: Loaded,
  session?: { readonly opened: Opened; readonly secrets: readonly SecretInfo[] },
): Vault {
  const { store, name, cost, autoLock = {}, worker } = config
  let envelope = loaded === 'damaged' ? undefined : loaded
  let { generation } = config
  let opened: Opened | undefined
  let infos: readonly SecretInfo[] = envelope?.shown?.secrets ?? []
  let watch: Watchman | undefined
  let signers = 0
  const listeners = {
    lock: new Set<(reason: LockReason) => void>(),
    unlock: new Set<(_: undefined) => void>(),
    change: new Set<(_: undefined) => void>(),
  }

  const lock = (reason: LockReason): void => {
    if (!opened) return
    opened.dataKey.fill(0)
    opened = undefined
    infos = envelope?.shown?.secrets ?? []
    watch?.stop()
    watch = undefined
    tell(listeners.lock, reason)
  }

  const open = (next: Opened, secrets: readonly SecretInfo[]): void => {
    opened?.dataKey.fill(0)
    opened = next
    infos = secrets
    watch?.stop()
    watch = autoLock === false ? undefined : watchman(autoLock, lock)
    // An app that is in the background already says so at once.
    if (opened !== next) {
      watch?.stop()
      watch = undefined
      return
    }
    tell(listeners.change, undefined)
    tell(listeners.unlock, undefined)
  }

  const isOpen = (): boolean => {
    if (watch?.isLate()) lock('idle')
    return opened !== undefined
  }

  /** The open session; a copy of the key, so that a lock in the meantime seals nothing under zeros. */
  const take = (): Opened => {
    if (!isOpen())
      throw new CofferError({
        code: 'VAULT_LOCKED',
        message: 'The vault is locked. Unlock it, then try again.',
      })
    watch?.touch()
    const { part, dataKey } = opened!
    return { part, dataKey: Uint8Array.from(dataKey) }
  }

  /** What the store holds now; another tab may have written since. */
  const fresh = async (): Promise<Envelope> => {
    const now = await loadVault(store, name, generation)
    if (now === 'damaged' || !now || (envelope && now.id !== envelope.id)) throw failed()
    return now
  }

  /** Reads, changes and writes the vault while nobody else does. */
  const change = async <T>(
    edit: (now: Envelope, secrets: readonly StoredSecret[], session: Opened) => Promise<Change<T>>,
  ): Promise<T> => {
    const session = take()
    let secrets: readonly StoredSecret[] | undefined
    try {
      return await withLock(store, name, async () => {
        const now = await fresh()
        secrets = readContents(now, session)
        if (!secrets) {
          lock('changed')
          throw new CofferError({
            code: 'VAULT_CHANGED',
            message: 'The vault was changed elsewhere and is locked now. Unlock it again.',
          })
        }
        const { envelope: next, result, dataKey, forget } = await edit(now, secrets, session)
        await saveVault(store, name, next, { forget: forget ?? false })
        envelope = next
        const key = dataKey ?? session.dataKey
        const after = readContents(next, { part: session.part, dataKey: key }) ?? []
        // Another part may have been opened in the meantime.
        if (opened?.part === session.part) {
          infos = after.map(infoOf)
          if (dataKey) {
            opened.dataKey.fill(0)
            opened = { part: session.part, dataKey: Uint8Array.from(dataKey) }
          }
        }
        wipeSecrets(after)
        dataKey?.fill(0)
        tell(listeners.change, undefined)
        return result
      })
    } finally {
      session.dataKey.fill(0)
      if (secrets) wipeSecrets(secrets)
    }
  }

  /** Finds the data key that `how` leads to, and opens the contents with it. Counts tries of what could be guessed. */
  const tryToOpen = async (
    how: Unlock,
    signal: AbortSignal | undefined,
  ): Promise<{
    readonly now: Envelope
    readonly opened: Found
    readonly secrets: readonly StoredSecret[]
  }> => {
    const attempt = async () => {
      const now = await fresh()
      checkHas(now, how)
      const passwords = stretcher({ signal, worker })
      try {
        const found = await findKey(now, how, passwords, signal)
        // One task of a page for the key, one for the contents, and one for what the app does with them.
        await sleep(0)
        const secrets = found && readContents(now, found)
        await sleep(0)
        if (secrets) return { now, opened: found, secrets }
        found?.dataKey.fill(0)
        return undefined
      } finally {
        passwords.wipe()
      }
    }
    const kind = 'password' in how ? 'password' : 'pin' in how ? 'pin' : undefined
    if (!kind) return (await attempt()) ?? raise(failed())
    return withLock(store, `${name}/${kind}`, async () => {
      const { result, failures } = await counted(store, `${name}/attempts/${kind}`, attempt)
      if (result) return result
      if ('pin' in how && failures >= MOST_PINS) await erasePins(how)
      throw failed()
    })
  }

  /** What hardware held for a PIN goes; the password opens the vault as before. */
  const erasePins = async ({ key }: Extract<Unlock, { readonly pin: string }>): Promise<void> => {
    for (const slot of (await fresh()).slots)
      if (slot.type === 'pin' && slot.device.name === key.name) await key.delete(slot.device.data)
    throw new CofferError({
      code: 'TOO_MANY_ATTEMPTS',
      message: `The PIN was wrong ${MOST_PINS} times and opens nothing any more. Unlock with the password and set a new PIN.`,
      details: { erased: true },
    })
  }

  const unlock: Vault['unlock'] = async (how, { signal } = {}) => {
    const found = await tryToOpen(how, signal)
    envelope = found.now
    const list = found.secrets.map(infoOf)
    wipeSecrets(found.secrets)
    open(found.opened, list)
    if (generation === 'previous') {
      try {
        await withLock(store, name, () => saveVault(store, name, found.now))
      } catch (error) {
        lock('asked')
        throw error
      }
      generation = 'current'
    }
    try {
      await withLock(store, name, () => settleVault(store, name))
      const { slot } = found.opened
      if ('password' in how && slot && 'kdf' in slot && isWeaker(slot.kdf, cost))
        await replacePassword(how.password, how.password, signal)
    } catch (error) {
      // It is open; what could not be put in order is put in order the next time.
      if (isCofferError(error, 'ABORTED', 'VAULT_CHANGED')) throw error
    }
  }

  const replacePassword = (password: string, newPassword: string, signal?: AbortSignal): Promise<void> =>
    change(async (now, secrets, { part, dataKey }) => {
      if (part === 'hidden') {
        const { kdf } = now.hidden!
        const material = await stretch(newPassword, kdf, { signal, worker })
        const next = fillRoom(now, { material, kdf, dataKey }, secrets)
        material.fill(0)
        return { envelope: next, result: undefined, forget: true }
      }
      const { before } = await rewrapped(now, { password }, dataKey, { signal, worker })
      // Beside a hidden vault the salt stays, so that one stretching goes on to tell which of the two it is.
      const salt = now.hidden && 'kdf' in before && !isWeaker(before.kdf, cost) ? before.kdf : cost
      const { slot } = await makeSlot(now.id, dataKey, { password: newPassword }, salt, { signal, worker })
      const slots = now.slots.map((one) => (one.id === before.id ? slot : one))
      const next = writeContents(now, { part, dataKey }, secrets, { slots })
      return { envelope: next, result: undefined, forget: true }
    })

  let pending: { readonly secret: string; readonly key: PublicKey }[] = []
  let remembering: Promise<void> | undefined
  const remember = (): Promise<void> => {
    remembering ??= Promise.resolve()
      .then(async () => {
        while (pending.length > 0) {
          const added = pending.map(({ secret, key }) => knownKey(secret, key))
          pending = []
          await change(async (now, secrets, session) => {
            // It may have been forgotten, or another vault opened, since the key was asked for.
            const isOurs = (key: KnownKey): boolean => secrets.some(({ id }) => id === key.secret)
            const fresh = added.filter((key) => isOurs(key) && !isKnown(now, key))
            const keys = [...(now.shown?.keys ?? []), ...fresh]
            const shown = { secrets: secrets.map(infoOf), keys }
            return { envelope: writeContents(now, session, secrets, { shown }), result: undefined }
          })
        }
      })
      .finally(() => {
        remembering = undefined
      })
    return remembering
  }

  const vault: Vault = {
    get id() {
      return envelope?.id ?? ''
    },
    get state() {
      return isOpen() ? 'unlocked' : 'locked'
    },
    get part() {
      return isOpen() ? opened?.part : undefined
    },
    get secrets() {
      return infos
    },
    get slots() {
      return (envelope?.slots ?? []).map(slotInfo)
    },
    unlock,
    lock: () => lock('asked'),
    on: (event: 'lock' | 'unlock', listener: (reason: LockReason) => void) => {
      const set = listeners[event] as Set<typeof listener>
      set.add(listener)
      return () => void set.delete(listener)
    },
    touch: () => watch?.touch(),
    add: async (secret) => {
      const stored = await storedSecret(secret, secret)
      try {
        return await change(async (now, secrets, session) => {
          const all = [...secrets, stored]
          return { envelope: writeContents(now, session, all, shownAs(now, all)), result: infoOf(stored) }
        })
      } finally {
        wipeSecrets([stored])
      }
    },
    remove: (id) =>
      change(async (now, secrets, session) => {
        const left = secrets.filter((secret) => secret.id !== id)
        if (left.length === secrets.length) throw unknown('secret', id)
        return {
          envelope: writeContents(now, session, left, shownAs(now, left)),
          result: undefined,
          forget: true,
        }
      }),
    reveal: async (id, how, { signal } = {}) => {
      const found = await tryToOpen(how, signal)
      found.opened.dataKey.fill(0)
      try {
        const secret = found.secrets.find((secret) => secret.id === id)
        if (!secret) throw unknown('secret', id)
        return revealed(secret)
      } finally {
        wipeSecrets(found.secrets)
      }
    },
    changePassword: async ({ password, newPassword }) => {
      checkPassword(newPassword)
      const wanted = take()
      wanted.dataKey.fill(0)
      const found = await tryToOpen({ password }, undefined)
      wipeSecrets(found.secrets)
      found.opened.dataKey.fill(0)
      if (found.opened.part !== wanted.part) throw failed()
      await replacePassword(password, newPassword)
    },
    addSlot: (wanted, { signal } = {}) =>
      change(async (now, secrets, session) => {
        refuseInHidden(session)
        const guessed = now.slots.filter(({ type }) => type === 'password' || type === 'pin')
        if (guessed.length >= MOST_PASSWORDS && ('password' in wanted || 'pin' in wanted))
          throw new CofferError({
            code: 'INVALID_REQUEST',
            message: `A vault has at most ${MOST_PASSWORDS} passwords and PINs. Remove one first.`,
          })
        const { slot, recoveryCode } = await makeSlot(now.id, session.dataKey, wanted, cost, {
          signal,
          worker,
        })
        const slots = [...now.slots, slot]
        const result = { ...slotInfo(slot), ...(recoveryCode !== undefined && { recoveryCode }) }
        return { envelope: writeContents(now, session, secrets, { slots }), result }
      }),
    removeSlot: (id) =>
      change(async (now, secrets, session) => {
        refuseInHidden(session)
        const slots = now.slots.filter((slot) => slot.id !== id)
        if (slots.length === now.slots.length) throw unknown('slot', id)
        checkLasting(slots)
        return { envelope: writeContents(now, session, secrets, { slots }), result: undefined, forget: true }
      }),
    rotate: (keep, { signal } = {}) =>
      change(async (now, secrets, session) => {
        refuseInHidden(session)
        const dataKey = randomBytes(32)
        const slots: Slot[] = []
        for (const how of keep) {
          const { slot } = await rewrapped(now, how, dataKey, { signal, worker })
          if (!slots.some(({ id }) => id === slot.id)) slots.push(slot)
        }
        checkLasting(slots)
        const next = writeContents(now, { part: 'outer', dataKey }, secrets, { slots })
        return { envelope: next, result: undefined, dataKey, forget: true }
      }),
    hide: async ({ password, secrets: given }) => {
      checkPassword(password)
      const stored = await Promise.all(given.map((secret) => storedSecret(secret, secret)))
      try {
        await change(async (now, _, session) => {
          refuseInHidden(session)
          const { hidden } = now
          if (!hidden)
            throw new CofferError({
              code: 'UNSUPPORTED',
              message: 'This vault has no room for a hidden one. Make one with { hiddenRoom }.',
            })
          const passwords = stretcher({ worker })
          const dataKey = randomBytes(32)
          try {
            const seen = await openSlots(now, { password }, passwords)
            seen?.dataKey.fill(0)
            if (seen)
              throw new CofferError({
                code: 'INVALID_REQUEST',
                message: 'This password opens the vault that is seen. The hidden one needs another.',
              })
            const material = await passwords.stretch(password, hidden.kdf)
            const next = fillRoom(now, { material, kdf: hidden.kdf, dataKey }, stored)
            material.fill(0)
            return { envelope: next, result: undefined, forget: true }
          } finally {
            passwords.wipe()
            dataKey.fill(0)
          }
        })
      } finally {
        wipeSecrets(stored)
      }
    },
    attempts: () => attemptsOf(store, `${name}/attempts/password`),
  }

  insides.set(Object.freeze(vault), {
    signer: (id) => {
      const session = take()
      const secrets = envelope && readContents(envelope, session)
      session.dataKey.fill(0)
      const secret = secrets?.find((secret) => secret.id === id)
      try {
        if (!secret) throw unknown('secret', id)
        return signerOf(secret)
      } finally {
        wipeSecrets(secrets ?? [])
      }
    },
    onChange: (listener) => {
      listeners.change.add(listener)
      return () => void listeners.change.delete(listener)
    },
    known: (secret, path) => {
      const key = envelope?.shown?.keys.find((key) => key.secret === secret && key.path === path)
      return key && publicKeyOf(key)
    },
    remember: async (secret, key) => {
      if (!envelope?.shown || opened?.part !== 'outer' || isKnown(envelope, { ...key, secret })) return
      pending.push({ secret, key })
      await remember()
    },
    enter: () => {
      signers++
      let isIn = true
      return () => {
        if (!isIn) return
        isIn = false
        if (--signers === 0) lock('asked')
      }
    },
  })
  if (session) open(session.opened, session.secrets)
  return vault
}

/** One listener that throws keeps no other from hearing, least of all those that wipe keys. */
function tell<T>(listeners: ReadonlySet<(event: T) => void>, event: T): void {
  const errors: unknown[] = []
  for (const listener of [...listeners])
    try {
      listener(event)
    } catch (error) {
      errors.push(error)
    }
  if (errors.length > 0) throw errors[0]
}

// ---- on vaults ----

interface Found extends Opened {
  /** What it was opened with, where that is a slot. */
  readonly slot?: Slot
}

async function findKey(
  now: Envelope,
  how: Unlock,
  passwords: Stretcher,
  signal: AbortSignal | undefined,
): Promise<Found | undefined> {
  const outer = await openSlots(now, how, passwords, signal)
  if (outer) return { part: 'outer', ...outer }
  const hidden = 'password' in how ? await openHidden(now, how.password, passwords) : undefined
  return hidden && { part: 'hidden', dataKey: hidden }
}

/** The slot that `how` opens, with a new data key in it; throws `UNLOCK_FAILED`. A recovery code stays what it is on paper. */
async function rewrapped(
  now: Envelope,
  how: Unlock,
  dataKey: Uint8Array,
  options: Argon2Options,
): Promise<{ readonly before: Slot; readonly slot: Slot }> {
  const passwords = stretcher(options)
  try {
    return (await rewrapSlot(now, how, dataKey, passwords, options.signal)) ?? raise(failed())
  } finally {
    passwords.wipe()
  }
}

const shownAs = (now: Envelope, secrets: readonly StoredSecret[]): Pick<Partial<Envelope>, 'shown'> =>
  now.shown
    ? {
        shown: {
          secrets: secrets.map(infoOf),
          keys: now.shown.keys.filter((key) => secrets.some(({ id }) => id === key.secret)),
        },
      }
    : {}

const isKnown = (now: Envelope, { secret, path }: Pick<KnownKey, 'secret' | 'path'>): boolean =>
  now.shown?.keys.some((key) => key.secret === secret && key.path === path) ?? false

function slotInfo(slot: Slot): SlotInfo {
  const { id, type } = slot
  return { id, type, ...('device' in slot && { key: slot.device.name }) }
}

function checkLasting(slots: readonly Slot[]): void {
  if (slots.some(({ type }) => type === 'password' || type === 'recovery')) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'A vault keeps at least one password or recovery code: devices lose what they hold.',
  })
}

function refuseInHidden({ part }: Opened): void {
  if (part === 'hidden')
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'A hidden vault has its one password and no other way, or it would be seen.',
    })
}

function failed(): CofferError {
  return new CofferError({
    code: 'UNLOCK_FAILED',
    message: 'The vault does not open: what was given is wrong, or the vault was changed or damaged.',
  })
}

function unknown(what: 'secret' | 'slot', id: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `This vault has no ${what} ${JSON.stringify(String(id).slice(0, 40))}.`,
  })
}

function raise(error: CofferError): never {
  throw error
}

import { join } from 'node:path'
import { type Ask, CofferError } from '@coffer/core'
import { totp } from '@coffer/core/totp'
import { readIfThere, writeWhole } from './files.ts'
import type { Io } from './io.ts'
import { prompts } from './prompts.ts'

/** Where the secret that this machine shares with the authenticator rests. */
const fileOf = (home: string): string => join(home, 'second-factor')

export async function hasSecondFactor(home: string): Promise<boolean> {
  return (await readIfThere(fileOf(home))) !== undefined
}

export async function writeSecondFactor(home: string, secret: string): Promise<void> {
  await writeWhole(fileOf(home), `${secret}\n`)
}

/** Asks for the code of the authenticator where the policy says `"ask": "code"`. Throws `INVALID_REQUEST` when none was set up. */
export function askForCode(io: Io, home: string): Ask {
  return totp({
    secret: async () => {
      const secret = await readIfThere(fileOf(home))
      if (secret !== undefined) return secret.trim()
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: 'policy.json asks for a code, and no authenticator was set up. Run: coffer second-factor.',
      })
    },
    code: () =>
      prompts(io, 'The policy asks for the code of the authenticator.').line('Code of the authenticator'),
  })
}

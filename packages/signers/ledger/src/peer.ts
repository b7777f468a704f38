import { CofferError } from '@coffer/core'

/**
 * Loads one of Ledger's own packages, which an app installs for the apps that it uses. Throws `MISSING_DEPENDENCY` when it is
 * not there, and whatever it throws itself otherwise.
 */
export async function loadPeer<T>(name: string, load: () => Promise<unknown>): Promise<T> {
  try {
    return (await load()) as T
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause
    throw new CofferError({
      code: 'MISSING_DEPENDENCY',
      message: `This needs the package ${name}, which is not installed. Run: npm install ${name}`,
      details: { package: name },
      cause,
    })
  }
}

/** What a module exports by default, however many layers a bundler or Node put round a CommonJS one. */
export function defaultOf<T>(module: unknown): T {
  let value = module
  while (typeof value === 'object' && value !== null && 'default' in value) value = value.default
  return value as T
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return String(message).includes(`'${name}`)
  // Bundlers that leave an absent optional package out.
  return String(message).includes(`Could not resolve "${name}`)
}

import { CofferError } from '@coffer/core'

/** Loads an optional peer when it is first needed; throws `MISSING_DEPENDENCY`, which names it. */
export function peer<T>(name: string, given: T | undefined, load: () => Promise<unknown>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    const again = (error: unknown): never => {
      // A page that was offline for a moment may load it later.
      loading = undefined
      throw error
    }
    loading ??= (given === undefined ? loaded<T>(name, load) : Promise.resolve(given)).catch(again)
    return loading
  }
}

async function loaded<T>(name: string, load: () => Promise<unknown>): Promise<T> {
  try {
    return (await load()) as T
  } catch (cause) {
    throw new CofferError({
      code: 'MISSING_DEPENDENCY',
      message: `This needs the package ${name}. Install it: npm install ${name}.`,
      cause,
    })
  }
}

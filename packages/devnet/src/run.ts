import { execFile } from 'node:child_process'

/** Runs `command` and gives what it prints. Throws an error with the last line of its complaint. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  return new Promise((done, fail) => {
    const { cwd, signal } = options
    const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
    const limits = { maxBuffer: 64 * 2 ** 20, ...(cwd && { cwd }), ...(signal && { signal }) }
    execFile(command, [...args], { ...limits, env }, (error, stdout, stderr) => {
      if (!error) return done(stdout)
      fail(new Error(`${command} ${complaintOf(error, stderr)}`, { cause: error }))
    })
  })
}

/** In a few words and without the paths and credentials of URLs. */
function complaintOf(error: Error & { code?: unknown }, stderr: string): string {
  if (error.code === 'ENOENT') return 'is not installed'
  const words = stderr.trim().split('\n').at(-1) || error.message
  const redacted = words.replaceAll(/([a-z][a-z\d+.-]*:\/\/)(?:[^\s/@]*@)?([^\s/]*)\S*/gi, '$1$2')
  return `failed: ${redacted.slice(0, 300).replace(/[.\s]+$/, '')}`
}

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type AptSource, aptSources } from './apt-sources.ts'
import type { NodeOptions } from './node.ts'
import { run } from './run.ts'

const PACKAGE = 'bitcoin-knots'
/** The releases of Debian that hold the package, the steadier first. */
const SUITES = ['forky', 'sid']
/** After so many milliseconds nobody is still at work in a folder of ours. */
const STALE = 3_600_000

/**
 * Unpacks Debian's `bitcoin-knots` with the libraries it needs into `folder`, where the program `bitcoind` then starts
 * it. Nothing of the system changes: apt works in a folder of its own, from the mirror and with the keys that this
 * machine already trusts. Two processes may do this at once; the first to end wins. Throws a plain error that says what
 * is missing, without a full stop.
 */
export async function fetchBitcoind(
  folder: string,
  { signal, onProgress }: NodeOptions,
  findSources: () => Promise<AptSource[]> = aptSources,
): Promise<void> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Error(`there is no package of it for ${process.platform}-${process.arch}`)
  }
  const sources = await findSources()
  if (sources.length === 0) throw new Error('apt on this machine knows no mirror of Debian')
  const parent = dirname(folder)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  await removeStale(parent)
  const work = await mkdtemp(join(parent, '.fetch-'))
  try {
    const apt = await privateApt(work, signal)
    const names = await readLists(apt, sources, onProgress)
    signal?.throwIfAborted()
    const started = Date.now()
    await apt.run('apt-get', 'download', ...names)
    const debs = (await readdir(work)).filter((name) => name.endsWith('.deb')).map((name) => join(work, name))
    const sizes = await Promise.all(debs.map(async (deb) => (await stat(deb)).size))
    const size = sizes.reduce((sum, bytes) => sum + bytes, 0)
    onProgress(`fetched ${debs.length} packages, ${(size / 1e6).toFixed(1)} MB, in ${seconds(started)}`)

    const root = join(work, 'root')
    await mkdir(root)
    for (const deb of debs) await run('dpkg-deb', ['-x', deb, root], { signal })
    const version = (await run(await writeStarter(root), ['-version'], { signal })).split('\n')[0]
    await rename(root, folder).catch((error) => {
      if (!existsSync(join(folder, 'bitcoind'))) throw error // Otherwise another process was faster, which is as good.
    })
    onProgress(`unpacked ${version} into ${folder}`)
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 })
  }
}

interface Apt {
  run(command: 'apt-get' | 'apt-cache', ...args: string[]): Promise<string>
  /** The one source, as the lines of a `.sources` file. */
  setSource(lines: readonly string[]): Promise<void>
}

/** apt with lists, cache and sources of its own in `work`, for a system in which nothing is installed. */
async function privateApt(work: string, signal: AbortSignal | undefined): Promise<Apt> {
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'sources']) {
    await mkdir(join(work, folder), { recursive: true })
  }
  await writeFile(join(work, 'state/status'), '')
  const settings = {
    'Dir::State': join(work, 'state'),
    'Dir::State::status': join(work, 'state/status'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': join(work, 'sources'),
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'APT::Architecture': process.arch === 'x64' ? 'amd64' : 'arm64',
    // The folder is for this user alone, so the user to whom root's apt steps down could not write there.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    // Records are looked up at random, which is slow in compressed lists.
    'Acquire::GzipIndexes': 'false',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  return {
    run: (command, ...args) => run(command, ['-qq', ...options, ...args], { cwd: work, signal }),
    setSource: (lines) => writeFile(join(work, 'sources/debian.sources'), `${lines.join('\n')}\n`),
  }
}

/** Reads the lists of one suite after the other until one holds the package; gives the names to download. */
async function readLists(
  apt: Apt,
  sources: readonly AptSource[],
  onProgress: (step: string) => void,
): Promise<string[]> {
  let failure = ''
  for (const { uri, signedBy } of sources) {
    for (const suite of SUITES) {
      const started = Date.now()
      const keys = signedBy ? [`Signed-By: ${signedBy}`] : []
      try {
        onProgress(`looking for ${PACKAGE} in Debian ${suite}`)
        await apt.setSource(['Types: deb', `URIs: ${uri}`, `Suites: ${suite}`, 'Components: main', ...keys])
        await apt.run('apt-get', 'update', '--error-on=any')
        const names = await closure(apt)
        onProgress(`read the lists of Debian ${suite} in ${seconds(started)}`)
        return names
      } catch (error) {
        failure = (error as Error).message
      }
    }
  }
  throw new Error(`it could not be fetched: ${failure}`)
}

/**
 * The package and every library that it needs, with what those need in turn. What else it depends on serves to run it as
 * a service of the system.
 */
async function closure(apt: Apt): Promise<string[]> {
  const found = new Set([PACKAGE])
  for (let next = [PACKAGE]; next.length > 0; ) {
    const records = await apt.run('apt-cache', 'show', '--no-all-versions', ...next)
    const needed = [...records.matchAll(/^(?:Pre-)?Depends: (.*)$/gm)]
      .flatMap(([, list = '']) => list.split(','))
      // The first of alternatives, without architecture and version.
      .map((entry) => entry.trim().split(/[\s|(:]/)[0] ?? '')
      .filter((name) => /^(lib|zlib)/.test(name))
    next = [...new Set(needed)].filter((name) => !found.has(name))
    for (const name of next) found.add(name)
  }
  return [...found]
}

/** Writes the script that runs bitcoind with the libraries beside it, whatever those of the system are. */
async function writeStarter(root: string): Promise<string> {
  const names = await readdir(join(root, 'usr/lib'))
  const libraries = names.find((name) => name.endsWith('-linux-gnu'))
  const loaders = libraries ? await readdir(join(root, 'usr/lib', libraries)) : []
  const loader = loaders.find((name) => /^ld-linux.*\.so\.\d+$/.test(name))
  if (!libraries || !loader) throw new Error('the packages hold no loader for programs')
  const script = `#!/bin/sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
libraries="$root/usr/lib/${libraries}"
exec "$libraries/${loader}" --library-path "$libraries" "$root/usr/bin/bitcoind" "$@"
`
  const path = join(root, 'bitcoind')
  await writeFile(path, script, { mode: 0o755 })
  return path
}

/** Removes what a killed process has left. */
async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const path = join(parent, name)
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (name.startsWith('.fetch-') && age > STALE) await rm(path, { recursive: true, force: true })
  }
}

function seconds(started: number): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`
}

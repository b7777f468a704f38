import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One archive of Debian, as this machine's own configuration names it. */
export interface AptSource {
  readonly uri: string
  /** The value of `Signed-By`: paths, fingerprints or a whole key. Absent where apt's common keys are meant. */
  readonly signedBy?: string
}

/**
 * The archives from which this machine takes its own release of Debian: those of `sources.list` and of
 * `sources.list.d` whose suite is the release of this machine. Empty where it is no Debian.
 */
export async function aptSources(etc = '/etc'): Promise<AptSource[]> {
  const read = (path: string): Promise<string> => readFile(join(etc, path), 'utf8').catch(() => '')
  const release = osRelease(await read('os-release'))
  if (release.ID !== 'debian') return []
  const suites = new Set(
    [release.VERSION_CODENAME, 'stable', 'testing', 'unstable', 'sid'].filter((suite) => suite),
  )
  const names = (await readdir(join(etc, 'apt/sources.list.d')).catch(() => [])).sort()
  const lines = await Promise.all(
    [
      'sources.list',
      ...names.filter((name) => name.endsWith('.list')).map((name) => `sources.list.d/${name}`),
    ].map((name) => read(`apt/${name}`)),
  )
  const stanzas = await Promise.all(
    names.filter((name) => name.endsWith('.sources')).map((name) => read(`apt/sources.list.d/${name}`)),
  )
  const entries = [...lines.flatMap(parseOneLine), ...stanzas.flatMap(parseDeb822)]
  const found = new Map<string, AptSource>()
  for (const { types, uris, suites: offered, components, signedBy } of entries) {
    if (!types.includes('deb') || !components.includes('main')) continue
    if (!offered.some((suite) => suites.has(suite))) continue
    for (const uri of uris) if (!found.has(uri)) found.set(uri, { uri, ...(signedBy && { signedBy }) })
  }
  return [...found.values()]
}

export interface AptEntry {
  readonly types: readonly string[]
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly signedBy?: string
}

/** The entries of a `sources.list`: `deb [option=value …] uri suite component…`. */
export function parseOneLine(text: string): AptEntry[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+[^#\s]\S*)*)\s*(?:#.*)?$/.exec(
      line,
    )
    if (!match) return []
    const [, type = '', options = '', uri = '', suite = '', rest = ''] = match
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1]?.replaceAll(',', ' ')
    return [
      { types: [type], uris: [uri], suites: [suite], components: words(rest), ...(signedBy && { signedBy }) },
    ]
  })
}

/** The entries of a `.sources` file: stanzas of `Field: value`, where an indented line goes on with the last field. */
export function parseDeb822(text: string): AptEntry[] {
  const body = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
  return body.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>()
    let name = ''
    for (const line of stanza.split('\n')) {
      const field = /^([\w-]+)\s*:\s*(.*)$/.exec(line)
      if (field) {
        name = (field[1] as string).toLowerCase()
        fields.set(name, (field[2] as string).trim())
      } else if (/^\s+\S/.test(line) && name) {
        fields.set(name, `${fields.get(name)}\n${line.trimEnd()}`)
      }
    }
    const list = (field: string): string[] => words(fields.get(field) ?? '')
    if (!fields.has('uris') || /^(no|false|off|0|without|disable)$/i.test(fields.get('enabled') ?? ''))
      return []
    const signedBy = fields.get('signed-by')
    return [
      {
        types: list('types'),
        uris: list('uris'),
        suites: list('suites'),
        components: list('components'),
        ...(signedBy && { signedBy }),
      },
    ]
  })
}

function osRelease(text: string): Record<string, string | undefined> {
  return Object.fromEntries(
    [...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word)
}

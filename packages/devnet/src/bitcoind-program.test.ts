import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { aptSources, parseDeb822, parseOneLine } from './apt-sources.ts'
import { fetchBitcoind } from './bitcoind-package.ts'
import { bitcoindProgram, cacheFolder } from './bitcoind-program.ts'

let temp: string
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'bitcoind-program-test-'))
  vi.stubEnv('BITCOIND', '')
  vi.stubEnv('PATH', join(temp, 'bin'))
  vi.stubEnv('XDG_CACHE_HOME', join(temp, 'cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(temp, { recursive: true, force: true })
})

function place(path: string, text: string): string {
  const full = join(temp, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, text, { mode: 0o755 })
  return full
}

const quiet = { onProgress: () => {} }

describe.skipIf(process.platform === 'win32')('bitcoind is looked for', () => {
  test('in the environment, then on the PATH, then in the cache', async () => {
    const cached = place(`cache/coffer/bitcoind-${process.arch}/bitcoind`, '#!/bin/sh\n')
    expect(await bitcoindProgram(quiet)).toBe(cached)
    place('bin/bitcoind/bitcoind', 'a folder of that name is no program')
    expect(await bitcoindProgram(quiet)).toBe(cached)
    rmSync(join(temp, 'bin'), { recursive: true })
    const onPath = place('bin/bitcoind', '#!/bin/sh\n')
    expect(await bitcoindProgram(quiet)).toBe(onPath)
    const named = place('mine/bitcoind-28', '#!/bin/sh\n')
    vi.stubEnv('BITCOIND', named)
    expect(await bitcoindProgram(quiet)).toBe(named)
  })

  test('and nowhere else when it is named', async () => {
    place('bin/bitcoind', '#!/bin/sh\n')
    vi.stubEnv('BITCOIND', '/no/such/bitcoind')
    await expect(bitcoindProgram(quiet)).rejects.toMatchObject({
      code: 'DEVNET_UNAVAILABLE',
      message: 'There is no program at /no/such/bitcoind, which the environment variable BITCOIND names.',
    })
  })

  test('and told of in one line where none can be had', async () => {
    const failed = bitcoindProgram(quiet)
    await expect(failed).rejects.toMatchObject({ code: 'DEVNET_UNAVAILABLE' })
    await expect(failed).rejects.toThrow(
      /^bitcoind is missing, and [^.]*[^.]\. Install Bitcoin Core or Knots, or set the environment variable BITCOIND to a bitcoind program\.$/,
    )
    await expect(bitcoindProgram({ ...quiet, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })

  test.each([
    ['linux', {}, '/home/me/.cache'],
    ['linux', { XDG_CACHE_HOME: '/var/cache/me' }, '/var/cache/me'],
    ['darwin', {}, '/home/me/Library/Caches'],
    ['win32', { LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' }, 'C:\\Users\\me\\AppData\\Local'],
  ])('in the cache folder of %s with %j', (platform, env, folder) => {
    vi.stubEnv('XDG_CACHE_HOME', '')
    vi.stubEnv('LOCALAPPDATA', '')
    vi.stubEnv('HOME', '/home/me')
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const real = process.platform
    Object.defineProperty(process, 'platform', { value: platform })
    try {
      expect(cacheFolder()).toBe(folder)
    } finally {
      Object.defineProperty(process, 'platform', { value: real })
    }
  })
})

describe('mirrors are read from the configuration of apt', () => {
  test('in one-line style', () => {
    const text = `# deb http://mirror.test/no bookworm main
deb [arch=amd64,arm64 signed-by=/a.gpg,/b.gpg] https://mirror.test/debian bookworm main contrib # why
deb-src http://mirror.test/debian bookworm main
deb mirror+file:/etc/apt/mirrors/debian.list bookworm-updates main
deb https://mirror.test/flat ./
nonsense`
    expect(parseOneLine(text)).toEqual([
      {
        types: ['deb'],
        uris: ['https://mirror.test/debian'],
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: '/a.gpg /b.gpg',
      },
      {
        types: ['deb-src'],
        uris: ['http://mirror.test/debian'],
        suites: ['bookworm'],
        components: ['main'],
      },
      {
        types: ['deb'],
        uris: ['mirror+file:/etc/apt/mirrors/debian.list'],
        suites: ['bookworm-updates'],
        components: ['main'],
      },
      { types: ['deb'], uris: ['https://mirror.test/flat'], suites: ['./'], components: [] },
    ])
  })

  test('in deb822 style', () => {
    const text = `Types: deb deb-src
# Suites: nothing
URIs: https://one.test/debian https://two.test/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: https://off.test/debian
Suites: bookworm
Components: main
`
    expect(parseDeb822(text)).toEqual([
      {
        types: ['deb', 'deb-src'],
        uris: ['https://one.test/debian', 'https://two.test/debian'],
        suites: ['bookworm', 'bookworm-updates'],
        components: ['main', 'contrib'],
        signedBy: '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----',
      },
    ])
  })

  test('and only those of the release of this Debian', async () => {
    place('etc/os-release', 'PRETTY_NAME="Debian"\nID=debian\nVERSION_CODENAME=bookworm\n')
    place(
      'etc/apt/sources.list',
      'deb http://security.test/debian bookworm-security main\ndeb http://a.test bookworm main\n',
    )
    place('etc/apt/sources.list.d/cloud.list', 'deb https://cloud.test/apt cloud-bookworm main\n')
    place('etc/apt/sources.list.d/off.list.save', 'deb https://old.test bookworm main\n')
    place(
      'etc/apt/sources.list.d/debian.sources',
      'Types: deb\nURIs: http://a.test http://b.test\nSuites: bookworm\nComponents: main\nSigned-By: /k.gpg\n',
    )
    expect(await aptSources(join(temp, 'etc'))).toEqual([
      { uri: 'http://a.test' },
      { uri: 'http://b.test', signedBy: '/k.gpg' },
    ])
    place('etc/os-release', 'ID=ubuntu\nVERSION_CODENAME=bookworm\n')
    expect(await aptSources(join(temp, 'etc'))).toEqual([])
    expect(await aptSources(join(temp, 'nothing'))).toEqual([])
  })
})

describe.skipIf(process.platform !== 'linux')('the package is fetched', () => {
  const sources = async () => [{ uri: 'http://mirror.test/debian', signedBy: '/keys/debian.gpg' }]
  const folder = () => join(temp, 'cache/coffer/bitcoind')
  const left = () => readdirSync(join(temp, 'cache/coffer'))

  /** Stands in for apt and dpkg: `suite` is the one that holds the package, `loader` runs its programs. */
  function fakeApt(suite: string, loader = 'echo "$@"'): void {
    const log = join(temp, 'log')
    place(
      'bin/apt-get',
      `#!/bin/sh
echo "$@" >> ${log}
case " $* " in
  *" update "*) while read -r line; do echo "$line" >> ${log}; case "$line" in "Suites: ${suite}") found=1;; esac; done < sources/debian.sources
    [ "$found" ] || { echo "E: nothing in this suite" >&2; exit 100; };;
  *" download "*) for word; do case "$word" in bitcoin-knots|lib*|zlib*) echo 12345 > "$word.deb";; esac; done;;
esac
`,
    )
    place(
      'bin/apt-cache',
      `#!/bin/sh
case " $* " in
  *" bitcoin-knots "*) echo "Package: bitcoin-knots"; echo "Depends: debconf (>= 0.5) | debconf-2.0, systemd, libc6 (>= 2.34), libzmq5:any";;
  *" libzmq5 "*) echo "Depends: libc6 (>= 2), libsodium26 | libsodium23, zlib1g"; echo; echo "Pre-Depends: libc6";;
  *) echo "Depends: libc6";;
esac
`,
    )
    place(
      'bin/dpkg-deb',
      `#!/bin/sh
/bin/mkdir -p "$3/usr/lib/x86_64-linux-gnu"
printf '#!/bin/sh\\n%s\\n' '${loader}' > "$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
/bin/chmod +x "$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
`,
    )
    // The script that starts bitcoind uses it.
    place('bin/dirname', '#!/bin/sh\nexec /usr/bin/dirname "$@"\n')
  }

  test('with its libraries, from the mirror and with the keys of this machine', async () => {
    fakeApt('sid')
    const steps: string[] = []
    await fetchBitcoind(folder(), { onProgress: (step) => steps.push(step) }, sources)
    expect(left()).toEqual(['bitcoind'])
    const libraries = join(folder(), 'usr/lib/x86_64-linux-gnu')
    const ran = execFileSync(join(folder(), 'bitcoind'), ['-a', 'b c'], { encoding: 'utf8' })
    expect(ran).toBe(`--library-path ${libraries} ${folder()}/usr/bin/bitcoind -a b c\n`)

    const log = readFileSync(join(temp, 'log'), 'utf8')
    expect(log).toContain(
      'Types: deb\nURIs: http://mirror.test/debian\nSuites: forky\nComponents: main\nSigned-By: /keys/debian.gpg\n',
    )
    const download = log.split('\n').find((line) => line.includes(' download ')) ?? ''
    expect(download.split(' download ')[1]).toBe('bitcoin-knots libc6 libzmq5 libsodium26 zlib1g')
    // Not a folder of the system among those where apt writes.
    for (const setting of ['Dir::State', 'Dir::State::status', 'Dir::Cache', 'Dir::Etc::SourceParts']) {
      expect(download).toContain(`-o ${setting}=${temp}/cache/coffer/.fetch-`)
    }
    expect(download).toContain('-o Dir::Etc::SourceList=/dev/null ')
    expect(steps.map((step) => step.replaceAll(/\d+\.\d s/g, 'N s'))).toEqual([
      'looking for bitcoin-knots in Debian forky',
      'looking for bitcoin-knots in Debian sid',
      'read the lists of Debian sid in N s',
      'fetched 5 packages, 0.0 MB, in N s',
      expect.stringMatching(/^unpacked .* into .*bitcoind$/),
    ])
  })

  test('by two at once, and what a killed one left is removed', async () => {
    fakeApt('forky')
    const old = place('cache/coffer/.fetch-old/file', '')
    utimesSync(dirname(old), 0, 0)
    place('cache/coffer/.fetch-young/file', '')
    await Promise.all([1, 2].map(() => fetchBitcoind(folder(), quiet, sources)))
    expect(left().sort()).toEqual(['.fetch-young', 'bitcoind'])
  })

  test('not at all when it does not run here, is nowhere, or nobody waits for it any more', async () => {
    fakeApt('forky', 'echo "cannot run" >&2; exit 1')
    await expect(fetchBitcoind(folder(), quiet, sources)).rejects.toThrow('cannot run')
    expect(left()).toEqual([])
    fakeApt('trixie')
    place(
      'bin/apt-get',
      '#!/bin/sh\necho "E: Failed http://me:pass@mirror.test:80/debian/x.deb 404." >&2; exit 100\n',
    )
    await expect(fetchBitcoind(folder(), quiet, sources)).rejects.toThrow(
      /^it could not be fetched: apt-get failed: E: Failed http:\/\/mirror.test:80 404$/,
    )
    fakeApt('trixie')
    await expect(fetchBitcoind(folder(), quiet, sources)).rejects.toThrow(
      'it could not be fetched: apt-get failed: E: nothing in this suite',
    )
    await expect(fetchBitcoind(folder(), quiet, async () => [])).rejects.toThrow('no mirror')
    fakeApt('forky')
    const abort = new AbortController()
    const onProgress = (step: string) => {
      if (step.startsWith('read the lists')) abort.abort()
    }
    const { signal } = abort
    await expect(fetchBitcoind(folder(), { onProgress, signal }, sources)).rejects.toThrow('aborted')
    expect(left()).toEqual([])
  })
})

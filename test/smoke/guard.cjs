// Loaded before an entry of a packed package. Importing it may define things and nothing else: every door to the
// network, to the disk and to other programs throws, and what is global is compared before and after.
const childProcess = require('node:child_process')
const dgram = require('node:dgram')
const dns = require('node:dns')
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')
const net = require('node:net')

const WRITES =
  /^(append|chmod|chown|copyFile|cp|createWriteStream|link|lchmod|lchown|lutimes|mkdir|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|utimes|write)/

function forbid(object, names, what) {
  for (const name of names) {
    if (typeof object[name] !== 'function') continue
    object[name] = () => {
      throw new Error(`importing ${what}: ${name} was called`)
    }
  }
}

function forbidWritingOpen(object) {
  for (const name of ['open', 'openSync']) {
    const open = object[name]
    if (!open) continue
    object[name] = (path, flags, ...rest) => {
      if (
        flags !== undefined &&
        flags !== 'r' &&
        typeof flags !== 'function' &&
        flags !== fs.constants.O_RDONLY
      ) {
        throw new Error(`importing opened ${path} with ${flags}`)
      }
      return open.call(object, path, flags, ...rest)
    }
  }
}

const shapes = {
  globalThis,
  'Object.prototype': Object.prototype,
  'Array.prototype': Array.prototype,
  'String.prototype': String.prototype,
  'Uint8Array.prototype': Uint8Array.prototype,
  'Promise.prototype': Promise.prototype,
  'BigInt.prototype': BigInt.prototype,
}
const namesOf = (object) => Reflect.ownKeys(object).map(String)

exports.arm = () => {
  forbid(globalThis, ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'], 'reached the network')
  forbid(net, ['connect', 'createConnection', 'createServer'], 'reached the network')
  forbid(net.Socket.prototype, ['connect'], 'reached the network')
  forbid(dgram, ['createSocket'], 'reached the network')
  forbid(dns, ['lookup', 'resolve', 'resolve4', 'resolve6'], 'reached the network')
  forbid(dns.promises, ['lookup', 'resolve', 'resolve4', 'resolve6'], 'reached the network')
  forbid(
    childProcess,
    ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'],
    'started a program',
  )
  for (const object of [fs, fs.promises]) {
    forbid(
      object,
      Object.keys(object).filter((name) => WRITES.test(name)),
      'wrote to the disk',
    )
    forbidWritingOpen(object)
  }
  syncBuiltinESMExports()

  const before = Object.fromEntries(Object.entries(shapes).map(([name, object]) => [name, namesOf(object)]))
  const resources = process.getActiveResourcesInfo().length
  return () => {
    for (const [name, object] of Object.entries(shapes)) {
      const added = namesOf(object).filter((key) => !before[name].includes(key))
      if (added.length > 0) throw new Error(`importing added ${added.join(', ')} to ${name}`)
    }
    const open = process.getActiveResourcesInfo()
    if (open.length > resources) throw new Error(`importing left something running: ${open.join(', ')}`)
  }
}

exports.report = (milliseconds, namespace) => {
  const names = Object.keys(namespace)
    .filter((name) => name !== 'default' && name !== 'module.exports')
    .sort()
  console.log(JSON.stringify({ milliseconds, names }))
}

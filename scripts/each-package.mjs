// Runs a tool in the folder of every package that is published: `node scripts/each-package.mjs publint --strict`.
import { spawnSync } from 'node:child_process'
import { publishedPackages } from './packages.mjs'

const [tool, ...args] = process.argv.slice(2)
const failed = []

for (const { name, dir } of publishedPackages()) {
  console.log(`\n${name}: ${tool} ${args.join(' ')}`)
  const { status, error } = spawnSync(tool, args, {
    cwd: dir,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error) throw error
  if (status !== 0) failed.push(name)
}

if (failed.length > 0) {
  console.error(`\n${tool} failed for ${failed.join(', ')}`)
  process.exit(1)
}

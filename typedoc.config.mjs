import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Converter, ReflectionKind } from 'typedoc'

// What can be imported is what is documented: one page for each entry in the paths of tsconfig.json, under its own name.
// The word lists differ only in their words.
const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8'))
const entries = Object.entries(compilerOptions.paths)
  .filter(([name]) => !name.includes('*'))
  .map(([name, [file]]) => [resolve(file), name])
const names = new Map(entries)

/** @param {import('typedoc').Application} app */
function nameModulesAfterEntries(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName
    const name = file && names.get(resolve(file))
    if (name) reflection.name = name
  })
}

/** @type {import('typedoc').TypeDocOptions} */
export default {
  name: 'Coffer',
  plugin: [nameModulesAfterEntries],
  entryPoints: entries.map(([file]) => file),
  tsconfig: 'tsconfig.json',
  out: 'docs/api',
  readme: 'README.md',
  disableSources: true,
  excludeInternal: true,
  validation: { notExported: true, invalidLink: true, notDocumented: false },
}

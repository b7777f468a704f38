import guard from './guard.cjs'

const check = guard.arm()
const started = performance.now()
const namespace = await import(process.argv[2])
const milliseconds = performance.now() - started
check()
guard.report(milliseconds, namespace)

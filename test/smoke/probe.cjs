const { arm, report } = require('./guard.cjs')

const check = arm()
const started = performance.now()
const namespace = require(process.argv[2])
const milliseconds = performance.now() - started
check()
report(milliseconds, namespace)

// A real multi-vendor Vendure shop: the storefront of the demo and of the flow
// tests.  Plain JavaScript, no build step, no dashboard, one process (the job
// worker runs inside the server).  See README.md for the environment it reads.
require("reflect-metadata")

const {bootstrap, JobQueueService} = require("@vendure/core")
const {buildConfig} = require("./config")

async function main() {
    const config = buildConfig(process.env)
    const app = await bootstrap(config)
    await app.get(JobQueueService).start()
    const stop = () => app.close().finally(() => process.exit(0))
    process.once("SIGINT", stop)
    process.once("SIGTERM", stop)
    const {hostname, port} = config.apiOptions
    console.log(`Vendure is ready on http://${hostname}:${port}`)
}

main().catch((error) => {
    console.error(`Vendure could not start: ${error.message}`)
    process.exit(1)
})

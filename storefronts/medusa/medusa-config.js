// A Medusa back end in plain JavaScript: no build step, no dashboard, no Redis.
// Environment -> configuration.  Nothing else reads process.env, but the webhooks.
const {defineConfig} = require("@medusajs/framework/utils")
const {projectConfig} = require("./project")

module.exports = defineConfig({
    projectConfig: projectConfig(process.env),
    admin: {disable: true},
})

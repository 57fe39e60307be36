// Mercur, a marketplace on Medusa: sellers with their own products and orders.
const {withMercur} = require("@mercurjs/core")
const {projectConfig} = require("../medusa/project")

// Both dashboards must be declared, or every GET is answered with an error.
const dashboard = (name, path) => ({
    resolve: `@mercurjs/core/modules/${name}`,
    options: {disable: true, path, appDir: __dirname},
})

module.exports = withMercur({
    projectConfig: projectConfig(process.env),
    modules: [dashboard("admin-ui", "/dashboard"), dashboard("vendor-ui", "/seller")],
})

module.exports = require("../../../medusa/src/subscribers/marketplace-webhooks")

// Environment -> Vendure configuration.  Nothing else reads process.env.
const {
    DefaultJobQueuePlugin,
    DefaultLogger,
    LogLevel,
    dummyPaymentHandler,
} = require("@vendure/core")
const {MarketplacePlugin} = require("./marketplace/plugin")

const ADMIN_LIST_LIMIT = 1000 // rows per list query
const SHOP_LIST_LIMIT = 100 // rows per list query
const JOB_POLL_MS = 250

function database(env) {
    return {
        type: "postgres",
        host: env.PGHOST || "127.0.0.1", // a name, an address or a socket folder
        port: Number(env.PGPORT || 5432),
        username: env.PGUSER || "postgres",
        password: env.PGPASSWORD || undefined,
        database: env.PGDATABASE || "vendure",
        synchronize: true, // the shop makes and updates its own tables
        logging: false,
    }
}

function buildConfig(env) {
    return {
        apiOptions: {
            hostname: env.HOST || "127.0.0.1",
            port: Number(env.PORT || 3000),
            cors: false, // no browser talks to it from another origin
            adminApiPath: "admin-api",
            shopApiPath: "shop-api",
            adminListQueryLimit: ADMIN_LIST_LIMIT,
            shopListQueryLimit: SHOP_LIST_LIMIT,
        },
        authOptions: {
            // API keys cost a slow hash on every call; the connector logs in
            // once and goes on with the bearer token.
            tokenMethod: ["bearer", "api-key"],
            superadminCredentials: {
                identifier: env.SUPERADMIN_USERNAME || "operator",
                password: env.SUPERADMIN_PASSWORD || "operator-pass",
            },
            cookieOptions: {secret: env.COOKIE_SECRET || "not-a-production-secret"},
            requireVerification: false,
        },
        dbConnectionOptions: database(env),
        paymentOptions: {paymentMethodHandlers: [dummyPaymentHandler]},
        plugins: [
            DefaultJobQueuePlugin.init({
                useDatabaseForBuffer: false,
                pollInterval: JOB_POLL_MS,
                // 1 s, 2 s, 4 s ... at most five minutes between two attempts.
                backoffStrategy: (queue, attempts) =>
                    Math.min(1000 * 2 ** (attempts - 1), 300000),
            }),
            MarketplacePlugin.init({
                url: env.CONNECTOR_URL || "",
                secret: env.CONNECTOR_SECRET || "",
            }),
        ],
        logger: new DefaultLogger({
            level: env.LOG_LEVEL === "verbose" ? LogLevel.Verbose : LogLevel.Warn,
            timestamp: false,
        }),
    }
}

module.exports = {buildConfig}

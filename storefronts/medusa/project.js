// What plain Medusa and Mercur have in common.

function projectConfig(env) {
    const origin = `http://${env.HOST || "127.0.0.1"}:${env.PORT || 9000}`
    const secret = env.COOKIE_SECRET || "not-a-production-secret"
    return {
        databaseUrl: env.DATABASE_URL,
        databaseDriverOptions: {connection: {ssl: false}},
        http: {
            host: env.HOST || "127.0.0.1",
            port: Number(env.PORT || 9000),
            storeCors: origin,
            adminCors: origin,
            authCors: origin,
            vendorCors: origin, // read by Mercur only
            jwtSecret: secret,
            cookieSecret: secret,
            jwtExpiresIn: env.JWT_EXPIRES_IN || "1d",
        },
    }
}

module.exports = {projectConfig}

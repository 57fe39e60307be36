// What the plugin adds to Vendure's two GraphQL interfaces.
const {Parent, Query, ResolveField, Resolver} = require("@nestjs/graphql")
const {Ctx, TransactionalConnection} = require("@vendure/core")
const {parse} = require("graphql")
const {methodSellers} = require("./sellers")

const API_VERSION = 2 // the connector refuses a version it does not know

// Core has these columns but does not show them.
const adminSchema = parse(`
    extend type Query {
        marketplaceApiVersion: Int!
    }
    extend type OrderLine {
        shippingLineId: ID
        sellerChannelId: ID
    }
    extend type ShippingLine {
        taxLines: [TaxLine!]!
    }
`)

// A cart of several sellers needs one delivery per seller, or a shared one: the
// shopper must see whose each is.
const shopSchema = parse(`
    extend type ShippingMethodQuote {
        sellerName: String
    }
`)

class VersionResolver {
    marketplaceApiVersion() {
        return API_VERSION
    }
}

class QuoteResolver {
    constructor(connection) {
        this.connection = connection
    }

    async sellerName(ctx, quote) {
        const sellers = await methodSellers(this.connection, ctx, [quote.id])
        const [channel] = sellers.get(String(quote.id)) || []
        return channel && channel.seller ? channel.seller.name : null
    }
}

// What a TypeScript compiler would have written for the decorators.
function decorate(resolver, method, decorator) {
    const {prototype} = resolver
    decorator(prototype, method, Object.getOwnPropertyDescriptor(prototype, method))
}
Resolver()(VersionResolver)
decorate(VersionResolver, "marketplaceApiVersion", Query())
Resolver("ShippingMethodQuote")(QuoteResolver)
Reflect.defineMetadata("design:paramtypes", [TransactionalConnection], QuoteResolver)
decorate(QuoteResolver, "sellerName", ResolveField())
Ctx()(QuoteResolver.prototype, "sellerName", 0)
Parent()(QuoteResolver.prototype, "sellerName", 1)

module.exports = {
    admin: {schema: adminSchema, resolvers: [VersionResolver]},
    shop: {schema: shopSchema, resolvers: [QuoteResolver]},
}

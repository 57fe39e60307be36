// Who sells a line, which delivery covers it, and how an order splits.
const {DEFAULT_CHANNEL_CODE} = require("@vendure/common/lib/shared-constants")
const {
    EntityHydrator,
    LanguageCode,
    ShippingEligibilityChecker,
    ShippingMethod,
    TransactionalConnection,
} = require("@vendure/core")

/** Channels of a seller; the default channel belongs to the operator. */
function sellerChannels(channels) {
    return channels.filter((channel) => channel.code !== DEFAULT_CHANNEL_CODE)
}

/**
 * Seller channels of each shipping method, by method id; none means shared.
 * Read by the repository: hydrating the method of a shipping line never returns in
 * 3.7.3 and holds its transaction open.
 */
async function methodSellers(connection, ctx, methodIds) {
    const methods = await connection.getRepository(ctx, ShippingMethod).find({
        where: methodIds.map((id) => ({id})),
        relations: ["channels", "channels.seller"],
    })
    return new Map(
        methods.map((method) => [String(method.id), sellerChannels(method.channels)])
    )
}

/**
 * A variant is one vendor's offer: besides the default channel it is in exactly
 * one channel, its seller's.  A variant in none or in several is the operator's.
 */
class OneSellerPerVariant {
    init(injector) {
        this.hydrator = injector.get(EntityHydrator)
    }

    async setOrderLineSellerChannel(ctx, line) {
        await this.hydrator.hydrate(ctx, line.productVariant, {
            relations: ["channels"],
        })
        const own = sellerChannels(line.productVariant.channels)
        return own.length === 1 ? own[0] : undefined
    }

    /**
     * One partial order per seller, made at checkout.  A delivery that covers the
     * lines of one seller goes along with them; a delivery shared by several
     * sellers stays on the aggregate only, or its price would be counted once
     * per seller.
     */
    async splitOrder(ctx, order) {
        const parts = new Map()
        const sellersOf = new Map() // shipping line id -> seller channel ids
        for (const line of order.lines) {
            const sellers = sellersOf.get(line.shippingLineId) || new Set()
            sellersOf.set(line.shippingLineId, sellers.add(line.sellerChannelId))
        }
        for (const line of order.lines) {
            const channelId = line.sellerChannelId
            if (!channelId) continue
            if (!parts.has(channelId)) {
                parts.set(channelId, {
                    channelId,
                    state: "ArrangingPayment",
                    lines: [],
                    shippingLines: [],
                })
            }
            const part = parts.get(channelId)
            part.lines.push(line)
            const delivery = order.shippingLines.find(
                (candidate) => candidate.id === line.shippingLineId
            )
            const alone = delivery && sellersOf.get(delivery.id).size === 1
            if (alone && !part.shippingLines.includes(delivery)) {
                part.shippingLines.push(delivery)
            }
        }
        return [...parts.values()]
    }
}

/**
 * A shipping method of one seller covers that seller's lines.  A method that is
 * in no seller's channel is the operator's: it covers every line that no other
 * delivery of the order covers.
 */
class SellerOrSharedShipping {
    init(injector) {
        this.connection = injector.get(TransactionalConnection)
    }

    async assignShippingLineToOrderLines(ctx, shippingLine, order) {
        const ids = order.shippingLines.map((line) => line.shippingMethodId)
        ids.push(shippingLine.shippingMethodId)
        const sellers = await methodSellers(this.connection, ctx, ids)
        const channels = (id) => (sellers.get(String(id)) || []).map(({id}) => id)
        const mine = channels(shippingLine.shippingMethodId)
        const taken = new Set(ids.flatMap(channels))
        return order.lines.filter(({sellerChannelId}) =>
            mine.length
                ? mine.includes(sellerChannelId)
                : !taken.has(sellerChannelId)
        )
    }
}

let checkerConnection

/** A seller's delivery is offered to carts that hold something of that seller. */
const sellerInCart = new ShippingEligibilityChecker({
    code: "marketplace-eligibility-checker",
    description: [
        {languageCode: LanguageCode.en, value: "The cart holds a line it can deliver"},
    ],
    args: {},
    init(injector) {
        checkerConnection = injector.get(TransactionalConnection)
    },
    async check(ctx, order, args, method) {
        const sellers = await methodSellers(checkerConnection, ctx, [method.id])
        const channels = sellers.get(String(method.id)).map(({id}) => id)
        return (
            channels.length === 0 ||
            order.lines.some((line) => channels.includes(line.sellerChannelId))
        )
    },
})

module.exports = {
    OneSellerPerVariant,
    SellerOrSharedShipping,
    methodSellers,
    sellerInCart,
}

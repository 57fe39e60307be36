// Outgoing webhooks.  Medusa has none of its own; this turns events of its bus into
// signed HTTP calls.  Copy this file to src/subscribers of any Medusa 2 or Mercur 2
// shop, and set CONNECTOR_URL and CONNECTOR_SECRET.
//
// A call says only *what* changed: the receiver fetches the order.  The in-memory bus
// forgets its events when the process ends; the connector's polling finds them.
const crypto = require("crypto")

const ATTEMPTS = 8 // the last one about two minutes after the first
const FIRST_PAUSE_MS = 1000
const TIMEOUT_MS = 10000
const EVENTS = [
    "order.placed",
    "order.updated",
    "order.canceled",
    "order.completed",
    "order.archived",
    "order.fulfillment_created",
    "order.fulfillment_canceled",
    "order.return_requested",
    "order.return_received",
    "order.claim_created",
    "order.exchange_created",
    "order-edit.confirmed",
    "payment.captured",
    "payment.refunded",
]

/** Hex HMAC-SHA256 of "<timestamp>.<delivery>.<body>". */
function sign(secret, timestamp, delivery, body) {
    return crypto
        .createHmac("sha256", secret)
        .update(`${timestamp}.${delivery}.${body}`)
        .digest("hex")
}

/** The purchases an event is about: order groups in Mercur, else orders. */
async function purchases(event, container) {
    const query = container.resolve("query")
    const read = async (entity, field, filters) => {
        const {data} = await query.graph({entity, fields: [field], filters})
        return data.map((row) => row[field])
    }
    let orders = [event.data.order_id || event.data.id]
    if (event.name.startsWith("payment.")) {
        const collections = await read("payment", "payment_collection_id", {
            id: event.data.id,
        })
        orders = await read("order_payment_collection", "order_id", {
            payment_collection_id: collections,
        })
    }
    if (!container.hasRegistration("seller")) return orders
    return read("order_group_order", "order_group_id", {order_id: orders})
}

async function deliver(url, secret, topic, body) {
    const delivery = crypto.randomUUID() // the same on every repetition
    const timestamp = String(Math.floor(Date.now() / 1000))
    const response = () =>
        fetch(url, {
            method: "POST",
            body,
            redirect: "error",
            signal: AbortSignal.timeout(TIMEOUT_MS),
            headers: {
                "content-type": "application/json",
                "x-marketplace-topic": topic,
                "x-marketplace-delivery": delivery,
                "x-marketplace-timestamp": timestamp,
                "x-marketplace-signature": sign(secret, timestamp, delivery, body),
            },
        })
    let problem = ""
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        try {
            const {ok, status} = await response()
            if (ok) return
            problem = `HTTP ${status}`
        } catch (error) {
            problem = error.message
        }
        if (attempt === ATTEMPTS - 1) break
        const pause = FIRST_PAUSE_MS * 2 ** attempt
        await new Promise((resolve) => setTimeout(resolve, pause).unref())
    }
    throw new Error(`The connector did not take ${topic} (${problem})`)
}

module.exports.default = async function marketplaceWebhooks({event, container}) {
    const url = process.env.CONNECTOR_URL
    const secret = process.env.CONNECTOR_SECRET
    if (!url || !secret) return
    try {
        const refs = new Set(await purchases(event, container))
        for (const id of refs) {
            const occurredAt = new Date().toISOString()
            const body = JSON.stringify({kind: "order", id, occurredAt})
            await deliver(url, secret, event.name, body)
        }
    } catch (error) {
        container.resolve("logger").error(`Webhook ${event.name}: ${error.message}`)
    }
}
module.exports.config = {event: EVENTS}

// Outgoing webhooks.  Vendure has none of its own; this turns events of its bus
// into signed HTTP calls.
//
// An event is put into the persistent job queue and sent by the worker, so a
// connector that is down, or a shop that is restarted, loses nothing that was
// queued.  The call says only *what* changed: the receiver fetches the order.
const crypto = require("crypto")
const {
    Logger,
    OrderStateTransitionEvent,
    PaymentStateTransitionEvent,
    RefundStateTransitionEvent,
} = require("@vendure/core")

const QUEUE = "marketplace-webhook"
const RETRIES = 12 // with the back-off of config.js: about half an hour
const TIMEOUT_MS = 10000

/** Hex HMAC-SHA256 of "<timestamp>.<delivery>.<body>". */
function sign(secret, timestamp, delivery, body) {
    return crypto
        .createHmac("sha256", secret)
        .update(`${timestamp}.${delivery}.${body}`)
        .digest("hex")
}

class Outbox {
    constructor({url, secret}) {
        this.url = url
        this.secret = secret
    }

    async start(eventBus, jobQueueService) {
        this.queue = await jobQueueService.createQueue({
            name: QUEUE,
            process: (job) => this.deliver(job.data),
        })
        // Parts of an order (type Seller) and carts are nobody's business.
        const placed = (order) =>
            order.type !== "Seller" && Boolean(order.orderPlacedAt)
        eventBus.ofType(OrderStateTransitionEvent).subscribe(({order, toState}) => {
            if (placed(order)) this.enqueue("order", order, toState)
        })
        eventBus.ofType(PaymentStateTransitionEvent).subscribe(({order, toState}) => {
            if (placed(order)) this.enqueue("payment", order, toState)
        })
        eventBus.ofType(RefundStateTransitionEvent).subscribe(({order, toState}) => {
            this.enqueue("refund", order, toState)
        })
    }

    async enqueue(kind, order, state) {
        const data = {
            topic: `${kind}.${state}`,
            delivery: crypto.randomUUID(),
            body: JSON.stringify({
                kind: "order",
                id: String(order.id),
                code: order.code,
                state,
                occurredAt: new Date().toISOString(),
            }),
        }
        // Nobody waits for this: an error left alone would end the process.
        await this.queue
            .add(data, {retries: RETRIES})
            .catch((error) => Logger.error(error.message, QUEUE))
    }

    /** Throws unless the receiver took it, so that the queue tries again. */
    async deliver({topic, delivery, body}) {
        const timestamp = String(Math.floor(Date.now() / 1000))
        const response = await fetch(this.url, {
            method: "POST",
            body,
            redirect: "error",
            signal: AbortSignal.timeout(TIMEOUT_MS),
            headers: {
                "content-type": "application/json",
                "x-marketplace-topic": topic,
                "x-marketplace-delivery": delivery,
                "x-marketplace-timestamp": timestamp,
                "x-marketplace-signature": sign(this.secret, timestamp, delivery, body),
            },
        })
        if (!response.ok) {
            throw new Error(`The connector answered ${response.status} to ${delivery}`)
        }
        return {status: response.status}
    }
}

module.exports = {Outbox, sign}

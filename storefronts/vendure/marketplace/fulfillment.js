// The handler the connector ships with: as the manual one, plus our reference,
// which makes a repeated push recognisable.
const {FulfillmentHandler, LanguageCode} = require("@vendure/core")

const marketplaceFulfillment = new FulfillmentHandler({
    code: "marketplace-fulfillment",
    description: [
        {languageCode: LanguageCode.en, value: "Shipment recorded in the back office"},
    ],
    args: {
        method: {type: "string", required: false},
        trackingCode: {type: "string", required: false},
        reference: {type: "string", required: true},
    },
    createFulfillment: (ctx, orders, lines, args) => ({
        method: args.method,
        trackingCode: args.trackingCode,
        customFields: {odooRef: args.reference},
    }),
})

module.exports = {marketplaceFulfillment}

// Everything a Vendure shop needs to be driven from the back office, in one
// plugin: seller strategies, our references as custom fields, the fulfilment
// handler, the webhooks and the fields that core keeps out of its APIs.
const {
    EventBus,
    JobQueueService,
    PluginCommonModule,
    VendurePlugin,
    manualFulfillmentHandler,
} = require("@vendure/core")
const api = require("./api")
const {marketplaceFulfillment} = require("./fulfillment")
const {Outbox} = require("./outbox")
const {
    OneSellerPerVariant,
    SellerOrSharedShipping,
    sellerInCart,
} = require("./sellers")

// A reference is our key in the shop; Vendure has no natural keys, so it must be
// found by this before anything is created.
const REFERENCED = [
    "Fulfillment",
    "Product",
    "ProductVariant",
    "Seller",
    "ShippingMethod",
    "StockLocation",
    "TaxCategory",
]

const reference = {
    name: "odooRef",
    type: "string",
    nullable: true,
    public: false,
    label: [{languageCode: "en", value: "Back office reference"}],
}

// Statements, invoices and payouts of a seller, under the back office's numbers.
const records = {
    name: "odooRecords",
    type: "struct",
    list: true,
    nullable: true,
    public: false,
    label: [{languageCode: "en", value: "Statements, invoices and payouts"}],
    fields: [
        {name: "ref", type: "string"},
        {name: "kind", type: "string"},
        {name: "number", type: "string"},
        {name: "date", type: "string"},
        {name: "amount", type: "int"},
        {name: "currency", type: "string"},
        {name: "state", type: "string"},
        {name: "url", type: "string"},
    ],
}

// What shoppers are told of an article beside its price.
const variantFields = [
    {
        name: "barcode",
        type: "string",
        nullable: true,
        public: true,
        label: [{languageCode: "en", value: "Barcode"}],
    },
    {
        name: "ecoContribution",
        type: "int",
        nullable: true,
        public: true,
        label: [{languageCode: "en", value: "Eco-contribution in the price, cents"}],
    },
]

function withReferences(customFields = {}) {
    const extended = {...customFields}
    for (const entity of REFERENCED) {
        extended[entity] = [...(extended[entity] || []), reference]
    }
    extended.Seller = [...extended.Seller, records]
    extended.ProductVariant = [...extended.ProductVariant, ...variantFields]
    return extended
}

class MarketplacePlugin {
    static options = {url: "", secret: ""}

    static init(options) {
        if (options.url && !options.secret) {
            throw new Error("CONNECTOR_SECRET is needed when CONNECTOR_URL is given.")
        }
        this.options = options
        return this
    }

    constructor(eventBus, jobQueueService) {
        this.eventBus = eventBus
        this.jobQueueService = jobQueueService
    }

    async onApplicationBootstrap() {
        const {options} = MarketplacePlugin
        if (!options.url) return
        await new Outbox(options).start(this.eventBus, this.jobQueueService)
    }
}

// What a TypeScript compiler would have written for the decorators.
Reflect.defineMetadata(
    "design:paramtypes",
    [EventBus, JobQueueService],
    MarketplacePlugin
)
VendurePlugin({
    imports: [PluginCommonModule],
    compatibility: "^3.7.0",
    adminApiExtensions: api.admin,
    shopApiExtensions: api.shop,
    configuration: (config) => {
        config.orderOptions.orderSellerStrategy = new OneSellerPerVariant()
        config.shippingOptions.shippingLineAssignmentStrategy =
            new SellerOrSharedShipping()
        config.shippingOptions.fulfillmentHandlers = [
            manualFulfillmentHandler,
            marketplaceFulfillment,
        ]
        config.shippingOptions.shippingEligibilityCheckers = [
            ...(config.shippingOptions.shippingEligibilityCheckers || []),
            sellerInCart,
        ]
        config.customFields = withReferences(config.customFields)
        return config
    },
})(MarketplacePlugin)

module.exports = {MarketplacePlugin}

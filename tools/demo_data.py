"""Who sells, what is sold and who buys in the demo."""

COUPON = "BIENVENUE10"  # ten per cent, the vendors pay
GIFT = "MERCI5"  # five euros, the marketplace pays

VENDORS = {
    "LUMEN": {
        "name": "Atelier Lumen",
        "street": "14 rue Sala",
        "zip": "69002",
        "city": "Lyon",
        "vat": "FR40303265045",
        "iban": "FR7630006000011234567890189",
    },
    "BRUME": {
        "name": "Maison Brume",
        "street": "8 quai de la Fosse",
        "zip": "44000",
        "city": "Nantes",
        "vat": "FR23334175221",
        "iban": "FR1420041010050500013M02606",
    },
    "TORTUE": {
        "name": "Café Tortue",
        "street": "31 rue d'Aubagne",
        "zip": "13001",
        "city": "Marseille",
        "vat": "FR83404833048",
        "iban": "FR7630004000031234567890143",
    },
}
# name, tax rate, category, [(vendor, SKU, price, stock)]
PRODUCTS = [
    ("Lampe Nacre", 20.0, "Home", [("LUMEN", "LUM-LAMP", 89.00, 40)]),
    (
        "Beeswax Candle",
        20.0,
        "Home",
        [("LUMEN", "LUM-CANDLE", 14.90, 400), ("BRUME", "BRU-CANDLE", 15.50, 120)],
    ),
    ("Linen Cushion", 20.0, "Home", [("BRUME", "BRU-CUSHION", 34.00, 80)]),
    ("Marseille Soap", 20.0, "Care", [("BRUME", "BRU-SOAP", 6.99, 900)]),
    ("Lavender Water", 20.0, "Care", [("BRUME", "BRU-LAVENDER", 11.33, 300)]),
    ("Espresso Beans 1 kg", 5.5, "Groceries", [("TORTUE", "TOR-BEANS", 24.90, 250)]),
    ("Verbena Tea", 5.5, "Groceries", [("TORTUE", "TOR-VERBENA", 7.45, 500)]),
    ("Coffee Grinder", 20.0, "Home", [("TORTUE", "TOR-GRINDER", 59.99, 25)]),
]
STAFF = [
    (
        "accountant",
        "Inès Comptable",
        [
            "marketplace_base.group_accountant",
            "marketplace_payout.group_payout_preparer",
        ],
    ),
    (
        "clerk",
        "Paul Comptoir",
        ["marketplace_base.group_order_desk", "marketplace_base.group_catalogue"],
    ),
]
# As the shopper's client wants them: names, mail, street, city, postal code.
BUYERS = [
    ("Ada", "Martin", "ada.martin@example.com", "12 rue des Lilas", "Lyon", "69003"),
    ("Noé", "Petit", "noe.petit@example.com", "5 cours Mirabeau", "Aix", "13100"),
    (
        "Lou",
        "Garnier",
        "lou.garnier@example.com",
        "2 rue Crébillon",
        "Nantes",
        "44000",
    ),
    ("Zoé", "Roux", "zoe.roux@example.com", "40 rue Oberkampf", "Paris", "75011"),
]
# Baskets of the shoppers: quantities by SKU, and the coupon some of them type.
BASKETS = [
    ({"LUM-LAMP": 1, "BRU-SOAP": 3, "TOR-BEANS": 1}, ""),
    ({"BRU-CUSHION": 2, "TOR-VERBENA": 2}, COUPON),
    ({"LUM-CANDLE": 4, "BRU-LAVENDER": 1}, ""),
    ({"TOR-GRINDER": 1, "TOR-BEANS": 2, "LUM-CANDLE": 1}, COUPON),
    ({"BRU-SOAP": 6, "TOR-VERBENA": 1}, GIFT),
    ({"LUM-LAMP": 2, "TOR-GRINDER": 1, "BRU-CUSHION": 1}, ""),
    ({"BRU-CANDLE": 2, "LUM-CANDLE": 2}, COUPON),
    ({"TOR-BEANS": 3, "BRU-LAVENDER": 2}, ""),
    ({"LUM-LAMP": 1, "BRU-CANDLE": 1, "TOR-VERBENA": 3}, ""),
    ({"BRU-CUSHION": 1, "TOR-BEANS": 1}, ""),
    ({"LUM-CANDLE": 1, "BRU-SOAP": 1, "TOR-VERBENA": 1}, COUPON),
    ({"TOR-GRINDER": 1, "LUM-LAMP": 1}, ""),
]

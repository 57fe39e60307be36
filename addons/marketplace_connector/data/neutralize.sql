-- A copy of a production database must not talk to the shops of production.
UPDATE marketplace_storefront
   SET state = 'draft', password = NULL, webhook_secret = NULL;

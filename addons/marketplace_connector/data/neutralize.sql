-- A copy of a production database must not talk to the shops of production.
UPDATE marketplace_storefront
   SET state = 'draft', username = NULL, password = NULL,
       webhook_secret = NULL, webhook_secret_old = NULL,
       webhook_key = 'neutralized-' || id;

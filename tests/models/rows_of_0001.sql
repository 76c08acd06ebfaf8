-- One refunded order and one with a live hold, as the first shape kept them.
INSERT INTO accounts (id, email, name, about, role, created_at) VALUES (1, 'a@b.example', 'A', '', 'creator', '2027-05-01 10:00:00+00:00');

INSERT INTO products (id, slug, creator_id, kind, title, lead, length, lang, version, currency, author_text, questions, cover, band, taken, upfront, created_at) VALUES (1, 'a', 1, 'course', 'A', '', '', 'en', '', 'EUR', '', '[]', '', 0, 0, false, '2027-05-01 10:00:00+00:00');

INSERT INTO offers (id, product_id, position, name, price, taken, until_launch) VALUES (1, 1, 1, 'A', 1900, 0, false);

INSERT INTO orders (id, number, nonce, product_id, offer_id, kind, mode, state, email, currency, price, unit, placed_at, placed_from, promise_version, link_generation, link_sha256, card, paid_intent, capture_before, decline, cancel_who, cancel_why) VALUES (1, 'N1', 'n1', 1, 1, 'pre_order', 'hold', 'refunded', 'a@b.example', 'EUR', 1900, false, '2027-05-01 10:00:00+00:00', '', 1, 1, 's1', '', 'pi_1', NULL, '', '', '');

INSERT INTO orders (id, number, nonce, product_id, offer_id, kind, mode, state, email, currency, price, unit, placed_at, placed_from, promise_version, link_generation, link_sha256, card, paid_intent, capture_before, decline, cancel_who, cancel_why) VALUES (2, 'N2', 'n2', 1, 1, 'pre_order', 'hold', 'held', 'a@b.example', 'EUR', 1900, false, '2027-05-01 10:00:00+00:00', '', 1, 1, 's2', '', NULL, '2027-05-12 10:00:00+00:00', '', '', '');

INSERT INTO attempts (id, order_id, kind, generation, key, target, body, opened_at, leased_until, tries, outcome, stripe_id, moved, detail) VALUES (1, 1, 'refund', 1, 'k', '', '{}', '2027-05-01 10:00:00+00:00', '2027-05-01 10:00:00+00:00', 1, 'done', 're_1', 1900, '');

-- Chance without chance: what is drawn depends on the row's number and on what it is drawn for.
CREATE OR REPLACE FUNCTION pg_temp.draw(number integer, purpose text, choices integer)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mod(('x' || left(md5(number::text || purpose), 7))::bit(28)::integer, choices);

CREATE OR REPLACE FUNCTION pg_temp.pick(number integer, purpose text, words text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN words[1 + pg_temp.draw(number, purpose, cardinality(words))];

-- EAN-13 out of its first twelve digits: every second one counts thrice.
CREATE OR REPLACE FUNCTION pg_temp.ean13(digits text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN digits || mod(10 - mod(
    substr(digits, 1, 1)::integer + substr(digits, 3, 1)::integer + substr(digits, 5, 1)::integer
    + substr(digits, 7, 1)::integer + substr(digits, 9, 1)::integer + substr(digits, 11, 1)::integer
    + 3 * (
        substr(digits, 2, 1)::integer + substr(digits, 4, 1)::integer + substr(digits, 6, 1)::integer
        + substr(digits, 8, 1)::integer + substr(digits, 10, 1)::integer + substr(digits, 12, 1)::integer
    ), 10
), 10)::text;

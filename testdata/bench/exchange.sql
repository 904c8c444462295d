-- What exchange.awk counts, for DuckDB. The variables log, command and reply
-- are set before.
SET threads = 1;
CREATE TEMP MACRO protocol() AS TABLE
SELECT * FROM read_csv(getvariable('log'), auto_detect = false, header = false, skip = 5, delim = ',', quote = '"', escape = '"',
    columns = {'at': 'VARCHAR', 'connector': 'VARCHAR', 'session': 'VARCHAR', 'sequence': 'INTEGER', 'local': 'VARCHAR',
        'remote': 'VARCHAR', 'event': 'VARCHAR', 'data': 'VARCHAR', 'context': 'VARCHAR'});
SELECT count(*) AS sessions FROM protocol() WHERE event = '+';
WITH wanted AS (
    SELECT session, sequence, event, data FROM protocol()
    WHERE event = getvariable('command') AND data[:5] IN ('RCPT ', 'MAIL ', 'rcpt ', 'mail ')
        OR event = getvariable('reply') AND data >= '4' AND data < '6'
), told AS (
    SELECT event, data, last_value(CASE WHEN event = getvariable('command') THEN lower(split_part(split_part(data, '@', 2), '>', 1)) END
        IGNORE NULLS) OVER (PARTITION BY session ORDER BY sequence) AS domain
    FROM wanted
)
SELECT data[:3] AS code, domain, count(*) AS replies FROM told WHERE event = getvariable('reply') GROUP BY ALL ORDER BY ALL;

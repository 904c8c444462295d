-- Counts refused recipients by code and domain, and sessions, in a W3C log of IIS
-- with the usual columns, for DuckDB. The variable log is set before.
SET threads = 1;
CREATE TEMP MACRO w3c() AS TABLE
SELECT * FROM read_csv(getvariable('log'), auto_detect = false, header = false, skip = 4, delim = ' ', quote = '', escape = '',
    columns = {'date': 'VARCHAR', 'time': 'VARCHAR', 'client': 'VARCHAR', 'user': 'VARCHAR', 'site': 'VARCHAR', 'computer': 'VARCHAR',
        'ip': 'VARCHAR', 'port': 'VARCHAR', 'method': 'VARCHAR', 'stem': 'VARCHAR', 'query': 'VARCHAR', 'status': 'INTEGER',
        'win32': 'VARCHAR', 'sent': 'VARCHAR', 'received': 'VARCHAR', 'taken': 'VARCHAR', 'version': 'VARCHAR', 'host': 'VARCHAR',
        'agent': 'VARCHAR', 'cookie': 'VARCHAR', 'referer': 'VARCHAR'});
SELECT count(*) AS sessions FROM w3c() WHERE method = 'QUIT';
SELECT status, lower(split_part(split_part(query, '@', 2), '>', 1)) AS domain, count(*) AS replies
FROM w3c() WHERE method = 'RCPT' AND status >= 400 GROUP BY ALL ORDER BY ALL;

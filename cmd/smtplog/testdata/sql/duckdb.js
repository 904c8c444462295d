// Runs queries over the Parquet files of an export and prints their rows:
//
//	node duckdb.js MODULES LAKE <QUERIES.json
//
// MODULES is the folder that @duckdb/node-api was installed into, LAKE the folder
// of the export; QUERIES.json is a list of SQL texts. For each of them a line
// comes out: {"rows": [...]} or {"error": "..."}.
const fs = require('fs');
const path = require('path');
const [modules, lake] = process.argv.slice(2);
const { DuckDBInstance } = require(path.join(modules, 'node_modules', '@duckdb', 'node-api'));

(async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const db = await instance.connect();
  await db.run("SET TimeZone = 'UTC'");
  for (const table of fs.readdirSync(lake)) {
    const files = path.join(lake, table, '*', '*.parquet').replaceAll('\\', '/').replaceAll("'", "''");
    await db.run(`CREATE TABLE ${table} AS SELECT * FROM read_parquet('${files}', hive_partitioning = true)`);
  }
  for (const sql of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    try {
      const result = await db.runAndReadAll(sql);
      console.log(JSON.stringify({ rows: result.getRowObjectsJson() }));
    } catch (err) {
      console.log(JSON.stringify({ error: err.message }));
    }
  }
})();

import { startPostgres } from "/work/main/server/postgres/launcher.ts"
import pg from "pg"
const t=performance.now()
const d = await startPostgres({dataDir: process.argv[2]})
console.log((performance.now()-t).toFixed(0)+"ms", d, d.pid)
const c = new pg.Client({host:d.socketDir,port:d.port,user:d.user,password:d.password,database:d.database})
await c.connect()
console.log((await c.query("select datcollate, datlocprovider, datlocale, pg_encoding_to_char(encoding) e from pg_database where datname=current_database()")).rows, (await c.query("select name, setting from pg_settings where source='command line'")).rows.map(r=>r.name+"="+r.setting).join(" "), (await c.query("show data_checksums")).rows)
await c.end()
if (process.argv[3]) await new Promise(r=>setTimeout(r,+process.argv[3]))
const u=performance.now(); await d.stop(); console.log("stop", (performance.now()-u).toFixed(0))

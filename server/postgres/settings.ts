import type { Binaries } from "./binaries.ts"
import { PORT, type Place } from "./placement.ts"

const usualConnections = 60

/** The command line that starts PostgreSQL in this place; it holds every setting, so that it tells two setups apart. */
export function commandLine(place: Place, binaries: Binaries, connections = usualConnections): string[] {
  const settings = Object.entries(settingsFor(place, connections)).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ])
  return [binaries.postgres, "-D", place.cluster, ...settings]
}

function settingsFor(place: Place, connections: number): Record<string, string> {
  return {
    cluster_name: "conclave",

    // Reached through the socket only, and that by its owner only.
    listen_addresses: "",
    port: String(PORT),
    unix_socket_directories: `"${place.socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    password_encryption: "scram-sha-256",

    // What was acknowledged stays.
    fsync: "on",
    synchronous_commit: "on",
    full_page_writes: "on",

    // A small share of a small machine.
    max_connections: String(Math.max(connections, usualConnections)),
    shared_buffers: "64MB",
    maintenance_work_mem: "32MB",
    effective_cache_size: "256MB",
    max_wal_size: "512MB",
    huge_pages: "off",
    jit: "off",
    max_parallel_workers_per_gather: "0",
    max_parallel_maintenance_workers: "0",
    io_method: "sync",
    max_logical_replication_workers: "0",

    timezone: "UTC",
    log_timezone: "UTC",
    logging_collector: "off",
    log_destination: "stderr",
    log_line_prefix: "%m [%p] ",
    log_checkpoints: "off",
    checkpoint_warning: "0",
    // The details of an error quote values, which may be secret.
    log_error_verbosity: "terse",
  }
}

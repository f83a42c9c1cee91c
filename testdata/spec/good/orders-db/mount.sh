#!/bin/bash
set -eu
mount_by_serial "${data_serial}" /var/lib/pgsql
mount_by_serial "${wal_serial}" /var/lib/pgsql/wal

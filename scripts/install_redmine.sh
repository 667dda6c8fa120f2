#!/bin/sh
# Installs Debian's Redmine for tests/connectors/redmine/test_real_redmine.py: as root, on Debian 12.
#
# It sets up no site: the tests copy the program into a folder of their own and run it there, on
# loopback and SQLite. With another bundler than Debian's own the package's last step fails, hence
# BUNDLER_VERSION; and Redmine names no web server, hence puma.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    echo "Only root can install packages: run this as root, or ask for redmine, redmine-sqlite and puma." >&2
    exit 1
fi
if ! command -v apt-get >/dev/null || ! command -v debconf-set-selections >/dev/null; then
    echo "This needs Debian 12: apt-get and debconf are not here." >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive BUNDLER_VERSION="${BUNDLER_VERSION:-2.3.15}"
apt-get update -q
echo "redmine redmine/instances/default/dbconfig-install boolean false" | debconf-set-selections
apt-get install -q -y --no-install-recommends redmine redmine-sqlite puma

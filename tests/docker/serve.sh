#!/bin/sh
# What the image of the tests starts: one of Debian's own servers, set up as its usual image is, from the same variables.
set -e
read_file() {
    eval "path=\${$1_FILE:-}"
    if [ -n "$path" ]; then eval "$1=\$(cat \"\$path\")"; fi
}
what=$1
shift
mkdir -p /srv
case $what in
postgres)
    read_file POSTGRES_PASSWORD
    user=${POSTGRES_USER:-postgres}
    bin=/usr/lib/postgresql/15/bin
    if [ ! -d /srv/postgres ]; then
        install -d -o postgres /srv/postgres
        printf %s "$POSTGRES_PASSWORD" >/tmp/password
        chmod 644 /tmp/password
        as_postgres="setpriv --reuid postgres --regid postgres --clear-groups"
        $as_postgres $bin/initdb -D /srv/postgres -U "$user" --pwfile /tmp/password --auth-host scram-sha-256 >/dev/null
        rm /tmp/password
        echo "host all all all scram-sha-256" >>/srv/postgres/pg_hba.conf
        if [ -n "$POSTGRES_DB" ]; then
            echo "CREATE DATABASE \"$POSTGRES_DB\"" | $as_postgres $bin/postgres --single -D /srv/postgres postgres >/dev/null
        fi
    fi
    exec setpriv --reuid postgres --regid postgres --clear-groups $bin/postgres -D /srv/postgres \
        -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
    ;;
mariadb)
    read_file MARIADB_ROOT_PASSWORD
    read_file MYSQL_PASSWORD
    if [ ! -d /srv/mariadb ]; then
        install -d -o mysql /srv/mariadb
        mariadb-install-db --user=mysql --datadir=/srv/mariadb --skip-test-db >/dev/null
    fi
    {
        echo "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';"
        echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
        if [ -n "$MYSQL_USER" ]; then
            echo "CREATE DATABASE IF NOT EXISTS \`${MYSQL_DATABASE:-app}\`;"
            echo "CREATE USER IF NOT EXISTS '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';"
            echo "GRANT ALL ON \`${MYSQL_DATABASE:-app}\`.* TO '$MYSQL_USER'@'%';"
        fi
    } >/srv/start.sql
    chmod 644 /srv/start.sql
    install -d -o mysql /run/mysqld
    exec mariadbd --user=mysql --datadir=/srv/mariadb --bind-address=0.0.0.0 --init-file=/srv/start.sql "$@"
    ;;
redis)
    exec redis-server --bind 0.0.0.0 --protected-mode no --save "" "$@"
    ;;
memcached)
    exec memcached -u nobody -l 0.0.0.0 "$@"
    ;;
nginx)
    printf '%s\n' 'events {}' 'http { access_log off; server { listen 80; location / { return 200 "hello"; }' \
        'location = /stub_status { stub_status; } } }' >/srv/nginx.conf
    exec nginx -c /srv/nginx.conf -g 'daemon off;' "$@"
    ;;
haproxy)
    printf '%s\n' 'defaults' ' mode http' ' timeout client 5s' ' timeout server 5s' ' timeout connect 5s' \
        'frontend stats' ' bind :8404' ' stats enable' ' stats uri /stats' >/srv/haproxy.cfg
    exec haproxy -f /srv/haproxy.cfg -db "$@"
    ;;
snmpd)
    echo 'rocommunity public' >/srv/snmpd.conf
    exec snmpd -f -Lo -C -c /srv/snmpd.conf "$@" udp:161
    ;;
*)
    echo "no such server: $what" >&2
    exit 2
    ;;
esac

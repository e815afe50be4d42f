# shellcheck shell=bash disable=SC2034      # some variables are for the stories
# A Zabbix of one's own: PostgreSQL, server and front end, in the namespace of a node, where it uses nothing but loopback
# and files below $LAB. A story sources it behind gateway.sh:
#
#     need "${ZABBIX_NEEDS[@]}"
#     zabbix_up a                             # names for `stop': postgres, zabbix, zabbix-web
#                                             # $ZABBIX_SOURCE: the address that it asks from, if not 127.0.0.1
#     api host.get '{"output": ["host"]}'     # the result, as JSON; ends with 1 and the error on stderr if there is one
#     zabbix_import FILE                      # a template, strictly
#     now HOSTID                              # "Execute now" of all rules and items
#     picture PAGE FILE                       # of the front end
#
# shellcheck source-path=SCRIPTDIR source=../../lab/lab.sh

ZABBIX_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ZABBIX_PG=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
ZABBIX_SQL=/usr/share/zabbix-server-pgsql
ZABBIX_WEB=/usr/share/zabbix
ZABBIX_URL=http://127.0.0.1:8080
ZABBIX_NEEDS=(curl jq php setpriv zcat chromium "$ZABBIX_PG/initdb" /usr/sbin/zabbix_server "$ZABBIX_SQL/data.sql.gz"
	"$ZABBIX_WEB/api_jsonrpc.php")

# as USER CMD...: becomes it, so that what was started is CMD
as() { local user=$1; shift; setpriv --reuid="$user" --regid="$user" --clear-groups "$@"; }
sql() { psql -X -q -v ON_ERROR_STOP=1 -h "$ZABBIX/db" -U zabbix "$@"; }

zabbix_up() {           # zabbix_up NODE
	ZABBIX_NODE=$1 ZABBIX=$LAB/zabbix ZABBIX_TRAPS=$LAB/zabbix/traps
	chmod 0711 "$LAB"       # neither database nor server is root
	mkdir -p "$ZABBIX"/{db,run}
	cd "$ZABBIX" || die "cannot make $ZABBIX"
	: > "$ZABBIX_TRAPS"
	chown postgres: db
	chown zabbix: run "$ZABBIX_TRAPS"
	zabbix_database
	zabbix_server
	zabbix_front_end
	cd "$OLDPWD" || die "no $OLDPWD"
}

zabbix_database() {
	lab_quiet "initdb" as postgres "$ZABBIX_PG/initdb" -D "$ZABBIX/db/data" -U zabbix --auth=trust --encoding=UTF8 \
		--locale=C.UTF-8 --no-sync
	# It has to be there for as long as the story, not longer: nothing is written safely.
	start "$ZABBIX_NODE" postgres setpriv --reuid=postgres --regid=postgres --clear-groups "$ZABBIX_PG/postgres" \
		-D "$ZABBIX/db/data" -c listen_addresses= -c unix_socket_directories="$ZABBIX/db" -c fsync=off \
		-c synchronous_commit=off -c full_page_writes=off -c max_wal_size=512MB -c timezone=UTC
	wait_until 20 sql -d postgres -c 'SELECT 1'
	lab_quiet "no database" sql -d postgres -c 'CREATE DATABASE zabbix'
	# One INSERT of many rows where Zabbix has many of one, without a look at each reference.
	{
		zcat $ZABBIX_SQL/schema.sql.gz
		echo 'SET session_replication_role = replica;'
		zcat $ZABBIX_SQL/images.sql.gz $ZABBIX_SQL/data.sql.gz | awk '
			# what is before " values" is the same as in the row before, and that was whole
			{ at = /^INSERT INTO [a-z_]+ \([^)]*\) values \(/ ? index($0, " values (") : 0
			  into = at ? substr($0, 1, at) : "" }
			at && into == open && rows < 200 { sub(/;$/, "", held); print held ","; held = substr($0, at + 8); rows++; next }
			NR > 1 { print held }
			{ held = $0; rows = 1; open = at && /\);$/ ? into : "" }
			END { print held }'
	} > schema.sql
	# Its own host would be polled by an agent that there is not, and the choice of a time would take up half of a picture.
	lab_quiet "the schema" sql -d zabbix -f schema.sql -c "UPDATE hosts SET status = 1 WHERE host = 'Zabbix server'" \
		-c "INSERT INTO profiles (profileid, userid, idx, value_int, type) VALUES (1, 1, 'web.dashboard.filter.active', 0, 2)" \
		-c ANALYZE
}

zabbix_server() {
	cat > server.conf <<-CONF
	ListenIP=127.0.0.1
	SourceIP=${ZABBIX_SOURCE:-127.0.0.1}
	LogType=console
	PidFile=$ZABBIX/run/server.pid
	SocketDir=$ZABBIX/run
	TmpDir=$ZABBIX/run
	DBHost=$ZABBIX/db
	DBName=zabbix
	DBUser=zabbix
	SNMPTrapperFile=$ZABBIX_TRAPS
	StartSNMPTrapper=1
	CacheUpdateFrequency=1
	StartPollers=1
	StartPollersUnreachable=1
	StartHTTPPollers=0
	StartDiscoverers=0
	StartTrappers=1
	StartPreprocessors=1
	StartDBSyncers=1
	StartHistoryPollers=1
	StartLLDProcessors=1
	StartTimers=1
	StartAlerters=1
	StartEscalators=1
	HousekeepingFrequency=0
	Timeout=4
	UnreachablePeriod=10
	UnreachableDelay=2
	UnavailableDelay=3
	FpingLocation=/bin/true
	CONF
	start "$ZABBIX_NODE" zabbix setpriv --reuid=zabbix --regid=zabbix --clear-groups \
		/usr/sbin/zabbix_server -f -c "$ZABBIX/server.conf"
	wait_until 20 grep -q 'started \[snmp trapper' "$LAB/zabbix.log"
}

# Debian has the place of its configuration in a class, and PHP follows links: it is a copy.
zabbix_front_end() {
	cp -rL $ZABBIX_WEB web
	sed -i "s#/etc/zabbix/zabbix.conf.php#$ZABBIX/web/conf/zabbix.conf.php#" web/include/classes/core/CConfigFile.php
	cat > web/conf/zabbix.conf.php <<-PHP
	<?php
	\$DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '$ZABBIX/db', 'PORT' => '0', 'DATABASE' => 'zabbix', 'USER' => 'zabbix',
		'PASSWORD' => '', 'SCHEMA' => '', 'ENCRYPTION' => false, 'VAULT_URL' => '', 'VAULT_DB_PATH' => '',
		'VAULT_TOKEN' => '', 'DOUBLE_IEEE754' => true];
	\$ZBX_SERVER = '127.0.0.1';
	\$ZBX_SERVER_PORT = '10051';
	\$ZBX_SERVER_NAME = '';
	\$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
	PHP
	# Where en_US is not installed, every page would say so.
	mkdir locale
	ln -s /usr/lib/locale/C.utf8 locale/en_US.utf8
	start "$ZABBIX_NODE" zabbix-web env LOCPATH="$ZABBIX/locale" \
		setpriv --reuid=zabbix --regid=zabbix --clear-groups php -S "${ZABBIX_URL#http://}" -t "$ZABBIX/web" \
		-d memory_limit=256M -d post_max_size=32M -d max_input_time=300 -d max_execution_time=300 -d max_input_vars=10000 \
		-d date.timezone=UTC -d display_errors=0 -d session.save_path="$ZABBIX/run" -d opcache.enable_cli=1
	wait_until 20 in_ns "$ZABBIX_NODE" curl -sf -o /dev/null $ZABBIX_URL/index.php
	ZABBIX_TOKEN=
	ZABBIX_TOKEN=$(api user.login '{"username": "Admin", "password": "zabbix"}' | jq -r .)
	[ -n "$ZABBIX_TOKEN" ] || die "nobody can log in"
}

# ---- The API ----------------------------------------------------------------------------------------------------

# api METHOD JSON: JSON may be `-', for stdin
api() {
	local answer params=$2
	[ "$params" != - ] || params=$(cat)
	answer=$(printf '%s' "$params" |
		jq -c --arg method "$1" --arg auth "$ZABBIX_TOKEN" '{jsonrpc: "2.0", id: 1, method: $method, params: .}
			+ if $auth == "" then {} else {auth: $auth} end' |
		in_ns "$ZABBIX_NODE" curl -sS -m 120 -H 'Content-Type: application/json-rpc' --data-binary @- \
			$ZABBIX_URL/api_jsonrpc.php)
	if jq -e 'has("result")' <<< "$answer" > /dev/null; then jq -c .result <<< "$answer"; return; fi
	printf '%s: %s\n' "$1" "$answer" >&2
	return 1
}

ZABBIX_RULES='{"groups": {"createMissing": true},
	"templates": {"createMissing": true, "updateExisting": true},
	"templateLinkage": {"createMissing": true, "deleteMissing": true},
	"items": {"createMissing": true, "updateExisting": true, "deleteMissing": true},
	"discoveryRules": {"createMissing": true, "updateExisting": true, "deleteMissing": true},
	"triggers": {"createMissing": true, "updateExisting": true, "deleteMissing": true},
	"graphs": {"createMissing": true, "updateExisting": true, "deleteMissing": true},
	"templateDashboards": {"createMissing": true, "updateExisting": true, "deleteMissing": true},
	"valueMaps": {"createMissing": true, "updateExisting": true, "deleteMissing": true}}'

# zabbix_source FILE: what an import and a comparison of one want
zabbix_source() { jq -n --rawfile source "$1" --argjson rules "$ZABBIX_RULES" '{format: "yaml", $source, $rules}'; }

zabbix_import() { [ "$(zabbix_source "$1" | api configuration.import -)" = true ]; }
# zabbix_same FILE: there is nothing that an import would change
zabbix_same() {
	local differ
	differ=$(zabbix_source "$1" | api configuration.importcompare -) || return
	jq -c '[.. | objects | select(has("before") or has("after")) | {before, after} | map_values((.key? // .name? // .))]' <<< "$differ" | cut -c 1-2000
	[ "$differ" = '[]' ]
}

# now HOSTID: as the button does it: what is polled, is polled within seconds
now() {
	local query='{"hostids": ["'$1'"], "monitored": true, "output": ["itemid"], "filter": {"type": [15, 20]}}'
	{ api discoveryrule.get "$query"; api item.get "$query"; } |
		jq -s 'add | map({type: 6, request: {itemid}})' | api task.create - > /dev/null
}

# ---- A picture --------------------------------------------------------------------------------------------------

# picture PAGE FILE: a page of the front end as a browser shows it. The form of the login is read from the address, too.
picture() {
	local url profile=$LAB/chromium
	url=$(jq -rn --arg url $ZABBIX_URL --arg page "$1" \
		'"\($url)/index.php?enter=1&autologin=1&name=Admin&password=zabbix&request=\($page | @uri)"')
	in_ns "$ZABBIX_NODE" env HOME="$profile" timeout -k 5 90 chromium --headless --no-sandbox --disable-gpu --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync --disable-quic \
		--disable-dev-shm-usage --hide-scrollbars --no-proxy-server --user-data-dir="$profile" \
		--host-resolver-rules='MAP * ~NOTFOUND , EXCLUDE 127.0.0.1' --window-size=1920,1080 \
		--virtual-time-budget=15000 --screenshot="$2" "$url" > "$LAB/chromium.log" 2>&1 && [ -s "$2" ]
}

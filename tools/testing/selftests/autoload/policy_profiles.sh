#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# System calls that request modules, made by four requesters without a policy and with each of
# the ready-made policies. policy_profiles.txt has the expected results.
#
# On a kernel without autoload only the column "none" is checked. On a kernel without the
# journal only /proc/modules is checked, not the outcomes.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

TABLE=$HERE/policy_profiles.txt
ALIASES=/etc/modprobe.d/kmod_profiles.conf
REQUESTERS=(root user userns container)
PROFILES=(server desktop container-host)
# The number of requesters that try each trigger. If it is one, they take turns.
EACH=$(on_debug 1 ${#REQUESTERS[@]})
# A trigger that each policy denies to users. None of its modules may be loaded.
DENIED=(socket 29 3 1) DENIED_NAME=net-pf-29

declare -A INPUT OUTPUT PID
LAST_ID=0 OUTCOME='' SIGN='' SIGNS=''

# Unloads the modules that a trigger has loaded.
unload()
{
	local lines

	mapfile -t lines </proc/modules
	[[ ${#lines[@]} -eq $MODULES ]] || wait_until are_unloaded
}

# as_user and in_container replace the subshell that they run in.
as_user() { become "$USER_ID" "$@"; }

# Root of a container, which has the ptmx device of the host
in_container()
{
	# shellcheck disable=SC2016 # for the inner shell
	as_user unshare --user --map-root-user --mount --net --pid --ipc --uts --fork \
		--kill-child --mount-proc sh -c 'mount -t tmpfs dev /dev && mkdir /dev/pts &&
		mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts &&
		ln -s pts/ptmx /dev/ptmx && exec "$0"' "$1"
}

# requester NAME COMMAND...: starts a kmod_trigger under that command
requester()
{
	local name=$1 input output

	mkfifo "$WORK/$name.in" "$WORK/$name.out"
	"${@:2}" "$HERE/kmod_trigger" <"$WORK/$name.in" >"$WORK/$name.out" &
	PID[$name]=$!
	exec {input}>"$WORK/$name.in" {output}<"$WORK/$name.out"
	INPUT[$name]=$input OUTPUT[$name]=$output
}

start_requesters()
{
	requester root env
	requester user as_user
	requester userns as_user unshare --user --map-root-user --mount --net
	requester container in_container
}

# Creates the device nodes and the program that some triggers use, and an alias for the binary
# format, as no module has one.
make_files()
{
	chmod 755 "$WORK"
	mknod -m 666 "$WORK/tun" c 10 200
	mknod -m 666 "$WORK/fuse" c 10 229
	mknod -m 666 "$WORK/ppp" c 108 0
	printf '\177\377\001\002' >"$WORK/strange"
	chmod 755 "$WORK/strange"
	mkdir -p "${ALIASES%/*}"
	echo "alias binfmt-0201 binfmt_misc" >"$ALIASES"
}

clean_up_more()
{
	rm -f "$ALIASES"
	kill "${PID[@]}" 2>/dev/null || :
}

restore_more()
{
	[[ ! -d $POLICY ]] || no_policy
	wait_until are_unloaded
}

# trigger REQUESTER WORDS...: makes that requester run a trigger
trigger()
{
	local words=("${@:2}") result

	[[ ${words[0]} != open && ${words[0]} != exec ]] || words[1]=$WORK/${words[1]}
	echo "${words[*]}" >&"${INPUT[$1]}"
	read -r -u "${OUTPUT[$1]}" result
}

# read_journal NAME: sets OUTCOME to that of the last request for NAME since the previous call
read_journal()
{
	local lines i id name outcome last=$LAST_ID

	OUTCOME=none
	[[ -r $JOURNAL/requests ]] || return 0
	mapfile -t lines <"$JOURNAL/requests"
	for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
		read -r id name outcome _ <<<"${lines[i]}"
		# The requests of fill_slots are recorded after later ones have been.
		[[ $name != name=fs-kmod_full* ]] || continue
		id=${id#id=}
		((id > last)) || break
		((id <= LAST_ID)) || LAST_ID=$id
		[[ $name != "name=$1" || $OUTCOME != none ]] || OUTCOME=${outcome#outcome=}
	done
}

# see NAME MODULE: sets SIGN to the result, in the notation of the table
see()
{
	local loaded=absent

	read_journal "$1"
	! is_loaded "$2" || loaded=loaded
	[[ -r $JOURNAL/requests || $loaded == absent ]] || OUTCOME=ok
	case $OUTCOME-$loaded in
	ok-loaded) SIGN=+ ;;
	"$DENIED_OUTCOME-absent") SIGN=x ;;
	none-absent) SIGN=. ;;
	*) SIGN="($OUTCOME, $loaded)" ;;
	esac
}

# try_row NAME MODULE LOADED REQUESTERS TRIGGER...: runs the trigger as each of the requesters;
# sets SIGNS to the results
try_row()
{
	local name=$1 module=$2 loaded=$3 requester

	SIGNS=
	for requester in $4; do
		[[ $loaded == - ]] || "$REAL_MODPROBE" "$loaded"
		read_journal "$name"
		trigger "$requester" "${@:5}"
		see "$name" "$module"
		SIGNS+=$SIGN
		unload || return 1
	done
}

# Prints the rows of the table that apply to this kernel. Their modules must exist; rows for
# binary formats also need an exec that requests modules.
rows_here()
{
	local by_exec="" name module rest

	! exec_asks_for "$WORK/strange" || by_exec=yes
	restore
	while read -r name module rest; do
		if ! modinfo -n "$module" 2>/dev/null | grep -q '\.ko' ||
			[[ $name == binfmt-* && -z $by_exec ]]; then
			say "no trigger on this kernel: $name" >&2
		else
			echo "$name $module $rest"
		fi
	done < <(grep -v '^#' "$TABLE")
}

# rows COLUMN: prints the rows, each after its expected result in that column
rows()
{
	awk -v column="$1" '!/^#/ { e = $column; $4 = $5 = $6 = $7 = ""; print e, $0 }' "$TABLE"
}

# check_column COLUMN: tries each row and compares the results with the column
check_column()
{
	local expected name module loaded words result=0 i=0 n=${#REQUESTERS[@]}

	while read -r expected name module loaded words; do
		# shellcheck disable=SC2086 # words
		try_row "$name" "$module" "$loaded" "${REQUESTERS[*]:i:EACH}" $words
		is "$SIGNS" "${expected:i:EACH}" "$name:" || result=1
		[[ $EACH -eq n ]] || i=$(((i + 1) % n))
	done < <(rows "$1")
	return "$result"
}

# All but at most two rows of the table must apply to this kernel.
none()
{
	local all

	all=$(grep -vc '^#' "$HERE/policy_profiles.txt")
	at_least "$(wc -l <"$TABLE")" $((all - 2)) "rows:" && check_column 4
}

server() { load_policy server && check_column 5; }
desktop() { load_policy desktop && check_column 6; }
container_host() { load_policy container-host && check_column 7; }

# autoloads MACHINE COLUMN: without the deny rules of its policy, root must get the modules
# that the policy denies to root
autoloads()
{
	local expected name module loaded words result=0

	load_policy "$1" without || return 1
	while read -r expected name module loaded words; do
		[[ $expected == x* ]] || continue
		# shellcheck disable=SC2086 # words
		try_row "$name" "$module" "$loaded" root $words
		is "$SIGNS" + "$1: $name:" || result=1
	done < <(rows "$2")
	return "$result"
}

# The ready-made policies may deny requests of root only by rules.
root_autoloads()
{
	autoloads server 5 && autoloads desktop 6 && autoloads container-host 7
}

root_loads()
{
	local profile module modules

	mapfile -t modules < <(awk '!/^#/ { print $2 }' "$TABLE" | sort -u)
	for profile in "${PROFILES[@]}"; do
		load_policy "$profile" || return 1
		"$REAL_MODPROBE" -a "${modules[@]}" || return 1
		for module in "${modules[@]}"; do
			is_loaded "$module" || complain "$profile: $module" || return 1
		done
		wait_until are_unloaded || return 1
	done
}

# A process with CAP_NET_ADMIN and without CAP_SYS_MODULE
net_admin()
{
	load_policy server || return 1
	read_journal netdev-tunl0
	echo "ifname tunl0" | as_user_with net_admin "$HERE/kmod_trigger" >/dev/null
	see netdev-tunl0 ipip
	is "$SIGN" + "netdev-tunl0:" || return 1
	echo "tcp vegas" | as_user_with net_admin "$HERE/kmod_trigger" >/dev/null
	see tcp_vegas tcp_vegas
	is "$SIGN" + "tcp_vegas:" || return 1
	echo "${DENIED[*]}" | as_user_with net_admin "$HERE/kmod_trigger" >/dev/null
	see "$DENIED_NAME" can
	is "$SIGN" x "$DENIED_NAME:" || return 1
	# No rule matches this name. Mode 1 requires CAP_SYS_MODULE, except for netdev-*.
	echo "socket 17 3 0" | as_user_with net_admin "$HERE/kmod_trigger" >/dev/null
	see net-pf-17 af_packet
	is "$SIGN" x "net-pf-17:"
}

as_user_with()
{
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps "+$1" \
		--ambient-caps "+$1" -- "${@:2}"
}

# denied_at_once PROFILE: denials must not wait for a slot
denied_at_once()
{
	local requester from

	load_policy "$1" || return 1
	for requester in user userns container; do
		read_journal "$DENIED_NAME"
		from=$(now_us)
		trigger "$requester" "${DENIED[@]}"
		at_most $(($(now_us) - from)) "$SOON" "$1, $requester, microseconds:" || return 1
		read_journal "$DENIED_NAME"
		is "$OUTCOME" "$DENIED_OUTCOME" "$1, $requester:" || return 1
	done
}

never_waits()
{
	local profile

	fill_slots || return 1
	for profile in "${PROFILES[@]}"; do
		denied_at_once "$profile" || return 1
	done
	no_policy
	empty_slots
}

TESTS=('none|without a policy each trigger loads its module')
if [[ -d $POLICY ]]; then
	TESTS+=(
		'server|the policy for servers allows and denies as documented'
		'desktop|the policy for desktops allows and denies as documented'
		'container_host|the policy for container hosts allows and denies as documented'
		'root_autoloads|each policy denies requests of root only by a rule'
		'root_loads|with each policy root can load modules with modprobe'
		'net_admin|CAP_NET_ADMIN suffices only for names that the policy lists for it'
		'never_waits|a denied request does not wait for a slot'
	)
fi
skip_without "needs root" test "$UID" -eq 0
unload_others
note_modules
MODULES=$(wc -l </proc/modules)
[[ ! -d $POLICY ]] || skip_without "needs kmodctl" command -v kmodctl
make_files
rows_here >"$WORK/rows"
TABLE=$WORK/rows
start_requesters
run_tests

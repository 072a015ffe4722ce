#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real ways to have modules loaded, tried by four requesters, without a policy and with
# each of the ready-made ones. What must come of it is in policy_profiles.txt.
#
# A kernel without policies is as one that has none loaded; without a journal only
# /proc/modules tells what happened.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

TABLE=$HERE/policy_profiles.txt
ALIASES=/etc/modprobe.d/kmod_doors.conf
REQUESTERS=(root user userns container)
PROFILES=(server desktop container-host)
# Closed to all but root by each of them, and none of its modules is there.
CLOSED=(socket 29 3 1) CLOSED_NAME=net-pf-29

declare -A ASK ANSWER PID
LAST_ID=0 OUTCOME='' SIGN='' SIGNS=''

# unload: what a knock has loaded
unload()
{
	local lines

	mapfile -t lines </proc/modules
	[[ ${#lines[@]} -eq $MODULES ]] || wait_until are_unloaded
}

# These two replace the subshell that they run in.
as_user() { become "$USER_ID" "$@"; }

# A container's root, which has been given some of the host's devices.
in_container()
{
	# shellcheck disable=SC2016 # for the inner shell
	as_user unshare --user --map-root-user --mount --net --pid --ipc --uts --fork \
		--kill-child --mount-proc sh -c 'mount -t tmpfs dev /dev && mkdir /dev/pts &&
		mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts &&
		ln -s pts/ptmx /dev/ptmx && exec "$0"' "$1"
}

# requester NAME COMMAND...: has a kmod_trigger run by that until the end
requester()
{
	local name=$1 ask answer

	mkfifo "$WORK/$name.ask" "$WORK/$name.answer"
	"${@:2}" "$HERE/kmod_trigger" <"$WORK/$name.ask" >"$WORK/$name.answer" &
	PID[$name]=$!
	exec {ask}>"$WORK/$name.ask" {answer}<"$WORK/$name.answer"
	ASK[$name]=$ask ANSWER[$name]=$answer
}

start_requesters()
{
	requester root env
	requester user as_user
	requester userns as_user unshare --user --map-root-user --mount --net
	requester container in_container
}

# The things behind some of the doors, and an alias of the kind that an administrator
# makes, since no module of today's has one of these.
make_things()
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

# knock REQUESTER WORDS...: tries a door
knock()
{
	local words=("${@:2}") answer

	[[ ${words[0]} != open && ${words[0]} != exec ]] || words[1]=$WORK/${words[1]}
	echo "${words[*]}" >&"${ASK[$1]}"
	read -r -u "${ANSWER[$1]}" answer
}

# read_journal NAME: sets OUTCOME of the requests for it since the last call
read_journal()
{
	local lines i id name outcome last=$LAST_ID

	OUTCOME=none
	[[ -r $JOURNAL/requests ]] || return 0
	mapfile -t lines <"$JOURNAL/requests"
	for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
		read -r id name outcome _ <<<"${lines[i]}"
		# Of fill_slots; it ends after later ones.
		[[ $name != name=fs-kmod_full* ]] || continue
		id=${id#id=}
		((id > last)) || break
		((id <= LAST_ID)) || LAST_ID=$id
		[[ $name != "name=$1" || $OUTCOME != none ]] || OUTCOME=${outcome#outcome=}
	done
}

# see NAME MODULE: sets SIGN to what became of that, as in the table
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

# try_row NAME MODULE THERE REQUESTERS DOOR...: sets SIGNS
try_row()
{
	local name=$1 module=$2 there=$3 requester

	SIGNS=
	for requester in $4; do
		[[ $there == - ]] || "$REAL_MODPROBE" "$there"
		read_journal "$name"
		knock "$requester" "${@:5}"
		see "$name" "$module"
		SIGNS+=$SIGN
		unload || return 1
	done
}

# What is no module, or what exec does not ask for, is no door of this kernel.
doors_here()
{
	local asks="" name module rest

	! exec_asks_for "$WORK/strange" || asks=yes
	restore
	while read -r name module rest; do
		if ! modinfo -n "$module" 2>/dev/null | grep -q '\.ko' ||
			[[ $name == binfmt-* && -z $asks ]]; then
			say "not a door of this kernel: $name" >&2
		else
			echo "$name $module $rest"
		fi
	done < <(grep -v '^#' "$TABLE")
}

# rows COLUMN: the table's, with that one's expectation
rows()
{
	awk -v column="$1" '!/^#/ { e = $column; $4 = $5 = $6 = $7 = ""; print e, $0 }' "$TABLE"
}

# table COLUMN
table()
{
	local expected name module there door result=0

	while read -r expected name module there door; do
		# shellcheck disable=SC2086 # words
		try_row "$name" "$module" "$there" "${REQUESTERS[*]}" $door
		is "$SIGNS" "$expected" "$name:" || result=1
	done < <(rows "$1")
	return "$result"
}

# Most of them are doors of any kernel.
none()
{
	at_least "$(wc -l <"$TABLE")" "$(($(grep -vc '^#' "$HERE/policy_profiles.txt") - 2))" "doors" &&
		table 4
}

server() { load_policy server && table 5; }
desktop() { load_policy desktop && table 6; }
container_host() { load_policy container-host && table 7; }

# autoloads MACHINE COLUMN: with its policy, but for what that denies
autoloads()
{
	local expected name module there door result=0

	load_policy "$1" without
	while read -r expected name module there door; do
		[[ $expected == x* ]] || continue
		# shellcheck disable=SC2086 # words
		try_row "$name" "$module" "$there" root $door
		is "$SIGNS" + "$1: $name:" || result=1
	done < <(rows "$2")
	return "$result"
}

# The rows of the tables that are denied to root are so by a rule.
root_autoloads()
{
	autoloads server 5 && autoloads desktop 6 && autoloads container-host 7
}

root_loads()
{
	local profile module modules

	mapfile -t modules < <(awk '!/^#/ { print $2 }' "$TABLE" | sort -u)
	for profile in "${PROFILES[@]}"; do
		load_policy "$profile"
		"$REAL_MODPROBE" -a "${modules[@]}" || return 1
		for module in "${modules[@]}"; do
			is_loaded "$module" || complain "$profile: $module" || return 1
		done
		wait_until are_unloaded || return 1
	done
}

# One of the modes is enough to open a door to it, without CAP_SYS_MODULE.
net_admin()
{
	load_policy server
	read_journal netdev-tunl0
	echo "ifname tunl0" | as_user_with net_admin "$HERE/kmod_trigger" >/dev/null
	see netdev-tunl0 ipip
	is "$SIGN" + "netdev-tunl0:" || return 1
	echo "tcp vegas" | as_user_with net_admin "$HERE/kmod_trigger" >/dev/null
	see tcp_vegas tcp_vegas
	is "$SIGN" x "tcp_vegas:"
}

as_user_with()
{
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps "+$1" \
		--ambient-caps "+$1" -- "${@:2}"
}

# denied_at_once PROFILE: while all slots are taken
denied_at_once()
{
	local requester from

	load_policy "$1"
	for requester in user userns container; do
		read_journal "$CLOSED_NAME"
		from=$(now_us)
		knock "$requester" "${CLOSED[@]}"
		at_most $(($(now_us) - from)) "$SOON" "$1, $requester, microseconds:" || return 1
		read_journal "$CLOSED_NAME"
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

TESTS=('none|without a policy doors open as they always have')
if [[ -d $POLICY ]]; then
	TESTS+=(
		'server|with the one for servers, as documented'
		'desktop|with the one for desktops, as documented'
		'container_host|with the one for hosts of containers, as documented'
		'root_autoloads|what no rule denies is loaded for root'
		'root_loads|with any of them modprobe works for root'
		'net_admin|CAP_NET_ADMIN opens the doors of interfaces, and no other ones'
		'never_waits|who is denied does not wait for a slot'
	)
fi
skip_without "needs root" test "$UID" -eq 0
unload_others
note_modules
MODULES=$(wc -l </proc/modules)
make_things
doors_here >"$WORK/doors"
TABLE=$WORK/doors
start_requesters
run_tests

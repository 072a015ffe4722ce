#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl policy deny and allow: the emergency brake.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel
FILE=$WORK/etc/00-deny.conf
# LeakSanitizer does not work in the namespace.
export ASAN_OPTIONS=detect_leaks=0
export READ_ONLY=

# brake ARGUMENT...: runs kmodctl policy ARGUMENT... with /etc/kmod/policy.d in $WORK/etc, which is
# read-only if READ_ONLY is set, with the loaded modules in $WORK/sys, and with a journal
brake()
{
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c '
		work=$1
		mount -t tmpfs none /etc
		mkdir -p /etc/kmod/policy.d
		mount --bind "$work/etc" /etc/kmod/policy.d
		[ -z "$READ_ONLY" ] || mount -o remount,bind,ro /etc/kmod/policy.d
		mount --bind "$work/sys" /sys/module
		shift
		exec "$@"' bash "$WORK" "$KMODCTL" policy "$1" --modules "$MODULES" \
		--securityfs "$FAKE" --sysctl "$FAKE" --debugfs "$WORK/debugfs" "${@:2}" \
		>"$WORK/out" 2>"$WORK/err" || STATUS=$?
	# No other file has precedence, and the unit may not be enabled here.
	sed -i '/warning: kmod-policy.service is not enabled/d' "$WORK/err"
}

# loads FILE: runs kmodctl policy load FILE with /etc/kmod/policy.d in $WORK/etc
loads()
{
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c 'mount -t tmpfs none /etc && mkdir -p /etc/kmod/policy.d &&
		mount --bind "$1" /etc/kmod/policy.d && shift && exec "$@"' bash "$WORK/etc" \
		"$KMODCTL" policy load --securityfs "$FAKE" --sysctl "$FAKE" "$1" \
		>"$WORK/out" 2>"$WORK/err" || STATUS=$?
}

# loaded NAME REFERENCES HOLDER...: makes a module look as if it was loaded
loaded()
{
	mkdir -p "$WORK/sys/$1/holders"
	echo live >"$WORK/sys/$1/initstate"
	echo "$2" >"$WORK/sys/$1/refcnt"
	[[ $# -lt 3 ]] || mkdir -p "${@/#/$WORK/sys/$1/holders/}"
	[[ $# -lt 3 ]] || rmdir "$WORK/sys/$1/holders/$1" "$WORK/sys/$1/holders/$2"
}

machine()
{
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	fake_modules || return 1
	fake_kernel
	rm -rf "${WORK:?}"/{etc,sys,debugfs}
	mkdir -p "$WORK/etc" "$WORK/sys" "$WORK/debugfs/kmod"
	: >"$WORK/debugfs/kmod/requests"
	: >"$WORK/debugfs/kmod/modules"
}

rules() { tr '\n' ';' <"$FAKE/autoload/policy"; }

OURS='file /etc/kmod/policy.d/00-deny.conf;'
OURS+='# Written by kmodctl policy deny; kmodctl policy allow removes lines.;'
OLD='file /etc/kmod/policy.d/50-old.conf;deny alias old;'

denies()
{
	machine || return 1
	brake deny --module esp4
	well && is "$(grep -v '^#' "$FILE")" 'deny module esp4' &&
		is "$(rules)" "${OURS}deny module esp4;$OLD" || return 1
	brake deny net-pf-38 algif-aead
	well && is "$(rules)" \
		"${OURS}deny module esp4;deny alias net-pf-38;deny alias algif-aead;$OLD"
}

# The second time, the file must not even be written.
idempotent()
{
	local before

	have jq && machine || return 1
	brake deny --module esp4
	cp "$FILE" "$WORK/before"
	before=$(stat -c '%i, %y' "$FILE")
	brake deny --module esp4
	well && is "$(stat -c '%i, %y' "$FILE")" "$before" 'inode and time' &&
		cmp "$FILE" "$WORK/before" && is "$(rules)" "${OURS}deny module esp4;$OLD" ||
		return 1
	brake deny --module --json esp4
	well && is "$(jq -c '[.changed, .in_force]' "$WORK/out")" '[false,true]'
}

takes_back()
{
	machine || return 1
	brake deny --module esp4 dccp
	brake allow --module esp4
	well && is "$(rules)" "${OURS}deny module dccp;$OLD" || return 1
	brake allow --module esp4 dccp
	well && is "$(rules)" "$OLD" && [[ ! -e $FILE ]] || return 1
	brake allow --module dccp
	well && is "$(rules)" "$OLD"
}

comments_stay()
{
	machine || return 1
	brake deny x
	echo '# CVE-2026-1: see ticket 7' >>"$FILE"
	cp "$FILE" "$WORK/commented"
	brake allow x
	well && is "$(cat "$FILE")" "$(grep '^#' "$WORK/commented")" && is "$(rules)" "$OLD"
}

# Another rule of deny may match the name as well.
still_denied()
{
	machine || return 1
	brake deny --module 'esp*' esp4
	brake allow --module esp4
	fails 1 'esp4 is still denied by /etc/kmod/policy.d/00-deny.conf:2: deny module esp\*' &&
		is "$(rules)" "${OURS}deny module esp*;$OLD" || return 1
	brake allow --module 'esp*'
	well && is "$(rules)" "$OLD"
}

# In names, '-' and '_' are equal, except in classes.
spellings()
{
	machine || return 1
	brake deny a-b
	brake deny a_b
	well && is "$(rules)" "${OURS}deny alias a-b;$OLD" 'no second rule' || return 1
	brake allow a_b
	well && is "$(rules)" "$OLD" 'taken back' || return 1
	brake deny 'a[_-z]'
	brake deny 'a[__z]'
	well && is "$(rules)" "${OURS}deny alias a[_-z];deny alias a[__z];$OLD" classes
}

# An administrator may write a rule with other blanks.
blanks()
{
	machine || return 1
	printf '%s\n' $' deny\tmodule  esp4 ' 'deny alias x ' '# deny alias x' >"$FILE"
	brake deny --module esp4
	brake deny --json x
	is "$(jq .changed "$WORK/out")" false changed &&
		is "$(grep -c . "$FILE")" 3 'no second rule' || return 1
	brake allow x
	brake allow --module esp4
	well && is "$(grep -v '^#' "$FILE" 2>/dev/null)" '' 'taken back' &&
		is "$(grep '^deny' "$FAKE/autoload/policy")" 'deny alias old' 'in force'
}

# Rules that were loaded by hand have no origin.
by_hand()
{
	machine || return 1
	echo 'allow alias x' >"$FAKE/autoload/policy"
	brake deny y
	well && is "$(rules)" "${OURS}deny alias y;file -;allow alias x;" || return 1
	: >"$FAKE/autoload/policy"
	rm "$FILE"
	brake deny y
	well && is "$(rules)" "${OURS}deny alias y;"
}

# The kernel accepts any blanks in a line that names a file.
other_blanks()
{
	local old=$' file\t/etc/kmod/policy.d/50-old.conf \ndeny alias old'

	machine || return 1
	printf '%s\n' 'file  /etc/kmod/policy.d/00-deny.conf' 'deny alias gone' "$old" \
		>"$FAKE/autoload/policy"
	brake deny y
	well && is "$(rules)" "${OURS}deny alias y;$(tr '\n' ';' <<<"$old")"
}

aliases()
{
	machine || return 1
	brake deny --module esp4
	well && grep -q '^module esp4: not loaded$' "$WORK/out" &&
		grep -q '^  aliases: xfrm-type-2-50$' "$WORK/out" &&
		grep -q '^  aliases of esp4_offload, which needs it: xfrm-offload-2-50$' \
			"$WORK/out" || return 1
	brake deny algif-aead
	well && grep -q '^module algif_aead: not loaded$' "$WORK/out"
}

# Without --module, the aliases of the module are not denied.
module_forgotten()
{
	local warning='warning: esp4 is a module, and its aliases are not denied; see'

	machine || return 1
	brake deny esp4
	is "$STATUS" 0 status && is "$(<"$WORK/err")" "kmodctl: $warning --module" &&
		is "$(rules)" "${OURS}deny alias esp4;$OLD" || return 1
	brake deny algif_aead
	well
}

already_loaded()
{
	have jq || return 1
	machine || return 1
	loaded esp4 2 esp4_offload
	brake deny --module esp4
	is "$STATUS" 3 status &&
		grep -q '^module esp4: loaded, used 2 times, by esp4_offload$' "$WORK/out" &&
		is "$(rules)" "${OURS}deny module esp4;$OLD" || return 1
	brake deny xfrm-type-2-50
	is "$STATUS" 3 'status of the alias' || return 1
	brake deny --module --json esp4
	is "$STATUS" 3 && is "$(jq -c '.names[0].modules[0] | [.state, .references, .holders]' \
		"$WORK/out")" '["loaded",2,"esp4_offload"]'
}

requesters()
{
	local line='outcome=ok result=0 wait=1 parent=0 into=0 joiners=0 modules=1 modprobe=9'

	have jq || return 1
	line+=' slot_ns=0 run_ns=1 begin=5 pid=312 comm=charon uid=0 loginuid=4294967295'
	line+=' userns=4026531837 userns_level=0 pidns=4026531836 site=x'
	machine || return 1
	printf '%s\n' "id=1 name=xfrm-type-2-50 $line cgroup=/system.slice/ipsec.service" \
		"id=2 name=xfrm-type-2-50 $line cgroup=/system.slice/ipsec.service" \
		"id=3 name=fs-xfs $line cgroup=/" >"$WORK/debugfs/kmod/requests"
	echo "id=1 module=esp4 state=live name=xfrm-type-2-50 begin=5 pid=312 comm=charon uid=0" \
		>"$WORK/debugfs/kmod/modules"
	brake deny --module esp4
	well && is "$(grep -c ^requested: "$WORK/out")" 1 'programs' && grep -q \
		'^requested: xfrm-type-2-50 by charon\[312\] uid 0 in ipsec.service, 2 times$' \
		"$WORK/out" &&
		grep -q '^  loaded for xfrm-type-2-50, request 1 by charon' "$WORK/out" || return 1
	brake deny --module --json esp4
	is "$(jq -c '.names[0].requesters[0] | [.name, .unit, .count]' "$WORK/out")" \
		'["xfrm-type-2-50","ipsec.service",2]'
}

dry_run()
{
	have jq || return 1
	machine || return 1
	brake deny --dry-run --module esp4
	well && [[ ! -e $FILE ]] && is "$(rules)" "$OLD" &&
		grep -qx '+deny module esp4' "$WORK/out" || return 1
	brake deny --dry-run --json --module esp4
	well && is "$(jq -c '[.changed, .in_force]' "$WORK/out")" '[true,false]'
}

image()
{
	machine || return 1
	kmodctl policy deny --root "$WORK/image" --module esp4
	well && is "$(grep -v '^#' "$WORK/image/etc/kmod/policy.d/00-deny.conf")" \
		'deny module esp4' && is "$(rules)" "$OLD"
}

# A file that is named replaces all rules.
replaced()
{
	local lost='the rules in /etc/kmod/policy.d/00-deny.conf are not in force now'

	machine || return 1
	brake deny x
	echo 'allow alias y' >"$WORK/named"
	loads "$WORK/named"
	is "$STATUS" 0 && is "$(rules)" "file $WORK/named;allow alias y;" &&
		is "$(<"$WORK/err")" "kmodctl: warning: $lost" || return 1
	loads /etc/kmod/policy.d
	well && is "$(rules)" "${OURS}deny alias x;"
}

# Then nothing changes, and nothing is reported as denied.
not_written()
{
	machine || return 1
	READ_ONLY=1 brake deny x
	fails 1 '/etc/kmod/policy.d/00-deny.conf: Read-only file system' &&
		is "$(rules)" "$OLD" && is "$(<"$WORK/out")" '' output || return 1
	READ_ONLY=1 brake deny --json x
	is "$STATUS" 1 && is "$(<"$WORK/out")" '' JSON
}

# vendor: creates an image in which a vendor has rules in a file of the same name, and sets MASK
vendor()
{
	rm -rf "$WORK/image"
	MASK=$WORK/image/etc/kmod/policy.d/00-deny.conf
	mkdir -p "$WORK/image"/{etc,usr/lib}/kmod/policy.d
	echo 'deny alias vendor' >"$WORK/image/usr/lib/kmod/policy.d/00-deny.conf"
	echo 'deny alias other' >"$WORK/image/usr/lib/kmod/policy.d/50-other.conf"
}

# Otherwise the rules of the vendor would apply again as soon as the rule is taken back.
masked()
{
	local masked='00-deny.conf: masked by a link to /dev/null'

	have jq || return 1
	vendor
	ln -s /dev/null "$MASK"
	kmodctl policy deny --root "$WORK/image" x
	fails 1 ".*/$masked" && is "$(readlink "$MASK")" /dev/null && is "$(<"$WORK/out")" '' &&
		kmodctl policy deny --dry-run --root "$WORK/image" x && fails 1 ".*/$masked" &&
		kmodctl policy allow --root "$WORK/image" x && well &&
		is "$(readlink "$MASK")" /dev/null && is "$(on_disk vendor)" null:null &&
		is "$(on_disk other)" "$WORK/image/usr/lib/kmod/policy.d/50-other.conf:1" ||
		return 1
	machine || return 1
	ln -s /dev/null "$FILE"
	brake deny x
	fails 1 "/etc/kmod/policy.d/$masked" && is "$(rules)" "$OLD"
}

# Otherwise the rules of the vendor would be gone after the next boot.
hides_vendor()
{
	local file directory command

	for directory in usr/lib run; do
		vendor
		rm "$WORK/image/usr/lib/kmod/policy.d/00-deny.conf"
		file=$WORK/image/$directory/kmod/policy.d/00-deny.conf
		mkdir -p "${file%/*}"
		echo 'deny alias vendor' >"$file"
		for command in deny 'deny --dry-run' allow; do
			# shellcheck disable=SC2086 # a command and its option
			kmodctl policy $command --root "$WORK/image" x
			fails 1 "$file: would be hidden by $MASK; copy it there first" &&
				[[ ! -e $MASK ]] || return 1
		done
		cp "$file" "$MASK"
		kmodctl policy deny --root "$WORK/image" x
		well && is "$(on_disk vendor) $(on_disk x)" "$MASK:1 $MASK:2" || return 1
	done
}

# An empty file is a mask as well.
masked_by_empty()
{
	have jq || return 1
	vendor
	: >"$MASK"
	kmodctl policy deny --root "$WORK/image" x
	well && is "$(<"$MASK")" 'deny alias x' &&
		kmodctl policy allow --root "$WORK/image" x && well && [[ -f $MASK ]] &&
		is "$(<"$MASK")" '' && is "$(on_disk vendor)" null:null
}

# A tool that manages files may have made the link.
linked()
{
	local link='a symbolic link; change the file that it leads to'

	vendor
	ln -s "$WORK/managed" "$MASK"
	echo 'deny alias managed' >"$WORK/managed"
	kmodctl policy deny --root "$WORK/image" x
	fails 1 "$MASK: $link" || return 1
	kmodctl policy allow --root "$WORK/image" managed
	fails 1 "$MASK: $link" && is "$(<"$WORK/managed")" 'deny alias managed' || return 1
	rm "$WORK/managed"
	kmodctl policy deny --root "$WORK/image" x
	fails 1 "$MASK: $link" && is "$(readlink "$MASK")" "$WORK/managed" &&
		[[ ! -e $WORK/managed ]]
}

# Opening a FIFO would wait for a writer.
special()
{
	vendor
	mkfifo "$MASK"
	STATUS=0
	timeout 10 "$KMODCTL" policy deny --root "$WORK/image" x >"$WORK/out" 2>"$WORK/err" ||
		STATUS=$?
	rm "$MASK"
	fails 1 "$MASK: not a regular file"
}

# A mask has no rules that could be in force.
masked_at_load()
{
	machine || return 1
	echo 'allow alias y' >"$WORK/etc/50-a.conf"
	ln -s /dev/null "$FILE"
	loads /etc/kmod/policy.d
	well && is "$(rules)" 'file /etc/kmod/policy.d/50-a.conf;allow alias y;' || return 1
	loads "$WORK/etc/50-a.conf"
	well || return 1
	rm "$FILE"
	: >"$FILE"
	loads "$WORK/etc/50-a.conf"
	well
}

# The unit of this machine does not matter to an image.
unit_of_image()
{
	machine || return 1
	rm -rf "$WORK/image"
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c 'mount -t tmpfs none /etc && mount -t tmpfs none /run &&
		mkdir -p /run/systemd/system && exec "$@"' bash "$KMODCTL" policy deny \
		--root "$WORK/image" x >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	well
}

not_in_force()
{
	machine || return 1
	echo 0 >"$FAKE/autoload/enforce"
	brake deny x
	fails 1 'enforce is 0' || return 1
	fake_kernel
	rm "$FAKE/autoload/policy"
	brake deny y
	is "$STATUS" 1 && grep -q 'no policy in this kernel' "$WORK/err" &&
		grep -q 'is written, but not in force' "$WORK/err" &&
		grep -qx 'deny alias y' "$FILE"
}

# on_disk NAME: the first file of the machine that decides on the name, at the next boot
on_disk()
{
	kmodctl policy test "$1" --json --root "$WORK/image" --modules /nowhere
	jq -r '.[].rule | "\(.file):\(.file_line)"' "$WORK/out"
}

# Neither a name that sorts before the drop-in nor a directory of a vendor has precedence.
precedence()
{
	local image=$WORK/image/etc/kmod/policy.d directory

	have jq || return 1
	rm -rf "$WORK/image"
	for directory in etc run usr/lib; do
		mkdir -p "$WORK/image/$directory/kmod/policy.d"
		printf 'allow alias %s\n' x y z \
			>"$WORK/image/$directory/kmod/policy.d/!.conf"
	done
	echo 'deny alias y' >"$image/05-allow.conf"
	kmodctl policy deny --root "$WORK/image" x
	is "$STATUS" 0 && is "$(<"$WORK/err")" '' messages &&
		is "$(on_disk x)" "$image/00-deny.conf:2" deny &&
		is "$(on_disk y)" "$image/05-allow.conf:1" allow &&
		is "$(on_disk z)" "$image/!.conf:3" others
}

# Then nothing is loaded at boot, not even the new rule.
errors_elsewhere()
{
	machine || return 1
	echo nonsense >"$WORK/etc/50-a.conf"
	brake deny x
	is "$STATUS" 0 && is "$(rules)" "${OURS}deny alias x;$OLD" &&
		grep -q "50-a.conf:1: expected 'allow' or 'deny'" "$WORK/err" &&
		grep -q 'warning: the files have errors: nothing is loaded at boot' "$WORK/err"
}

# Other users can lock files that they can read.
locked()
{
	machine || return 1
	have flock || return 1
	exec 9<"$WORK/etc"
	flock 9
	# shellcheck disable=SC2016 # expanded by that shell
	timeout 10 bash -c "$(declare -f brake)"'; WORK=$1 MODULES=$2 FAKE=$3 KMODCTL=$4
		brake deny x 9<&-; exit "$STATUS"' bash "$WORK" "$MODULES" "$FAKE" "$KMODCTL" ||
		STATUS=$?
	exec 9<&-
	is "$STATUS" 0 status && grep -qx 'deny alias x' "$FILE"
}

# An error in the file must not spread, and directives are not for the kernel.
edited()
{
	machine || return 1
	printf 'deny module dccp' >"$FILE"
	brake deny x
	fails 1 '/etc/kmod/policy.d/00-deny.conf:1: missing newline at the end' &&
		is "$(rules)" "$OLD" && is "$(<"$FILE")" 'deny module dccp' || return 1
	printf 'mode 2\ndeny  alias y\n' >"$FILE"
	brake deny x
	well && is "$(rules)" \
		"file /etc/kmod/policy.d/00-deny.conf;;deny  alias y;deny alias x;$OLD" &&
		is "$(<"$FAKE/kernel/modules_autoload_mode")" 1 mode
}

names()
{
	machine || return 1
	brake deny 'a b'
	fails 2 "'a b': unexpected blank" || return 1
	brake deny 'a[b'
	fails 2 "'a\[b': pattern has '\[' without" && is "$(rules)" "$OLD" || return 1
	brake deny 123
	fails 2 "'123': policy allow takes a number for an ID" || return 1
	brake deny 18446744073709551616
	fails 2 "'18446744073709551616': policy allow takes" && is "$(rules)" "$OLD" || return 1
	brake allow 18446744073709551616
	fails 2 "'18446744073709551616': policy allow takes" || return 1
	brake deny '[1]23'
	well && brake allow '[1]23' && well && is "$(rules)" "$OLD" || return 1
	brake deny --module 'esp4*'
	well && grep -q '^module esp4: ' "$WORK/out" && grep -q '^module esp4_offload: ' "$WORK/out"
}

# Two at once: none may lose the rule of the other.
together()
{
	local i

	machine || return 1
	for i in 1 2 3 4 5 6 7 8; do
		brake deny "name$i" &
	done
	wait
	is "$(grep -c ^deny "$FILE")" 8 'rules in the file' &&
		is "$(grep -c '^deny alias name' "$FAKE/autoload/policy")" 8 'rules in force'
}

TESTS=(
	denies 'deny writes a drop-in, and puts its rules in force before all others'
	idempotent 'deny changes nothing the second time'
	takes_back 'allow takes a rule back, and removes an empty drop-in'
	comments_stay 'allow keeps a drop-in with comments of the administrator'
	still_denied 'allow fails if another rule of deny matches the name'
	spellings 'deny and allow treat - and _ in names as equal'
	blanks 'deny and allow recognize rules with other blanks'
	by_hand 'deny keeps rules that come from no file'
	other_blanks 'deny recognizes each line that names a file'
	aliases 'deny shows the aliases that lead to a module'
	module_forgotten 'deny warns if a name is that of a module and of no alias'
	already_loaded 'deny has status 3 and shows the users if a module is loaded'
	requesters 'deny shows the requesters in the journal, with their unit'
	dry_run 'deny --dry-run changes nothing, and shows the difference'
	image 'deny --root only writes the file'
	replaced 'load warns if the rules of deny are no longer in force'
	not_written 'deny reports nothing as denied if the file cannot be written'
	masked 'deny leaves a link to /dev/null, and allow does not remove it'
	hides_vendor 'deny and allow refuse to hide a file of a vendor'
	masked_by_empty 'allow leaves a file empty that was empty before deny'
	masked_at_load 'load does not warn of a drop-in that is a mask'
	linked 'deny and allow refuse a drop-in that is a symbolic link'
	special 'deny refuses a drop-in that is a FIFO'
	unit_of_image 'deny --root says nothing about the unit of this machine'
	not_in_force 'deny fails if the rule is not enforced'
	precedence 'no file precedes those of deny and allow --write, whatever its name'
	errors_elsewhere 'deny warns if an error in another file prevents the load at boot'
	locked 'a user who locks the directory delays nothing'
	edited 'deny refuses a file with an error, and passes only rules to the kernel'
	names 'deny checks names, and accepts patterns'
	together 'concurrent commands lose no rule'
)
run_tests

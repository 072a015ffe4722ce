# SPDX-License-Identifier: GPL-2.0-only
#
# torture_calls.awk -v seed=N -v work=DIR: prints lines for kmod_trigger for ever: system calls with
# random arguments, each of which may request a module. Names repeat, so that requests share
# modprobes. DIR/text has the format of no program, DIR/nodes has character devices.

function below(n) { return int(rand() * n) }
function pick(list,	words) { return words[below(split(list, words, " ")) + 1] }
function some(prefix) { return prefix below(10) }

BEGIN {
	srand(seed)
	split("alg alg alg chain diag exec ifname ldisc link mount nfnl open socket socket tcp", kinds, " ")
	for (;;) {
		kind = kinds[below(15) + 1]
		if (kind == "alg") {
			cipher = pick("aes " some("t"))
			name = pick("cbc(" cipher ") xts(" cipher ") hmac(sha256) gcm(" cipher ") " \
				    some("t") " " some("t") "(" some("t") ")")
			print kind, pick("skcipher hash aead rng " some("t")), name
		} else if (kind == "chain") {
			print kind, pick("nat filter route " some("t"))
		} else if (kind == "diag") {
			print kind, below(46), below(256)
		} else if (kind == "exec") {
			print kind, work "/text"
		} else if (kind == "ifname" || kind == "tcp") {
			print kind, some("t")
		} else if (kind == "ldisc") {
			print kind, below(31)
		} else if (kind == "link") {
			print kind, pick("dummy bridge vlan bond " some("t"))
		} else if (kind == "mount") {
			print kind, pick("ext2 ramfs overlay " some("t"))
		} else if (kind == "nfnl") {
			print kind, below(16)
		} else if (kind == "open") {
			print kind, work "/nodes/" below(8)
		} else {
			print kind, below(46), pick("1 2 3 5"), below(pick("4 264"))
		}
	}
}

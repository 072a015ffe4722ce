# SPDX-License-Identifier: GPL-2.0-only
#
# Reads a file of make scale. Prints a table and the exponents of growth; fails if a figure of
# the patched kernel grows faster than linearly or is missing, or if requests had timed out before
# the last one was made.

function figure(key, title_of_figure)
{
	general[++count_of_general] = key
	name[key] = title_of_figure
}

BEGIN {
	FS = "\t"
	# A figure that is proportional to SIZE ^ 1 still varies with the size of caches and with
	# the host. One that has both a linear and an equal quadratic part has the exponent 1.34.
	limit["counted"] = 1.2
	limit["wall"] = 1.3
	split("counted wall", machines, " ")
	split("base here", kernels, " ")
	split("boot same spread chosen", loads, " ")
	title["counted"] = "1 CPU, an instruction takes a nanosecond"
	title["wall"] = cpus " CPUs, wall-clock time"
	figure("requests seconds", "until the last request returned, s")
	figure("requests served_per_second", "requests with a slot, per second")
	figure("requests per_second", "requests per second")
	figure("requests longest_seconds", "longest request, s")
	figure("requests entry_seconds", "until the last request was made, s")
	figure("requests drain_seconds", "from the release to the last return, s")
	figure("requests waiting_at_once", "requests that waited at once")
	figure("requests without_slot", "requests that got no slot within 5 s")
	figure("requests modprobes", "modprobes")
	figure("inflight lines", "inflight: lines")
	figure("inflight seconds", "inflight: time to read it, s")
	figure("interrupts off_max", "interrupts off, longest, us")
	count_of_lock = split("hold_max hold_total wait_max wait_total", of_lock, " ")
	split("longest hold, us;total hold, ms;longest wait, us;total wait, ms", lock_title, ";")
	# The locks of a load that are shown, besides those of the request pipeline
	SHOWN = 5
}

FNR == 1 { next }

{
	value[$1, $2, $3, $4, $5 " " $6] = value[$1, $2, $3, $4, $5 " " $6] " " $7
	if (!(($1, $3, $4) in seen)) {
		seen[$1, $3, $4]
		sizes[$1, $3] = sizes[$1, $3] " " $4
	}
	if ($6 == "hold_total" && !(($3, $5) in known)) {
		known[$3, $5]
		lock[$3, ++locks[$3]] = $5
	}
}

# Sets size[1], size[2] and size[3] to the sizes of a load.
function get_sizes(machine, load,   n, i, j, v)
{
	n = split(sizes[machine, load], size, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && size[j - 1] + 0 > size[j] + 0; j--) {
			v = size[j]; size[j] = size[j - 1]; size[j - 1] = v
		}
	return n
}

# Returns the median of the values.
function get(machine, kernel, load, i, key,   n, v, j, k, swap)
{
	n = split(value[machine, kernel, load, size[i], key], v, " ")
	for (j = 2; j <= n; j++)
		for (k = j; k > 1 && v[k - 1] + 0 > v[k] + 0; k--) {
			swap = v[k]; v[k] = v[k - 1]; v[k - 1] = swap
		}
	return v[int((n + 1) / 2)]
}

# The slope of a line through the logarithms of three sizes that double each time
function exponent(machine, kernel, load, key,   first, last)
{
	first = get(machine, kernel, load, 1, key) + 0
	last = get(machine, kernel, load, 3, key) + 0
	return first > 0 && last > 0 ? sprintf("%.2f", log(last / first) / log(size[3] / size[1])) : ""
}

# The host may stop an emulated CPU in the middle of a section, so that the times of locks on the wall
# clock are those of the host. Times of a few instructions are not judged, nor is a hold that an
# interrupt has prolonged.
function is_long(machine, key, last)
{
	if (key ~ / (off|hold)_max$/)
		return machine == "counted" && last >= 200
	if (key ~ / (hold|wait)_total$/)
		return machine == "counted" && last >= 1000
	return key ~ /^(requests|inflight) seconds$/ && last >= 0.05
}

# Tests whether a figure of the patched kernel grows too fast, and not in the same way without it.
function is_fast(machine, load, key,   here, base)
{
	here = get(machine, "here", load, 3, key) + 0
	base = get(machine, "base", load, 3, key) + 0
	return exponent(machine, "here", load, key) + 0 > limit[machine] &&
		is_long(machine, key, here) &&
		!(exponent(machine, "base", load, key) + 0 > limit[machine] && base >= here)
}

# Totals are in microseconds.
function cell(text, key)
{
	if (text != "" && key ~ /_total$/)
		text = sprintf("%.1f", text / 1000)
	printf " %9s", text == "" ? "-" : text
}

# Interrupts must not be off for longer than in the unpatched kernel. With thousands of threads, the
# scheduler's sections vary up to 700 us, in both kernels.
function is_longer(machine, load, key)
{
	return machine == "counted" && key ~ / off_max$/ &&
		get(machine, "here", load, 3, key) >= 1000 &&
		get(machine, "here", load, 3, key) > 2 * get(machine, "base", load, 3, key)
}

# Notes a figure of the patched kernel that is too high. Returns a mark for it.
function judge(machine, load, key, text)
{
	text = title[machine] ", " load ", " text
	if (is_fast(machine, load, key)) {
		faults[++bad] = "faster than linear: " text ": SIZE ^ " exponent(machine, "here", load, key)
		return " FASTER"
	}
	if (is_longer(machine, load, key)) {
		faults[++bad] = "more than twice as long as unpatched: " text
		return " LONGER"
	}
	return ""
}

function row(machine, load, key, text,   k, i, e)
{
	printf "  %-44s", text
	for (k = 1; k <= 2; k++) {
		for (i = 1; i <= 3; i++)
			cell(get(machine, kernels[k], load, i, key), key)
		e = exponent(machine, kernels[k], load, key)
		printf " %6s%s", e == "" ? "" : "^" e, k == 1 ? " |" : ""
	}
	print judge(machine, load, key, text)
}

function has(machine, load, key)
{
	return get(machine, "base", load, 3, key) != "" || get(machine, "here", load, 3, key) != ""
}

# The total hold and wait of a lock, in the kernel in which that is longer
function weight(machine, load, lockname,   a, b)
{
	a = get(machine, "base", load, 3, lockname " hold_total") + get(machine, "base", load, 3, lockname " wait_total")
	b = get(machine, "here", load, 3, lockname " hold_total") + get(machine, "here", load, 3, lockname " wait_total")
	return a > b ? a : b
}

# Waits on one CPU are of no interest.
function print_lock(machine, load, lockname, shown,   i)
{
	for (i = 1; i <= count_of_lock; i++) {
		if (machine != "wall" && of_lock[i] !~ /^hold/)
			continue
		if (shown)
			row(machine, load, lockname " " of_lock[i], lockname ": " lock_title[i])
		else
			judge(machine, load, lockname " " of_lock[i], lockname ": " lock_title[i])
	}
}

function print_locks(machine, load,   i, n, best, done)
{
	for (i = 1; i <= locks[load]; i++)
		if (lock[load, i] ~ /^\(?(kmod|umh)/ && weight(machine, load, lock[load, i])) {
			print_lock(machine, load, lock[load, i], 1)
			done[i]
		}
	for (n = 1; n <= SHOWN; n++) {
		best = 0
		for (i = 1; i <= locks[load]; i++)
			if (!(i in done) && (!best || weight(machine, load, lock[load, i]) > weight(machine, load, lock[load, best])))
				best = i
		if (!best)
			break
		done[best]
		print_lock(machine, load, lock[load, best], 1)
	}
	for (i = 1; i <= locks[load]; i++)
		if (!(i in done))
			print_lock(machine, load, lock[load, i], 0)
}

function print_place(machine, load, kernel, text,   key)
{
	key = "interrupts started_at"
	if (get(machine, kernel, load, 3, key) != "")
		printf "  %-44s %s, until %s\n", "interrupts off, longest, " text ": from",
			get(machine, kernel, load, 3, key), get(machine, kernel, load, 3, "interrupts ended_at")
}

function print_load(machine, load,   i)
{
	printf "\n%s: %s of %d, %d and %d\n", title[machine], load, size[1], size[2], size[3]
	printf "  %-44s", ""
	printf " %9s %9s %9s %6s |", "unpatched", "", "", ""
	printf " %9s\n", "here"
	for (i = 1; i <= count_of_general; i++)
		if (has(machine, load, general[i]))
			row(machine, load, general[i], name[general[i]])
	print_place(machine, load, "base", "unpatched")
	print_place(machine, load, "here", "here")
	print_locks(machine, load)
	if (load != "boot" && get(machine, "here", load, 3, "requests waiting_at_once") + 0 < size[3])
		faults[++bad] = "not all requests waited at once: " title[machine] ", " load
	if (get(machine, "here", load, 3, "interrupts off_max") == "" ||
	    get(machine, "here", load, 3, "requests seconds") == "" || !locks[load])
		missing[++lacks] = title[machine] ": " load
}

END {
	for (m = 1; m <= 2; m++)
		for (l = 1; l <= 4; l++)
			if (get_sizes(machines[m], loads[l]) == 3)
				print_load(machines[m], loads[l])
			else
				missing[++lacks] = title[machines[m]] ": " loads[l]
	print ""
	for (i = 1; i <= lacks; i++)
		print "no figures: " missing[i]
	for (i = 1; i <= bad; i++)
		print faults[i]
	if (!bad && !lacks)
		print "no figure grows faster than linearly, except those that the unpatched kernel shares"
	exit bad || lacks
}

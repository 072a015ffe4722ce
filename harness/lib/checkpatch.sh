# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# checkpatch's messages that cannot be avoided, sourced by check.sh and test-series.sh.

# What checkpatch says of request_module()'s interface, on which callers rely: -ENOSYS in
# a kernel without modules, and a macro that evaluates its argument twice; of the look of all
# trace events and lists of enumerators; of links to archives other than lore; and of files that
# are no kernel code, which have names of the kernel's errnos, and bytes that are no text.
# shellcheck disable=SC2034 # for check.sh and test-series.sh
{
	CHECKPATCH_ACCEPTED='^include/linux/kmod\.h:[0-9]+: '
	CHECKPATCH_ACCEPTED+='(WARNING:ENOSYS|CHECK:MACRO_ARG_REUSE): '
	CHECKPATCH_ACCEPTED+='|^include/trace/events/[a-z]+\.h:[0-9]+: '
	CHECKPATCH_ACCEPTED+='(CHECK:OPEN_ENDED_LINE|CHECK:PARENTHESIS_ALIGNMENT|ERROR:COMPLEX_MACRO): '
	CHECKPATCH_ACCEPTED+='|^(include/trace/events/kmod\.h|include/trace/misc/kmod\.h|kernel/kmod/record\.[ch]):[0-9]+: '
	CHECKPATCH_ACCEPTED+='(ERROR:COMPLEX_MACRO|WARNING:MACRO_ARG_UNUSED|WARNING:TRAILING_SEMICOLON|ERROR:BRACKET_SPACE): '
	CHECKPATCH_ACCEPTED+='|^Documentation/admin-guide/LSM/autoload\.rst:[0-9]+: WARNING:PREFER_LORE_ARCHIVE: '
	CHECKPATCH_ACCEPTED+='|^include/trace/misc/umh\.h:[0-9]+: CHECK:MACRO_ARG_REUSE: '
	CHECKPATCH_ACCEPTED+='|^tools/kmod/describe\.c:[0-9]+: WARNING:ENOTSUPP: '
	CHECKPATCH_ACCEPTED+='|^tools/kmod/tests/fixtures/.*: CHECK:INVALID_UTF8: '
	CHECKPATCH_ACCEPTED+='|/kmod_fuzz_sysctl\.c:[0-9]+: (WARNING:USE_NEGATIVE_ERRNO|CHECK:MACRO_ARG_REUSE): '
}

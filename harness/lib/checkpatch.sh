# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Accepted messages of checkpatch; sourced by check.sh and test-series.sh.

# Messages about the interface of request_module(), which callers rely on: -ENOSYS in a kernel
# without modules, and a macro that evaluates its argument twice. Messages about the style of
# trace events and lists of enumerators, and about links to other archives than lore. Messages
# about user-space files with names of the kernel's errnos, and test data that is not text. A typo
# in the subject of an upstream commit.
# shellcheck disable=SC2034 # used by check.sh and test-series.sh
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
	CHECKPATCH_ACCEPTED+="|WARNING:TYPO_SPELLING: 'capabilites' "
}

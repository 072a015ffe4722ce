/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TRACE_MISC_UMH_H
#define _TRACE_MISC_UMH_H

#include <linux/string.h>
#include <linux/string_helpers.h>

/*
 * Users choose names of processes and modules. Whatever is not printable ASCII, or
 * would end a word or a quotation, is written as \xHH.
 */
#define UMH_ESCAPE_FLAGS	(ESCAPE_HEX | ESCAPE_NAP | ESCAPE_APPEND)
#define UMH_ESCAPE_ALSO		" \"\\"

/* Bytes that umh_escape() needs, with the closing NUL. */
static inline size_t umh_escaped_size(const char *src)
{
	return string_escape_mem(src, strlen(src), NULL, 0, UMH_ESCAPE_FLAGS,
				 UMH_ESCAPE_ALSO) + 1;
}

static inline void umh_escape(const char *src, char *dst)
{
	size_t room = umh_escaped_size(src) - 1;

	string_escape_mem(src, strlen(src), dst, room, UMH_ESCAPE_FLAGS,
			  UMH_ESCAPE_ALSO);
	dst[room] = '\0';
}

/* As __string() and __assign_str(), for the strings that users choose. */
#define __escaped(field, src) \
	__dynamic_array(char, field, umh_escaped_size(src))
#define __assign_escaped(field, src) \
	umh_escape(src, __get_dynamic_array(field))

#endif /* _TRACE_MISC_UMH_H */
